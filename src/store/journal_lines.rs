//! Reading the journal line by line, also the lines that are no events.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};

use rustix::fs::{FlockOperation, OFlags};

use super::journal::{JOURNAL, LONGEST_LINE};
use super::{Access, Event, Journal, Refusal, StoreError};

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
        let failed = |error: io::Error| StoreError::io("read", JOURNAL, error);
        let Some(file) = self.open_to_read()? else {
            return Ok(());
        };
        let mut lines = BufReader::new(file);
        let mut bytes = Vec::new();
        for number in 1.. {
            bytes.clear();
            let read = (&mut lines)
                .take(LONGEST_LINE)
                .read_until(b'\n', &mut bytes)
                .map_err(failed)?;
            if read == 0 {
                break;
            }
            let mut is_ended = bytes.last() == Some(&b'\n');
            let is_cut = !is_ended && bytes.len() as u64 == LONGEST_LINE;
            if is_cut {
                is_ended = skip_line(&mut lines).map_err(failed)?;
            }
            visit(Line {
                number,
                event: (!is_cut)
                    .then(|| serde_json::from_slice(&bytes).ok())
                    .flatten(),
                is_ended,
            })?;
        }
        Ok(())
    }

    /// The journal as it is between two events: what is appended later is not read.
    fn open_to_read(&self) -> Result<Option<io::Take<File>>, StoreError> {
        let failed = |error: io::Error| StoreError::io("read", JOURNAL, error);
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
        Ok(Some(file.take(metadata.len())))
    }
}

/// Reads to the end of a line and keeps nothing; says whether it had one.
fn skip_line(lines: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let buffer = lines.fill_buf()?;
        if buffer.is_empty() {
            return Ok(false);
        }
        match buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                lines.consume(end + 1);
                return Ok(true);
            }
            None => {
                let len = buffer.len();
                lines.consume(len);
            }
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
