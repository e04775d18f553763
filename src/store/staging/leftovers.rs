//! What killed writers left in the staging area, looked at without touching it.

use std::fs::File;
use std::time::SystemTime;

use rustix::fs::{FlockOperation, OFlags};

use super::Staging;
use super::area::STAGING;
use crate::store::{Access, EntryKind, Identity, StoreError};

impl Staging<'_> {
    /// The paths below the root of what killed writers left behind, and when each last changed. Files of living writers
    /// are not among them. Waits for the disk.
    ///
    /// # Errors
    /// If the staging area can not be read.
    pub fn leftovers(&self) -> Result<Vec<(String, SystemTime)>, StoreError> {
        let mut found = Vec::new();
        for entry in self.store.entries(STAGING)?.unwrap_or_default() {
            let path = format!("{STAGING}/{}", entry.name);
            if entry.kind != EntryKind::File {
                // We only ever make files there; when it came nobody can say.
                found.push((path, SystemTime::UNIX_EPOCH));
                continue;
            }
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK;
            let Ok(file) = self.store.beneath().open(&path, flags, Access::MayWait) else {
                continue;
            };
            // A living writer holds the lock. One that has just made its file and finds it locked makes another.
            if rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared).is_ok() {
                let changed = File::from(file)
                    .metadata()
                    .map(|metadata| Identity::of(&metadata).changed_at())
                    .map_err(|error| StoreError::io("look at", path.clone(), error))?;
                found.push((path, changed));
            }
        }
        found.sort();
        Ok(found)
    }
}
