//! Making up for what the journal lacks: all of it where it was lost, lines of it where it is torn, and the one that a
//! writer was stopped before.
//!
//! The tree says what is there; it does not say by whom. So a version that is there and sound is noted as adopted, or as
//! imported where a checksum database knows it, and a tombstone as a deletion with all that it holds. Whether somebody
//! brought it here on purpose is lost, so it is not noted as fetched: what was fetched may be removed to make room.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::scan::version_of;
use crate::module::{ModulePath, ModuleVersion, Sum};
use crate::store::{
    DirEntry, DirStore, Event, EventKind, Identity, ModuleFile, StoreError, StoreKey,
};

/// How long a version must have been left alone: whoever put it there notes it a moment later.
const QUIET: Duration = Duration::from_secs(2);

/// How many lines wait to be written together, of some 300 bytes each. What was lost keeps the order of its times within
/// that many.
const TOGETHER: usize = 4096;

/// What the journal lacked, and has now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Recorded {
    /// Versions that are there.
    pub adopted: u64,
    /// Versions that are there and that a checksum database knows: they came from an upstream.
    pub fetched: u64,
    /// Versions that were deleted.
    pub deleted: u64,
    /// Lines that can not be read: nobody will complain about them any more.
    pub unreadable: u64,
}

impl Recorded {
    /// Whether it lacked nothing.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl std::fmt::Display for Recorded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts: Vec<String> = [
            (
                self.adopted,
                "version that is here",
                "versions that are here",
            ),
            (
                self.fetched,
                "version that a checksum database knows",
                "versions that a checksum database knows",
            ),
            (self.deleted, "deletion", "deletions"),
            (self.unreadable, "line that is torn", "lines that are torn"),
        ]
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, many)| format!("{number} {}", if number == 1 { one } else { many }))
        .collect();
        write!(
            f,
            "noted in the journal, which lacked them: {}",
            parts.join(", ")
        )
    }
}

/// Looks at every version of a tree for one that the journal does not know.
#[derive(Debug)]
pub(crate) struct Recorder {
    store: DirStore,
    databases: Vec<String>,
    waiting: Vec<(ModuleVersion, Event)>,
    recorded: Recorded,
}

impl Recorder {
    /// Begins. Reads the journal, unless that was done before. Waits for the disk.
    ///
    /// # Errors
    /// If the journal, or the place of checksum databases, can not be read.
    pub(crate) fn begin(store: &DirStore) -> Result<Self, StoreError> {
        store.provenance().unreadable_lines()?;
        Ok(Self {
            store: store.clone(),
            databases: store.checksum_databases()?,
            waiting: Vec::new(),
            recorded: Recorded::default(),
        })
    }

    /// Looks at the versions of a module, by the entries of its directory: at those that were checked whole, and those
    /// that were deleted. Waits for the disk.
    ///
    /// # Errors
    /// If the journal can not be read or written, or a file of the module not be read.
    pub(crate) fn module(
        &mut self,
        module: &ModulePath,
        entries: &[DirEntry],
    ) -> Result<(), StoreError> {
        for entry in entries {
            if let Some(escaped) = entry.name.strip_suffix(".deleted")
                && let Some(version) = named(module, escaped)
            {
                self.tombstone(&version)?;
            } else if let Some(escaped) = entry.name.strip_suffix(".ziphash")
                && let Some(version) = named(module, escaped)
            {
                self.proven(&version)?;
            }
        }
        Ok(())
    }

    /// As [`module`](Self::module), with the directory read here.
    ///
    /// # Errors
    /// As [`module`](Self::module), and if the directory can not be read.
    pub(crate) fn module_of(&mut self, module: &ModulePath) -> Result<(), StoreError> {
        let entries = self.store.entries(&StoreKey::directory(module))?;
        self.module(module, &entries.unwrap_or_default())
    }

    fn proven(&mut self, version: &ModuleVersion) -> Result<(), StoreError> {
        if self.store.provenance().of(version)?.is_some() {
            return Ok(());
        }
        let names = [
            StoreKey::File(version, ModuleFile::Zip),
            StoreKey::ZipHash(version),
        ]
        .map(|key| key.file_name());
        let directory = StoreKey::directory(version.path());
        let found = self
            .store
            .identities(&directory, &names.each_ref().map(String::as_str))?;
        if let [Some(zip), Some(hash)] = found[..]
            && is_quiet(hash.changed_at())
            && let Some(sum) = self.store.proven_sum(version, &zip)?
        {
            self.sound(version, sum, &zip)?;
        }
        Ok(())
    }

    /// Looks at a version whose zip was checked whole and has this sum. Waits for the disk.
    ///
    /// # Errors
    /// If the journal can not be read or written, or an answer of a checksum database not be read.
    pub(crate) fn sound(
        &mut self,
        version: &ModuleVersion,
        sum: Sum,
        zip: &Identity,
    ) -> Result<(), StoreError> {
        if !is_quiet(zip.changed_at())
            || self.store.provenance().of(version)?.is_some()
            || self.store.tombstone(version)?.is_some()
        {
            return Ok(());
        }
        let is_public = self
            .store
            .is_in_checksum_database(&self.databases, version, &sum)?;
        let kind = if is_public {
            EventKind::Import
        } else {
            EventKind::Adopt
        };
        let event = Event {
            time: Timestamp::try_from(zip.changed_at()).unwrap_or_else(|_| Timestamp::now()),
            ..Event::new(kind, version).zip(sum, zip.len)
        };
        self.wait(version, event)
    }

    /// Looks at a version that has a tombstone. One that can not be read is for `athens verify` to say. Waits for the
    /// disk.
    ///
    /// # Errors
    /// If the journal can not be read or written.
    pub(crate) fn tombstone(&mut self, version: &ModuleVersion) -> Result<(), StoreError> {
        if self.store.provenance().is_deleted(version)? {
            return Ok(());
        }
        let Ok(Some(tombstone)) = self.store.tombstone(version) else {
            return Ok(());
        };
        if !is_quiet(tombstone.time.into()) {
            return Ok(());
        }
        let event = Event {
            time: tombstone.time,
            sum: Some(tombstone.sum.to_string()),
            ..Event::new(EventKind::Delete, version).token(&tombstone.token)
        };
        self.wait(version, event)
    }

    fn wait(&mut self, version: &ModuleVersion, event: Event) -> Result<(), StoreError> {
        self.waiting.push((version.clone(), event));
        if self.waiting.len() < TOGETHER {
            return Ok(());
        }
        self.write()
    }

    /// Writes what waits. What can not be written is forgotten: the next one who looks finds it again.
    fn write(&mut self) -> Result<(), StoreError> {
        let mut events = Vec::new();
        let waiting = std::mem::take(&mut self.waiting);
        let provenance = self.store.provenance();
        for (version, event) in waiting {
            // Somebody else may have come before us.
            let is_lacking = if event.event == EventKind::Delete {
                !provenance.is_deleted(&version)? && self.store.tombstone(&version)?.is_some()
            } else {
                provenance.of(&version)?.is_none()
            };
            if is_lacking {
                events.push(event);
            }
        }
        events.sort_by_key(|event| event.time);
        self.store.journal().append_past(&mut events)?;
        for event in &events {
            match event.event {
                EventKind::Import => self.recorded.fetched += 1,
                EventKind::Delete => self.recorded.deleted += 1,
                _ => self.recorded.adopted += 1,
            }
        }
        Ok(())
    }

    /// Ends, after the whole tree was looked at: what it holds of what lost lines said is noted again, so these are known
    /// from now on. Waits for the disk.
    ///
    /// # Errors
    /// If the journal can not be read or written.
    pub(crate) fn finish(mut self) -> Result<Recorded, StoreError> {
        self.write()?;
        let unreadable = self.store.provenance().unreadable_lines()?;
        if unreadable > 0 {
            let mut event = Event::about_the_journal();
            self.store.journal().append(&mut event)?;
            self.recorded.unreadable = unreadable;
        }
        Ok(self.recorded)
    }
}

/// The version that the escaped name of a file is about. Other names are for the scan to complain about.
fn named(module: &ModulePath, escaped: &str) -> Option<ModuleVersion> {
    let version = version_of(module, escaped).ok()?;
    ModuleVersion::new(module.clone(), version).ok()
}

fn is_quiet(changed: SystemTime) -> bool {
    // A time in the future, by a clock that was set back, is no reason to wait.
    SystemTime::now()
        .duration_since(changed)
        .map_or(true, |age| age > QUIET)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_was_lost() {
        let mut recorded = Recorded::default();
        assert!(recorded.is_nothing());
        recorded.adopted = 2;
        recorded.deleted = 1;
        assert_eq!(
            recorded.to_string(),
            "noted in the journal, which lacked them: 2 versions that are here, 1 deletion"
        );
        assert!(!recorded.is_nothing());
    }
}
