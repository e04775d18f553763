//! The bodies of answers.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream as _;
use http_body::{Body, Frame, SizeHint};
use warp::http::Response;

use super::file_stream::FileStream;
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
    File(FileStream),
}

/// The answer that a reply stands for.
pub(super) fn of_reply<B>(mut reply: Response<B>) -> Response<AnswerBody<B>> {
    let part = reply.extensions_mut().remove::<FilePart>();
    reply.map(|body| match part {
        None => AnswerBody::Filter(body),
        Some(FilePart { file, start, len }) => AnswerBody::File(FileStream::new(file, start, len)),
    })
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
            Self::File(file) => Pin::new(file)
                .poll_next(cx)
                .map(|chunk| Some(chunk?.map(Frame::data).map_err(Into::into))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Filter(body) => body.is_end_stream(),
            Self::Memory(bytes) => bytes.is_empty(),
            Self::File(file) => file.remaining() == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Filter(body) => body.size_hint(),
            Self::Memory(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::File(file) => SizeHint::with_exact(file.remaining()),
        }
    }
}
