//! Sending files without reading them: the kernel copies from the page cache to the socket (`sendfile`).
//!
//! hyper knows bytes and nothing else. So a body that is a file gives it [`Bytes`] of a region of memory that stands for files:
//! nobody ever reads or writes it, so it takes no memory. What they stand for is in a queue of the connection, in the order in
//! which hyper got them, which is the order in which it writes. The socket's wrapper knows the region's addresses: where hyper
//! would write such bytes, it sends from the file at the head of the queue.
//!
//! hyper must not copy bodies for that; it does so only for sockets that cannot write several slices at once, and with
//! `pipeline_flush`, which is not set. Where bytes are changed on their way (TLS) or framed (HTTP/2), files are read
//! ([`super::file_stream`]).

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::store::FileContent;

mod body;
#[cfg(target_os = "linux")]
mod socket;

pub(super) use body::SentFile;
#[cfg(target_os = "linux")]
pub(super) use socket::FileSocket;

/// How much of a file hyper is given at a time, in bytes: more than a socket takes at once.
const PIECE: usize = 2 << 20;

/// Stands for files. Fresh zeroed memory of this size is mapped, and no page of it is there before it is touched.
static REGION: LazyLock<&'static [u8]> = LazyLock::new(|| vec![0; PIECE].leak());

/// What the region stands for on one connection: parts of files, in the order in which they are sent.
#[derive(Clone, Debug, Default)]
pub(super) struct FileQueue(Arc<Mutex<VecDeque<Piece>>>);

/// A part of a file that is still to be sent.
#[derive(Debug)]
struct Piece {
    file: FileContent,
    offset: u64,
    left: usize,
}

impl FileQueue {
    /// Bytes that stand for this part of a file; at most [`PIECE`].
    fn put(&self, file: &FileContent, offset: u64, len: usize) -> Bytes {
        let bytes = &REGION[..len.min(PIECE)];
        self.pieces().push_back(Piece {
            file: file.clone(),
            offset,
            left: bytes.len(),
        });
        Bytes::from_static(bytes)
    }

    /// Sends up to `len` bytes from the first part, and takes them out of the queue.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "nothing is ever put")
    )]
    fn send(
        &self,
        len: usize,
        send: impl FnOnce(&FileContent, u64, usize) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut pieces = self.pieces();
        let Some(piece) = pieces.front_mut() else {
            return Err(io::Error::other("nothing stands for what is to be sent"));
        };
        let sent = send(&piece.file, piece.offset, len.min(piece.left))?;
        if sent == 0 && len > 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!(
                    "the file ends at byte {}, it was longer when opened",
                    piece.offset
                ),
            ));
        }
        piece.offset += sent as u64;
        piece.left -= sent;
        if piece.left == 0 {
            pieces.pop_front();
        }
        Ok(sent)
    }

    fn pieces(&self) -> MutexGuard<'_, VecDeque<Piece>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether bytes stand for a file: by where they are.
fn stands_for_file(bytes: &[u8]) -> bool {
    let start = REGION.as_ptr().addr();
    !bytes.is_empty() && (start..start + REGION.len()).contains(&bytes.as_ptr().addr())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> FileContent {
        let file = tempfile::tempfile().unwrap();
        let metadata = file.metadata().unwrap();
        FileContent::new(file, &metadata)
    }

    #[test]
    fn what_stands_for_files() {
        let queue = FileQueue::default();
        let file = file();
        let mut bytes = queue.put(&file, 7, PIECE + 1);
        assert_eq!(bytes.len(), PIECE);
        assert!(stands_for_file(&bytes));
        assert!(stands_for_file(&bytes.split_off(PIECE - 1)));
        assert!(!stands_for_file(&bytes[..0]));
        assert!(!stands_for_file(b"else"));
        assert!(!stands_for_file(&vec![0; PIECE]));
    }

    #[test]
    fn parts_are_sent_in_order_and_no_more_of_them_than_is_asked() {
        let queue = FileQueue::default();
        let file = file();
        queue.put(&file, 100, 10);
        queue.put(&file, 500, 5);
        let mut calls = Vec::new();
        for (len, takes) in [(4, 3), (100, 7), (2, 2), (100, 3)] {
            let sent = queue.send(len, |_, offset, most| {
                calls.push((offset, most));
                Ok(takes)
            });
            assert_eq!(sent.unwrap(), takes);
        }
        assert_eq!(calls, [(100, 4), (103, 7), (500, 2), (502, 3)]);
        let error = queue.send(1, |_, _, _| Ok(1)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Other);
    }

    #[test]
    fn a_file_that_got_shorter_is_an_error() {
        let queue = FileQueue::default();
        queue.put(&file(), 0, 10);
        let error = queue.send(10, |_, _, _| Ok(0)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
