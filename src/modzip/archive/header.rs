//! Central directory headers.

use std::io;

use super::end::{le16, le32};
use crate::modzip::read_at::{ReadAt, Source};

const SIGNATURE: [u8; 4] = *b"PK\x01\x02";
const LEN: usize = 46;
/// The longest header: name, extra fields and comment have 16-bit lengths.
const MAX_LEN: usize = LEN + 3 * u16::MAX as usize;
/// How much is read at once.
const BUFFER_LEN: usize = 64 * 1024;

const ZIP64_FIELD: u16 = 1;

/// Bit 3 of the flags: checksum and sizes are repeated behind the content.
const HAS_DESCRIPTOR: u16 = 1 << 3;
/// Bits 0, 6 and 13: encrypted, strongly encrypted, header values masked.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;

/// What a central header says of its entry.
pub(in crate::modzip) struct Header<'a> {
    /// The raw name.
    pub(in crate::modzip) name: &'a [u8],
    /// The place of the local header, before the archive's base is added.
    pub(in crate::modzip) local: i64,
    /// How many bytes the compressed content has.
    pub(in crate::modzip) compressed: u64,
    /// How many bytes the content has.
    pub(in crate::modzip) size: u64,
    /// The CRC-32 of the content.
    pub(in crate::modzip) crc: u32,
    /// The compression method.
    pub(in crate::modzip) method: u16,
    /// Whether go 1.27 and later read other sizes or another place from it.
    pub(in crate::modzip) is_ambiguous: bool,
    flags: u16,
    /// The system that the attributes are of.
    system: u8,
    attributes: u32,
}

impl Header<'_> {
    pub(in crate::modzip) fn has_descriptor(&self) -> bool {
        self.flags & HAS_DESCRIPTOR != 0
    }

    pub(in crate::modzip) fn is_encrypted(&self) -> bool {
        self.flags & ENCRYPTED != 0
    }

    /// What the attributes say that it is, if that is no regular file.
    pub(in crate::modzip) fn irregular(&self) -> Option<&'static str> {
        const DIRECTORY_ATTRIBUTE: u32 = 0x10;
        match self.system {
            // Unix and macOS: the upper half is the mode.
            3 | 19 => match (self.attributes >> 16) & 0o17_0000 {
                0 | 0o10_0000 => None,
                0o12_0000 => Some("a symbolic link"),
                0o04_0000 => Some("a directory"),
                _ => Some("a device, a pipe or a socket"),
            },
            // The file systems of Windows.
            0 | 11 | 14 => (self.attributes & DIRECTORY_ATTRIBUTE != 0).then_some("a directory"),
            _ => None,
        }
    }
}

/// Sizes and place, as two generations of the go command find them in the extra fields.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Extent {
    size: u64,
    compressed: u64,
    local: i64,
}

/// What comes next in a central directory.
pub(super) enum Step<'b> {
    Header(Header<'b>),
    /// Something that is no header, or a header that the file ends in.
    End,
    /// A header with zip64 fields that make it none; later versions of the go command go on.
    Unread,
    /// The file ends where a header, or the part after its fixed fields, should begin: the go command makes a difference.
    Cut,
}

/// Reads headers one after the other.
pub(super) struct Headers<'a, R: ?Sized> {
    source: Source<'a, R>,
    buffer: Vec<u8>,
    /// What is in the buffer and not used.
    start: usize,
    end: usize,
    /// Where in the file the buffer's end is.
    position: u64,
}

impl<'a, R: ReadAt + ?Sized> Headers<'a, R> {
    pub(super) fn new(source: Source<'a, R>, position: u64) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            position,
        }
    }

    /// Where the next header would be.
    pub(super) fn position(&self) -> u64 {
        self.position - (self.end - self.start) as u64
    }

    pub(super) fn next(&mut self) -> io::Result<Step<'_>> {
        match self.ensure(LEN)? {
            0 => return Ok(Step::Cut),
            available if available < LEN => return Ok(Step::End),
            _ => {}
        }
        let fixed = &self.buffer[self.start..self.start + LEN];
        if !fixed.starts_with(&SIGNATURE) {
            return Ok(Step::End);
        }
        let variable = variable_len(fixed);
        let available = self.ensure(LEN + variable)?;
        if available < LEN + variable {
            let nothing_follows = available == LEN;
            return Ok(if nothing_follows {
                Step::Cut
            } else {
                Step::End
            });
        }
        let record = &self.buffer[self.start..self.start + LEN + variable];
        match parse(record) {
            Some(header) => {
                self.start += LEN + variable;
                Ok(Step::Header(header))
            }
            None => Ok(Step::Unread),
        }
    }

    /// Gets `want` bytes into the buffer, and says how many there are; fewer only where the file ends.
    fn ensure(&mut self, want: usize) -> io::Result<usize> {
        debug_assert!(want <= MAX_LEN, "{want}");
        if self.end - self.start < want {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            let len = want.max(BUFFER_LEN);
            if self.buffer.len() < len {
                self.buffer.resize(len, 0);
            }
            let filled = self
                .source
                .fill(&mut self.buffer[self.end..], self.position)?;
            self.end += filled;
            self.position += filled as u64;
        }
        Ok(self.end - self.start)
    }
}

/// Whether there is a whole header at this place.
pub(super) fn is_at<R: ReadAt + ?Sized>(source: Source<'_, R>, position: u64) -> io::Result<bool> {
    let mut headers = Headers::new(source, position);
    Ok(matches!(headers.next()?, Step::Header(_)))
}

fn variable_len(fixed: &[u8]) -> usize {
    [28, 30, 32]
        .iter()
        .map(|&at| usize::from(le16(fixed, at)))
        .sum()
}

/// Reads a record of the right length; `None` if the go command does not take it for one.
fn parse(record: &[u8]) -> Option<Header<'_>> {
    let name_len = usize::from(le16(record, 28));
    let extra_len = usize::from(le16(record, 30));
    let (name, rest) = record[LEN..].split_at_checked(name_len)?;
    let extra = rest.get(..extra_len)?;
    let inline = Extent {
        compressed: u64::from(le32(record, 20)),
        size: u64::from(le32(record, 24)),
        local: i64::from(le32(record, 42)),
    };
    let extent = extent_until_126(inline, extra)?;
    Some(Header {
        name,
        local: extent.local,
        compressed: extent.compressed,
        size: extent.size,
        crc: le32(record, 16),
        method: le16(record, 10),
        is_ambiguous: extent_from_127(inline, extra) != Some(extent),
        flags: le16(record, 8),
        system: record[5],
        attributes: le32(record, 38),
    })
}

/// A value that stands for "see the zip64 field".
const ELSEWHERE: u64 = u32::MAX as u64;

/// Go up to 1.26: the first zip64 field gives each value that is missing, and a missing place or compressed size is an
/// error (but not a missing size).
fn extent_until_126(inline: Extent, extra: &[u8]) -> Option<Extent> {
    let mut extent = inline;
    let mut need_size = inline.size == ELSEWHERE;
    let mut need_compressed = inline.compressed == ELSEWHERE;
    let mut need_local = inline.local == i64::from(u32::MAX);
    for mut field in zip64_fields(extra) {
        if std::mem::take(&mut need_size) {
            extent.size = take64(&mut field)?;
        }
        if std::mem::take(&mut need_compressed) {
            extent.compressed = take64(&mut field)?;
        }
        if std::mem::take(&mut need_local) {
            extent.local = take64(&mut field)?.cast_signed();
        }
    }
    (!need_compressed && !need_local).then_some(extent)
}

/// Go from 1.27 on: every zip64 field gives the values anew, and nothing is an error but a short field.
fn extent_from_127(inline: Extent, extra: &[u8]) -> Option<Extent> {
    let mut extent = inline;
    for mut field in zip64_fields(extra) {
        if inline.size == ELSEWHERE {
            extent.size = take64(&mut field)?;
        }
        if inline.compressed == ELSEWHERE {
            extent.compressed = take64(&mut field)?;
        }
        if extent.local == i64::from(u32::MAX) {
            extent.local = take64(&mut field)?.cast_signed();
        }
    }
    Some(extent)
}

fn take64(field: &mut &[u8]) -> Option<u64> {
    let (value, rest) = field.split_first_chunk()?;
    *field = rest;
    Some(u64::from_le_bytes(*value))
}

/// The contents of the zip64 extra fields; a field that is cut off ends the list.
fn zip64_fields(mut extra: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        loop {
            let (head, rest) = extra.split_at_checked(4)?;
            let (content, rest) = rest.split_at_checked(usize::from(le16(head, 2)))?;
            extra = rest;
            if le16(head, 0) == ZIP64_FIELD {
                return Some(content);
            }
        }
    })
}
