//! Reading the journal through all its files, from the beginning, from a time, or from where one was.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use jiff::Timestamp;
use rustix::fs::{AtFlags, FlockOperation, Stat};
use rustix::io::Errno;

use super::journal::{JOURNAL, LONGEST_LINE};
use super::journal_lines::{Line, Lines, Source};
use super::journal_segments::{SEGMENTS, Segment};
use super::{Event, Identity, Journal, StoreError};

/// How many bytes before the place up to which the journal was read must still be what they were, for the rest to count
/// as appended. Every line holds its time, so these differ in any other journal.
const LANDMARK: u64 = 256;

/// What tells, without opening anything, whether the journal is as it was.
///
/// Of the active file the change time says nothing: taking room for the next line changes that too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Glance {
    active: Option<(u64, u64, u64)>,
    sealed: Option<Identity>,
}

/// How far a reader has come.
#[derive(Debug, Clone, Default)]
pub struct Cursor {
    glance: Option<Glance>,
    /// How many sealed files were read, and the last of them.
    sealed: usize,
    last: Option<Segment>,
    /// The file behind them: which one, up to where it was read, and the bytes before that.
    active: Option<(u64, u64)>,
    end: u64,
    landmark: Vec<u8>,
}

impl Cursor {
    /// Before all files but the first `sealed`.
    fn behind(segments: &[Segment], sealed: usize) -> Self {
        Self {
            sealed,
            last: sealed
                .checked_sub(1)
                .and_then(|at| segments.get(at))
                .copied(),
            ..Self::default()
        }
    }
}

/// Whether two looks were at the same file.
pub(super) fn same_file(one: &Stat, other: &Stat) -> bool {
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
}

/// The active file, and how long it was between two events.
#[derive(Debug, Clone)]
struct Active {
    file: Arc<File>,
    identity: Identity,
}

impl Active {
    /// The bytes before `end`, at the most [`LANDMARK`] of them; as many as there are.
    fn landmark(&self, end: u64) -> Result<Vec<u8>, StoreError> {
        let from = end.saturating_sub(LANDMARK);
        let mut bytes = vec![0; usize::try_from(end - from).unwrap_or_default()];
        match self.file.read_exact_at(&mut bytes, from) {
            Ok(()) => Ok(bytes),
            // It became shorter.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Vec::new()),
            Err(error) => Err(failed(error)),
        }
    }

    fn is(&self, known: Option<(u64, u64)>) -> bool {
        known == Some((self.identity.device, self.identity.inode))
    }

    fn lines(&self, offset: u64) -> Lines {
        let source = Source::plain(Arc::clone(&self.file), offset, self.identity.len);
        Lines::new(source, JOURNAL.into(), offset, false)
    }

    /// Where a line begins before which all events are older than `time`: near the first that is not.
    fn offset_of(&self, time: Timestamp) -> Result<u64, StoreError> {
        let (mut low, mut high) = (0, self.identity.len);
        while high - low > 4 * LONGEST_LINE {
            let middle = low + (high - low) / 2;
            match self.event_behind(middle)? {
                Some((start, event)) if start < high && event.time < time => low = start,
                Some(_) => high = middle,
                // No event in a long stretch: it is read line by line.
                None => break,
            }
        }
        Ok(low)
    }

    /// The first event of a line that begins behind an offset, and where it begins; looked for in two lines' length.
    fn event_behind(&self, offset: u64) -> Result<Option<(u64, Event)>, StoreError> {
        let end = self.identity.len.min(offset + 2 * LONGEST_LINE);
        let mut bytes = vec![0; usize::try_from(end - offset).unwrap_or_default()];
        self.file
            .read_exact_at(&mut bytes, offset)
            .map_err(failed)?;
        let mut start = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            // The first is the rest of a line.
            if start > 0
                && let Ok(event) = serde_json::from_slice(line)
            {
                return Ok(Some((offset + start, event)));
            }
            start += line.len() as u64;
        }
        Ok(None)
    }
}

fn failed(error: io::Error) -> StoreError {
    StoreError::io("read", JOURNAL, error)
}

/// The files of the journal as they are between two events: what is appended later is not read.
#[derive(Debug)]
struct Snapshot {
    glance: Option<Glance>,
    segments: Vec<Segment>,
    active: Option<Active>,
}

/// A file that is to be read.
#[derive(Debug)]
enum Part {
    Sealed(Segment),
    Active(Active, u64),
}

/// Reads the journal in order, as it was when this was made; memory is that of one line.
#[derive(Debug)]
pub struct Reader<'a> {
    journal: Journal<'a>,
    glance: Option<Glance>,
    waiting: VecDeque<Part>,
    reading: Option<(Part, Lines)>,
    cursor: Cursor,
    since: Option<Timestamp>,
    serial: u64,
}

impl<'a> Journal<'a> {
    /// Where the journal is, below the root.
    pub fn path(&self) -> &'static str {
        JOURNAL
    }

    /// Shows every line that the journal has now, in order. Memory is that of one line. Waits for the disk.
    ///
    /// # Errors
    /// If the journal is there and can not be read, or what `visit` returns.
    pub fn each_line<E: From<StoreError>>(
        &self,
        mut visit: impl FnMut(Line) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut reader = self.read(None)?;
        while let Some(line) = reader.next_line()? {
            visit(line)?;
        }
        Ok(())
    }

    /// Reads what the journal has now, from a time on: not more than one file of what is older. Waits for the disk.
    ///
    /// # Errors
    /// If the journal is there and can not be read.
    pub fn read(&self, since: Option<Timestamp>) -> Result<Reader<'a>, StoreError> {
        let snapshot = self.snapshot()?;
        let Some(since) = since else {
            return Ok(self.reader(snapshot, 0));
        };
        let first_active = match &snapshot.active {
            Some(active) => match active.lines(0).next()? {
                Some(line) => line.event.map(|event| event.time),
                None => None,
            },
            None => None,
        };
        let later = snapshot.segments.partition_point(|it| it.begins() <= since);
        let skipped = match first_active {
            Some(first) if first <= since => snapshot.segments.len(),
            _ => later.saturating_sub(1),
        };
        let mut reader = self.reader(snapshot, skipped);
        reader.since = Some(since);
        if let Some(Part::Active(active, offset)) = reader.waiting.back_mut() {
            *offset = active.offset_of(since)?;
        }
        Ok(reader)
    }

    /// Reads what was added since a reader was at its end. `None` if the journal is another one now, and is to be read
    /// from its beginning. Waits for the disk.
    ///
    /// # Errors
    /// If the journal is there and can not be read.
    pub fn read_on(&self, cursor: &Cursor) -> Result<Option<Reader<'a>>, StoreError> {
        let snapshot = self.snapshot()?;
        let read = snapshot.segments.get(..cursor.sealed);
        if read.is_none_or(|read| read.last().copied() != cursor.last) {
            return Ok(None);
        }
        let next = snapshot.segments.get(cursor.sealed).copied();
        let mut offset = cursor.end;
        let mut resumed = None;
        match (next, &snapshot.active) {
            _ if cursor.end == 0 => {}
            // It was the active file when it was read last.
            (Some(segment), _) => {
                let mut lines = self.open_lines(&Part::Sealed(segment))?;
                if !lines.skip_to(cursor.end, &cursor.landmark)? {
                    return Ok(None);
                }
                offset = 0;
                resumed = Some((Part::Sealed(segment), lines));
            }
            (None, Some(active))
                if active.is(cursor.active)
                    && active.identity.len >= cursor.end
                    && active.landmark(cursor.end)? == cursor.landmark => {}
            (None, _) => return Ok(None),
        }
        let done = cursor.sealed + usize::from(resumed.is_some());
        let mut reader = self.reader(snapshot, done);
        if resumed.is_some() {
            reader.cursor.sealed = cursor.sealed;
            reader.reading = resumed;
        } else if let (Some(Part::Active(_, at)), true) =
            (reader.waiting.back_mut(), next.is_none())
        {
            *at = offset;
        }
        Ok(Some(reader))
    }

    /// Whether the journal is as it was when a reader was at its end. Opens nothing.
    pub fn is_unchanged(&self, cursor: &Cursor) -> bool {
        let now = self.glance();
        now.is_some() && now == cursor.glance
    }

    fn reader(&self, snapshot: Snapshot, skipped: usize) -> Reader<'a> {
        let Snapshot {
            glance,
            segments,
            active,
        } = snapshot;
        let cursor = Cursor::behind(&segments, skipped);
        let sealed = segments.into_iter().skip(skipped).map(Part::Sealed);
        let waiting = sealed
            .chain(active.map(|active| Part::Active(active, 0)))
            .collect();
        Reader {
            journal: *self,
            glance,
            waiting,
            reading: None,
            cursor,
            since: None,
            serial: 0,
        }
    }

    fn open_lines(&self, part: &Part) -> Result<Lines, StoreError> {
        Ok(match part {
            Part::Sealed(segment) => {
                let (source, path) = self.open_segment(*segment)?;
                Lines::new(source, path.into(), 0, true)
            }
            Part::Active(active, offset) => active.lines(*offset),
        })
    }

    fn snapshot(&self) -> Result<Snapshot, StoreError> {
        loop {
            let Some(file) = self.open_file(JOURNAL)? else {
                let segments = self.segments()?;
                let glance = self.glance();
                if glance.is_some_and(|glance| glance.active.is_some()) {
                    // Begun in between; what is before it may have been sealed in between too.
                    continue;
                }
                return Ok(Snapshot {
                    glance,
                    segments,
                    active: None,
                });
            };
            let lock = |operation| {
                rustix::fs::flock(&file, operation).map_err(|error| failed(error.into()))
            };
            // While this is held nothing is appended or sealed.
            lock(FlockOperation::LockShared)?;
            if !self.is_active(&file)? {
                continue;
            }
            let metadata = file.metadata().map_err(failed)?;
            let (segments, glance) = (self.segments()?, self.glance());
            // Who appends need not wait until all is read.
            lock(FlockOperation::Unlock)?;
            return Ok(Snapshot {
                glance,
                segments,
                active: Some(Active {
                    file: file.into(),
                    identity: Identity::of(&metadata),
                }),
            });
        }
    }

    /// `None` if it can not be told.
    fn glance(&self) -> Option<Glance> {
        let look = |path| match rustix::fs::statat(
            self.store.root_fd(),
            path,
            AtFlags::SYMLINK_NOFOLLOW,
        ) {
            Ok(stat) => Some(Some(Identity::of_stat(&stat))),
            Err(Errno::NOENT) => Some(None),
            Err(_) => None,
        };
        Some(Glance {
            active: look(JOURNAL)?.map(|it| (it.device, it.inode, it.len)),
            sealed: look(SEGMENTS)?,
        })
    }
}

impl<'a> Reader<'a> {
    /// The next line; `None` at the end of what there was when this was made. Waits for the disk.
    ///
    /// # Errors
    /// If a file can not be read.
    pub fn next_line(&mut self) -> Result<Option<Line>, StoreError> {
        while let Some(mut line) = self.next_in_files()? {
            self.serial += 1;
            line.serial = self.serial;
            let is_due = match (self.since, &line.event) {
                (Some(since), Some(event)) => event.time >= since,
                (Some(_), None) => false,
                (None, _) => true,
            };
            if is_due {
                self.since = None;
                return Ok(Some(line));
            }
        }
        Ok(None)
    }

    fn next_in_files(&mut self) -> Result<Option<Line>, StoreError> {
        loop {
            if let Some((part, lines)) = &mut self.reading {
                if let Some(line) = lines.next()? {
                    return Ok(Some(line));
                }
                match part {
                    Part::Active(..) => return Ok(None),
                    Part::Sealed(segment) => {
                        self.cursor.last = Some(*segment);
                        self.cursor.sealed += 1;
                    }
                }
            }
            self.reading = match self.waiting.pop_front() {
                Some(part) => {
                    let lines = self.journal.open_lines(&part)?;
                    Some((part, lines))
                }
                None => return Ok(None),
            };
        }
    }

    /// The bytes of the last line, as they stand in its file, without its end.
    pub fn text(&self) -> &[u8] {
        self.reading.as_ref().map_or(&[], |(_, lines)| lines.text())
    }

    /// Where this is, at its end: for [`Journal::read_on`]. Waits for the disk.
    ///
    /// # Errors
    /// If the journal can not be read.
    pub fn into_cursor(self) -> Result<Cursor, StoreError> {
        let mut cursor = Cursor {
            glance: self.glance,
            ..self.cursor
        };
        if let Some((Part::Active(active, _), lines)) = &self.reading {
            cursor.active = Some((active.identity.device, active.identity.inode));
            cursor.end = lines.whole();
            cursor.landmark = active.landmark(cursor.end)?;
        }
        Ok(cursor)
    }

    /// A reader for each file, in order: for those who want the newest lines first.
    pub fn split(self) -> Vec<Self> {
        let mut cursor = self.cursor;
        let mut readers = Vec::new();
        for part in self.waiting {
            let behind = match &part {
                Part::Sealed(segment) => Cursor {
                    sealed: cursor.sealed + 1,
                    last: Some(*segment),
                    ..Cursor::default()
                },
                Part::Active(..) => cursor.clone(),
            };
            readers.push(Self {
                journal: self.journal,
                glance: self.glance,
                waiting: VecDeque::from([part]),
                reading: None,
                cursor: std::mem::replace(&mut cursor, behind),
                since: self.since,
                serial: 0,
            });
        }
        readers
    }
}
