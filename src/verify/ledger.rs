//! What the journal says of each version, in little memory.
//!
//! A version is known by a hash of its name, so a journal of a million versions costs some 80 MB; names are read again
//! where one has to be said.

use std::collections::HashMap;
use std::sync::Arc;

use super::Selection;
use super::finding::{Cure, Finding, Kind};
use crate::module::{ModuleVersion, Sum};
use crate::store::{
    DirStore, Event, EventKind, Line, ModuleFile, StoreError, StoreKey, VersionKey,
};

/// How many wrong lines are said one by one.
const MOST_LINES: usize = 20;

/// What the journal has last said of a version.
#[derive(Debug, Clone, Copy)]
struct Fate {
    /// Whether it must be there: it was published, and not deleted since.
    is_published: bool,
    /// The sum with which it came. A later event with another sum changes nothing: versions do not change.
    sum: Option<Sum>,
    /// The line that said so last.
    line: u64,
}

/// The journal, read once.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    fates: HashMap<VersionKey, Fate>,
    lines: u64,
}

/// What is wrong with the lines of the journal.
#[derive(Debug, Default)]
struct Faults {
    first: Vec<(Arc<str>, u64, &'static str)>,
    more: u64,
}

impl Faults {
    fn add(&mut self, line: &Line, what: &'static str) {
        if self.first.len() < MOST_LINES {
            self.first.push((Arc::clone(&line.file), line.number, what));
        } else {
            self.more += 1;
        }
    }

    fn into_findings(self, path: &str) -> Vec<Finding> {
        let found = |file: &str, problem| Finding::new(file, Kind::Journal, problem, Cure::Note);
        let mut findings: Vec<Finding> = self
            .first
            .into_iter()
            .map(|(file, line, what)| found(&file, format!("line {line} {what}")))
            .collect();
        if self.more > 0 {
            findings.push(found(path, format!("has {} more such lines", self.more)));
        }
        findings
    }
}

impl Ledger {
    /// Reads the journal; answers also with what is wrong with its lines.
    pub(super) fn read(store: &DirStore) -> Result<(Self, Vec<Finding>), StoreError> {
        let mut ledger = Self::default();
        let mut faults = Faults::default();
        let mut newest = None;
        store.journal().each_line(|line| {
            ledger.lines = line.serial;
            let Some(event) = &line.event else {
                let what = if line.is_damaged {
                    "and what followed it can not be unpacked: the file is damaged"
                } else if line.is_ended {
                    "is no event"
                } else {
                    "is torn: its writer was stopped"
                };
                faults.add(&line, what);
                return Ok(());
            };
            if newest >= Some(event.time) {
                faults.add(&line, "is not later than the lines before it");
            }
            newest = newest.max(Some(event.time));
            if event.is_about_the_journal() {
                faults = Faults::default();
                return Ok(());
            }
            if let Err(what) = ledger.enter(event, line.serial) {
                faults.add(&line, what);
            }
            Ok::<(), StoreError>(())
        })?;
        Ok((ledger, faults.into_findings(store.journal().path())))
    }

    fn enter(&mut self, event: &Event, line: u64) -> Result<(), &'static str> {
        if event.event == EventKind::Other {
            return Ok(());
        }
        let version = event
            .module_version()
            .ok_or("names no version of a module")?;
        let sum = match &event.sum {
            Some(text) => Some(text.parse::<Sum>().map_err(|_| "has a malformed sum")?),
            None => None,
        };
        let before = self.fates.get(&VersionKey::of(&version)).copied();
        let fate = match event.event {
            EventKind::Delete | EventKind::Other => Fate {
                is_published: false,
                sum: None,
                line,
            },
            EventKind::Repair => Fate {
                is_published: sum.is_some() && before.is_some_and(|fate| fate.is_published),
                sum,
                line,
            },
            EventKind::Publish
            | EventKind::Fetch
            | EventKind::Import
            | EventKind::Evict
            | EventKind::Adopt => Fate {
                is_published: event.event == EventKind::Publish
                    || before.is_some_and(|fate| fate.is_published),
                sum: before.and_then(|fate| fate.sum).or(sum),
                line,
            },
        };
        self.fates.insert(VersionKey::of(&version), fate);
        Ok(())
    }

    /// Whether it knows no version.
    pub(super) fn is_empty(&self) -> bool {
        self.fates.is_empty()
    }

    /// The sum that a version came with.
    pub(super) fn sum(&self, version: &ModuleVersion) -> Option<Sum> {
        self.fates.get(&VersionKey::of(version))?.sum
    }

    /// Versions that were published, were not deleted, and are gone. Reads the journal again, for their names.
    ///
    /// # Errors
    /// If the journal or the place of a zip can not be read.
    pub(super) fn find_gone(
        &self,
        store: &DirStore,
        selection: &Selection,
    ) -> Result<Vec<(ModuleVersion, Finding)>, StoreError> {
        let mut gone: Vec<(ModuleVersion, Finding)> = Vec::new();
        store.journal().each_line(|Line { serial, event, .. }| {
            let Some(version) = event.as_ref().and_then(Event::module_version) else {
                return Ok(());
            };
            if serial > self.lines {
                // Came while the tree was checked, perhaps from ourselves.
                gone.retain(|(found, _)| *found != version);
                return Ok(());
            }
            let is_last = self
                .fates
                .get(&VersionKey::of(&version))
                .is_some_and(|fate| fate.is_published && fate.line == serial);
            if is_last && selection.takes(&version) {
                gone.extend(look_for(store, version)?);
            }
            Ok::<(), StoreError>(())
        })?;
        Ok(gone)
    }
}

/// The version and what to say, if its zip is not there.
fn look_for(
    store: &DirStore,
    version: ModuleVersion,
) -> Result<Option<(ModuleVersion, Finding)>, StoreError> {
    let zip = StoreKey::File(&version, ModuleFile::Zip);
    match store.read_blocking(&zip) {
        Ok(None) => {}
        // Something is there; what, is said where the version is checked.
        Ok(Some(_)) | Err(StoreError::Refused { .. }) => return Ok(None),
        Err(error) => return Err(error),
    }
    // A tombstone is there before the first file goes, and before the journal says so.
    if !matches!(store.tombstone(&version), Ok(None)) {
        return Ok(None);
    }
    let problem = "was published, is gone, and was not deleted";
    let finding = Finding::new(zip.relative_path(), Kind::Gone, problem, Cure::Note);
    Ok(Some((version, finding)))
}
