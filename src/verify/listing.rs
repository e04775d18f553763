//! What a module's directory holds, by its names.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::Selection;
use super::finding::{Cure, Finding, Kind};
use crate::catalog::version_of;
use crate::module::{ModulePath, Version};
use crate::store::{DirStore, ModuleFile, StoreError, StoreKey};

/// Which files of a version have names in the directory.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Present {
    info: bool,
    go_mod: bool,
    zip: bool,
    /// There is a tombstone.
    pub(super) deleted: bool,
}

impl Present {
    fn add(&mut self, file: ModuleFile) {
        match file {
            ModuleFile::Info => self.info = true,
            ModuleFile::Mod => self.go_mod = true,
            ModuleFile::Zip => self.zip = true,
        }
    }

    /// The most important file that is there.
    pub(super) fn first(self) -> Option<ModuleFile> {
        [
            (self.zip, ModuleFile::Zip),
            (self.go_mod, ModuleFile::Mod),
            (self.info, ModuleFile::Info),
        ]
        .into_iter()
        .find_map(|(is_there, file)| is_there.then_some(file))
    }
}

/// What a module's directory holds.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// The versions, ascending.
    pub(super) versions: BTreeMap<Version, Present>,
    /// Names that are not part of the layout.
    pub(super) findings: Vec<Finding>,
}

/// Reads the names in a module's directory.
///
/// # Errors
/// If the directory can not be read.
pub(super) fn list(
    store: &DirStore,
    module: &ModulePath,
    selection: &Selection,
) -> Result<Listing, StoreError> {
    let directory = StoreKey::directory(module);
    let mut listing = Listing::default();
    for entry in store.entries(&directory)?.unwrap_or_default() {
        // Editors, copy tools and file managers leave hidden files with any ending.
        if entry.name.starts_with('.') {
            continue;
        }
        let (escaped, file) = match ModuleFile::split(&entry.name) {
            Some((escaped, file)) => (escaped, Some(file)),
            None => match entry.name.strip_suffix(".deleted") {
                Some(escaped) => (escaped, None),
                None => continue,
            },
        };
        match version_of(module, escaped) {
            Ok(version) => {
                if selection
                    .version()
                    .is_some_and(|only| *only.version() != version)
                {
                    continue;
                }
                let present = listing.versions.entry(version).or_default();
                match file {
                    Some(file) => present.add(file),
                    None => present.deleted = true,
                }
            }
            Err(why) if selection.version().is_none() => listing.findings.push(Finding::new(
                format!("{directory}/{}", entry.name),
                Kind::Name,
                why,
                Cure::ByHand("rename or remove it by hand"),
            )),
            Err(_) => {}
        }
    }
    listing.findings.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(listing)
}

/// For how long the module's directory must still be left alone, before what is found in it counts: files may be on
/// their way, and a server writes `list` and `@latest` up to two seconds after a change.
///
/// # Errors
/// If the directory can not be read.
pub(super) fn unrest(store: &DirStore, module: &ModulePath) -> Result<Duration, StoreError> {
    const QUIET: Duration = Duration::from_millis(2500);
    let directory = StoreKey::directory(module);
    let entries = store.entries(&directory)?.unwrap_or_default();
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let newest = store
        .identities(&directory, &names)?
        .into_iter()
        .flatten()
        .map(|identity| identity.changed_at())
        .chain(store.directory_changed(&directory)?)
        .max();
    let age = newest.map_or(QUIET, |newest| {
        // A time in the future, by a clock that was set back, is no reason to wait.
        SystemTime::now().duration_since(newest).unwrap_or(QUIET)
    });
    Ok(QUIET.saturating_sub(age))
}
