//! A folder in the layout of the protocol: a module cache or another root.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::files::{small_file, zip_source};
use super::{Give, Item, Origins, Wanted, open_tree, sumdb};
use crate::carry::arrival::Arrival;
use crate::carry::error::CarryError;
use crate::carry::outcome::Reason;
use crate::carry::provenance::Provenance;
use crate::catalog::{MAX_INFO_SIZE, Step, version_of, walk};
use crate::module::{ModulePath, ModuleVersion, Sum, Version};
use crate::modzip::MAX_GO_MOD_SIZE;
use crate::store::{DirStore, ModuleFile, StoreError, StoreKey};

/// The length of a sum as text, which is all that a `.ziphash` holds.
const SUM_LEN: u64 = 47;

/// A folder whose versions are taken as they are named. Only what the protocol names is looked at: a module cache also
/// holds locks, unfinished downloads and lists of versions that it does not have.
///
/// Source: the go command, `modfetch/cache.go`.
#[derive(Debug)]
pub(super) struct Tree {
    store: DirStore,
    origins: Origins,
    kind: &'static str,
    /// Where the newest signed heads of checksum databases lie.
    heads: Option<PathBuf>,
}

/// Why a walk ended early.
enum End {
    Stopped,
    Failed(StoreError),
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl Tree {
    /// A module cache's `cache/download`. What is in it came from elsewhere, and may be asked for there again.
    pub(super) fn cache(path: &Path) -> Result<Self, CarryError> {
        Ok(Self {
            store: open_tree(path)?,
            origins: Origins::All(Provenance::Fetch),
            kind: "module cache",
            heads: None,
        })
    }

    /// Another root. How its versions came is kept.
    pub(super) fn root(path: &Path) -> Result<Self, CarryError> {
        let store = open_tree(path)?;
        Ok(Self {
            origins: Origins::Journal(store.clone()),
            store,
            kind: "root",
            heads: None,
        })
    }

    pub(super) fn with_heads(self, heads: Option<PathBuf>) -> Self {
        Self { heads, ..self }
    }

    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn each(&self, wanted: Wanted<'_>, give: Give<'_>) -> Result<(), CarryError> {
        let walked = walk(&self.store, |step| {
            let flow = match step {
                Step::Module(module) if wanted.takes(&module) => self.module(&module, give),
                Step::Module(_) => ControlFlow::Continue(()),
                Step::Finding(finding) => give(Item::PassedOver {
                    path: finding.path,
                    why: finding.why,
                }),
            };
            match flow {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => Err(End::Stopped),
            }
        });
        match walked {
            Ok(()) => {}
            Err(End::Stopped) => return Ok(()),
            Err(End::Failed(error)) => return Err(error.into()),
        }
        if sumdb::each(&self.store, wanted, give)?.is_break() {
            return Ok(());
        }
        match &self.heads {
            Some(heads) => sumdb::heads(heads, give),
            None => Ok(()),
        }
    }

    fn module(&self, module: &ModulePath, give: Give<'_>) -> ControlFlow<()> {
        let versions = match self.versions(module, give) {
            Ok(versions) => versions?,
            Err(error) => return give(Item::Failed(error.into())),
        };
        for (version, files) in versions {
            // The version fits the path: `version_of` checked it.
            let Ok(version) = ModuleVersion::new(module.clone(), version) else {
                continue;
            };
            let item = match self.arrival(&version, files) {
                Ok(Ok(arrival)) => Item::Version(Box::new(arrival)),
                Ok(Err(reason)) => Item::Refused(version, reason),
                Err(error) => Item::Failed(error.into()),
            };
            give(item)?;
        }
        ControlFlow::Continue(())
    }

    /// The versions of which there is anything, ascending.
    fn versions(
        &self,
        module: &ModulePath,
        give: Give<'_>,
    ) -> Result<ControlFlow<(), BTreeMap<Version, Files>>, StoreError> {
        let directory = StoreKey::directory(module);
        let mut versions: BTreeMap<Version, Files> = BTreeMap::new();
        let mut deleted = Vec::new();
        for entry in self.store.entries(&directory)?.unwrap_or_default() {
            if let Some(escaped) = entry.name.strip_suffix(".deleted") {
                deleted.extend(version_of(module, escaped));
            }
            let Some((escaped, file)) = ModuleFile::split(&entry.name) else {
                continue;
            };
            if entry.name.starts_with('.') {
                continue;
            }
            match version_of(module, escaped) {
                Ok(version) => versions.entry(version).or_default().add(file),
                Err(why) => {
                    let path = format!("{directory}/{}", entry.name);
                    if give(Item::PassedOver { path, why }).is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
        }
        for version in deleted {
            versions.remove(&version);
        }
        Ok(ControlFlow::Continue(versions))
    }

    fn arrival(
        &self,
        version: &ModuleVersion,
        files: Files,
    ) -> Result<Result<Arrival, Reason>, StoreError> {
        let mut arrival = Arrival {
            version: version.clone(),
            zip: None,
            go_mod: None,
            info: None,
            sum: None,
            provenance: self.origins.of(version)?,
        };
        let read = |file, limit| self.read_small(version, file, limit);
        if files.go_mod {
            match read(ModuleFile::Mod, MAX_GO_MOD_SIZE)? {
                Ok(content) => arrival.go_mod = content,
                Err(reason) => return Ok(Err(reason)),
            }
        }
        if files.info {
            match read(ModuleFile::Info, MAX_INFO_SIZE)? {
                Ok(content) => arrival.info = content,
                Err(reason) => return Ok(Err(reason)),
            }
        }
        if files.zip {
            let key = StoreKey::File(version, ModuleFile::Zip);
            match zip_source(self.store.read_blocking(&key))? {
                Ok(Some(zip)) => {
                    arrival.sum = self.sum(version)?;
                    arrival.zip = Some(zip);
                }
                Ok(None) => {}
                Err(reason) => return Ok(Err(reason)),
            }
        }
        Ok(Ok(arrival))
    }

    /// The content of a small file; `None` if it is gone again.
    fn read_small(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
        limit: u64,
    ) -> Result<Result<Option<Vec<u8>>, Reason>, StoreError> {
        let key = StoreKey::File(version, file);
        let path = key.relative_path();
        small_file(self.store.read_blocking(&key), &path, file, limit)
    }

    /// The sum in the `.ziphash`. One that is torn says nothing: the go command makes it anew, and so do we.
    fn sum(&self, version: &ModuleVersion) -> Result<Option<Sum>, StoreError> {
        let key = StoreKey::ZipHash(version);
        let file = match self.store.read_blocking(&key) {
            Ok(Some(file)) if file.len() == SUM_LEN => file,
            Ok(_) | Err(StoreError::Refused { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let bytes = file
            .read_all_blocking()
            .map_err(|error| StoreError::io("read", key.relative_path(), error))?;
        Ok(std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.parse().ok()))
    }
}

/// Which files of a version have names in the directory.
#[derive(Debug, Clone, Copy, Default)]
struct Files {
    info: bool,
    go_mod: bool,
    zip: bool,
}

impl Files {
    fn add(&mut self, file: ModuleFile) {
        match file {
            ModuleFile::Info => self.info = true,
            ModuleFile::Mod => self.go_mod = true,
            ModuleFile::Zip => self.zip = true,
        }
    }
}
