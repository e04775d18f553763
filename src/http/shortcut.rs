//! A way past hyper for requests whose answers lie ready.
//!
//! Of what such an answer costs, parsing a request into all its parts and putting the answer together from all of its own is
//! most that is not the kernel's. So between two requests, before hyper sees a byte, this looks whether a whole request has
//! come that says nothing but what it wants ([`PlainHead`]), and whether its answer lies ready; then it is written in one
//! piece, and hyper has seen nothing. Everything else goes to hyper as it came.
//!
//! They take turns. With the first request that is not for here it is hyper's turn, which then reads and writes through this;
//! with the first one that is, it is over, and what hyper kept of the connection is given up.
//!
//! Threat (RFC 9112, 11.2): whoever is of two minds about where a request ends can be made to take the content of one for
//! another. So this is used only as long as nothing can be in doubt: hyper was given nothing but heads, each whole and alone in
//! one read, of requests without content, and has written all of its answers. With the first exception it is over for this
//! connection, and a request in which anything is unusual is never for it.

mod date;
mod given;
mod head;

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use self::given::Given;
use self::head::{PlainHead, is_one_head};
use super::activity::Activity;
use super::admission::ClientDoor;
use super::connection::Connection;
use super::ending::{Ending, Told};
use super::live::Routes;

/// The longest request that is looked at, in bytes; the head of one of the go command has some 150.
const LONGEST: usize = 2048;

/// What carries HTTP/1 of a connection, with a way past hyper.
#[derive(Debug)]
pub(super) struct Shortcut<'a, T, S> {
    io: T,
    connection: &'a Connection<S>,
    activity: &'a Activity,
    /// `None` if it is never used.
    door: Option<&'a ClientDoor>,
    /// Whether it may be used still.
    is_open: bool,
    turn: &'a Turn,
    /// What hyper reads first.
    unread: Bytes,
    /// Whether all that hyper wrote is handed over.
    is_flushed: bool,
    unsent: Option<Unsent<'a>>,
}

/// Whether it is hyper's turn, for who polls hyper.
#[derive(Debug, Default)]
pub(super) struct Turn {
    is_over: AtomicBool,
}

impl Turn {
    /// Whether hyper's turn is over.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    fn set_over(&self, is_over: bool) {
        self.is_over.store(is_over, Ordering::Relaxed);
    }
}

/// What comes after a turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// hyper's turn.
    Hyper,
    /// The connection is closed in order.
    End,
    /// It is given up.
    Cut,
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
    pub(super) fn new(
        io: T,
        connection: &'a Connection<S>,
        activity: &'a Activity,
        door: Option<&'a ClientDoor>,
        turn: &'a Turn,
    ) -> Self {
        Self {
            io,
            connection,
            activity,
            door,
            is_open: door.is_some(),
            turn,
            unread: Bytes::new(),
            is_flushed: true,
            unsent: None,
        }
    }

    /// hyper's turn was over, and it had read so much of which it has done nothing yet.
    pub(super) fn comes_back(&mut self, unread: Bytes) {
        self.turn.set_over(false);
        self.is_open &= unread.is_empty();
        self.unread = unread;
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
        let within = self.door?.enter()?;
        let given = Given::of(self.connection, prepared, &head, now, within);
        Some((given.bytes(), given))
    }
}

impl<T, S> Shortcut<'_, T, S>
where
    T: AsyncRead + AsyncWrite + Unpin,
    S: Routes,
{
    /// Answers what comes for as long as that lies ready.
    pub(super) async fn take_turn(&mut self, ending: &mut Ending<'_>) -> io::Result<Next> {
        poll_fn(|cx| {
            loop {
                if let Poll::Ready(next) = self.poll_requests(cx, ending.is_finishing()) {
                    return Poll::Ready(next);
                }
                match ready!(ending.poll(cx)) {
                    Told::ToFinish => {}
                    Told::ToEnd => return Poll::Ready(Ok(Next::Cut)),
                }
            }
        })
        .await
    }

    fn poll_requests(
        &mut self,
        cx: &mut Context<'_>,
        is_finishing: bool,
    ) -> Poll<io::Result<Next>> {
        while self.is_open {
            ready!(self.poll_unsent(cx))?;
            if is_finishing {
                return Poll::Ready(Ok(Next::End));
            }
            let mut space = [MaybeUninit::uninit(); LONGEST];
            let mut buffer = ReadBuf::uninit(&mut space);
            ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer))?;
            let bytes = buffer.filled();
            if bytes.is_empty() {
                return Poll::Ready(Ok(Next::End));
            }
            match self.answer_to(bytes) {
                Some((answer, given)) => self.unsent = self.write(cx, answer, given)?,
                None => {
                    self.is_open = is_one_head(bytes);
                    self.unread = Bytes::copy_from_slice(bytes);
                    break;
                }
            }
        }
        Poll::Ready(Ok(Next::Hyper))
    }

    /// Closes it in order.
    pub(super) async fn close(mut self, ending: &mut Ending<'_>) {
        poll_fn(|cx| {
            loop {
                if Pin::new(&mut self).poll_shutdown(cx).is_ready()
                    || ready!(ending.poll(cx)) == Told::ToEnd
                {
                    return Poll::Ready(());
                }
            }
        })
        .await;
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
        if !this.unread.is_empty() {
            let now = this.unread.len().min(buffer.remaining());
            buffer.put_slice(&this.unread.split_to(now));
            return Poll::Ready(Ok(()));
        }
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
            // Who polls hyper sees it next, and what is unsent is sent first in the turn that comes.
            this.turn.set_over(true);
            return Poll::Pending;
        }
        this.is_open &= is_between && is_one_head(bytes);
        Poll::Ready(Ok(()))
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
        this.is_flushed = false;
        Pin::new(&mut this.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
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
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}
