//! How versions came: to another root, from which they are taken, and to this one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::module::ModuleVersion;
use crate::store::{DirStore, EventKind, StoreError};

/// How a version came into a tree, which decides who may be asked about its module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provenance {
    /// It was published: the module is private here, and nobody else is asked about it.
    Publish,
    /// It came from elsewhere, and may be asked for there again.
    Fetch,
    /// It was put into the folder by hand, and is treated as one's own.
    Adopt,
}

impl Provenance {
    /// The event of the journal.
    pub fn event(self) -> EventKind {
        match self {
            Self::Publish => EventKind::Publish,
            Self::Fetch => EventKind::Fetch,
            Self::Adopt => EventKind::Adopt,
        }
    }
}

/// What the journal of a root says of each version. A version is known by half of the SHA-256 hash of its name, so a
/// million of them take some 40 MB.
#[derive(Debug, Default)]
pub(super) struct Came(Mutex<HashMap<[u8; 16], Provenance>>);

impl Came {
    /// Reads the journal. Waits for the disk.
    ///
    /// # Errors
    /// If it is there and can not be read.
    pub(super) fn read(store: &DirStore) -> Result<Self, StoreError> {
        let mut came = HashMap::new();
        store.journal().each_line(|line| {
            if let Some(event) = line.event {
                let key = key(&event.path, &event.version);
                match event.event {
                    EventKind::Publish => drop(came.insert(key, Provenance::Publish)),
                    EventKind::Fetch => drop(came.insert(key, Provenance::Fetch)),
                    // A zip that is read and noted again is no more one's own for that.
                    EventKind::Adopt => drop(came.entry(key).or_insert(Provenance::Adopt)),
                    EventKind::Delete => drop(came.remove(&key)),
                    EventKind::Repair => {}
                }
            }
            Ok::<(), StoreError>(())
        })?;
        Ok(Self(Mutex::new(came)))
    }

    /// How a version came; `None` if the journal does not say.
    pub(super) fn of(&self, version: &ModuleVersion) -> Option<Provenance> {
        let came = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        came.get(&key_of(version)).copied()
    }

    /// Remembers what was appended to the journal.
    pub(super) fn note(&self, version: &ModuleVersion, provenance: Provenance) {
        let mut came = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        came.insert(key_of(version), provenance);
    }
}

fn key_of(version: &ModuleVersion) -> [u8; 16] {
    key(version.path().as_str(), version.version().as_str())
}

fn key(path: &str, version: &str) -> [u8; 16] {
    let hash = Sha256::new()
        .chain_update(path)
        .chain_update("@")
        .chain_update(version)
        .finalize();
    let mut key = [0; 16];
    key.copy_from_slice(&hash[..16]);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Event, OpenMode};

    #[test]
    fn the_last_word_counts_and_adoption_is_the_weakest() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        let version =
            ModuleVersion::new("example.com/m".parse().unwrap(), "v1.0.0".parse().unwrap())
                .unwrap();
        assert_eq!(Came::read(&store).unwrap().of(&version), None);
        for (event, want) in [
            (EventKind::Adopt, Some(Provenance::Adopt)),
            (EventKind::Fetch, Some(Provenance::Fetch)),
            (EventKind::Adopt, Some(Provenance::Fetch)),
            (EventKind::Repair, Some(Provenance::Fetch)),
            (EventKind::Publish, Some(Provenance::Publish)),
            (EventKind::Delete, None),
        ] {
            let mut event = Event::new(event, &version);
            store.journal().append(&mut event).unwrap();
            assert_eq!(Came::read(&store).unwrap().of(&version), want);
        }
        let came = Came::default();
        came.note(&version, Provenance::Adopt);
        assert_eq!(came.of(&version), Some(Provenance::Adopt));
    }
}
