//! Zip archives as `archive/zip` of the go command reads them: which bytes are records, and which are not looked at.
//!
//! The go command never compares an archive with the specification, and other libraries draw other lines: they search
//! the end record elsewhere, trust its count, read names from other places, or merge entries of one name. What counts
//! here is what the go command gets, so its lines are drawn again, record by record: `end.rs` finds the end record,
//! `header.rs` reads the central directory, `content.rs` the files.
//!
//! Nothing here knows modules. Offsets are checked before they are used and arithmetic wraps where Go's does; whatever
//! an archive claims, no more than a buffer is allocated for it.
//!
//! Source: Go 1.26, `archive/zip`, `reader.go`.

mod content;
mod end;
mod header;

use std::io;
use std::ops::{ControlFlow, Range};

use super::limits::MAX_ZIP_SIZE;
use super::read_at::{ReadAt, Source};
use super::rule::{Fault, Obstacle, Rule};

pub(super) use content::{Place, Reader, allowance};
pub(super) use end::EndRecord;
pub(super) use header::Header;

use header::{Headers, Step};

/// An archive whose end record was found.
pub(super) struct Archive<'a, R: ?Sized> {
    source: Source<'a, R>,
    end: EndRecord,
}

/// How a walk through the central directory ended.
pub(super) struct Walked {
    /// Where the headers are.
    pub(super) directory: Range<u64>,
    /// What is wrong with the end: the number of headers must be the one in the end record.
    pub(super) fault: Option<Fault>,
    /// Why other versions of the go command may have ended elsewhere, or not begun.
    pub(super) ambiguity: Option<&'static str>,
}

impl<'a, R: ReadAt + ?Sized> Archive<'a, R> {
    /// Finds the end record of the archive in the first `len` bytes of something.
    pub(super) fn open(bytes: &'a R, len: u64) -> Result<Self, Obstacle> {
        if len == 0 {
            return Err(Fault::new(Rule::EndRecord, "it is empty").into());
        }
        if len > MAX_ZIP_SIZE {
            return Err(Fault::new(
                Rule::ArchiveSize,
                format!(
                    "it is larger than {MAX_ZIP_SIZE} bytes, the most that the go command takes"
                ),
            )
            .into());
        }
        let source = Source::new(bytes, len);
        let end = end::find(source)?;
        Ok(Self { source, end })
    }

    pub(super) fn source(&self) -> Source<'a, R> {
        self.source
    }

    pub(super) fn end(&self) -> &EndRecord {
        &self.end
    }

    /// How long the central directory can be.
    pub(super) fn directory_len(&self) -> u64 {
        self.source.len() - self.end.directory
    }

    /// Reads the central directory, one header after the other, until there is none or `each` breaks off.
    pub(super) fn walk(
        &self,
        mut each: impl FnMut(&Header<'_>) -> ControlFlow<()>,
    ) -> io::Result<Walked> {
        let mut headers = Headers::new(self.source, self.end.directory);
        let mut count: u64 = 0;
        let mut ambiguity = None;
        let fault = loop {
            match headers.next()? {
                Step::Header(header) => {
                    count += 1;
                    if each(&header).is_break() {
                        break None;
                    }
                }
                Step::End => break self.count_fault(count),
                Step::Unread => {
                    ambiguity = Some(
                        "its central directory ends elsewhere for some go commands, because of a zip64 field",
                    );
                    break self.count_fault(count);
                }
                Step::Cut => {
                    break Some(Fault::new(
                        Rule::EntryCount,
                        "its central directory is damaged: the last header is cut off",
                    ));
                }
            }
        };
        if self.end.entries > count {
            ambiguity = Some(
                "its end record says that it has many more entries than it has, and old go commands believe that",
            );
        }
        Ok(Walked {
            directory: self.end.directory..headers.position(),
            fault,
            ambiguity,
        })
    }

    /// The end record has 16 bits for the count, and more entries than that are possible.
    fn count_fault(&self, count: u64) -> Option<Fault> {
        let declared = self.end.entries;
        (count & 0xffff != declared & 0xffff).then(|| {
            Fault::new(
                Rule::EntryCount,
                format!(
                    "its central directory is damaged: it has {count} entries where its end record says {declared}"
                ),
            )
        })
    }
}
