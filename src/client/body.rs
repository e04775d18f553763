//! A file on its way to a server.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// How much is read at a time.
const CHUNK: u64 = 64 << 10;
/// From this size on, in bytes, the server is given a moment to say no to the header alone.
const LARGE: u64 = 1 << 20;
/// That moment.
const MOMENT: Duration = Duration::from_millis(250);

/// The first bytes of a file as the body of a request, with its length known from the start.
///
/// A large one waits a moment after the header: a server that refuses it (the token, the length) answers at once and
/// closes, and to somebody who is in the middle of sending that looks like a broken connection. What `Expect:
/// 100-continue` is for, which the library does not have.
///
/// It reads where it is polled: the thread has nothing else to do, and the file was just written or checked.
#[derive(Debug)]
pub(super) struct FileBody {
    file: Arc<File>,
    len: u64,
    sent: Arc<AtomicU64>,
    moment: Option<Pin<Box<Sleep>>>,
}

impl FileBody {
    /// The first `len` bytes of the file, within a runtime; `sent` is set to 0, and counts what was handed on.
    pub(super) fn new(file: Arc<File>, len: u64, sent: Arc<AtomicU64>) -> Self {
        sent.store(0, Ordering::Relaxed);
        let moment = (len >= LARGE).then(|| Box::pin(sleep(MOMENT)));
        Self {
            file,
            len,
            sent,
            moment,
        }
    }

    fn left(&self) -> u64 {
        self.len.saturating_sub(self.sent.load(Ordering::Relaxed))
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(moment) = &mut self.moment {
            std::task::ready!(moment.as_mut().poll(context));
            self.moment = None;
        }
        let left = self.left();
        if left == 0 {
            return Poll::Ready(None);
        }
        // At most CHUNK, so it fits.
        let mut chunk = vec![0; usize::try_from(left.min(CHUNK)).unwrap_or(1)];
        let read = match self.file.read_at(&mut chunk, self.len - left) {
            Ok(0) => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the zip became shorter while it was sent",
            )),
            Ok(read) => {
                chunk.truncate(read);
                self.sent.fetch_add(read as u64, Ordering::Relaxed);
                Ok(Frame::data(Bytes::from(chunk)))
            }
            Err(error) => Err(error),
        };
        Poll::Ready(Some(read))
    }

    fn is_end_stream(&self) -> bool {
        self.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left())
    }
}
