//! What of the checksum databases goes with versions into a bundle.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::plan::Planned;
use crate::carry::error::CarryError;
use crate::carry::source::walk_sumdb;
use crate::module::ModuleVersion;
use crate::store::{DirStore, StoreKey, SumdbFile, SumdbFileKind};

/// The cached lookups of these versions, and of each database that has one the head and all cached tiles.
///
/// All tiles, because which ones prove a record depends on the head that the other side has when it uses them. They are
/// few: a cache holds those that lie on the paths of the lookups that were ever made, 8 KiB each.
pub(super) fn proofs(store: &DirStore, versions: &[Planned]) -> Result<Vec<SumdbFile>, CarryError> {
    let mut databases: BTreeMap<String, Proof> = BTreeMap::new();
    let _ = walk_sumdb(store, &mut |file| {
        let proof = databases.entry(file.database().to_owned()).or_default();
        let is_wanted = match file.kind() {
            SumdbFileKind::Lookup(version) => is_among(versions, version),
            SumdbFileKind::Latest | SumdbFileKind::Tile { .. } => true,
        };
        // One that was torn is fetched again by whoever needs it.
        let is_whole = is_wanted
            && store
                .read_blocking(&StoreKey::Sumdb(&file))?
                .is_some_and(|content| file.takes(content.len()));
        if is_whole {
            proof.has_lookup |= matches!(file.kind(), SumdbFileKind::Lookup(_));
            proof.files.push(file);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let mut files: Vec<(String, SumdbFile)> = databases
        .into_values()
        .filter(|proof| proof.has_lookup)
        .flat_map(|proof| proof.files)
        .map(|file| (file.to_string(), file))
        .collect();
    files.sort_unstable();
    Ok(files.into_iter().map(|(_, file)| file).collect())
}

#[derive(Default)]
struct Proof {
    has_lookup: bool,
    files: Vec<SumdbFile>,
}

/// The versions are in the order of their escaped names.
fn is_among(versions: &[Planned], version: &ModuleVersion) -> bool {
    let order = |version: &ModuleVersion| (version.path().escaped(), version.version().escaped());
    let (path, name) = order(version);
    versions
        .binary_search_by(|planned| {
            let (other_path, other_name) = order(&planned.version);
            (other_path.as_str(), other_name.as_str()).cmp(&(path.as_str(), name.as_str()))
        })
        .is_ok()
}
