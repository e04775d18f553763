//! The body of a file reply: large chunks, read one after the other, never more than was promised.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use super::http2;
use crate::store::FileContent;

/// Bytes per read. Small chunks cost a system call and a wake-up each; this is where more gains nothing. It is also
/// what one download costs in memory.
const CHUNK: usize = 256 * 1024;
/// The same with HTTP/2, where one connection may have a hundred of them. Frames are far smaller.
const CHUNK_OF_STREAM: usize = 64 * 1024;

type Read = Pin<Box<dyn Future<Output = (FileContent, io::Result<Bytes>)> + Send>>;

/// A part of an open file.
pub(super) struct FileStream {
    state: State,
    offset: u64,
    remaining: u64,
}

enum State {
    Ready(FileContent),
    Reading(Read),
    /// After an error, or at the end.
    Done,
}

impl FileStream {
    /// The bytes from `offset` on, this many.
    pub(super) fn new(file: FileContent, offset: u64, len: u64) -> Self {
        Self {
            state: State::Ready(file),
            offset,
            remaining: len,
        }
    }

    /// How many bytes are still to come.
    pub(super) fn remaining(&self) -> u64 {
        self.remaining
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let state = &mut self.state;
        loop {
            if self.remaining == 0 {
                *state = State::Done;
            }
            match std::mem::replace(state, State::Done) {
                State::Done => return Poll::Ready(None),
                State::Ready(file) => {
                    let most = if http2::is_stream() {
                        CHUNK_OF_STREAM
                    } else {
                        CHUNK
                    };
                    let len = usize::try_from(self.remaining).map_or(most, |len| len.min(most));
                    let offset = self.offset;
                    *state = State::Reading(Box::pin(async move {
                        let read = file.read_at(offset, len).await;
                        (file, read)
                    }));
                }
                State::Reading(mut read) => match read.as_mut().poll(cx) {
                    Poll::Pending => {
                        *state = State::Reading(read);
                        return Poll::Pending;
                    }
                    Poll::Ready((file, Ok(mut chunk))) => {
                        // The length went out with the headers: a longer body would be read as the start of the next
                        // answer on this connection.
                        let most = usize::try_from(self.remaining).unwrap_or(usize::MAX);
                        chunk.truncate(most);
                        if chunk.is_empty() {
                            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
                        }
                        // A usize always fits here.
                        let read = chunk.len() as u64;
                        self.offset += read;
                        self.remaining -= read;
                        *state = State::Ready(file);
                        return Poll::Ready(Some(Ok(chunk)));
                    }
                    // A file that got shorter, a disk that fails: the connection ends before the promised length, and
                    // the client knows that it does not have all.
                    Poll::Ready((_, Err(error))) => return Poll::Ready(Some(Err(error))),
                },
            }
        }
    }
}

impl fmt::Debug for FileStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStream")
            .field("offset", &self.offset)
            .field("remaining", &self.remaining)
            .finish_non_exhaustive()
    }
}

impl Stream for FileStream {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = ready!(self.poll_chunk(cx));
        if let Some(Err(error)) = &chunk {
            tracing::warn!(%error, "a file could not be read to its end; the download was cut");
        }
        Poll::Ready(chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    async fn collect(mut stream: FileStream) -> (Vec<usize>, Vec<u8>, Option<io::ErrorKind>) {
        let (mut lengths, mut all) = (Vec::new(), Vec::new());
        loop {
            match std::future::poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await {
                None => return (lengths, all, None),
                Some(Ok(chunk)) => {
                    lengths.push(chunk.len());
                    all.extend_from_slice(&chunk);
                }
                Some(Err(error)) => return (lengths, all, Some(error.kind())),
            }
        }
    }

    fn file(content: &[u8]) -> (tempfile::NamedTempFile, FileContent) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        let open = file.reopen().unwrap();
        let metadata = open.metadata().unwrap();
        (file, FileContent::new(open, &metadata))
    }

    #[tokio::test]
    async fn chunks_add_up() {
        let content: Vec<u8> = (0..CHUNK * 2 + 5).map(|at| (at % 251) as u8).collect();
        for (offset, len, chunks) in [
            (0, content.len(), vec![CHUNK, CHUNK, 5]),
            (0, CHUNK, vec![CHUNK]),
            (1, CHUNK + 1, vec![CHUNK, 1]),
            (7, 0, vec![]),
            (content.len() - 1, 1, vec![1]),
        ] {
            let (_keep, file) = file(&content);
            let (lengths, all, error) =
                collect(FileStream::new(file, offset as u64, len as u64)).await;
            assert_eq!(lengths, chunks);
            assert_eq!(all, content[offset..offset + len]);
            assert_eq!(error, None);
        }
    }

    #[tokio::test]
    async fn a_file_that_shrank_ends_with_an_error() {
        let (_keep, file) = file(b"short");
        let (_, all, error) = collect(FileStream::new(file, 0, 10)).await;
        assert!(all.len() <= 5);
        assert_eq!(error, Some(io::ErrorKind::UnexpectedEof));
    }

    #[tokio::test]
    async fn a_file_that_grew_stops_at_the_promised_length() {
        let (_keep, file) = file(b"longer than promised");
        let (_, all, error) = collect(FileStream::new(file, 0, 6)).await;
        assert_eq!(all, b"longer");
        assert_eq!(error, None);
    }
}
