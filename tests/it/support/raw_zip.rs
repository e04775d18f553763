//! Zip archives byte by byte. Everything that is written about an entry can be changed to something untrue.

use std::io::Write as _;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

pub(crate) const STORED: u16 = 0;
pub(crate) const DEFLATED: u16 = 8;
/// The flag that says that a data descriptor follows the content.
pub(crate) const HAS_DESCRIPTOR: u16 = 1 << 3;

/// The fields that both headers of an entry have.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) signature: [u8; 4],
    pub(crate) name: Vec<u8>,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) compressed: u32,
    pub(crate) size: u32,
    pub(crate) extra: Vec<u8>,
}

/// An entry: what the central directory says of it, what its local header says, and what is there.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) central: Header,
    pub(crate) local: Header,
    pub(crate) made_by: u16,
    pub(crate) attributes: u32,
    pub(crate) comment: Vec<u8>,
    pub(crate) disk: u16,
    /// Where the central directory says that it is, if not where it is.
    pub(crate) offset: Option<u32>,
    /// Whether there is a local header and content at all.
    pub(crate) is_written: bool,
    /// Whether the central directory has it.
    pub(crate) is_listed: bool,
    /// What is before the local header.
    pub(crate) before: Vec<u8>,
    /// The content as it is in the archive.
    pub(crate) data: Vec<u8>,
    /// What is behind it: a data descriptor, or anything.
    pub(crate) behind: Vec<u8>,
}

/// The zip64 end record, and its locator.
#[derive(Debug, Clone)]
pub(crate) struct Zip64 {
    pub(crate) signature: [u8; 4],
    pub(crate) entries: Option<u64>,
    pub(crate) size: Option<u64>,
    pub(crate) offset: Option<u64>,
    pub(crate) locator_signature: [u8; 4],
    pub(crate) locator_offset: Option<u64>,
    pub(crate) locator_disk: u32,
    pub(crate) locator_disks: u32,
}

/// An archive. What is `None` is written as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawZip {
    pub(crate) entries: Vec<Entry>,
    /// What is before the archive.
    pub(crate) before: Vec<u8>,
    /// Whether offsets are from the start of the archive, as if `before` had been put there later.
    pub(crate) is_shifted: bool,
    pub(crate) before_directory: Vec<u8>,
    pub(crate) after_directory: Vec<u8>,
    pub(crate) zip64: Option<Zip64>,
    pub(crate) no_end: bool,
    pub(crate) end_disk: u16,
    pub(crate) end_entries: Option<u16>,
    pub(crate) end_size: Option<u32>,
    pub(crate) end_offset: Option<u32>,
    pub(crate) comment: Vec<u8>,
    pub(crate) comment_len: Option<u16>,
    /// What is after the archive.
    pub(crate) after: Vec<u8>,
}

/// The CRC-32 of some content.
pub(crate) fn crc(content: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(content);
    crc.sum()
}

/// Content, deflated.
pub(crate) fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// An extra field.
pub(crate) fn extra(tag: u16, content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).unwrap();
    [&tag.to_le_bytes(), &len.to_le_bytes(), content].concat()
}

/// A zip64 extra field with these values.
pub(crate) fn zip64_extra(values: &[u64]) -> Vec<u8> {
    let values: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    extra(1, &values)
}

impl Entry {
    /// A true entry, deflated.
    pub(crate) fn new(name: impl Into<Vec<u8>>, content: &[u8]) -> Self {
        Self::with_data(name, content, DEFLATED, deflate(content))
    }

    /// A true entry, as it is.
    pub(crate) fn stored(name: impl Into<Vec<u8>>, content: &[u8]) -> Self {
        Self::with_data(name, content, STORED, content.to_vec())
    }

    fn with_data(name: impl Into<Vec<u8>>, content: &[u8], method: u16, data: Vec<u8>) -> Self {
        let local = Header {
            signature: *b"PK\x03\x04",
            name: name.into(),
            flags: 0,
            method,
            crc: crc(content),
            compressed: u32::try_from(data.len()).unwrap(),
            size: u32::try_from(content.len()).unwrap(),
            extra: Vec::new(),
        };
        Self {
            central: Header {
                signature: *b"PK\x01\x02",
                ..local.clone()
            },
            local,
            made_by: 20,
            attributes: 0,
            comment: Vec::new(),
            disk: 0,
            offset: None,
            is_written: true,
            is_listed: true,
            before: Vec::new(),
            data,
            behind: Vec::new(),
        }
    }

    /// The same change in both headers.
    pub(crate) fn both(mut self, change: impl Fn(&mut Header)) -> Self {
        change(&mut self.central);
        change(&mut self.local);
        self
    }

    /// Any change.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// With a data descriptor, and zeros where it stands for.
    pub(crate) fn described(mut self) -> Self {
        self.central.flags |= HAS_DESCRIPTOR;
        self.local.flags |= HAS_DESCRIPTOR;
        self.behind = self.descriptor();
        (self.local.crc, self.local.compressed, self.local.size) = (0, 0, 0);
        self
    }

    /// A true data descriptor, with its signature and short sizes.
    pub(crate) fn descriptor(&self) -> Vec<u8> {
        let central = &self.central;
        let fields = [central.crc, central.compressed, central.size];
        let fields = fields.iter().flat_map(|field| field.to_le_bytes());
        b"PK\x07\x08".iter().copied().chain(fields).collect()
    }
}

impl Zip64 {
    /// A true record.
    pub(crate) fn new() -> Self {
        Self {
            signature: *b"PK\x06\x06",
            entries: None,
            size: None,
            offset: None,
            locator_signature: *b"PK\x06\x07",
            locator_offset: None,
            locator_disk: 0,
            locator_disks: 1,
        }
    }
}

/// Writes integers in the order of the format.
#[derive(Default)]
struct Out(Vec<u8>);

impl Out {
    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    fn len16(&mut self, bytes: &[u8]) -> &mut Self {
        self.u16(u16::try_from(bytes.len()).unwrap())
    }

    /// From the flags to the size, as both headers have them. The date is that of nothing: 1980.
    fn shared(&mut self, header: &Header) -> &mut Self {
        self.u16(header.flags).u16(header.method).u16(0).u16(33);
        self.u32(header.crc).u32(header.compressed).u32(header.size);
        self.len16(&header.name).len16(&header.extra)
    }

    fn len(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap()
    }
}

impl RawZip {
    pub(crate) fn new(entries: Vec<Entry>) -> Self {
        Self {
            entries,
            ..Self::default()
        }
    }

    /// Any change.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The archive.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = Out::default();
        out.bytes(&self.before);
        let start = if self.is_shifted { out.len() } else { 0 };
        let mut offsets = Vec::new();
        for entry in &self.entries {
            out.bytes(&entry.before);
            offsets.push(out.len() - start);
            if !entry.is_written {
                continue;
            }
            let local = &entry.local;
            out.bytes(&local.signature).u16(20).shared(local);
            out.bytes(&local.name).bytes(&local.extra);
            out.bytes(&entry.data).bytes(&entry.behind);
        }
        out.bytes(&self.before_directory);
        let directory = out.len();
        let mut count: u64 = 0;
        for (entry, offset) in self.entries.iter().zip(offsets) {
            if !entry.is_listed {
                continue;
            }
            count += 1;
            let central = &entry.central;
            out.bytes(&central.signature).u16(entry.made_by).u16(20);
            out.shared(central).len16(&entry.comment);
            out.u16(entry.disk).u16(0).u32(entry.attributes);
            out.u32(entry.offset.unwrap_or(offset));
            out.bytes(&central.name)
                .bytes(&central.extra)
                .bytes(&entry.comment);
        }
        let size = out.len() - directory;
        out.bytes(&self.after_directory);
        if let Some(zip64) = &self.zip64 {
            let place = u64::from(out.len());
            out.bytes(&zip64.signature).u64(44).u16(45).u16(45);
            out.u32(0).u32(0);
            let entries = zip64.entries.unwrap_or(count);
            out.u64(entries).u64(entries);
            out.u64(zip64.size.unwrap_or_else(|| size.into()));
            out.u64(zip64.offset.unwrap_or_else(|| (directory - start).into()));
            out.bytes(&zip64.locator_signature).u32(zip64.locator_disk);
            out.u64(zip64.locator_offset.unwrap_or(place));
            out.u32(zip64.locator_disks);
        }
        if !self.no_end {
            // The field has no room for more.
            let entries = self
                .end_entries
                .unwrap_or_else(|| u16::try_from(count % 65_536).unwrap());
            out.bytes(b"PK\x05\x06")
                .u16(self.end_disk)
                .u16(self.end_disk);
            out.u16(entries).u16(entries);
            out.u32(self.end_size.unwrap_or(size));
            out.u32(self.end_offset.unwrap_or(directory - start));
            match self.comment_len {
                Some(len) => out.u16(len),
                None => out.len16(&self.comment),
            };
            out.bytes(&self.comment);
        }
        out.bytes(&self.after);
        out.0
    }
}
