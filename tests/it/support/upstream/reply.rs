//! What a scripted upstream answers.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) course: Course,
}

/// How an answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// With its `Content-Length`; the connection is kept.
    Whole,
    /// With this `Content-Length`, whatever the body has; the connection is closed.
    Declared(usize),
    /// In chunks, with or without the last one; the connection is closed.
    Chunked { is_whole: bool },
    /// The end of the connection is that of the body.
    UntilClosed,
    /// Nothing until the upstream is released; then the connection is closed.
    HangBeforeHead,
    /// Nothing until the upstream is released; then all of it, and the connection is kept.
    Held,
    /// The head, which declares one byte more, and the body; then nothing.
    HangInBody,
    /// The connection is closed without an answer.
    Hangup,
    /// Byte by byte, for ever.
    Trickle,
}

impl Reply {
    /// 200 with this body.
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: body.into(),
            course: Course::Whole,
        }
    }

    /// A status with one sentence as plain text.
    pub(crate) fn status(status: u16, text: &str) -> Self {
        Self::of_type(status, "text/plain; charset=utf-8", text)
    }

    /// A status with a body of some type.
    pub(crate) fn of_type(status: u16, content_type: &str, body: &str) -> Self {
        let reply = Self::ok(body).header("content-type", content_type);
        Self { status, ..reply }
    }

    /// A redirect, to a path or a URL.
    pub(crate) fn redirect(to: &str) -> Self {
        Self::status(302, "elsewhere").header("location", to)
    }

    /// No answer until the upstream is released, and then the end.
    pub(crate) fn hang() -> Self {
        Self::ok("").with(Course::HangBeforeHead)
    }

    /// The connection is closed without an answer.
    pub(crate) fn hangup() -> Self {
        Self::ok("").with(Course::Hangup)
    }

    /// Nothing until the upstream is released, and then all of it.
    pub(crate) fn held(self) -> Self {
        self.with(Course::Held)
    }

    /// With one more header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// All of the body and then nothing, although there should be more.
    pub(crate) fn hanging_in_the_body(self) -> Self {
        self.with(Course::HangInBody)
    }

    /// With another length than it has: more than that is a truncation.
    pub(crate) fn declared_as(self, len: usize) -> Self {
        self.with(Course::Declared(len))
    }

    /// In chunks.
    pub(crate) fn chunked(self) -> Self {
        self.with(Course::Chunked { is_whole: true })
    }

    /// In chunks without the last one.
    pub(crate) fn chunked_and_cut(self) -> Self {
        self.with(Course::Chunked { is_whole: false })
    }

    /// Without a length, up to the end of the connection.
    pub(crate) fn until_closed(self) -> Self {
        self.with(Course::UntilClosed)
    }

    /// A byte every ten milliseconds, over and over, until the client has enough.
    pub(crate) fn trickle(self) -> Self {
        self.with(Course::Trickle)
    }

    /// Compressed.
    pub(crate) fn gzip(mut self) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&self.body).unwrap();
        self.body = encoder.finish().unwrap();
        self.header("content-encoding", "gzip")
    }

    /// Whether it lets a client wait for ever.
    pub(crate) fn hangs(&self) -> bool {
        matches!(self.course, Course::HangBeforeHead | Course::HangInBody)
    }

    fn with(self, course: Course) -> Self {
        Self { course, ..self }
    }
}
