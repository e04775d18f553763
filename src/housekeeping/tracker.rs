//! When versions were last asked for: noted in memory for next to nothing, and written down from time to time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::seconds;
use crate::module::ModuleVersion;
use crate::store::{DirStore, StoreError, VersionKey};

/// How many versions are noted at most before they are written down, of some 40 bytes each. What comes when it is full is
/// not noted: it can be fetched again.
const MOST: usize = 262_144;

/// The uses of versions since they were last written down.
#[derive(Debug, Default)]
pub struct Tracker {
    recent: Mutex<HashMap<VersionKey, u32>>,
}

impl Tracker {
    /// Notes that a version is used now. Never waits for the disk.
    pub fn used(&self, version: &ModuleVersion) {
        let key = VersionKey::of(version);
        let now = seconds(SystemTime::now());
        let mut recent = self.recent();
        if recent.len() < MOST || recent.contains_key(&key) {
            recent.insert(key, now);
        }
    }

    /// When a version was last used, if that is not written down yet.
    pub(super) fn get(&self, key: &VersionKey) -> Option<u32> {
        self.recent().get(key).copied()
    }

    /// Writes down what was used since the last time, of versions that may ever be removed. Waits for the disk.
    ///
    /// # Errors
    /// If the journal can not be read, or the file not be written: then nothing is forgotten.
    pub fn write_down(&self, store: &DirStore) -> Result<(), StoreError> {
        let mut recent = std::mem::take(&mut *self.recent());
        if recent.is_empty() {
            return Ok(());
        }
        let all = recent.clone();
        let written = store
            .provenance()
            .retain_fetched(&mut recent)
            .and_then(|()| {
                if recent.is_empty() {
                    return Ok(());
                }
                store.change_uses(|uses| uses.merged(recent, |_, _| true))
            });
        if written.is_err() {
            let mut recent = self.recent();
            for (key, time) in all {
                let noted = recent.entry(key).or_insert(time);
                *noted = (*noted).max(time);
            }
        }
        written
    }

    fn recent(&self) -> MutexGuard<'_, HashMap<VersionKey, u32>> {
        // What a panic could leave behind is a use too many or too few.
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Event, EventKind, OpenMode};

    #[test]
    fn only_what_may_go_is_written_down() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        let version = |text: &str| {
            let path = "example.com/m".parse().unwrap();
            ModuleVersion::new(path, text.parse().unwrap()).unwrap()
        };
        let (fetched, own) = (version("v1.0.0"), version("v1.0.1"));
        for (kind, version) in [(EventKind::Fetch, &fetched), (EventKind::Adopt, &own)] {
            let mut event = Event::new(kind, version);
            store.journal().append(&mut event).unwrap();
        }
        let tracker = Tracker::default();
        tracker.used(&fetched);
        tracker.used(&own);
        let noted = tracker.get(&VersionKey::of(&fetched)).unwrap();
        tracker.write_down(&store).unwrap();
        assert_eq!(tracker.get(&VersionKey::of(&fetched)), None);
        let uses = store.uses().unwrap();
        assert_eq!(uses.len(), 1);
        assert_eq!(uses.get(&VersionKey::of(&fetched)), Some(noted));
    }
}
