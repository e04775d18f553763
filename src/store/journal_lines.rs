//! One file of the journal, line by line, also the lines that are no events.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use super::journal::LONGEST_LINE;
use super::{Event, StoreError};

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The file that it is in, below the root.
    pub file: Arc<str>,
    /// Its number in that file, from 1.
    pub number: u64,
    /// Its number among all that are read, from 1.
    pub serial: u64,
    /// The event; `None` if the line is none, as a crash leaves it.
    pub event: Option<Event>,
    /// Whether it ends with a newline; lines in a sealed file count as ended, for nobody will go on with them.
    pub is_ended: bool,
    /// Whether the file can not be unpacked from here on: what followed is lost.
    pub is_damaged: bool,
}

/// The bytes of a file of the journal.
#[derive(Debug)]
pub(super) enum Source {
    /// As they are, by positioned reads, so that the file can be shared.
    Plain {
        file: Arc<File>,
        offset: u64,
        end: u64,
    },
    Packed {
        decoder: Box<MultiGzDecoder<File>>,
        is_damaged: bool,
    },
}

impl Source {
    /// The bytes of a file from `offset` to `end`.
    pub(super) fn plain(file: impl Into<Arc<File>>, offset: u64, end: u64) -> Self {
        Self::Plain {
            file: file.into(),
            offset,
            end,
        }
    }

    /// What is packed in a file.
    pub(super) fn packed(file: File) -> Self {
        Self::Packed {
            decoder: Box::new(MultiGzDecoder::new(file)),
            is_damaged: false,
        }
    }

    fn is_damaged(&self) -> bool {
        matches!(
            self,
            Self::Packed {
                is_damaged: true,
                ..
            }
        )
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain { file, offset, end } => {
                let left = usize::try_from(end.saturating_sub(*offset)).unwrap_or(usize::MAX);
                let len = buffer.len().min(left);
                let read = file.read_at(&mut buffer[..len], *offset)?;
                *offset += read as u64;
                Ok(read)
            }
            Self::Packed {
                is_damaged: true, ..
            } => Ok(0),
            Self::Packed {
                decoder,
                is_damaged,
            } => match decoder.read(buffer) {
                // What the disk says has a number; what is wrong with the content has none.
                Err(error) if error.raw_os_error().is_none() && !is_interrupted(&error) => {
                    *is_damaged = true;
                    Ok(0)
                }
                result => result,
            },
        }
    }
}

fn is_interrupted(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted
}

/// Reads lines one by one; memory is that of one.
#[derive(Debug)]
pub(super) struct Lines {
    input: BufReader<Source>,
    file: Arc<str>,
    bytes: Vec<u8>,
    number: u64,
    whole: u64,
    is_sealed: bool,
    has_said_damaged: bool,
}

impl Lines {
    /// The lines of what is at `file`, of which `offset` bytes were passed over; there must a line begin.
    pub(super) fn new(source: Source, file: Arc<str>, offset: u64, is_sealed: bool) -> Self {
        Self {
            input: BufReader::with_capacity(64 << 10, source),
            file,
            bytes: Vec::new(),
            number: 0,
            whole: offset,
            is_sealed,
            has_said_damaged: false,
        }
    }

    /// Passes over the bytes before `end`, and says whether the last of them are `landmark`.
    pub(super) fn skip_to(&mut self, end: u64, landmark: &[u8]) -> Result<bool, StoreError> {
        let before = end.saturating_sub(landmark.len() as u64);
        let skipped = io::copy(&mut (&mut self.input).take(before), &mut io::sink());
        let mut last = Vec::new();
        let read = skipped
            .and_then(|_| {
                (&mut self.input)
                    .take(landmark.len() as u64)
                    .read_to_end(&mut last)
            })
            .map_err(|error| self.failed(error))?;
        self.whole = before + read as u64;
        Ok(last == landmark)
    }

    /// The next line; `None` at the end. Its serial number is for the caller to know.
    pub(super) fn next(&mut self) -> Result<Option<Line>, StoreError> {
        self.bytes.clear();
        let read = (&mut self.input)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut self.bytes)
            .map_err(|error| self.failed(error))? as u64;
        if read == 0 {
            return Ok(self.damage());
        }
        let mut len = read;
        let mut is_ended = self.bytes.last() == Some(&b'\n');
        let is_cut = !is_ended && read == LONGEST_LINE;
        if is_cut {
            let (skipped, found_its_end) =
                skip_line(&mut self.input).map_err(|error| self.failed(error))?;
            len += skipped;
            is_ended = found_its_end;
        }
        self.number += 1;
        if is_ended {
            self.whole += len;
        }
        let event = (!is_cut)
            .then(|| serde_json::from_slice(&self.bytes).ok())
            .flatten();
        Ok(Some(self.line(event, is_ended || self.is_sealed, false)))
    }

    /// What is said once, at the end, of a file that can not be read to its end.
    fn damage(&mut self) -> Option<Line> {
        if !self.input.get_ref().is_damaged() || self.has_said_damaged {
            return None;
        }
        self.has_said_damaged = true;
        self.number += 1;
        Some(self.line(None, true, true))
    }

    fn line(&self, event: Option<Event>, is_ended: bool, is_damaged: bool) -> Line {
        Line {
            file: Arc::clone(&self.file),
            number: self.number,
            serial: self.number,
            event,
            is_ended,
            is_damaged,
        }
    }

    /// The bytes of the last line, without its end; of a line that is too long, the beginning.
    pub(super) fn text(&self) -> &[u8] {
        self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes)
    }

    /// The offset behind the last line that was read and had its end.
    pub(super) fn whole(&self) -> u64 {
        self.whole
    }

    fn failed(&self, error: io::Error) -> StoreError {
        StoreError::io("read", &*self.file, error)
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
    use crate::store::journal::JOURNAL;
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

    #[test]
    fn an_event_of_a_kind_that_is_not_known_is_one() {
        let line = br#"{"Time":"2026-01-02T03:04:05Z","Event":"melt","Path":"a.b/c","Version":"v1.0.0","New":[1]}"#;
        let event: Event = serde_json::from_slice(line).unwrap();
        assert_eq!(event.event, EventKind::Other);
    }
}
