//! A body that is a file which is sent, not read.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use tokio::task::JoinHandle;

use super::{FileQueue, PIECE};
use crate::store::FileContent;

/// A part of an open file, as what stands for it on a connection.
#[derive(Debug)]
pub(in crate::http) struct SentFile {
    file: FileContent,
    offset: u64,
    remaining: u64,
    queue: FileQueue,
    /// Reads what comes next into the page cache.
    fetching: Option<JoinHandle<io::Result<()>>>,
}

impl SentFile {
    /// The bytes from `offset` on, this many, to be sent on the connection of this queue.
    pub(in crate::http) fn new(file: FileContent, offset: u64, len: u64, queue: FileQueue) -> Self {
        Self {
            file,
            offset,
            remaining: len,
            queue,
            fetching: None,
        }
    }

    /// How many bytes are still to come.
    pub(in crate::http) fn remaining(&self) -> u64 {
        self.remaining
    }

    /// `sendfile` waits for the disk where the page cache lacks something, and must not: this is an async thread.
    fn poll_at_hand(&mut self, cx: &mut Context<'_>, len: usize) -> Poll<io::Result<()>> {
        if self.fetching.is_none() {
            if self.file.is_at_hand(self.offset, len) {
                return Poll::Ready(Ok(()));
            }
            let (file, offset) = (self.file.clone(), self.offset);
            let fetch = move || file.bring_to_hand(offset, len);
            self.fetching = Some(tokio::task::spawn_blocking(fetch));
        }
        let Some(fetching) = &mut self.fetching else {
            return Poll::Ready(Ok(()));
        };
        let fetched = ready!(Pin::new(fetching).poll(cx));
        self.fetching = None;
        Poll::Ready(fetched.map_err(io::Error::other)?)
    }
}

impl Stream for SentFile {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.remaining == 0 {
            return Poll::Ready(None);
        }
        let len = usize::try_from(this.remaining).map_or(PIECE, |len| len.min(PIECE));
        if let Err(error) = ready!(this.poll_at_hand(cx, len)) {
            this.remaining = 0;
            tracing::warn!(%error, "a file could not be read to its end; the download was cut");
            return Poll::Ready(Some(Err(error)));
        }
        let bytes = this.queue.put(&this.file, this.offset, len);
        // A usize always fits here.
        this.offset += bytes.len() as u64;
        this.remaining -= bytes.len() as u64;
        Poll::Ready(Some(Ok(bytes)))
    }
}
