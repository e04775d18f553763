//! Reading a bundle: first all headers, then, if nothing is wrong with these, entry by entry.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use super::name::LONGEST_NAME;
use super::tar::{BLOCK, First, encode, padding, parse, parse_extended};
use super::{BundleFault, Entry, EntryName, HEAD, LONGEST_LINE};

/// The most entries that are read; with all files of each, that is a million versions.
const MOST_ENTRIES: u64 = 5_000_000;
/// How much of the list is read at once, in bytes.
const PIECE: usize = 64 << 10;

/// A bundle of which all headers are right. Nothing of it is in memory; contents are still to be compared with their
/// hashes.
#[derive(Debug)]
pub(in crate::carry) struct Bundle {
    file: Arc<File>,
    list: Range,
}

/// A part of the file.
#[derive(Debug, Clone, Copy)]
struct Range {
    offset: u64,
    len: u64,
}

/// An entry: where its content is, and what that should be.
#[derive(Debug)]
pub(in crate::carry) struct Found {
    pub(in crate::carry) name: EntryName,
    pub(in crate::carry) offset: u64,
    pub(in crate::carry) entry: Entry,
}

impl Bundle {
    /// Looks at all headers, and at the list in the last entry. Reads some 600 bytes for each entry, and waits for the
    /// disk.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(in crate::carry) fn open(file: File) -> Result<Self, BundleFault> {
        let len = file.metadata()?.len();
        let file = Arc::new(file);
        let mut headers = Headers::new(&file, len);
        let mut head = None;
        let mut last: Option<(EntryName, Range)> = None;
        let mut entries = 0;
        loop {
            let next = match headers.next() {
                Ok(Some(next)) => next,
                Ok(None) => break,
                // Whatever it is, it is not a damaged bundle.
                Err(fault) if entries == 0 && !matches!(fault, BundleFault::Io(_)) => {
                    return Err(BundleFault::NoBundle);
                }
                Err(fault) => return Err(fault),
            };
            entries += 1;
            if entries > MOST_ENTRIES {
                return Err(BundleFault::TooMany(MOST_ENTRIES));
            }
            if let Some((before, _)) = &last
                && before.order() >= next.0.order()
            {
                return Err(BundleFault::Order(next.0.to_string()));
            }
            head.get_or_insert_with(|| next.clone());
            last = Some(next);
        }
        let (Some((EntryName::Head, head)), Some((EntryName::List, list))) = (head, last) else {
            return Err(BundleFault::NoBundle);
        };
        check_head(&file, head)?;
        let bundle = Self { file, list };
        let mut found = bundle.entries()?;
        while found.next()?.is_some() {}
        Ok(bundle)
    }

    /// The file, for positioned reads.
    pub(in crate::carry) fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// Its entries, in their order, without the first and the last.
    pub(in crate::carry) fn entries(&self) -> Result<Entries<'_>, BundleFault> {
        Ok(Entries {
            headers: Headers::new(&self.file, self.file.metadata()?.len()),
            lines: Lines::new(&self.file, self.list),
            number: 0,
        })
    }
}

/// The entries of a bundle, each with its line of the list.
pub(in crate::carry) struct Entries<'a> {
    headers: Headers<'a>,
    lines: Lines<'a>,
    number: u64,
}

impl Entries<'_> {
    /// The next one; `None` at the end of entries and list.
    pub(in crate::carry) fn next(&mut self) -> Result<Option<Found>, BundleFault> {
        loop {
            self.number += 1;
            let wrong = BundleFault::List(self.number);
            let (name, range) = match self.headers.next()? {
                None => return Err(wrong),
                // It can not hold itself.
                Some((EntryName::List, _)) => {
                    return if self.lines.next()?.is_none() {
                        Ok(None)
                    } else {
                        Err(wrong)
                    };
                }
                Some(next) => next,
            };
            let entry = self
                .lines
                .next()?
                .and_then(|line| serde_json::from_slice::<Entry>(line).ok());
            let Some(entry) = entry else {
                return Err(wrong);
            };
            let is_zip = matches!(&name, EntryName::Version(_, super::VersionFile::Zip));
            if entry.name != name.to_string()
                || entry.size != range.len
                || entry.provenance.is_some() != is_zip
            {
                return Err(wrong);
            }
            if name != EntryName::Head {
                return Ok(Some(Found {
                    name,
                    offset: range.offset,
                    entry,
                }));
            }
        }
    }
}

/// The headers of a file, one after the other.
struct Headers<'a> {
    file: &'a File,
    len: u64,
    at: u64,
}

impl<'a> Headers<'a> {
    fn new(file: &'a File, len: u64) -> Self {
        Self { file, len, at: 0 }
    }

    /// The next entry; `None` at the end, which must be that of the file.
    fn next(&mut self) -> Result<Option<(EntryName, Range)>, BundleFault> {
        let start = self.at;
        let block = self.block(start)?;
        if block == [0; BLOCK] {
            let second = self.block(start + BLOCK as u64)?;
            return match second == [0; BLOCK] && start + 2 * BLOCK as u64 == self.len {
                true => Ok(None),
                false => Err(BundleFault::AfterEnd),
            };
        }
        let wrong = || BundleFault::Header(start);
        let (name, size, header_len) = match parse(&block).ok_or_else(wrong)? {
            First::File(name, size) => (name, size, BLOCK as u64),
            First::Extended(len) => {
                if len > LONGEST_NAME as u64 {
                    return Err(wrong());
                }
                let mut record = vec![0; usize::try_from(len).unwrap_or_default()];
                self.fill(&mut record, start + BLOCK as u64)?;
                let second = start + BLOCK as u64 + len + padding(len) as u64;
                let block = self.block(second)?;
                let (name, size) = parse_extended(&record, &block).ok_or_else(wrong)?;
                (name, size, second + BLOCK as u64 - start)
            }
        };
        let mut header = vec![0; usize::try_from(header_len).unwrap_or_default()];
        self.fill(&mut header, start)?;
        if header != encode(&name, size) {
            return Err(wrong());
        }
        let shown = |name: &str| name.chars().take(200).collect::<String>();
        let entry: EntryName = name.parse().map_err(|_| BundleFault::Name(shown(&name)))?;
        if !entry.takes(size) {
            return Err(BundleFault::Size(shown(&name), size));
        }
        let offset = start + header_len;
        let end = offset.checked_add(size).filter(|end| *end <= self.len);
        let end = end.ok_or(BundleFault::CutOff(self.len))?;
        let mut filling = vec![0; padding(size)];
        self.fill(&mut filling, end)?;
        if filling.iter().any(|byte| *byte != 0) {
            return Err(BundleFault::Header(end));
        }
        self.at = end + filling.len() as u64;
        Ok(Some((entry, Range { offset, len: size })))
    }

    fn block(&self, at: u64) -> Result<[u8; BLOCK], BundleFault> {
        let mut block = [0; BLOCK];
        self.fill(&mut block, at)?;
        Ok(block)
    }

    fn fill(&self, buffer: &mut [u8], at: u64) -> Result<(), BundleFault> {
        fill(self.file, buffer, at).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => BundleFault::CutOff(self.len),
            _ => BundleFault::Io(error),
        })
    }
}

/// The lines of the list.
struct Lines<'a> {
    file: &'a File,
    left: Range,
    buffer: Vec<u8>,
    /// Where in the buffer the next line begins.
    at: usize,
}

impl<'a> Lines<'a> {
    fn new(file: &'a File, list: Range) -> Self {
        Self {
            file,
            left: list,
            buffer: Vec::new(),
            at: 0,
        }
    }

    /// The next line, without its end; a line that is too long or has no end is given as it is, and is no entry.
    fn next(&mut self) -> Result<Option<&[u8]>, BundleFault> {
        let end = loop {
            let line = &self.buffer[self.at..];
            if let Some(end) = line.iter().position(|byte| *byte == b'\n') {
                break Some(self.at + end);
            }
            if line.len() > LONGEST_LINE || self.left.len == 0 {
                break None;
            }
            self.buffer.drain(..self.at);
            self.at = 0;
            let want = usize::try_from(self.left.len).map_or(PIECE, |left| left.min(PIECE));
            let filled = self.buffer.len();
            self.buffer.resize(filled + want, 0);
            fill(self.file, &mut self.buffer[filled..], self.left.offset)?;
            self.left.offset += want as u64;
            self.left.len -= want as u64;
        };
        let start = self.at;
        match end {
            Some(end) => {
                self.at = end + 1;
                Ok(Some(&self.buffer[start..end]))
            }
            None if start == self.buffer.len() => Ok(None),
            None => {
                self.at = self.buffer.len();
                Ok(Some(&self.buffer[start..]))
            }
        }
    }
}

fn check_head(file: &File, range: Range) -> Result<(), BundleFault> {
    let mut head = vec![0; usize::try_from(range.len).unwrap_or_default()];
    fill(file, &mut head, range.offset)?;
    match head == HEAD {
        true => Ok(()),
        false => Err(BundleFault::OtherForm),
    }
}

fn fill(file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    file.read_exact_at(buffer, at)
}
