//! The versions of one module that come in together: when the last one is done, its `list` and `@latest` follow.

use std::sync::{Arc, Mutex, PoisonError};

use super::outcome::Outcome;
use crate::catalog::{Soundness, reindex_module};
use crate::module::{ModulePath, ModuleVersion, Version};
use crate::store::{DirStore, ModuleFile, StoreError, StoreKey};

/// A module that is being carried in. Everybody who works on it holds it; who lets go of it last brings its derived
/// files up to date.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) module: ModulePath,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    has_new: bool,
    /// Versions that were there before, and should be in the list.
    there: Vec<Version>,
}

impl Group {
    pub(super) fn new(module: ModulePath) -> Arc<Self> {
        Arc::new(Self {
            module,
            state: Mutex::default(),
        })
    }

    /// Notes what became of a version.
    pub(super) fn note(&self, version: &Version, outcome: &Outcome) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Outcome::Imported => state.has_new = true,
            Outcome::AlreadyThere => state.there.push(version.clone()),
            _ => {}
        }
    }

    /// Lets go of it. The last one to do so brings `list` and `@latest` up to date, if a version is new, or one that was
    /// there is not in the list, as a killed import leaves it. Waits for the disk.
    ///
    /// # Errors
    /// If the module's directory can not be read or written.
    pub(super) fn release(
        group: Arc<Self>,
        store: &DirStore,
        soundness: &Soundness,
    ) -> Result<(), StoreError> {
        let Some(group) = Arc::into_inner(group) else {
            return Ok(());
        };
        let state = group
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if state.has_new || !are_listed(store, &group.module, &state.there)? {
            reindex_module(store, soundness, &group.module, false)?;
        }
        Ok(())
    }
}

/// Whether the derived files are there and name these versions, of which pseudo-versions and those without a zip are
/// never named.
fn are_listed(
    store: &DirStore,
    module: &ModulePath,
    versions: &[Version],
) -> Result<bool, StoreError> {
    let mut whole = Vec::new();
    for version in versions {
        if let Ok(version) = ModuleVersion::new(module.clone(), version.clone()) {
            let key = StoreKey::File(&version, ModuleFile::Zip);
            if store.read_blocking(&key)?.is_some() {
                whole.push(version);
            }
        }
    }
    if whole.is_empty() {
        return Ok(true);
    }
    let (Some(list), Some(_)) = (
        store.read_blocking(&StoreKey::List(module))?,
        store.read_blocking(&StoreKey::Latest(module))?,
    ) else {
        return Ok(false);
    };
    let list = list
        .read_all_blocking()
        .map_err(|error| StoreError::io("read", StoreKey::List(module).relative_path(), error))?;
    let list: Vec<&[u8]> = list.split(|byte| *byte == b'\n').collect();
    Ok(whole
        .iter()
        .map(|version| version.version())
        .filter(|version| !version.is_pseudo())
        .all(|version| list.contains(&version.as_str().as_bytes())))
}
