//! `athens log`: what came into a folder and went from it.

mod filter;
mod told;

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use tokio::runtime::Builder;

use self::filter::Filter;
use self::told::told;
use super::signals::Signals;
use super::{ExitStatus, Printer};
use crate::cli::LogArgs;
use crate::store::{Cursor, DirStore, Journal, OpenMode, Reader, StoreError};

/// How often a look is taken at whether the journal has grown, which opens nothing.
const LOOK: Duration = Duration::from_millis(200);

pub(super) fn run(arguments: &LogArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let filter = Filter::new(arguments, Timestamp::now())?;
    let store = DirStore::open(&arguments.root, OpenMode::ReadOnly)
        .context("--root must name a folder of modules that can be read")?;
    let mut log = Log {
        journal: store.journal(),
        filter,
        as_json: arguments.json,
        printer,
        newest: None,
        printed: 0,
    };
    // Before anything is read, so that a signal ends this as it should from the first line on.
    if arguments.follow {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot wait for what comes")?;
        return runtime.block_on(async {
            let signals = Signals::new().context("cannot listen for signals")?;
            let cursor = log.print_what_there_is(arguments.lines.map(usize::from))?;
            log.follow(cursor, signals).await
        });
    }
    log.print_what_there_is(arguments.lines.map(usize::from))?;
    if log.printed > 0 {
        return Ok(ExitStatus::Success);
    }
    let what = match log.newest {
        Some(_) => "no event matches",
        None => "no event is known: the folder has no journal, or nothing came since --since",
    };
    printer.error_line(&format!("athens: {}: {what}", arguments.root.display()))?;
    Ok(ExitStatus::Findings)
}

struct Log<'a> {
    journal: Journal<'a>,
    filter: Filter,
    as_json: bool,
    printer: &'a mut Printer,
    /// The time of the last event that was read.
    newest: Option<Timestamp>,
    printed: u64,
}

impl Log<'_> {
    /// Prints what matches, or the last `most` of it, and says where that ended.
    fn print_what_there_is(&mut self, most: Option<usize>) -> anyhow::Result<Cursor> {
        let reader = self.journal.read(self.filter.since)?;
        let Some(most) = most else {
            return self.print_all(reader);
        };
        // The newest file first: older ones are not read if it has enough.
        let mut last = VecDeque::new();
        let mut cursor = None;
        for mut reader in reader.split().into_iter().rev() {
            let mut found = VecDeque::new();
            while let Some(line) = self.next(&mut reader)? {
                if found.len() == most - last.len() {
                    found.pop_front();
                }
                found.push_back(line);
            }
            cursor = match cursor {
                None => Some(reader.into_cursor()?),
                newer => newer,
            };
            found.append(&mut last);
            last = found;
            if last.len() >= most {
                break;
            }
        }
        for line in last {
            self.print(&line)?;
        }
        Ok(cursor.unwrap_or_default())
    }

    fn print_all(&mut self, mut reader: Reader<'_>) -> anyhow::Result<Cursor> {
        while !self.printer.is_closed()
            && let Some(line) = self.next(&mut reader)?
        {
            self.print(&line)?;
        }
        Ok(reader.into_cursor()?)
    }

    /// What is printed of the next event that matches; `None` at the end.
    fn next(&mut self, reader: &mut Reader<'_>) -> Result<Option<String>, StoreError> {
        while let Some(line) = reader.next_line()? {
            let Some(event) = line.event else { continue };
            self.newest = self.newest.max(Some(event.time));
            if self.filter.takes(&event) {
                let text = String::from_utf8_lossy(reader.text());
                return Ok(Some(if self.as_json {
                    text.into_owned()
                } else {
                    told(&event, &text)
                }));
            }
        }
        Ok(None)
    }

    fn print(&mut self, line: &str) -> std::io::Result<()> {
        self.printed += 1;
        self.printer.line(line)
    }

    async fn follow(
        &mut self,
        mut cursor: Cursor,
        mut signals: Signals,
    ) -> anyhow::Result<ExitStatus> {
        while !self.printer.is_closed() {
            tokio::select! {
                _ = signals.next() => break,
                () = tokio::time::sleep(LOOK) => {}
            }
            if self.journal.is_unchanged(&cursor) {
                continue;
            }
            let reader = match self.journal.read_on(&cursor)? {
                Some(reader) => reader,
                // Another journal: of that, what is later than all that was read.
                None => {
                    self.filter.after(self.newest);
                    self.journal.read(self.filter.since)?
                }
            };
            cursor = self.print_all(reader)?;
        }
        Ok(ExitStatus::Success)
    }
}
