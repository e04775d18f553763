//! A bundle as a source.

use std::fs::File;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::{Give, Item, Wanted};
use crate::carry::arrival::{Arrival, FileRange, ZipSource};
use crate::carry::bundle::{Bundle, BundleFault, EntryName, Found, VersionFile};
use crate::carry::error::CarryError;
use crate::carry::outcome::Reason;
use crate::carry::provenance::Provenance;
use crate::module::ModuleVersion;
use crate::store::{SumdbFile, SumdbFileKind};

/// A bundle whose headers are right.
#[derive(Debug)]
pub(super) struct BundleFile {
    bundle: Bundle,
    path: String,
}

/// The version whose entries are being read.
struct Current {
    arrival: Arrival,
    /// The first thing that is not what the bundle says of it.
    damaged: Option<&'static str>,
}

impl BundleFile {
    pub(super) fn open(path: &Path) -> Result<Self, CarryError> {
        let shown = path.display().to_string();
        let file =
            File::open(path).map_err(|error| CarryError::source("open", shown.clone(), error))?;
        Self::of_file(file, shown)
    }

    /// A bundle in an open file, which is called `path` in messages.
    pub(super) fn of_file(file: File, path: String) -> Result<Self, CarryError> {
        match Bundle::open(file) {
            Ok(bundle) => Ok(Self { bundle, path }),
            Err(fault) => Err(CarryError::Bundle { path, fault }),
        }
    }

    pub(super) fn each(&self, wanted: Wanted<'_>, give: Give<'_>) -> Result<(), CarryError> {
        let failed = |fault| CarryError::Bundle {
            path: self.path.clone(),
            fault,
        };
        let mut entries = self.bundle.entries().map_err(failed)?;
        let mut current: Option<Current> = None;
        while let Some(found) = entries.next().map_err(failed)? {
            let version = match &found.name {
                EntryName::Version(version, _) => Some(version),
                _ => None,
            };
            if let Some(done) = current.take_if(|open| Some(&open.arrival.version) != version)
                && give(done.into_item()).is_break()
            {
                return Ok(());
            }
            match &found.name {
                EntryName::Version(version, file) if wanted.takes(version.path()) => {
                    let open = current.get_or_insert_with(|| Current::new(version.clone()));
                    self.add(open, *file, &found).map_err(failed)?;
                }
                EntryName::Sumdb(file) if takes_sumdb(wanted, file) => {
                    let item = match self.content(&found).map_err(failed)? {
                        Some(content) => Item::Sumdb(file.clone(), content),
                        None => Item::PassedOver {
                            path: found.entry.name,
                            why: "is damaged: it is not what the bundle says of it".to_owned(),
                        },
                    };
                    if give(item).is_break() {
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        if let Some(done) = current
            && give(done.into_item()) == ControlFlow::Break(())
        {
            return Ok(());
        }
        Ok(())
    }

    fn add(&self, open: &mut Current, file: VersionFile, found: &Found) -> Result<(), BundleFault> {
        if file == VersionFile::Zip {
            open.arrival.provenance = found.entry.provenance.unwrap_or(Provenance::Adopt);
            open.arrival.zip = Some(ZipSource::File(FileRange {
                file: Arc::clone(self.bundle.file()),
                offset: found.offset,
                len: found.entry.size,
                sha256: Some(found.entry.sha256),
                modified: None,
            }));
            return Ok(());
        }
        let name = match file {
            VersionFile::Info => ".info",
            VersionFile::Mod => ".mod",
            VersionFile::Zip | VersionFile::ZipHash => ".ziphash",
        };
        let Some(content) = self.content(found)? else {
            open.damaged.get_or_insert(name);
            return Ok(());
        };
        match file {
            VersionFile::Info => open.arrival.info = Some(content),
            VersionFile::Mod => open.arrival.go_mod = Some(content),
            VersionFile::Zip | VersionFile::ZipHash => {
                let sum = std::str::from_utf8(&content)
                    .ok()
                    .and_then(|text| text.parse().ok());
                if sum.is_none() {
                    open.damaged.get_or_insert(name);
                }
                open.arrival.sum = sum;
            }
        }
        Ok(())
    }

    /// The content of a small entry; `None` if it has not the hash that it should have.
    fn content(&self, found: &Found) -> Result<Option<Vec<u8>>, BundleFault> {
        let mut content = vec![0; usize::try_from(found.entry.size).unwrap_or_default()];
        self.bundle
            .file()
            .read_exact_at(&mut content, found.offset)?;
        let is_right = Sha256::digest(&content).as_slice() == found.entry.sha256;
        Ok(is_right.then_some(content))
    }
}

impl Current {
    fn new(version: ModuleVersion) -> Self {
        Self {
            arrival: Arrival {
                version,
                zip: None,
                go_mod: None,
                info: None,
                sum: None,
                provenance: Provenance::Adopt,
            },
            damaged: None,
        }
    }

    fn into_item(self) -> Item {
        match self.damaged {
            Some(file) => Item::Refused(self.arrival.version, Reason::Damaged(file)),
            None => Item::Version(Box::new(self.arrival)),
        }
    }
}

fn takes_sumdb(wanted: Wanted<'_>, file: &SumdbFile) -> bool {
    match file.kind() {
        SumdbFileKind::Lookup(version) => wanted.takes(version.path()),
        SumdbFileKind::Latest | SumdbFileKind::Tile { .. } => true,
    }
}
