//! `.ziphash`: the h1: sum of a zip, and the proof that this zip, as it is now, was checked whole.
//!
//! The go command's own cache has the same files, so the presence of one proves nothing. Ours carry a stamp: their
//! modification time is the change time of the zip that was checked, to the nanosecond. A zip that is replaced, touched
//! or copied elsewhere has another change time, and is checked again.

use rustix::fs::{Timespec, Timestamps};

use super::staging::StagedFile;
use super::{DirStore, Identity, StoreError, StoreKey};
use crate::module::{ModuleVersion, Sum};

/// The longest `.ziphash` that is read, in bytes; ours have 47.
const LONGEST: u64 = 128;

impl DirStore {
    /// The sum of a zip in this state, if it was checked whole and kept; `None` if it was not, or is another by now.
    /// Waits for the disk.
    ///
    /// # Errors
    /// If a `.ziphash` is there and can not be read.
    pub fn proven_sum(
        &self,
        version: &ModuleVersion,
        zip: &Identity,
    ) -> Result<Option<Sum>, StoreError> {
        let key = StoreKey::ZipHash(version);
        let Some(file) = self.read_blocking(&key)? else {
            return Ok(None);
        };
        if file.len() > LONGEST || file.modified() != zip.changed_at() {
            return Ok(None);
        }
        let bytes = file
            .read_all_blocking()
            .map_err(|error| StoreError::io("read", key.relative_path(), error))?;
        Ok(std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.parse().ok()))
    }
}

/// Stamps a staged `.ziphash` with the state of the zip that it proves.
pub(super) fn stamp(hash: &StagedFile, zip: &Identity) -> std::io::Result<()> {
    let since = zip
        .changed_at()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    let time = Timespec {
        tv_sec: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: since.subsec_nanos().into(),
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    Ok(rustix::fs::futimens(hash.file(), &times)?)
}
