//! Reads what `git archive --format=tar` writes, as it comes.
//!
//! Only that: the POSIX form with extended headers, as git has written it since 2005. It is not a reader for the
//! archives of others.

use std::io::{self, Read};

use super::command::{Git, Output};
use super::error::GitError;

const BLOCK: usize = 512;
/// The longest extended header: it holds a path, and git takes no longer ones.
const MAX_EXTENDED: u64 = 1 << 20;

/// An archive that is being read.
pub(in super::super) struct Tar {
    output: Option<Output>,
    /// What is left of the current file, and the bytes after it up to the next block.
    left: u64,
    padding: u64,
}

/// A regular file of the archive.
pub(in super::super) struct TarFile<'a> {
    /// Its name from the root of the repository.
    pub(in super::super) path: Vec<u8>,
    pub(in super::super) content: Content<'a>,
}

impl Tar {
    pub(super) fn start(command: Git) -> Result<Self, GitError> {
        Ok(Self {
            output: Some(command.start()?),
            left: 0,
            padding: 0,
        })
    }

    /// The next regular file; `None` at the end, when git has ended well. What was not read of the file before is
    /// skipped.
    pub(in super::super) fn next_file(&mut self) -> Result<Option<TarFile<'_>>, GitError> {
        let mut extended = Extended::default();
        loop {
            let Some(header) = self.next_header()? else {
                return Ok(None);
            };
            match header.kind {
                // A header for the whole archive: it holds the commit.
                b'g' => {}
                b'x' => {
                    let mut content = Vec::new();
                    if self.left > MAX_EXTENDED {
                        return Err(self.strange("an extended header is too long"));
                    }
                    if let Err(error) = Content(self).read_to_end(&mut content) {
                        return Err(self.failed(error));
                    }
                    extended = Extended::parse(&content)
                        .ok_or_else(|| self.strange("an extended header is malformed"))?;
                    continue;
                }
                b'0' => {
                    if let Some(size) = extended.size {
                        self.expect(size);
                    }
                    return Ok(Some(TarFile {
                        path: extended.path.unwrap_or(header.path),
                        content: Content(self),
                    }));
                }
                // Directories, submodules among them, and symbolic links.
                _ => {}
            }
            extended = Extended::default();
        }
    }

    /// Skips to the next header and reads it.
    fn next_header(&mut self) -> Result<Option<Header>, GitError> {
        let skip = self.left + self.padding;
        let Some(output) = &mut self.output else {
            return Ok(None);
        };
        let mut block = [0; BLOCK];
        let read = io::copy(&mut output.by_ref().take(skip), &mut io::sink())
            .and_then(|_| output.read_exact(&mut block));
        if let Err(error) = read {
            return Err(self.failed(error));
        }
        self.expect(0);
        if block == [0; BLOCK] {
            // The end mark, which is two such blocks and some more to fill up; git's exit code tells of a sudden end.
            if let Some(output) = self.output.take() {
                output.finish()?;
            }
            return Ok(None);
        }
        let header = Header::parse(&block).ok_or_else(|| self.strange("a header is malformed"))?;
        self.expect(header.size);
        Ok(Some(header))
    }

    /// The content that follows has so many bytes.
    fn expect(&mut self, size: u64) {
        self.left = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
    }

    /// The error for output that cannot be read: git's own if it ended badly, as that is the reason.
    fn failed(&mut self, source: io::Error) -> GitError {
        let action = "read the files of a commit with git archive";
        match self.output.take().map(Output::finish) {
            Some(Err(error)) => error,
            _ => GitError::Run { action, source },
        }
    }

    fn strange(&self, what: &str) -> GitError {
        GitError::Answer {
            action: "read the files of a commit with git archive",
            what: what.to_owned(),
        }
    }
}

/// The bytes of the current file.
pub(in super::super) struct Content<'a>(&'a mut Tar);

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(output) = &mut self.0.output else {
            return Ok(0);
        };
        let want = usize::try_from(self.0.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let read = output.read(&mut buffer[..want])?;
        if read == 0 && want > 0 {
            let error = self.0.failed(io::ErrorKind::UnexpectedEof.into());
            return Err(io::Error::other(error));
        }
        self.0.left -= read as u64;
        Ok(read)
    }
}

struct Header {
    path: Vec<u8>,
    size: u64,
    kind: u8,
}

impl Header {
    fn parse(block: &[u8; BLOCK]) -> Option<Self> {
        if &block[257..262] != b"ustar" {
            return None;
        }
        let name = until_nul(&block[..100]);
        let prefix = until_nul(&block[345..500]);
        let path = match prefix.is_empty() {
            true => name.to_vec(),
            false => [prefix, b"/", name].concat(),
        };
        let kind = block[156];
        // A link has a length and no content.
        let size = match kind {
            b'0' | b'g' | b'x' => octal(&block[124..136])?,
            _ => 0,
        };
        Some(Self { path, size, kind })
    }
}

/// What an extended header says about the file after it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Extended {
    path: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Extended {
    /// Reads records `<length> <key>=<value>\n`, where the length is that of the whole record.
    fn parse(mut text: &[u8]) -> Option<Self> {
        let mut extended = Self::default();
        while !text.is_empty() {
            let space = text.iter().position(|&byte| byte == b' ')?;
            let length: usize = std::str::from_utf8(&text[..space]).ok()?.parse().ok()?;
            let record = text.get(space + 1..length)?.strip_suffix(b"\n")?;
            let equals = record.iter().position(|&byte| byte == b'=')?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            match key {
                b"path" => extended.path = Some(value.to_vec()),
                b"size" => extended.size = Some(std::str::from_utf8(value).ok()?.parse().ok()?),
                _ => {}
            }
            text = &text[length..];
        }
        Some(extended)
    }
}

fn until_nul(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|&byte| byte == 0);
    &field[..end.unwrap_or(field.len())]
}

/// A number in octal digits.
fn octal(field: &[u8]) -> Option<u64> {
    let digits = until_nul(field).trim_ascii();
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_extended_headers() {
        let parse = |text: &str| Extended::parse(text.as_bytes());
        assert_eq!(
            parse("12 path=a\nb\n16 linkpath=x=y\n13 size=1234\n").map(|e| (e.path, e.size)),
            Some((Some(b"a\nb".to_vec()), Some(1234)))
        );
        for bad in [
            "x",
            "8 path=a\n",
            "99 path=a\n",
            "1 path=a\n",
            "0 ",
            "10 size=x\n",
            "8 path\na",
        ] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn reads_headers() {
        let mut block = [0; BLOCK];
        assert!(Header::parse(&block).is_none());
        block[..5].copy_from_slice(b"b/c.d");
        block[124..136].copy_from_slice(b"00000001750\0");
        block[156] = b'0';
        block[257..262].copy_from_slice(b"ustar");
        block[345] = b'a';
        let header = Header::parse(&block).unwrap();
        assert_eq!(
            (header.path.as_slice(), header.size),
            (&b"a/b/c.d"[..], 1000)
        );
        block[124] = b'9';
        assert!(Header::parse(&block).is_none());
    }
}
