//! The records of a zip archive, as bytes.
//!
//! Of the many ways to write an archive this is one, the one that `archive/zip` of Go has for a file without a time: no
//! time, no mode, no extra fields, UTF-8 names marked as such where that matters, sizes after the data.
//!
//! Source: PKWARE's APPNOTE.TXT, 4.3 and 4.4.

/// Sizes follow the data, in a record of their own.
const SIZES_FOLLOW: u16 = 1 << 3;
/// The name is UTF-8.
const UTF8: u16 = 1 << 11;
/// Method 8.
const DEFLATE: u16 = 8;
/// Version 2.0 of the format, the first with compression.
const VERSION: u16 = 20;
/// Version 4.5, the first with more than 65,535 entries.
const VERSION_ZIP64: u16 = 45;

/// An entry whose data have been written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) crc: u32,
    pub(super) compressed: u32,
    pub(super) uncompressed: u32,
}

impl Sizes {
    fn push_to(self, record: &mut Vec<u8>) {
        long(record, self.crc);
        long(record, self.compressed);
        long(record, self.uncompressed);
    }
}

/// What stands before the data of an entry.
pub(super) fn local_header(name: &str) -> Vec<u8> {
    let mut record = b"PK\x03\x04".to_vec();
    let nothing_yet = Sizes {
        crc: 0,
        compressed: 0,
        uncompressed: 0,
    };
    push_common(&mut record, name, nothing_yet);
    record.extend_from_slice(name.as_bytes());
    record
}

/// What stands after the data of an entry.
pub(super) fn data_descriptor(sizes: Sizes) -> Vec<u8> {
    let mut record = b"PK\x07\x08".to_vec();
    sizes.push_to(&mut record);
    record
}

/// The record of the entry whose local header is at `offset`, in the directory at the end of the archive.
pub(super) fn directory_entry(name: &str, sizes: Sizes, offset: u32) -> Vec<u8> {
    let mut record = b"PK\x01\x02".to_vec();
    short(&mut record, VERSION);
    push_common(&mut record, name, sizes);
    // The lengths of a comment; the number of the disk; attributes of the text and of the file.
    short(&mut record, 0);
    short(&mut record, 0);
    short(&mut record, 0);
    long(&mut record, 0);
    long(&mut record, offset);
    record.extend_from_slice(name.as_bytes());
    record
}

/// The part that both headers of an entry have.
fn push_common(record: &mut Vec<u8>, name: &str, sizes: Sizes) {
    let utf8 = if name.is_ascii() { 0 } else { UTF8 };
    short(record, VERSION);
    short(record, SIZES_FOLLOW | utf8);
    short(record, DEFLATE);
    // No time.
    long(record, 0);
    sizes.push_to(record);
    // The caller has refused longer names.
    short(record, u16::try_from(name.len()).unwrap_or(u16::MAX));
    // No extra fields.
    short(record, 0);
}

/// The end of an archive with so many entries, whose directory has `size` bytes and begins at `offset`.
pub(super) fn end(entries: u64, size: u32, offset: u32) -> Vec<u8> {
    let mut record = Vec::new();
    let short_entries = u16::try_from(entries).unwrap_or(u16::MAX);
    if short_entries == u16::MAX {
        push_zip64_end(&mut record, entries, size, offset);
    }
    record.extend_from_slice(b"PK\x05\x06");
    // The disks that it is on.
    long(&mut record, 0);
    short(&mut record, short_entries);
    short(&mut record, short_entries);
    long(&mut record, size);
    long(&mut record, offset);
    // No comment.
    short(&mut record, 0);
    record
}

/// The larger form of the end, and the pointer to it.
fn push_zip64_end(record: &mut Vec<u8>, entries: u64, size: u32, offset: u32) {
    record.extend_from_slice(b"PK\x06\x06");
    // The bytes of this record that are still to come.
    long_long(record, 44);
    short(record, VERSION_ZIP64);
    short(record, VERSION_ZIP64);
    long_long(record, 0);
    long_long(record, entries);
    long_long(record, entries);
    long_long(record, size.into());
    long_long(record, offset.into());

    record.extend_from_slice(b"PK\x06\x07");
    long(record, 0);
    long_long(record, u64::from(offset) + u64::from(size));
    long(record, 1);
}

fn short(record: &mut Vec<u8>, number: u16) {
    record.extend_from_slice(&number.to_le_bytes());
}

fn long(record: &mut Vec<u8>, number: u32) {
    record.extend_from_slice(&number.to_le_bytes());
}

fn long_long(record: &mut Vec<u8>, number: u64) {
    record.extend_from_slice(&number.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// An archive with empty files only.
    fn archive(count: u64) -> Vec<u8> {
        let sizes = Sizes {
            crc: 0,
            compressed: 2,
            uncompressed: 0,
        };
        let (mut archive, mut directory) = (Vec::new(), Vec::new());
        for index in 0..count {
            let name = format!("{index:05}");
            let offset = u32::try_from(archive.len()).unwrap();
            archive.extend(local_header(&name));
            archive.extend([3, 0]);
            archive.extend(data_descriptor(sizes));
            directory.extend(directory_entry(&name, sizes, offset));
        }
        let size = u32::try_from(directory.len()).unwrap();
        let offset = u32::try_from(archive.len()).unwrap();
        archive.extend(directory);
        archive.extend(end(count, size, offset));
        archive
    }

    #[test]
    fn many_entries_take_the_larger_form() {
        for (count, larger) in [
            (0, false),
            (3, false),
            (0xfffe, false),
            (0xffff, true),
            (0x1_0001, true),
        ] {
            let bytes = archive(count);
            assert_eq!(
                bytes.windows(4).any(|four| four == b"PK\x06\x06"),
                larger,
                "{count}"
            );
            let mut zip = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
            assert_eq!(zip.len() as u64, count);
            if count > 0 {
                assert_eq!(zip.by_index(zip.len() - 1).unwrap().size(), 0);
            }
        }
    }
}
