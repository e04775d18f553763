//! A socket between the kernel and hyper: tells what moves, and closes without a reset.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::activity::Activity;

/// How much a client that we have finished with may still send before we stop listening.
const LINGER_BYTES: usize = 1 << 20;

/// A socket that tells what it does, and that is closed in stages.
#[derive(Debug)]
pub(super) struct Watched<T> {
    io: T,
    activity: Activity,
    /// How much may still come after our sending side is closed; `None` while it is open.
    discard: Option<usize>,
}

impl<T> Watched<T> {
    pub(super) fn new(io: T, activity: Activity) -> Self {
        Self {
            io,
            activity,
            discard: None,
        }
    }

    fn note_write(&self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Ready(_) => self.activity.bytes_written(),
            Poll::Pending => self.activity.write_stalled(),
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.activity.bytes_read();
        }
        read
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.note_write(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        self.note_write(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// Closes in stages (RFC 9112, 9.6).
    ///
    /// Closing a socket that holds unread bytes makes the kernel send a reset, and a reset makes the client's kernel
    /// throw away what the client has not read yet: the very 431 that says why we closed. So only our sending side is
    /// closed first, and what still comes is thrown away for a while, in time and in bytes.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut left = match self.discard {
            Some(left) => left,
            None => {
                ready!(Pin::new(&mut self.io).poll_shutdown(cx))?;
                LINGER_BYTES
            }
        };
        let is_patient = self.activity.closed();
        while is_patient && left > 0 {
            self.discard = Some(left);
            let mut scratch = [0; 4096];
            let mut buffer = ReadBuf::new(&mut scratch);
            // Whether the client closes or resets now, it has what it wanted.
            let read = ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
            left = left.saturating_sub(buffer.filled().len());
        }
        self.discard = Some(0);
        Poll::Ready(Ok(()))
    }
}
