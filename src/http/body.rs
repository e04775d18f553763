//! The bodies of answers.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream as _;
use http_body::{Body, Frame, SizeHint};
use warp::http::Response;

use super::file_stream::FileStream;
use super::sendfile::{FileQueue, SentFile};
use crate::store::FileContent;

/// Why a body ends before its end.
pub(super) type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A part of an open file that is the body of a reply: an extension of replies, whose own body is empty then.
#[derive(Clone, Debug)]
pub(super) struct FilePart {
    pub(super) file: FileContent,
    pub(super) start: u64,
    pub(super) len: u64,
}

/// The body of an answer.
#[derive(Debug)]
pub(super) enum AnswerBody<B> {
    /// As a filter made it.
    Filter(B),
    /// Bytes in memory, until they are taken.
    Memory(Bytes),
    /// A file that is read while it is sent.
    Read(FileStream),
    /// A file that the kernel sends.
    Sent(SentFile),
}

/// A part that is shorter is read and goes out with the head: sending it takes more system calls.
const SHORTEST_SENT: u64 = 32 << 10;

/// The answer that a reply stands for, on a connection that sends files from this queue, if it does.
pub(super) fn of_reply<B>(
    mut reply: Response<B>,
    files: Option<&FileQueue>,
) -> Response<AnswerBody<B>> {
    let part = reply.extensions_mut().remove::<FilePart>();
    reply.map(|body| match (part, files) {
        (None, _) => AnswerBody::Filter(body),
        (Some(FilePart { file, start, len }), Some(files)) if len >= SHORTEST_SENT => {
            AnswerBody::Sent(SentFile::new(file, start, len, files.clone()))
        }
        (Some(FilePart { file, start, len }), _) => {
            AnswerBody::Read(FileStream::new(file, start, len))
        }
    })
}

/// A piece of a file, as part of a body.
fn frame(piece: Poll<Option<io::Result<Bytes>>>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
    piece.map(|piece| Some(piece?.map(Frame::data).map_err(Into::into)))
}

impl<B> Body for AnswerBody<B>
where
    B: Body<Data = Bytes, Error: Into<BodyError>> + Unpin,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Filter(body) => Pin::new(body)
                .poll_frame(cx)
                .map(|frame| Some(frame?.map_err(Into::into))),
            Self::Memory(bytes) => {
                let bytes = std::mem::take(bytes);
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Self::Read(file) => frame(Pin::new(file).poll_next(cx)),
            Self::Sent(file) => frame(Pin::new(file).poll_next(cx)),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Filter(body) => body.is_end_stream(),
            Self::Memory(bytes) => bytes.is_empty(),
            Self::Read(file) => file.remaining() == 0,
            Self::Sent(file) => file.remaining() == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Filter(body) => body.size_hint(),
            Self::Memory(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Read(file) => SizeHint::with_exact(file.remaining()),
            Self::Sent(file) => SizeHint::with_exact(file.remaining()),
        }
    }
}
