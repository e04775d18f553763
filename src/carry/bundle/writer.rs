//! Writing a bundle, as it comes.

use std::io::{self, Read, Write};

use sha2::{Digest as _, Sha256};

use super::tar::{BLOCK, encode, padding};
use super::{Entry, EntryName, HEAD};
use crate::carry::provenance::Provenance;

/// How much is copied at once, in bytes.
const PIECE: usize = 256 << 10;

/// A bundle that is being written. Memory is that of the list of its entries, some 150 bytes for each.
pub(in crate::carry) struct BundleWriter<W> {
    out: W,
    list: Vec<u8>,
    entries: u64,
    written: u64,
    last: (u8, String, String, u8),
}

impl<W: Write> BundleWriter<W> {
    /// Begins a bundle.
    pub(in crate::carry) fn new(out: W) -> io::Result<Self> {
        let mut writer = Self {
            out,
            list: Vec::new(),
            entries: 0,
            written: 0,
            last: EntryName::Head.order(),
        };
        writer.write_entry(&EntryName::Head, HEAD.len() as u64, HEAD, None)?;
        Ok(writer)
    }

    /// Adds an entry of exactly `size` bytes.
    ///
    /// # Errors
    /// If the content has another length, if it does not belong after the one before, or what the media say.
    pub(in crate::carry) fn append(
        &mut self,
        name: &EntryName,
        size: u64,
        content: impl Read,
        provenance: Option<Provenance>,
    ) -> io::Result<()> {
        let order = name.order();
        if order <= self.last {
            return Err(io::Error::other(format!(
                "the entry {name} is not in its place"
            )));
        }
        self.last = order;
        self.write_entry(name, size, content, provenance)
    }

    /// Writes the list and the end; says how many entries there are and how many bytes that is.
    pub(in crate::carry) fn finish(mut self) -> io::Result<(u64, u64)> {
        let list = std::mem::take(&mut self.list);
        self.write_entry(&EntryName::List, list.len() as u64, list.as_slice(), None)?;
        self.put(&[0; 2 * BLOCK])?;
        self.out.flush()?;
        Ok((self.entries, self.written))
    }

    fn write_entry(
        &mut self,
        name: &EntryName,
        size: u64,
        content: impl Read,
        provenance: Option<Provenance>,
    ) -> io::Result<()> {
        let name = name.to_string();
        self.put(&encode(&name, size))?;
        let mut hasher = Sha256::new();
        let mut content = content.take(size);
        let mut buffer = vec![0; PIECE.min(usize::try_from(size).unwrap_or(PIECE).max(1))];
        let mut done = 0;
        loop {
            let read = match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            hasher.update(&buffer[..read]);
            self.put(&buffer[..read])?;
            done += read as u64;
        }
        if done != size {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("{name} became shorter while it was read"),
            ));
        }
        self.put(&[0; BLOCK][..padding(size)])?;
        self.entries += 1;
        let entry = Entry {
            name,
            size,
            sha256: hasher.finalize().into(),
            provenance,
        };
        serde_json::to_writer(&mut self.list, &entry)?;
        self.list.push(b'\n');
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}
