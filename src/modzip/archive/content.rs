//! What is in the entries: local headers, inflated content, data descriptors.

use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::end::{le16, le32, le64};
use super::header::Header;
use crate::modzip::limits::MIN_READ_ALLOWANCE;
use crate::modzip::read_at::{ReadAt, Source};
use crate::modzip::rule::{Fault, Obstacle, Rule};

const LOCAL_SIGNATURE: [u8; 4] = *b"PK\x03\x04";
const LOCAL_LEN: i64 = 30;
const DESCRIPTOR_SIGNATURE: [u8; 4] = *b"PK\x07\x08";

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// How much is read, and inflated, at once.
const BUFFER_LEN: usize = 64 * 1024;

/// Where an entry's content is, and what it should be: what is kept of a [`Header`].
#[derive(Debug, Clone, Copy)]
pub(in crate::modzip) struct Place {
    local: i64,
    compressed: u64,
    pub(in crate::modzip) size: u64,
    crc: u32,
    method: u16,
    has_descriptor: bool,
    pub(in crate::modzip) is_directory: bool,
}

impl Place {
    /// The place that a header tells, in an archive whose offsets start at `base`.
    pub(in crate::modzip) fn new(header: &Header<'_>, base: i64) -> Self {
        Self {
            local: header.local.wrapping_add(base),
            compressed: header.compressed,
            size: header.size,
            crc: header.crc,
            method: header.method,
            has_descriptor: header.has_descriptor(),
            is_directory: header.name.ends_with(b"/"),
        }
    }
}

/// What reading an entry came to.
#[derive(Debug, Default)]
pub(in crate::modzip) struct Outcome {
    /// Where the local header and the compressed content are, if they are.
    pub(in crate::modzip) range: Option<Range<u64>>,
    /// Whether the go command could read it, whatever else is wrong.
    pub(in crate::modzip) is_read: bool,
    /// What is wrong with it.
    pub(in crate::modzip) faults: Vec<Fault>,
}

/// Reads entries, one after the other, with the same buffers. Several readers may read one archive.
pub(in crate::modzip) struct Reader<'a, R: ?Sized> {
    source: Source<'a, R>,
    allowance: &'a AtomicU64,
    /// Whether what the go command does not look at is compared as well.
    is_strict: bool,
    input: Vec<u8>,
    output: Vec<u8>,
    inflate: Decompress,
}

/// How many compressed bytes of an archive of this length may be read in all: for [`Reader::new`].
pub(in crate::modzip) fn allowance(len: u64) -> AtomicU64 {
    AtomicU64::new(len.saturating_mul(2).max(MIN_READ_ALLOWANCE))
}

impl<'a, R: ReadAt + ?Sized> Reader<'a, R> {
    /// A reader that takes what it reads from an [`allowance`], which all readers of the archive share.
    pub(in crate::modzip) fn new(
        source: Source<'a, R>,
        allowance: &'a AtomicU64,
        is_strict: bool,
    ) -> Self {
        Self {
            source,
            allowance,
            is_strict,
            input: vec![0; BUFFER_LEN],
            output: vec![0; BUFFER_LEN],
            inflate: Decompress::new(false),
        }
    }

    /// Reads the entry of this name, hands its content to `sink` piece by piece, and compares it with what `place` says
    /// it should be. Never hands out more than one byte more than that, nor keeps more than a buffer.
    pub(in crate::modzip) fn read(
        &mut self,
        name: &[u8],
        place: &Place,
        sink: impl FnMut(&[u8]),
    ) -> io::Result<Outcome> {
        let mut outcome = Outcome::default();
        match self.read_into(name, place, sink, &mut outcome) {
            Ok(()) => {}
            Err(Obstacle::Fault(fault)) => outcome.faults.push(fault),
            Err(Obstacle::Io(error)) => return Err(error),
        }
        Ok(outcome)
    }

    fn read_into(
        &mut self,
        name: &[u8],
        place: &Place,
        sink: impl FnMut(&[u8]),
        outcome: &mut Outcome,
    ) -> Result<(), Obstacle> {
        let data = self.open(name, place, outcome)?;
        if place.is_directory {
            if place.size != 0 {
                return Err(Fault::new(
                    Rule::DirectoryContent,
                    "it is a directory by its name and has content; leave directories out",
                )
                .into());
            }
            outcome.is_read = true;
            return Ok(());
        }
        let crc = match place.method {
            STORED => self.stored(&data, place, sink)?,
            DEFLATED => self.deflated(&data, place, sink)?,
            other => {
                return Err(Fault::new(
                    Rule::Method,
                    format!("it is compressed by method {other}, and the go command only knows deflate (8) and none (0)"),
                )
                .into());
            }
        };
        let has_true_sizes = !place.has_descriptor || self.descriptor(place, data.start)?;
        // A checksum of 0 was left out rather than computed, or so the go command thinks.
        let is_left_out = place.crc == 0 && !place.has_descriptor;
        let wrong_crc = (crc != place.crc).then(|| {
            Fault::new(
                Rule::Checksum,
                format!(
                    "its content has the checksum {crc:08x} where its header says {:08x}: the archive was damaged, \
                     make it anew",
                    place.crc
                ),
            )
        });
        match wrong_crc {
            Some(fault) if !is_left_out => return Err(fault.into()),
            Some(fault) if self.is_strict => outcome.faults.push(fault),
            _ => {}
        }
        if self.is_strict && !has_true_sizes {
            outcome
                .faults
                .push(descriptor_fault("has other sizes than its header"));
        }
        outcome.is_read = true;
        Ok(())
    }

    /// Finds the compressed content behind the local header.
    fn open(
        &self,
        name: &[u8],
        place: &Place,
        outcome: &mut Outcome,
    ) -> Result<Range<u64>, Obstacle> {
        let header = self
            .source
            .array::<30>(place.local)?
            .filter(|header| header.starts_with(&LOCAL_SIGNATURE));
        let (Some(header), Ok(local)) = (header, u64::try_from(place.local)) else {
            return Err(Fault::new(
                Rule::LocalHeader,
                "there is no local header where the central directory says that it is: the archive was damaged or cut \
                 off",
            )
            .into());
        };
        let name_len = usize::from(le16(&header, 26));
        let variable = name_len as u64 + u64::from(le16(&header, 28));
        let start = local + LOCAL_LEN.unsigned_abs() + variable;
        let end = start
            .saturating_add(place.compressed)
            .min(self.source.len().max(start));
        outcome.range = Some(local..end);
        if self.is_strict {
            let mut local_name = vec![0; name_len];
            let filled = self
                .source
                .fill(&mut local_name, local + LOCAL_LEN.unsigned_abs())?;
            if local_name[..filled] != *name {
                outcome.faults.push(Fault::new(
                    Rule::LocalName,
                    "its local header has another name: tools that read local headers would see another file",
                ));
            }
        }
        Ok(start..end)
    }

    /// The checksum of content that is as it is.
    fn stored(
        &mut self,
        data: &Range<u64>,
        place: &Place,
        mut sink: impl FnMut(&[u8]),
    ) -> Result<u32, Obstacle> {
        let len = data.end - data.start;
        if len != place.size {
            return Err(wrong_size(len, place.size).into());
        }
        let mut crc = Crc::new();
        let mut position = data.start;
        while position < data.end {
            let want = clamp(data.end - position, BUFFER_LEN);
            let filled = self.source.fill(&mut self.input[..want], position)?;
            self.charge(filled as u64)?;
            crc.update(&self.input[..filled]);
            sink(&self.input[..filled]);
            position += filled as u64;
        }
        Ok(crc.sum())
    }

    /// The checksum of content that must be inflated.
    fn deflated(
        &mut self,
        data: &Range<u64>,
        place: &Place,
        mut sink: impl FnMut(&[u8]),
    ) -> Result<u32, Obstacle> {
        self.inflate.reset(false);
        let mut crc = Crc::new();
        let mut position = data.start;
        let mut pending = 0..0;
        let mut size: u64 = 0;
        loop {
            if pending.is_empty() && position < data.end {
                let want = clamp(data.end - position, BUFFER_LEN);
                let filled = self.source.fill(&mut self.input[..want], position)?;
                position += filled as u64;
                pending = 0..filled;
            }
            let (consumed, produced) = (self.inflate.total_in(), self.inflate.total_out());
            // One byte more than declared is enough to see that there are more.
            let room = clamp((place.size - size).saturating_add(1), BUFFER_LEN);
            let status = self.inflate.decompress(
                &self.input[pending.clone()],
                &mut self.output[..room],
                FlushDecompress::None,
            );
            let consumed = self.inflate.total_in() - consumed;
            let produced = clamp(self.inflate.total_out() - produced, room);
            self.charge(consumed)?;
            pending.start += clamp(consumed, pending.len());
            let piece = &self.output[..produced];
            crc.update(piece);
            sink(piece);
            size += produced as u64;
            if size > place.size {
                return Err(wrong_size(size, place.size).into());
            }
            match status {
                Ok(Status::StreamEnd) => break,
                Ok(_) if consumed > 0 || produced > 0 => {}
                Ok(_) if pending.is_empty() && position == data.end => {
                    return Err(damaged("ends too early").into());
                }
                Ok(_) if pending.is_empty() => {}
                Ok(_) | Err(_) => return Err(damaged("is damaged").into()),
            }
        }
        if size != place.size {
            return Err(wrong_size(size, place.size).into());
        }
        Ok(crc.sum())
    }

    /// Compares the checksum in the data descriptor behind the content; whether its sizes are right as well.
    fn descriptor(&self, place: &Place, data: u64) -> Result<bool, Obstacle> {
        let Some(at) = data.checked_add(place.compressed) else {
            return Err(descriptor_fault("is missing").into());
        };
        // Signature, checksum, two sizes of four or eight bytes; the signature may be left out.
        let mut record = [0; 24];
        let filled = self.source.fill(&mut record, at)?;
        let mut fields = &record[..filled];
        if let Some(rest) = fields.strip_prefix(&DESCRIPTOR_SIGNATURE) {
            fields = rest;
        }
        // The go command wants the sizes to be there, and does not look at them.
        if fields.len() < 12 {
            return Err(descriptor_fault("is missing").into());
        }
        if le32(fields, 0) != place.crc {
            return Err(descriptor_fault("has another checksum than its header").into());
        }
        let short = (u64::from(le32(fields, 4)), u64::from(le32(fields, 8)));
        let long = (fields.len() >= 20).then(|| (le64(fields, 4), le64(fields, 12)));
        let want = (place.compressed, place.size);
        Ok(short == want || long == Some(want))
    }

    fn charge(&self, bytes: u64) -> Result<(), Fault> {
        self.allowance
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(bytes)
            })
            .map(drop)
            .map_err(|_| {
                Fault::new(
                    Rule::TooMuchReading,
                    "reading it takes too long: the entries share compressed data that would be read over and over",
                )
            })
    }
}

fn wrong_size(size: u64, declared: u64) -> Fault {
    let sentence = if size > declared {
        format!("it has more bytes than the {declared} that its header says")
    } else {
        format!("it has {size} bytes where its header says {declared}")
    };
    Fault::new(Rule::ContentSize, sentence)
}

fn descriptor_fault(how: &str) -> Fault {
    Fault::new(
        Rule::DataDescriptor,
        format!("the data descriptor behind its content {how}; make the archive anew"),
    )
}

fn damaged(how: &str) -> Fault {
    Fault::new(
        Rule::DamagedContent,
        format!("it can not be inflated: its compressed data {how}"),
    )
}

/// A length in a file as one in memory, no larger than `most`.
fn clamp(len: u64, most: usize) -> usize {
    usize::try_from(len).map_or(most, |len| len.min(most))
}
