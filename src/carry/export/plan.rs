//! Looking at everything that is to go into a bundle, before it is begun.

use super::content::{fault, go_mod_of, info_of};
use super::proof::proofs;
use super::selection::{Selection, Want, find};
use crate::carry::error::CarryError;
use crate::carry::provenance::Provenance;
use crate::module::{ModuleVersion, Sum};
use crate::modzip::{ZipError, go_mod_sum, zip_sum};
use crate::store::{DirStore, FileContent, ModuleFile, StoreError, StoreKey, SumdbFile};

/// What a bundle will hold, and what it will lack.
#[derive(Debug)]
pub struct ExportPlan {
    pub(super) versions: Vec<Planned>,
    pub(super) sumdb: Vec<SumdbFile>,
    missing: Vec<Missing>,
    zip_bytes: u64,
}

/// A version that goes in.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) version: ModuleVersion,
    pub(super) has_info: bool,
    /// The sum of its zip, and how it came.
    pub(super) zip: Option<(Sum, Provenance)>,
}

/// Something that should go in and can not. Displayed, it is a sentence without its dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The version.
    pub version: ModuleVersion,
    /// The file.
    pub file: ModuleFile,
    /// Why, as a clause after its name.
    pub why: String,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{} {}", self.version, self.file, self.why)
    }
}

impl ExportPlan {
    /// What can not go in, in the order of the bundle.
    pub fn missing(&self) -> &[Missing] {
        &self.missing
    }

    /// How many versions go in, also those of which that is the go.mod only.
    pub fn versions(&self) -> usize {
        self.versions.len()
    }

    /// The length of all zips that go in, in bytes.
    pub fn zip_bytes(&self) -> u64 {
        self.zip_bytes
    }
}

/// Finds out what a bundle of a selection will hold. Zips that have their proof are not read; `progress` is told of
/// each version. Waits for the disk; memory grows with the number of versions.
///
/// # Errors
/// If something can not be read. What is not there, or is not what a go.sum says, is in the plan.
pub fn plan(
    store: &DirStore,
    selection: &Selection,
    mut progress: impl FnMut(),
) -> Result<ExportPlan, CarryError> {
    let wants = find(store, selection)?;
    let mut plan = ExportPlan {
        versions: Vec::new(),
        sumdb: Vec::new(),
        missing: Vec::new(),
        zip_bytes: 0,
    };
    for (version, want) in wants.into_values() {
        match look(store, &version, &want)? {
            Ok((planned, bytes)) => {
                plan.versions.push(planned);
                plan.zip_bytes += bytes;
            }
            Err((file, why)) => plan.missing.push(Missing { version, file, why }),
        }
        progress();
    }
    plan.sumdb = proofs(store, &plan.versions)?;
    Ok(plan)
}

/// Why a file of a version can not go in.
type Lack = (ModuleFile, String);

/// A version as it would go in, and the length of its zip in bytes.
fn look(
    store: &DirStore,
    version: &ModuleVersion,
    want: &Want,
) -> Result<Result<(Planned, u64), Lack>, CarryError> {
    if store.tombstone(version)?.is_some() {
        return Ok(Err((ModuleFile::Zip, "was deleted".to_owned())));
    }
    let mut planned = Planned {
        version: version.clone(),
        has_info: false,
        zip: None,
    };
    let mut bytes = 0;
    if want.zip {
        let key = StoreKey::File(version, ModuleFile::Zip);
        let Some(zip) = store.read_blocking(&key)? else {
            return Ok(Err((ModuleFile::Zip, "is not there".to_owned())));
        };
        let sum = match sum_of(store, version, &zip)? {
            Ok(sum) => sum,
            Err(why) => return Ok(Err((ModuleFile::Zip, why))),
        };
        if let Some(why) = other_sum(&want.zip_sums, sum) {
            return Ok(Err((ModuleFile::Zip, why)));
        }
        bytes = zip.len();
        let provenance = Provenance::in_store(store, version)?;
        planned.zip = Some((sum, provenance));
    }
    match go_mod_of(store, version)? {
        Some(content) => {
            let why = fault(version, ModuleFile::Mod, &content)
                .or_else(|| other_sum(&want.go_mod_sums, go_mod_sum(&content)));
            if let Some(why) = why {
                return Ok(Err((ModuleFile::Mod, why)));
            }
        }
        // All that there is of it may be an .info.
        None if want.go_mod_sums.is_empty() && planned.zip.is_none() => {}
        None => return Ok(Err((ModuleFile::Mod, "is not there".to_owned()))),
    }
    if let Some(content) = info_of(store, version)? {
        if let Some(why) = fault(version, ModuleFile::Info, &content) {
            return Ok(Err((ModuleFile::Info, why)));
        }
        planned.has_info = true;
    }
    Ok(Ok((planned, bytes)))
}

/// The sum of a zip, by its proof or by reading it; else why it has none.
fn sum_of(
    store: &DirStore,
    version: &ModuleVersion,
    zip: &FileContent,
) -> Result<Result<Sum, String>, CarryError> {
    if let Some(sum) = store.proven_sum(version, &zip.identity())? {
        return Ok(Ok(sum));
    }
    match zip_sum(zip.file().as_ref(), zip.len(), version) {
        Ok(sum) => Ok(Ok(sum)),
        Err(ZipError::Unsound(why)) => Ok(Err(format!("can not be used by the go command: {why}"))),
        Err(ZipError::Io(error)) => {
            let path = StoreKey::File(version, ModuleFile::Zip).relative_path();
            Err(StoreError::io("read", path, error).into())
        }
    }
}

fn other_sum(expected: &std::collections::BTreeSet<Sum>, found: Sum) -> Option<String> {
    let other = expected.iter().find(|expected| **expected != found)?;
    Some(format!("has the sum {found}, and go.sum says {other}"))
}
