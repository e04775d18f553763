//! Writes the bytes of a module zip: the same files give the same bytes, whenever and wherever.

use std::io::{self, BufWriter, Read, Write};

use flate2::Crc;

use super::deflate::Deflater;
use super::error::CreateError;
use super::outcome::{Refusal, Refusals, Refused};
use super::records::{self, Sizes};
use crate::modzip::{MAX_GO_MOD_SIZE, MAX_LICENSE_SIZE, MAX_ZIP_SIZE};

/// How much of a file is in memory at a time. Part of the format: the compressor sees the same pieces every time.
const PIECE: usize = 64 * 1024;

/// A module zip in the making.
///
/// All entries are compressed, with one level. Sizes follow the data, so the output need not be one that can seek.
/// Files are added in the order of their names' bytes, which is the caller's duty.
pub(super) struct Archive<W: Write> {
    out: Counted<BufWriter<W>>,
    prefix: String,
    entries: Vec<Entry>,
    deflater: Deflater,
    piece: Vec<u8>,
    /// Bytes of the files so far.
    size: u64,
    limits: Limits,
}

/// The most bytes that something may have.
#[derive(Debug, Clone, Copy)]
struct Limits {
    go_mod: u64,
    license: u64,
    /// All files, and the zip. Less than the 32 bits of a small zip.
    all: u64,
}

const LIMITS: Limits = Limits {
    go_mod: MAX_GO_MOD_SIZE,
    license: MAX_LICENSE_SIZE,
    all: MAX_ZIP_SIZE,
};

/// What the directory at the end says of a file.
struct Entry {
    name: String,
    sizes: Sizes,
    offset: u32,
}

impl<W: Write> Archive<W> {
    pub(super) fn new(out: W, prefix: String) -> Self {
        Self {
            out: Counted {
                inner: BufWriter::with_capacity(PIECE, out),
                count: 0,
            },
            prefix,
            entries: Vec::new(),
            deflater: Deflater::new(),
            piece: vec![0; PIECE],
            size: 0,
            limits: LIMITS,
        }
    }

    /// Adds a file with all that `content` gives until its end. Its size, in bytes.
    ///
    /// # Errors
    ///
    /// [`CreateError::TooLarge`] and [`CreateError::Refused`] as soon as a limit is passed, [`CreateError::Output`]
    /// if the zip cannot be written; what `failed` makes of the error if the content cannot be read.
    pub(super) fn add(
        &mut self,
        name: String,
        mut content: impl Read,
        failed: impl FnOnce(io::Error) -> CreateError,
    ) -> Result<u64, CreateError> {
        let limit = match name.as_str() {
            "go.mod" => self.limits.go_mod,
            "LICENSE" => self.limits.license,
            _ => self.limits.all,
        };
        let left = self.limits.all - self.size;
        let offset = self.offset()?;
        let header = records::local_header(&format!("{}{name}", self.prefix));
        self.out.write_all(&header).map_err(CreateError::Output)?;
        let start = self.out.count;
        self.deflater.start();
        let mut crc = Crc::new();
        let mut length = 0;
        loop {
            let read = match fill(&mut content, &mut self.piece) {
                Ok(read) => read,
                Err(error) => return Err(failed(error)),
            };
            length += read as u64;
            if length > left {
                return Err(CreateError::TooLarge);
            }
            if length > limit {
                return Err(CreateError::Refused(Refusals(vec![Refused {
                    path: name,
                    why: Refusal::TooLarge(limit),
                }])));
            }
            let piece = &self.piece[..read];
            crc.update(piece);
            let is_last = read < PIECE;
            self.deflater
                .write(piece, is_last, &mut self.out)
                .map_err(CreateError::Output)?;
            if is_last {
                break;
            }
        }
        let sizes = Sizes {
            crc: crc.sum(),
            compressed: small(self.out.count - start)?,
            uncompressed: small(length)?,
        };
        self.out
            .write_all(&records::data_descriptor(sizes))
            .map_err(CreateError::Output)?;
        self.size += length;
        self.entries.push(Entry {
            name,
            sizes,
            offset,
        });
        Ok(length)
    }

    /// Writes the end of the archive. The names of the files in it, and the sum of their sizes in bytes.
    ///
    /// # Errors
    ///
    /// [`CreateError::TooLarge`] if the zip itself is larger than the go command downloads, [`CreateError::Output`]
    /// if it cannot be written.
    pub(super) fn finish(mut self) -> Result<(Vec<String>, u64), CreateError> {
        let start = self.offset()?;
        for entry in &self.entries {
            let name = format!("{}{}", self.prefix, entry.name);
            let record = records::directory_entry(&name, entry.sizes, entry.offset);
            self.out.write_all(&record).map_err(CreateError::Output)?;
        }
        let end = records::end(
            self.entries.len() as u64,
            small(self.out.count - u64::from(start))?,
            start,
        );
        self.out.write_all(&end).map_err(CreateError::Output)?;
        self.out.flush().map_err(CreateError::Output)?;
        self.offset()?;
        let names = self.entries.into_iter().map(|entry| entry.name).collect();
        Ok((names, self.size))
    }

    /// How much has been written, as long as that is not too much.
    fn offset(&self) -> Result<u32, CreateError> {
        if self.out.count > self.limits.all {
            return Err(CreateError::TooLarge);
        }
        small(self.out.count)
    }
}

/// A size of something below the limits, which 32 bits can hold.
fn small(size: u64) -> Result<u32, CreateError> {
    u32::try_from(size).map_err(|_| CreateError::TooLarge)
}

/// Reads until the buffer is full or the input at its end.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Counts what is written.
struct Counted<W> {
    inner: W,
    count: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.count += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// Gives one byte at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let take = self.0.len().min(buffer.len()).min(1);
            buffer[..take].copy_from_slice(&self.0[..take]);
            self.0 = &self.0[take..];
            Ok(take)
        }
    }

    fn failed(error: io::Error) -> CreateError {
        CreateError::Output(error)
    }

    fn archive(files: &[(&str, &[u8])], slow: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut archive = Archive::new(&mut bytes, "m.x/m@v1.0.0/".to_owned());
        for (name, content) in files {
            if slow {
                archive
                    .add((*name).to_owned(), Slow(content), failed)
                    .unwrap();
            } else {
                archive.add((*name).to_owned(), *content, failed).unwrap();
            }
        }
        let size: usize = files.iter().map(|(_, content)| content.len()).sum();
        let names: Vec<_> = files.iter().map(|&(name, _)| name.to_owned()).collect();
        assert_eq!(archive.finish().unwrap(), (names, size as u64));
        bytes
    }

    #[test]
    fn a_reader_finds_what_was_added_and_nothing_else() {
        let long = b"0123456789abcdef".repeat(20_000);
        let files: [(&str, &[u8]); 4] = [
            ("a..b", b""),
            ("go.mod", b"module m.x/m\n"),
            ("long", &long),
            ("é~", b"x"),
        ];
        let bytes = archive(&files, false);
        assert_eq!(bytes, archive(&files, true), "reads of any size");
        assert!(bytes.len() < 10_000);
        let mut zip = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
        assert_eq!(zip.len(), 4);
        for (index, (name, content)) in files.iter().enumerate() {
            let mut entry = zip.by_index(index).unwrap();
            assert_eq!(entry.name().unwrap(), format!("m.x/m@v1.0.0/{name}"));
            assert_eq!(entry.extra_data().unwrap_or_default(), b"");
            assert_eq!(entry.unix_mode(), None);
            let mut read = Vec::new();
            entry.read_to_end(&mut read).unwrap();
            assert_eq!(read, *content);
        }
    }

    #[test]
    fn limits_are_seen_while_reading() {
        let mut archive = Archive::new(io::sink(), String::new());
        (archive.limits.go_mod, archive.limits.license) = (10, 20);
        for (name, limit) in [("go.mod", 10), ("LICENSE", 20)] {
            archive
                .add(name.to_owned(), io::repeat(0).take(limit), failed)
                .unwrap();
            let error = archive
                .add(name.to_owned(), io::repeat(0), failed)
                .unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("{name:?}: it is larger than {limit} bytes")
            );
        }
        archive
            .add("a/go.mod".to_owned(), &[0; 30][..], failed)
            .unwrap();
        let mut archive = Archive::new(io::sink(), String::new());
        archive.limits.all = 2 * PIECE as u64;
        let zeros = |length: usize| io::repeat(0).take(length as u64);
        archive.add("a".to_owned(), zeros(PIECE), failed).unwrap();
        archive.add("b".to_owned(), zeros(PIECE), failed).unwrap();
        archive.add("c".to_owned(), io::empty(), failed).unwrap();
        let error = archive.add("d".to_owned(), zeros(1), failed).unwrap_err();
        assert!(matches!(error, CreateError::TooLarge));
    }

    #[test]
    fn the_zip_itself_has_a_limit() {
        let mut archive = Archive::new(io::sink(), String::new());
        archive.limits.all = 100;
        archive.add("a".to_owned(), io::empty(), failed).unwrap();
        archive.add("b".to_owned(), io::empty(), failed).unwrap();
        assert!(matches!(archive.finish(), Err(CreateError::TooLarge)));
    }
}
