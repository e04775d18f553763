//! Whether the disk has room for what is to be written.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::store::{DirStore, DiskSpace, StoreError};

/// How long a look at the disk is believed.
const LOOK: Duration = Duration::from_secs(1);

/// The most that is kept free where nobody said how much, in bytes.
const MOST_BY_DEFAULT: u64 = 1 << 30;

/// What is to be kept free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MinFree {
    /// A hundredth of the disk, at the most 1 GiB.
    #[default]
    Usual,
    /// This many bytes.
    Bytes(u64),
}

impl MinFree {
    fn bytes(self, disk: &DiskSpace) -> u64 {
        match self {
            Self::Usual => (disk.total / 100).min(MOST_BY_DEFAULT),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// The room on the disk of a folder.
#[derive(Debug)]
pub struct Room {
    store: DirStore,
    min_free: MinFree,
    seen: Mutex<Option<Seen>>,
}

#[derive(Debug)]
struct Seen {
    at: Instant,
    disk: DiskSpace,
    /// What was admitted since, in bytes.
    promised: u64,
}

impl Room {
    /// The room of a folder, of which so much is to stay free.
    pub fn new(store: DirStore, min_free: MinFree) -> Self {
        Self {
            store,
            min_free,
            seen: Mutex::new(None),
        }
    }

    /// Whether so many bytes may be written; 0 where that is not known. Looks at the disk once a second at the most.
    ///
    /// # Errors
    /// [`StoreError::LowSpace`] if less would be left than is to be kept free. A disk that can not be looked at refuses
    /// nothing: what is written then fails by itself.
    pub fn admit(&self, wanted: u64) -> Result<(), StoreError> {
        if self.min_free == MinFree::Bytes(0) {
            return Ok(());
        }
        let mut seen = self.look();
        let Some(seen) = seen.as_mut() else {
            return Ok(());
        };
        let kept = self.min_free.bytes(&seen.disk);
        let free = seen.disk.free.saturating_sub(seen.promised);
        if free < kept.saturating_add(wanted) {
            return Err(StoreError::LowSpace { free, kept, wanted });
        }
        seen.promised = seen.promised.saturating_add(wanted);
        Ok(())
    }

    /// What the disk has left, in bytes; `None` if it does not say.
    pub fn free(&self) -> Option<u64> {
        self.look().as_ref().map(|seen| seen.disk.free)
    }

    fn look(&self) -> MutexGuard<'_, Option<Seen>> {
        // What a panic could leave behind is a look that is a little older.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.as_ref().is_none_or(|seen| seen.at.elapsed() >= LOOK) {
            *seen = self.store.disk_space().ok().map(|disk| Seen {
                at: Instant::now(),
                disk,
                promised: 0,
            });
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::OpenMode;

    #[test]
    fn what_is_kept_free() {
        let disk = |total| DiskSpace { free: 0, total };
        for (min_free, total, want) in [
            (MinFree::Usual, 0, 0),
            (MinFree::Usual, 64 << 20, (64 << 20) / 100),
            (MinFree::Usual, 1 << 50, 1 << 30),
            (MinFree::Bytes(7), 1 << 50, 7),
        ] {
            assert_eq!(min_free.bytes(&disk(total)), want, "{min_free:?} {total}");
        }
    }

    #[test]
    fn what_was_admitted_counts_as_written() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        let room = Room::new(store.clone(), MinFree::Bytes(1000));
        let disk = DiskSpace {
            free: 3000,
            total: 1 << 40,
        };
        // As if it had just looked; in a second from now it will look really.
        let seen = |at| Seen {
            at,
            disk,
            promised: 0,
        };
        let later = Instant::now() + Duration::from_secs(3600);
        *room.seen.lock().unwrap() = Some(seen(later));
        assert!(room.admit(2001).unwrap_err().is_full());
        room.admit(1500).unwrap();
        room.admit(0).unwrap();
        let error = room.admit(501).unwrap_err();
        assert!(
            matches!(
                error,
                StoreError::LowSpace {
                    free: 1500,
                    kept: 1000,
                    wanted: 501
                }
            ),
            "{error}"
        );
        room.admit(500).unwrap();
        assert!(Room::new(store, MinFree::Bytes(0)).admit(u64::MAX).is_ok());
    }
}
