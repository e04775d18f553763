//! Reading the journal line by line, also the lines that are no events.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom};

use rustix::fs::{FlockOperation, OFlags};

use super::journal::{JOURNAL, LONGEST_LINE};
use super::{Access, Event, Identity, Journal, Refusal, StoreError};

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// The event; `None` if the line is none, as a crash leaves it.
    pub event: Option<Event>,
    /// Whether it ends with a newline.
    pub is_ended: bool,
}

impl Journal<'_> {
    /// The journal's path below the root.
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
        let Some(journal) = self.open_to_read()? else {
            return Ok(());
        };
        let mut lines = journal.lines_from(0)?;
        while let Some(line) = lines.next()? {
            visit(line)?;
        }
        Ok(())
    }

    /// The journal as it is between two events: what is appended later is not read.
    pub(super) fn open_to_read(&self) -> Result<Option<OpenJournal>, StoreError> {
        // O_NONBLOCK: opening a FIFO would otherwise wait for a writer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = match self.store.beneath().open(JOURNAL, flags, Access::MayWait) {
            Ok(file) => File::from(file),
            Err(error) => return self.store.absent_or_error("open", JOURNAL, error),
        };
        rustix::fs::flock(&file, FlockOperation::LockShared)
            .map_err(|error| failed(error.into()))?;
        let metadata = file.metadata().map_err(failed)?;
        // Who appends need not wait until all is read.
        rustix::fs::flock(&file, FlockOperation::Unlock).map_err(|error| failed(error.into()))?;
        if !metadata.is_file() {
            return Err(StoreError::Refused {
                path: JOURNAL.to_owned(),
                refusal: Refusal::NotARegularFile,
            });
        }
        Ok(Some(OpenJournal {
            identity: Identity::of(&metadata),
            file,
        }))
    }
}

fn failed(error: io::Error) -> StoreError {
    StoreError::io("read", JOURNAL, error)
}

/// The journal, open, and how long it was between two events.
#[derive(Debug)]
pub(super) struct OpenJournal {
    file: File,
    identity: Identity,
}

impl OpenJournal {
    /// Which file it is, and its length: up to there it is read.
    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    /// The bytes before `end`, at the most `longest` of them; as many as there are.
    pub(super) fn bytes_before(&self, end: u64, longest: u64) -> Result<Vec<u8>, StoreError> {
        let from = end.saturating_sub(longest);
        let mut bytes = Vec::new();
        let mut file = &self.file;
        file.seek(SeekFrom::Start(from))
            .and_then(|_| file.take(end - from).read_to_end(&mut bytes))
            .map_err(failed)?;
        Ok(bytes)
    }

    /// The lines from this offset on, which must be where one begins. They are numbered from 1.
    pub(super) fn lines_from(&self, offset: u64) -> Result<Lines<'_>, StoreError> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        Ok(Lines {
            input: BufReader::new(file.take(self.identity.len.saturating_sub(offset))),
            bytes: Vec::new(),
            number: 0,
            whole: offset,
        })
    }
}

/// Reads lines one by one; memory is that of one.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    input: BufReader<io::Take<&'a File>>,
    bytes: Vec<u8>,
    number: u64,
    whole: u64,
}

impl Lines<'_> {
    /// The next line; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Line>, StoreError> {
        self.bytes.clear();
        let read = (&mut self.input)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut self.bytes)
            .map_err(failed)? as u64;
        if read == 0 {
            return Ok(None);
        }
        let mut len = read;
        let mut is_ended = self.bytes.last() == Some(&b'\n');
        let is_cut = !is_ended && read == LONGEST_LINE;
        if is_cut {
            let (skipped, found_its_end) = skip_line(&mut self.input).map_err(failed)?;
            len += skipped;
            is_ended = found_its_end;
        }
        self.number += 1;
        if is_ended {
            self.whole += len;
        }
        Ok(Some(Line {
            number: self.number,
            event: (!is_cut)
                .then(|| serde_json::from_slice(&self.bytes).ok())
                .flatten(),
            is_ended,
        }))
    }

    /// The offset behind the last line that was read and had its end.
    pub(super) fn whole(&self) -> u64 {
        self.whole
    }
}

/// Reads to the end of a line and keeps nothing; says how many bytes those were, and whether it had an end.
fn skip_line(input: &mut impl BufRead) -> io::Result<(u64, bool)> {
    let mut skipped = 0;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok((skipped, false));
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let len = end.map_or(buffer.len(), |end| end + 1);
        input.consume(len);
        skipped += len as u64;
        if end.is_some() {
            return Ok((skipped, true));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::module::ModuleVersion;
    use crate::store::{DirStore, EventKind, OpenMode};

    #[test]
    fn every_line_is_shown_also_endless_ones() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        let lines = || {
            let mut seen = Vec::new();
            store
                .journal()
                .each_line(|line| {
                    seen.push((line.number, line.event.is_some(), line.is_ended));
                    Ok::<(), StoreError>(())
                })
                .unwrap();
            seen
        };
        assert_eq!(lines(), []);
        let version =
            ModuleVersion::new("example.com/m".parse().unwrap(), "v1.0.0".parse().unwrap())
                .unwrap();
        let mut event = Event::new(EventKind::Adopt, &version);
        store.journal().append(&mut event).unwrap();
        let path = scratch.path().join(JOURNAL);
        let good = fs::read(&path).unwrap();
        let endless = vec![b'x'; 100_000];
        fs::write(
            &path,
            [&good, &endless, &b"\n"[..], &good, b"\n", &good[..20]].concat(),
        )
        .unwrap();
        assert_eq!(
            lines(),
            [
                (1, true, true),
                (2, false, true),
                (3, true, true),
                (4, false, true),
                (5, false, false)
            ]
        );
    }
}
