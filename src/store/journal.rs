//! The journal: what came into the tree and went from it, when, and by whom.
//!
//! One JSON object a line in `.athens/journal.jsonl`, appended and synced before the one who caused it has the answer;
//! what grew too long is sealed ([`super::journal_segments`]). It is derived: the tree is served without it, and what a lost or torn one lacks is noted again from the tree. Several
//! processes may append; a lock on the file puts their lines in order, and the times in it increase strictly, so that a
//! reader can ask for what came after a time and miss nothing.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;

use jiff::{SignedDuration, Timestamp};
use rustix::fs::{FlockOperation, Mode, OFlags};
#[cfg(target_os = "linux")]
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::journal_segments::SEAL_AT;
use super::{DirStore, StoreError};
use crate::module::ModuleVersion;

pub(super) const JOURNAL: &str = ".athens/journal.jsonl";

/// The longest line that is read back, in bytes; ours are a tenth of it, but for very long module paths.
pub(super) const LONGEST_LINE: u64 = 16 << 10;

/// What happened to a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// It was published over HTTP.
    Publish,
    /// It was fetched from an upstream, because somebody asked for it.
    Fetch,
    /// It is somebody else's, and was brought here on purpose: from a module cache, another root or a bundle, or ahead of
    /// requests. It is never removed to make room.
    Import,
    /// It was fetched, and is removed to make room. It may be fetched again.
    Evict,
    /// It was dropped into the folder, and found whole.
    Adopt,
    /// It was deleted.
    Delete,
    /// `athens verify --fix` mended it. With a sum: a derived file was made anew for the zip of that sum. Without: its
    /// files were moved to quarantine, or found to be gone. With an empty path and version it is about the journal itself:
    /// what is wrong with the lines before it is known.
    Repair,
    /// What a newer athens says, and this one does not know. Never written.
    #[serde(other)]
    Other,
}

impl EventKind {
    /// The event of this name, as the journal writes it.
    pub fn named(name: &str) -> Option<Self> {
        let kind = serde_json::from_value(serde_json::Value::from(name)).ok()?;
        (kind != Self::Other).then_some(kind)
    }

    /// Whether the version is there after it, if it was not before.
    pub(super) fn is_arrival(self) -> bool {
        matches!(
            self,
            Self::Publish | Self::Fetch | Self::Import | Self::Adopt
        )
    }

    /// Whether the version is gone after it.
    pub(super) fn is_departure(self) -> bool {
        matches!(self, Self::Delete | Self::Evict)
    }

    /// Whether a version that came so is somebody else's.
    pub fn is_foreign(self) -> bool {
        matches!(self, Self::Fetch | Self::Import)
    }
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Event {
    /// When: later than every line before, in microseconds, RFC 3339.
    pub time: Timestamp,
    /// What.
    pub event: EventKind,
    /// The module path.
    pub path: String,
    /// The version.
    pub version: String,
    /// The h1: sum of its zip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum: Option<String>,
    /// The length of its zip in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The name of the token by whose right it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl Event {
    /// An event of now. The time is set when it is appended.
    pub fn new(event: EventKind, version: &ModuleVersion) -> Self {
        Self {
            time: Timestamp::now(),
            event,
            path: version.path().to_string(),
            version: version.version().to_string(),
            sum: None,
            size: None,
            token: None,
        }
    }

    /// What `athens verify --fix`, or whoever makes up for lost lines, says of the journal as a whole: what is wrong with
    /// the lines before it is known.
    pub fn about_the_journal() -> Self {
        Self {
            time: Timestamp::now(),
            event: EventKind::Repair,
            path: String::new(),
            version: String::new(),
            sum: None,
            size: None,
            token: None,
        }
    }

    /// The version that it names, if that is one.
    pub fn module_version(&self) -> Option<ModuleVersion> {
        ModuleVersion::new(self.path.parse().ok()?, self.version.parse().ok()?).ok()
    }

    /// Whether it is about the journal as a whole.
    pub fn is_about_the_journal(&self) -> bool {
        self.event == EventKind::Repair && self.path.is_empty() && self.version.is_empty()
    }

    /// With the zip's h1: sum and length in bytes.
    #[must_use]
    pub fn zip(self, sum: impl ToString, size: u64) -> Self {
        Self {
            sum: Some(sum.to_string()),
            size: Some(size),
            ..self
        }
    }

    /// With the name of the token.
    #[must_use]
    pub fn token(self, name: &str) -> Self {
        Self {
            token: Some(name.to_owned()),
            ..self
        }
    }
}

/// The journal of a store.
#[derive(Debug, Clone, Copy)]
pub struct Journal<'a> {
    pub(super) store: &'a DirStore,
    seal_at: u64,
}

impl<'a> Journal<'a> {
    pub(super) fn new(store: &'a DirStore) -> Self {
        Self {
            store,
            seal_at: SEAL_AT,
        }
    }

    /// One that seals its active file at this length.
    #[cfg(test)]
    pub(super) fn sealed_at(self, seal_at: u64) -> Self {
        Self { seal_at, ..self }
    }

    /// Appends an event, with the time that it then has. When this returns, the line survives a power cut. On a root that
    /// is not to be written, nothing is written. Waits for the disk, and for others who append.
    ///
    /// # Errors
    /// If the journal can not be written.
    pub fn append(&self, event: &mut Event) -> Result<(), StoreError> {
        event.time = Timestamp::now();
        self.append_past(std::slice::from_mut(event))
    }

    /// Appends events that happened before now. Each keeps its time if that is later than the line before it, and has
    /// that of now otherwise. As [`append`](Self::append) in all else; either all lines are there afterwards or, when the
    /// disk fails, the first of them.
    ///
    /// # Errors
    /// If the journal can not be written.
    pub fn append_past(&self, events: &mut [Event]) -> Result<(), StoreError> {
        if events.is_empty() || self.store.staging().is_read_only() {
            return Ok(());
        }
        let failed = |error: io::Error| StoreError::io("append to", JOURNAL, error);
        let (mut file, has_sealed) = self.open_locked()?;
        let Tail {
            mut last,
            is_torn,
            is_empty,
        } = Tail::read(&file).map_err(failed)?;
        if is_empty {
            last = self.last_sealed_time()?;
        }
        let now = Timestamp::now();
        let mut lines = Vec::new();
        if is_torn {
            // Ends what a killed writer began; readers pass over lines that are no events.
            lines.push(b'\n');
        }
        for event in events {
            event.time = time_after(last, event.time, now);
            last = Some(event.time);
            serde_json::to_writer(&mut lines, event).map_err(|error| failed(error.into()))?;
            lines.push(b'\n');
        }
        file.write_all(&lines).map_err(failed)?;
        file.sync_data().map_err(failed)?;
        if is_empty {
            self.store.staging().sync_ours()?;
        }
        drop(file);
        if has_sealed {
            self.try_to_pack();
        }
        Ok(())
    }

    fn try_to_pack(&self) {
        if let Err(error) = self.pack() {
            // It is read as it is, and the next who seals tries again.
            tracing::warn!("a part of the journal stays unpacked: {error}");
        }
    }

    /// The active file, locked until it is closed; a new one if the last had grown too long. Says also whether that was
    /// sealed here.
    fn open_locked(&self) -> Result<(File, bool), StoreError> {
        let mut has_sealed = false;
        loop {
            let file = self.open()?;
            rustix::io::retry_on_intr(|| rustix::fs::flock(&file, FlockOperation::LockExclusive))
                .map_err(|error| StoreError::io("lock", JOURNAL, error))?;
            if !self.is_active(&file)? {
                continue;
            }
            let len = file
                .metadata()
                .map_err(|error| StoreError::io("look at", JOURNAL, error))?
                .len();
            if len < self.seal_at {
                return Ok((file, has_sealed));
            }
            match self.seal(&file) {
                Ok(()) => has_sealed = true,
                Err(error) if !self.is_active(&file)? => return Err(error),
                Err(error) => {
                    tracing::warn!("the journal grows longer than it should: {error}");
                    return Ok((file, has_sealed));
                }
            }
        }
    }

    /// Takes room on the disk for the next lines, so that an event that must be told is not what a full disk refuses.
    /// Where room can not be taken, none is. Waits for the disk.
    ///
    /// # Errors
    /// If the disk is full, or the journal can not be written.
    pub fn reserve(&self) -> Result<(), StoreError> {
        if self.store.staging().is_read_only() {
            return Ok(());
        }
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{FallocateFlags, fallocate};
            let failed = |error: io::Error| StoreError::io("append to", JOURNAL, error);
            let (file, has_sealed) = self.open_locked()?;
            let len = file.metadata().map_err(failed)?.len();
            if let Err(error @ (Errno::NOSPC | Errno::DQUOT)) =
                fallocate(&file, FallocateFlags::KEEP_SIZE, len, LONGEST_LINE)
            {
                return Err(failed(error.into()));
            }
            drop(file);
            if has_sealed {
                self.try_to_pack();
            }
        }
        Ok(())
    }

    fn open(&self) -> Result<File, StoreError> {
        self.store.staging().make_ours()?;
        let flags =
            OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        rustix::fs::openat(
            self.store.root_fd(),
            JOURNAL,
            flags,
            Mode::RUSR | Mode::WUSR,
        )
        .map(File::from)
        .map_err(|error| StoreError::io("open", JOURNAL, error))
    }

    /// All events, in order; lines that are none, as a crash leaves them, are passed over. Waits for the disk; memory
    /// grows with the journal.
    ///
    /// # Errors
    /// If the journal is there and can not be read.
    pub fn events(&self) -> Result<Vec<Event>, StoreError> {
        let mut events = Vec::new();
        self.each_line(|line| {
            events.extend(line.event);
            Ok::<(), StoreError>(())
        })?;
        Ok(events)
    }
}

/// The time of the last line in a file.
pub(super) fn last_time(file: &File) -> io::Result<Option<Timestamp>> {
    Ok(Tail::read(file)?.last)
}

/// The end of the journal.
struct Tail {
    last: Option<Timestamp>,
    is_torn: bool,
    is_empty: bool,
}

impl Tail {
    fn read(file: &File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        let from = len.saturating_sub(LONGEST_LINE);
        let mut bytes = vec![0; usize::try_from(len - from).unwrap_or_default()];
        file.read_exact_at(&mut bytes, from)?;
        let is_torn = bytes.last().is_some_and(|last| *last != b'\n');
        let last = bytes
            .rsplit(|byte| *byte == b'\n')
            .find_map(|line| serde_json::from_slice::<Event>(line).ok())
            .map(|event| event.time);
        Ok(Self {
            last,
            is_torn,
            is_empty: len == 0,
        })
    }
}

/// The time for the next line: the one that is wanted if it is later than the last and not yet to come, else the first
/// that is.
fn time_after(last: Option<Timestamp>, wanted: Timestamp, now: Timestamp) -> Timestamp {
    let wanted = micros(wanted.min(now));
    match last {
        Some(last) if wanted <= last => micros(now.max(last + SignedDuration::from_micros(1))),
        _ => wanted,
    }
}

/// Cut to microseconds, which is what the index format of public mirrors has.
fn micros(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::store::OpenMode;

    fn version() -> ModuleVersion {
        ModuleVersion::new("example.com/m".parse().unwrap(), "v1.0.0".parse().unwrap()).unwrap()
    }

    #[test]
    fn times_increase_strictly_whoever_appends() {
        let scratch = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let root = scratch.path();
                scope.spawn(move || {
                    // A store of its own each, as several processes have.
                    let store = DirStore::open(root, OpenMode::ReadWrite).unwrap();
                    for number in 0..25 {
                        let event = Event::new(EventKind::Publish, &version());
                        let mut event = event.zip("h1:x", number).token(&format!("w{writer}"));
                        store.journal().append(&mut event).unwrap();
                    }
                });
            }
        });
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        let events = store.journal().events().unwrap();
        assert_eq!(events.len(), 100);
        assert!(events.windows(2).all(|pair| pair[0].time < pair[1].time));
    }

    #[test]
    fn a_torn_line_is_ended_and_passed_over() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        assert_eq!(store.journal().events().unwrap(), []);
        let mut first = Event::new(EventKind::Adopt, &version());
        store.journal().append(&mut first).unwrap();
        let path = scratch.path().join(JOURNAL);
        let mut bytes = fs::read(&path).unwrap();
        let whole = bytes.clone();
        bytes.extend_from_slice(&whole[..whole.len() / 2]);
        fs::write(&path, bytes).unwrap();
        let mut second = Event::new(EventKind::Delete, &version());
        store.journal().append(&mut second).unwrap();
        assert_eq!(store.journal().events().unwrap(), [first, second]);
        let line = String::from_utf8(whole).unwrap();
        assert!(
            line.contains("\"Event\":\"adopt\",\"Path\":\"example.com/m\",\"Version\":\"v1.0.0\"}"),
            "{line}"
        );
    }

    #[test]
    fn events_of_the_past_keep_their_times_where_they_can() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        let at = |time: &str| Event {
            time: time.parse().unwrap(),
            ..Event::new(EventKind::Adopt, &version())
        };
        let before = micros(Timestamp::now());
        let mut events = [
            at("2020-01-02T03:04:05.000006789Z"),
            at("2021-01-02T03:04:05Z"),
            at("2020-06-01T00:00:00Z"),
            at("2021-01-02T03:04:06Z"),
            at("9000-01-01T00:00:00Z"),
        ];
        store.journal().append_past(&mut events).unwrap();
        assert_eq!(store.journal().events().unwrap(), events);
        let times = events.map(|event| event.time);
        assert_eq!(times[0].to_string(), "2020-01-02T03:04:05.000006Z");
        assert_eq!(times[1].to_string(), "2021-01-02T03:04:05Z");
        assert!(times[2] >= before && times.is_sorted_by(|a, b| a < b));
        assert!(times[4] <= Timestamp::now() + SignedDuration::from_secs(1));
    }

    #[test]
    fn room_that_was_taken_is_not_part_of_the_file() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        for _ in 0..2 {
            store.journal().reserve().unwrap();
            let mut event = Event::new(EventKind::Publish, &version());
            store.journal().append(&mut event).unwrap();
        }
        assert_eq!(store.journal().events().unwrap().len(), 2);
        let bytes = fs::read(scratch.path().join(JOURNAL)).unwrap();
        assert!(!bytes.contains(&0));
    }
}
