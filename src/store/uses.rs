//! `.athens/uses`: when each fetched version was last asked for, so that those that nobody uses go first.
//!
//! A derived file: without it, a version counts as used when it was fetched. Records of 20 bytes behind a line that says
//! what they are, ordered by their keys: the first half of a hash of the version's name, and the seconds since 1970, both
//! with the highest byte first.

use std::io;

use super::{DirStore, StoreError, VersionKey};

pub(super) const USES: &str = ".athens/uses";
const HEAD: &[u8] = b"athens uses 1\n";
const KEY: usize = 16;
const RECORD: usize = KEY + 4;

/// The largest file that is read: room for thirteen million versions.
const LARGEST: u64 = 256 << 20;

/// When versions were last used, as the file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredUses {
    /// Whole records, ordered by key.
    records: Vec<u8>,
}

impl StoredUses {
    /// When a version was last used, in seconds since 1970.
    pub fn get(&self, key: &VersionKey) -> Option<u32> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let (there, time) = self.record(middle)?;
            match there.cmp(&key.0) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(time),
            }
        }
        None
    }

    /// How many versions there are.
    pub fn len(&self) -> usize {
        self.records.len() / RECORD
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Brings newer uses in, and leaves out what is not to stay.
    #[must_use]
    pub fn merged(
        &self,
        newer: impl IntoIterator<Item = (VersionKey, u32)>,
        stays: impl Fn(&VersionKey, u32) -> bool,
    ) -> Self {
        let mut newer: Vec<(VersionKey, u32)> = newer.into_iter().collect();
        newer.sort_unstable();
        let mut newer = newer.into_iter().peekable();
        let mut records = Vec::with_capacity(self.records.len() + newer.len() * RECORD);
        let mut push = |key: VersionKey, time: u32| {
            if stays(&key, time) {
                records.extend_from_slice(&key.0);
                records.extend_from_slice(&time.to_be_bytes());
            }
        };
        for (key, time) in (0..self.len()).filter_map(|number| self.record(number)) {
            while let Some(before) = newer.next_if(|(newer, _)| newer.0 < key) {
                push(before.0, before.1);
            }
            let same = newer.next_if(|(newer, _)| newer.0 == key);
            push(
                VersionKey(key),
                same.map_or(time, |(_, newer)| newer.max(time)),
            );
        }
        newer.for_each(|(key, time)| push(key, time));
        Self { records }
    }

    fn record(&self, number: usize) -> Option<([u8; KEY], u32)> {
        let record = self.records.get(number * RECORD..(number + 1) * RECORD)?;
        let (key, time) = record.split_at_checked(KEY)?;
        Some((
            key.try_into().ok()?,
            u32::from_be_bytes(time.try_into().ok()?),
        ))
    }

    fn parse(mut bytes: Vec<u8>) -> Option<Self> {
        if !bytes.starts_with(HEAD) || !(bytes.len() - HEAD.len()).is_multiple_of(RECORD) {
            return None;
        }
        bytes.drain(..HEAD.len());
        let uses = Self { records: bytes };
        let is_ordered = (1..uses.len()).all(|number| {
            let key = |number| uses.record(number).map(|(key, _)| key);
            key(number - 1) < key(number)
        });
        is_ordered.then_some(uses)
    }

    fn to_bytes(&self) -> Vec<u8> {
        [HEAD, &self.records].concat()
    }
}

impl DirStore {
    /// When versions were last used. A file that is missing, or is none of these, says nothing. Waits for the disk; memory
    /// is that of the file.
    ///
    /// # Errors
    /// If it is there and can not be read.
    pub fn uses(&self) -> Result<StoredUses, StoreError> {
        let failed = |error: io::Error| StoreError::io("read", USES, error);
        let Some(file) = self.open_path_waiting(USES)? else {
            return Ok(StoredUses::default());
        };
        if file.len() > LARGEST {
            return Ok(StoredUses::default());
        }
        let bytes = file.read_all_blocking().map_err(failed)?;
        Ok(StoredUses::parse(bytes.into()).unwrap_or_default())
    }

    /// Changes what is known of uses, with nobody between the reading and the writing. Waits for the disk, and for others
    /// who do the same.
    ///
    /// # Errors
    /// If the file can not be read or written. On a root that can not be written, nothing is done.
    pub fn change_uses(
        &self,
        change: impl FnOnce(&StoredUses) -> StoredUses,
    ) -> Result<(), StoreError> {
        if self.staging().is_read_only() {
            return Ok(());
        }
        let _alone = self.staging().begin_eviction()?;
        let before = self.uses()?;
        let after = change(&before);
        if after == before {
            return Ok(());
        }
        self.staging().replace_ours(USES, &after.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::store::OpenMode;

    fn key(number: u32) -> VersionKey {
        VersionKey::of_names("example.com/m", &format!("v1.0.{number}"))
    }

    #[test]
    fn what_is_merged_is_found() {
        let mut uses = StoredUses::default();
        for from in [0, 500, 250] {
            let newer = (from..from + 500).map(|number| (key(number), from + number));
            uses = uses.merged(newer, |_, _| true);
        }
        assert_eq!(uses.len(), 1000);
        for number in 0..1000 {
            let want = match number {
                0..250 => number,
                250..750 if number >= 500 => 500 + number,
                250..500 => 250 + number,
                _ => 500 + number,
            };
            assert_eq!(uses.get(&key(number)), Some(want), "{number}");
        }
        assert_eq!(uses.get(&key(1000)), None);
        let without = uses.merged([], |there, _| *there != key(7));
        assert_eq!((without.len(), without.get(&key(7))), (999, None));
        assert_eq!(StoredUses::parse(uses.to_bytes()), Some(uses));
    }

    #[test]
    fn a_file_that_is_none_says_nothing() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        assert!(store.uses().unwrap().is_empty());
        store
            .change_uses(|uses| uses.merged([(key(1), 5), (key(2), 6)], |_, _| true))
            .unwrap();
        assert_eq!(store.uses().unwrap().get(&key(2)), Some(6));
        let path = scratch.path().join(USES);
        let whole = fs::read(&path).unwrap();
        let (head, records) = whole.split_at(HEAD.len());
        let (one, other) = records.split_at(RECORD);
        for wrong in [
            &whole[..whole.len() - 1],
            records,
            &[head, other, one].concat(),
            &[head, one, one].concat(),
            b"",
        ] {
            fs::write(&path, wrong).unwrap();
            assert!(store.uses().unwrap().is_empty(), "{wrong:?}");
        }
    }
}
