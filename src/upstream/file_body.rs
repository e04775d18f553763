//! A file, read piece by piece off the async threads.

use std::any::Any;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;

/// How much is read at a time.
const PIECE: usize = 256 << 10;

/// A file of a known length, read from its start.
pub(super) struct FileBody {
    file: Arc<File>,
    len: u64,
    at: u64,
    _guard: Option<Box<dyn Any + Send>>,
}

impl FileBody {
    pub(super) fn new(file: File, len: u64, guard: Option<Box<dyn Any + Send>>) -> Self {
        Self {
            file: Arc::new(file),
            len,
            at: 0,
            _guard: guard,
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// The next bytes; `None` at the end. A file that has become shorter is an error.
    pub(super) async fn chunk(&mut self) -> io::Result<Option<Bytes>> {
        let rest = self.len.saturating_sub(self.at);
        if rest == 0 {
            return Ok(None);
        }
        let (file, at) = (Arc::clone(&self.file), self.at);
        let size = usize::try_from(rest).map_or(PIECE, |rest| rest.min(PIECE));
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; size];
            file.read_exact_at(&mut piece, at)?;
            Ok::<_, io::Error>(Bytes::from(piece))
        });
        let piece = read.await.map_err(io::Error::other)??;
        self.at += piece.len() as u64;
        Ok(Some(piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_of_it_or_an_error() {
        let content: Vec<u8> = (0..PIECE + 10).map(|at| at as u8).collect();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.zip");
        std::fs::write(&path, &content).unwrap();
        for (len, is_whole) in [(content.len(), true), (content.len() + 1, false), (0, true)] {
            let mut body = FileBody::new(File::open(&path).unwrap(), len as u64, None);
            let mut read = Vec::new();
            let end = loop {
                match body.chunk().await {
                    Ok(Some(piece)) => read.extend_from_slice(&piece),
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error.kind()),
                }
            };
            match is_whole {
                true => {
                    assert_eq!(end, Ok(()));
                    assert!(read == content[..len]);
                }
                false => assert_eq!(end, Err(io::ErrorKind::UnexpectedEof)),
            }
        }
    }
}
