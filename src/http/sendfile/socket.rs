//! A TCP socket that sends the files which bytes stand for.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustix::net::SendFlags;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use super::{FileQueue, stands_for_file};

/// A connection over TCP.
#[derive(Debug)]
pub(in crate::http) struct FileSocket {
    stream: TcpStream,
    queue: FileQueue,
}

impl FileSocket {
    pub(in crate::http) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            queue: FileQueue::default(),
        }
    }

    /// Where files are put that are to be sent.
    pub(in crate::http) fn queue(&self) -> &FileQueue {
        &self.queue
    }

    /// Tries something until the socket takes bytes; `EAGAIN` means that it does not.
    fn poll_when_writable(
        &self,
        cx: &mut Context<'_>,
        mut attempt: impl FnMut(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_write_ready(cx))?;
            match (self.stream).try_io(Interest::WRITABLE, || attempt(&self.stream)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return Poll::Ready(result),
            }
        }
    }

    fn poll_send_file(&self, cx: &mut Context<'_>, len: usize) -> Poll<io::Result<usize>> {
        let sent = ready!(self.poll_when_writable(cx, |stream| {
            self.queue
                .send(len, |file, offset, len| file.send_to(stream, offset, len))
        }));
        if let Err(error) = &sent
            && error.kind() == io::ErrorKind::UnexpectedEof
        {
            tracing::warn!(%error, "a file could not be read to its end; the download was cut");
        }
        Poll::Ready(sent)
    }

    /// By the system call itself. That of libc can be cancelled by another thread, which costs it a fiftieth of a small
    /// answer to allow.
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        flags: SendFlags,
    ) -> Poll<io::Result<usize>> {
        let flags = flags | SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        self.poll_when_writable(cx, |stream| Ok(rustix::net::send(stream, bytes, flags)?))
    }
}

impl AsyncRead for FileSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for FileSocket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if stands_for_file(bytes) {
            return self.poll_send_file(cx, bytes.len());
        }
        self.poll_send(cx, bytes, SendFlags::empty())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Some(at) = slices.iter().position(|slice| stands_for_file(slice)) else {
            return Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        };
        match slices[..at].iter().find(|slice| !slice.is_empty()) {
            None => self.poll_send_file(cx, slices[at].len()),
            // What lies between the two, if anything ever does, comes next.
            // The head of an answer goes out with the beginning of the file, not in a packet of its own.
            Some(head) => self.poll_send(cx, head, SendFlags::MORE),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
