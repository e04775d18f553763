//! A way past hyper for requests whose answers lie ready.
//!
//! Of what such an answer costs, parsing a request into all its parts and putting the answer together from all of its own is
//! most that is not the kernel's. So between two requests, before hyper sees a byte, this looks whether a whole request has
//! come that says nothing but what it wants ([`PlainHead`]), and whether its answer lies ready; then it is written in one
//! piece, and hyper has seen nothing. Everything else goes to hyper as it came.
//!
//! Threat (RFC 9112, 11.2): whoever is of two minds about where a request ends can be made to take the content of one for
//! another. So this is used only as long as nothing can be in doubt: hyper was given nothing but heads, each whole and alone in
//! one read, of requests without content, and has written all of its answers. With the first exception it is over for this
//! connection, and a request in which anything is unusual is never for it.

mod date;
mod given;
mod head;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use self::given::Given;
use self::head::{PlainHead, is_one_head};
use super::activity::Activity;
use super::connection::Connection;
use super::live::Routes;

/// What carries HTTP/1 of a connection, with a way past hyper.
#[derive(Debug)]
pub(super) struct Shortcut<'a, T, S> {
    io: T,
    connection: &'a Connection<S>,
    activity: &'a Activity,
    /// Whether it may be used still.
    is_open: bool,
    /// Whether all that hyper wrote is handed over.
    is_flushed: bool,
    unsent: Option<Unsent<'a>>,
}

/// An answer that the socket did not take whole.
#[derive(Debug)]
struct Unsent<'a> {
    bytes: Vec<u8>,
    sent: usize,
    given: Given<'a>,
}

impl<'a, T, S: Routes> Shortcut<'a, T, S> {
    /// Carries a connection whose first byte has not come yet.
    pub(super) fn new(io: T, connection: &'a Connection<S>, activity: &'a Activity) -> Self {
        let admission = connection.admission.as_ref();
        Self {
            io,
            connection,
            activity,
            // What is noted of a request by its headers, and what is counted by the second, is left to one place.
            is_open: connection.tracer.is_off()
                && !connection.origin.is_behind_proxy()
                && admission.is_some_and(|admission| !admission.has_rates()),
            is_flushed: true,
            unsent: None,
        }
    }

    /// Whether what comes next is the beginning of a request.
    fn is_between_requests(&self) -> bool {
        self.is_open && self.is_flushed && self.activity.is_between_requests()
    }

    /// The answer to a request, if it lies ready.
    fn answer_to(&self, bytes: &[u8]) -> Option<(Vec<u8>, Given<'a>)> {
        let head = PlainHead::parse(bytes)?;
        // Reading a clock costs a fiftieth of an answer: it is read here and at the end.
        let now = Instant::now();
        let prepared = self.connection.routes.prepared_at(head.path, now)?;
        let given = Given::of(self.connection, prepared, &head, now)?;
        Some((given.bytes(), given))
    }
}

impl<T: AsyncWrite + Unpin, S> Shortcut<'_, T, S> {
    fn poll_unsent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(unsent) = &mut self.unsent {
            match ready!(Pin::new(&mut self.io).poll_write(cx, &unsent.bytes[unsent.sent..])) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(written) => unsent.sent += written,
                Err(error) => {
                    self.unsent = None;
                    self.activity.response_ended();
                    return Poll::Ready(Err(error));
                }
            }
            if unsent.sent == unsent.bytes.len() {
                unsent.given.ended(Instant::now());
                self.unsent = None;
                self.activity.response_ended();
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Writes an answer, or as much of it as the socket takes; the rest is left to [`poll_unsent`](Self::poll_unsent).
    fn write<'b>(
        &mut self,
        cx: &mut Context<'_>,
        bytes: Vec<u8>,
        mut given: Given<'b>,
    ) -> io::Result<Option<Unsent<'b>>> {
        let sent = match Pin::new(&mut self.io).poll_write(cx, &bytes) {
            Poll::Ready(Ok(sent)) => sent,
            Poll::Ready(Err(error)) => return Err(error),
            Poll::Pending => 0,
        };
        if sent == bytes.len() {
            let now = Instant::now();
            given.ended(now);
            self.activity.answered(now.into());
            return Ok(None);
        }
        self.activity.request_started();
        Ok(Some(Unsent { bytes, sent, given }))
    }
}

impl<T, S> AsyncRead for Shortcut<'_, T, S>
where
    T: AsyncRead + AsyncWrite + Unpin,
    S: Routes,
{
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            ready!(this.poll_unsent(cx))?;
            let is_between = this.is_between_requests();
            let before = buffer.filled().len();
            ready!(Pin::new(&mut this.io).poll_read(cx, buffer))?;
            let bytes = &buffer.filled()[before..];
            if bytes.is_empty() {
                return Poll::Ready(Ok(()));
            }
            if let Some((answer, given)) = is_between.then(|| this.answer_to(bytes)).flatten() {
                buffer.set_filled(before);
                this.unsent = this.write(cx, answer, given)?;
                continue;
            }
            this.is_open &= is_between && is_one_head(bytes);
            return Poll::Ready(Ok(()));
        }
    }
}

impl<T, S> AsyncWrite for Shortcut<'_, T, S>
where
    T: AsyncWrite + Unpin,
{
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_unsent(cx))?;
        this.is_flushed = false;
        Pin::new(&mut this.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_unsent(cx))?;
        this.is_flushed = false;
        Pin::new(&mut this.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.io).poll_flush(cx))?;
        this.is_flushed = true;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // Who has gone is not waited for.
        let _ = ready!(this.poll_unsent(cx));
        Pin::new(&mut this.io).poll_shutdown(cx)
    }
}
