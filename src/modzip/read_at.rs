//! Reading at a position, so that several can read one archive at once.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Bytes that can be read at any position without moving a cursor: an open file, or a slice in memory.
pub trait ReadAt: Sync {
    /// Reads some bytes from `offset` on into `buffer`; 0 means that nothing is there.
    ///
    /// # Errors
    /// What the medium says.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

impl ReadAt for File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }
}

impl ReadAt for [u8] {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|offset| self.get(offset..))
            .unwrap_or_default();
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }
}

impl<T: ReadAt + ?Sized> ReadAt for &T {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        (**self).read_at(buffer, offset)
    }
}

impl<T: ReadAt + Send + ?Sized> ReadAt for Arc<T> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        (**self).read_at(buffer, offset)
    }
}

/// The first `len` bytes of something; what lies beyond does not exist.
pub(super) struct Source<'a, R: ?Sized> {
    bytes: &'a R,
    len: u64,
}

impl<R: ?Sized> Clone for Source<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R: ?Sized> Copy for Source<'_, R> {}

impl<'a, R: ReadAt + ?Sized> Source<'a, R> {
    pub(super) fn new(bytes: &'a R, len: u64) -> Self {
        Self { bytes, len }
    }

    pub(super) fn len(self) -> u64 {
        self.len
    }

    /// Fills `buffer` from `offset` on and says how much of it: less than all only where the bytes end.
    ///
    /// # Errors
    /// What the medium says; [`ErrorKind::UnexpectedEof`] if it has become shorter than it was said to be.
    pub(super) fn fill(self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let there = self.len.saturating_sub(offset);
        let want = usize::try_from(there).map_or(buffer.len(), |there| there.min(buffer.len()));
        let mut filled = 0;
        while filled < want {
            match self
                .bytes
                .read_at(&mut buffer[filled..want], offset + filled as u64)
            {
                Ok(0) => {
                    return Err(io::Error::new(
                        ErrorKind::UnexpectedEof,
                        "the file became shorter while it was read",
                    ));
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(want)
    }

    /// The `N` bytes at `offset`; `None` where there are not that many, or no such place.
    pub(super) fn array<const N: usize>(self, offset: i64) -> io::Result<Option<[u8; N]>> {
        let Ok(offset) = u64::try_from(offset) else {
            return Ok(None);
        };
        let mut array = [0; N];
        let filled = self.fill(&mut array, offset)?;
        Ok((filled == N).then_some(array))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_lies_beyond_the_end() {
        let source = Source::new(&b"0123456789"[..], 8);
        let mut buffer = [0; 4];
        assert_eq!(source.fill(&mut buffer, 2).unwrap(), 4);
        assert_eq!(&buffer, b"2345");
        assert_eq!(source.fill(&mut buffer, 6).unwrap(), 2);
        assert_eq!(source.fill(&mut buffer, u64::MAX).unwrap(), 0);
        assert_eq!(source.array(4).unwrap(), Some(*b"4567"));
        assert_eq!(source.array::<4>(5).unwrap(), None);
        assert_eq!(source.array::<1>(-1).unwrap(), None);
    }

    #[test]
    fn a_file_that_shrinks_is_an_error_not_an_end() {
        let source = Source::new(&b"01"[..], 8);
        let error = source.fill(&mut [0; 4], 0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    }
}
