//! The bytes of a zip, on their way.

use std::any::Any;
use std::fmt;
use std::fs::File;
use std::sync::Arc;

use bytes::Bytes;

use super::body::HttpBody;
use super::error::{DIRECT, FetchError, FetchErrorKind};
use super::file_body::FileBody;

/// A zip that an upstream sends. Memory is one chunk: of some KiB from the network, of 256 KiB from a file.
///
/// Dropping it gives the upstream up, wherever it is.
pub struct ZipBody {
    source: Source,
    upstream: Arc<str>,
    asked: Arc<str>,
    max: u64,
    received: u64,
}

enum Source {
    Http(Box<HttpBody>),
    File(FileBody),
}

impl ZipBody {
    /// A zip that lies in a file, from its start, of this length. What `guard` holds lives as long as the body: the
    /// directory that the file is in, for one.
    #[must_use]
    pub fn from_file(file: File, len: u64, guard: Box<dyn Any + Send>) -> Self {
        Self::new(Source::File(FileBody::new(file, len, Some(guard))))
    }

    pub(super) fn from_http(body: HttpBody) -> Self {
        Self::new(Source::Http(Box::new(body)))
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            upstream: DIRECT.into(),
            asked: "the zip".into(),
            max: u64::MAX,
            received: 0,
        }
    }

    /// Says whom its errors name, and what it may weigh.
    ///
    /// # Errors
    ///
    /// When its length is known and too large.
    pub(super) fn bounded(
        mut self,
        upstream: &str,
        asked: &str,
        max: u64,
    ) -> Result<Self, FetchError> {
        self.upstream = upstream.into();
        self.asked = asked.into();
        self.max = max;
        match self.content_length() {
            Some(len) if len > max => Err(self.too_large()),
            _ => Ok(self),
        }
    }

    /// How many bytes there will be, if it is known. There are exactly so many, or an error.
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        match &self.source {
            Source::Http(body) => body.content_length(),
            Source::File(body) => Some(body.len()),
        }
    }

    /// The next bytes, never none; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the upstream breaks off, is silent for too long, or sends more than the largest zip. Nothing comes after it.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, FetchError> {
        let chunk = match &mut self.source {
            Source::Http(body) => body.chunk().await,
            Source::File(body) => body.chunk().await.map_err(|error| {
                FetchError::new(FetchErrorKind::Failed, &self.upstream, &self.asked, error)
            }),
        }?;
        self.received += chunk.as_ref().map_or(0, |bytes| bytes.len() as u64);
        if self.received > self.max {
            return Err(self.too_large());
        }
        Ok(chunk)
    }

    fn too_large(&self) -> FetchError {
        FetchError::new(
            FetchErrorKind::TooLarge,
            &self.upstream,
            &self.asked,
            format_args!("it is larger than {} bytes", self.max),
        )
    }
}

impl fmt::Debug for ZipBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ZipBody")
            .field("upstream", &self.upstream)
            .field("asked", &self.asked)
            .field("content_length", &self.content_length())
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}
