//! The end of central directory record, and where it says that the central directory is.

use super::header;
use crate::modzip::read_at::{ReadAt, Source};
use crate::modzip::rule::{Fault, Obstacle, Rule};

const SIGNATURE: [u8; 4] = *b"PK\x05\x06";
const LEN: usize = 22;
/// How far before the end of the file the record is looked for.
const SEARCHED: u64 = 65 * 1024;

const LOCATOR_SIGNATURE: [u8; 4] = *b"PK\x06\x07";
const LOCATOR_LEN: i64 = 20;
const ZIP64_SIGNATURE: [u8; 4] = *b"PK\x06\x06";

/// What the end record says.
#[derive(Debug)]
pub(in crate::modzip) struct EndRecord {
    /// How many entries there should be; only the lower 16 bits are to be believed.
    pub(super) entries: u64,
    /// Where the first central header is.
    pub(in crate::modzip) directory: u64,
    /// What must be added to the offsets in central headers. Not 0 if something was put before the archive (or if the
    /// record lies).
    pub(in crate::modzip) base: i64,
    /// Whether other versions of the go command may find another directory: a reason, if so.
    pub(in crate::modzip) ambiguity: Option<&'static str>,
}

/// What is in the record, as 32 or 64 bits.
struct Fields {
    entries: u64,
    size: u64,
    offset: u64,
}

/// Finds the record.
pub(super) fn find<R: ReadAt + ?Sized>(source: Source<'_, R>) -> Result<EndRecord, Obstacle> {
    let (at, record) = search(source)?;
    let mut fields = Fields {
        entries: u64::from(le16(&record, 10)),
        size: u64::from(le32(&record, 12)),
        offset: u64::from(le32(&record, 16)),
    };
    let mut end = at;
    let mut ambiguity = None;
    // Go 1.21 to 1.26 take 0xffff here where the specification has 0xffffffff, which 1.27 takes.
    let zip64_until_126 =
        fields.entries == 0xffff || fields.size == 0xffff || fields.offset == 0xffff_ffff;
    let zip64_from_127 =
        fields.entries == 0xffff || fields.size == 0xffff_ffff || fields.offset == 0xffff_ffff;
    let located = locator(source, at)?;
    if zip64_until_126 != zip64_from_127 && located.is_some() {
        ambiguity =
            Some("its end record has a zip64 record beside it that only some go commands look at");
    }
    if zip64_until_126 && let Some(place) = located {
        fields = zip64_record(source, place)?;
        end = place;
    }
    let (Ok(size), Ok(offset)) = (i64::try_from(fields.size), i64::try_from(fields.offset)) else {
        return Err(misplaced().into());
    };
    let directory = end - size;
    let Some(mut start) = u64::try_from(directory)
        .ok()
        .filter(|&start| start < source.len())
    else {
        return Err(misplaced().into());
    };
    // None of these is negative, so this does not overflow.
    let mut base = directory - offset;
    // If the record's offset leads to a header as it is, then it is the size that is wrong and nothing was put before
    // the archive.
    if base > 0 && header::is_at(source, fields.offset)? {
        base = 0;
        start = fields.offset;
    }
    if base != 0 {
        ambiguity = Some(
            "the offsets in it are not from the start of the file, as older go commands expect them",
        );
    }
    Ok(EndRecord {
        entries: fields.entries,
        directory: start,
        base,
        ambiguity,
    })
}

/// Where the last end record is, and its bytes.
fn search<R: ReadAt + ?Sized>(source: Source<'_, R>) -> Result<(i64, [u8; LEN]), Obstacle> {
    let missing = || {
        Fault::new(
            Rule::EndRecord,
            "it is not a complete zip archive: the end of central directory record is missing",
        )
    };
    let searched = source.len().min(SEARCHED);
    let start = source.len() - searched;
    let mut tail = vec![0; usize::try_from(searched).unwrap_or_default()];
    source.fill(&mut tail, start)?;
    let last = (0..(tail.len() + 1).saturating_sub(LEN))
        .rev()
        .find(|&at| tail[at..].starts_with(&SIGNATURE))
        .ok_or_else(missing)?;
    let record: [u8; LEN] = tail[last..last + LEN].try_into().map_err(|_| missing())?;
    // A comment that is cut off: the go command does not look for an earlier record then.
    if last + LEN + usize::from(le16(&record, 20)) > tail.len() {
        return Err(missing().into());
    }
    let at = i64::try_from(start + last as u64).map_err(|_| missing())?;
    Ok((at, record))
}

/// Where the zip64 end record is, if there is a locator for one before the end record at `end`.
fn locator<R: ReadAt + ?Sized>(source: Source<'_, R>, end: i64) -> Result<Option<i64>, Obstacle> {
    let Some(record) = source.array::<20>(end - LOCATOR_LEN)? else {
        return Ok(None);
    };
    let is_single_disk = le32(&record, 4) == 0 && le32(&record, 16) == 1;
    if !record.starts_with(&LOCATOR_SIGNATURE) || !is_single_disk {
        return Ok(None);
    }
    Ok(i64::try_from(le64(&record, 8)).ok())
}

fn zip64_record<R: ReadAt + ?Sized>(source: Source<'_, R>, at: i64) -> Result<Fields, Obstacle> {
    let record = source
        .array::<56>(at)?
        .filter(|record| record.starts_with(&ZIP64_SIGNATURE))
        .ok_or_else(|| {
            Fault::new(
                Rule::EndRecord,
                "its end record is damaged: the zip64 record is not where it should be",
            )
        })?;
    Ok(Fields {
        entries: le64(&record, 32),
        size: le64(&record, 40),
        offset: le64(&record, 48),
    })
}

fn misplaced() -> Fault {
    Fault::new(
        Rule::EndRecord,
        "its end record is damaged: the central directory is not where it should be",
    )
}

pub(super) fn le16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array(bytes, at))
}

pub(super) fn le32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

pub(super) fn le64(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}

/// `N` bytes of a record; zeros where the caller has less, which it has not.
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    debug_assert!(
        bytes.len() >= at + N,
        "{N} bytes at {at} of {}",
        bytes.len()
    );
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .unwrap_or([0; N])
}
