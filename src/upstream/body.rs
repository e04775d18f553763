//! The body of an answer over HTTP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use tokio::sync::OwnedSemaphorePermit;

use super::error::{FetchError, FetchErrorKind};
use super::fault::failed;
use super::measured::outcome;
use crate::metrics::UpstreamRequest;
use crate::transport::Fault;

/// How slow a body may be on average, once [`GRACE`] is used up: bytes a second.
const SLOWEST: f64 = 16.0 * 1024.0;
/// How many times the longest silence a body may be waited for before its pace counts.
const GRACE: u32 = 4;

/// A body that is on its way. It holds its place among the requests of its upstream.
pub(super) struct HttpBody {
    response: Response,
    upstream: Arc<str>,
    asked: Arc<str>,
    pace: Pace,
    _place: OwnedSemaphorePermit,
    /// The request, if its outcome is that of the body.
    counted: Option<UpstreamRequest>,
}

impl HttpBody {
    pub(super) fn new(
        response: Response,
        (upstream, asked): (Arc<str>, Arc<str>),
        longest_silence: Duration,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            response,
            upstream,
            asked,
            pace: Pace::new(longest_silence),
            _place: place,
            counted: None,
        }
    }

    /// The same, for a request that ends with its body.
    pub(super) fn counted_as(self, request: UpstreamRequest) -> Self {
        Self {
            counted: Some(request),
            ..self
        }
    }

    /// How long it will be; unknown if it is compressed on the way, or sent in chunks.
    pub(super) fn content_length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The next bytes; `None` at the end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, FetchError> {
        let chunk = self.next().await;
        if let Some(request) = &mut self.counted {
            match &chunk {
                Ok(Some(bytes)) => request.received(bytes.len()),
                end => request.ends(outcome(end)),
            }
        }
        chunk
    }

    async fn next(&mut self) -> Result<Option<Bytes>, FetchError> {
        loop {
            let begun = Instant::now();
            let chunk = self
                .response
                .chunk()
                .await
                .map_err(|error| failed(Fault::of(error), &self.upstream, &self.asked))?;
            let Some(bytes) = chunk else {
                return Ok(None);
            };
            if !self.pace.keeps_up(begun.elapsed(), bytes.len()) {
                return Err(FetchError::new(
                    FetchErrorKind::TimedOut,
                    &self.upstream,
                    &self.asked,
                    "the answer comes too slowly",
                ));
            }
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
    }

    /// All of it.
    pub(super) async fn collect(mut self, max: usize) -> Result<Bytes, FetchError> {
        let collected = self.collect_all(max).await;
        if let Some(request) = &mut self.counted {
            request.ends(outcome(&collected));
        }
        collected
    }

    async fn collect_all(&mut self, max: usize) -> Result<Bytes, FetchError> {
        let too_large = |body: &Self| {
            FetchError::new(
                FetchErrorKind::TooLarge,
                &body.upstream,
                &body.asked,
                format_args!("the answer is larger than {max} bytes"),
            )
        };
        if self.content_length().is_some_and(|len| len > max as u64) {
            return Err(too_large(self));
        }
        let mut all = BytesMut::new();
        while let Some(bytes) = self.chunk().await? {
            if bytes.len() > max - all.len() {
                return Err(too_large(self));
            }
            all.extend_from_slice(&bytes);
        }
        Ok(all.freeze())
    }
}

/// Whether bytes come fast enough. Only the time that they are waited for counts, not what the reader does between.
///
/// THREAT: an upstream that sends a byte now and then is never silent for too long, and would keep its place for ever.
struct Pace {
    grace: Duration,
    waited: Duration,
    received: usize,
}

impl Pace {
    fn new(longest_silence: Duration) -> Self {
        Self {
            grace: longest_silence.saturating_mul(GRACE),
            waited: Duration::ZERO,
            received: 0,
        }
    }

    fn keeps_up(&mut self, waited: Duration, bytes: usize) -> bool {
        self.waited += waited;
        self.received = self.received.saturating_add(bytes);
        let due = self.waited.saturating_sub(self.grace).as_secs_f64() * SLOWEST;
        self.received as f64 >= due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pace() {
        let second = Duration::from_secs(1);
        let mut trickle = Pace::new(second);
        let kept_up = (0..100).take_while(|_| trickle.keeps_up(second, 1)).count();
        assert_eq!(kept_up, GRACE as usize);
        let mut slow = Pace::new(second);
        assert!((0..100_000).all(|_| slow.keeps_up(second, SLOWEST as usize)));
        let mut large = Pace::new(second);
        assert!(large.keeps_up(second, 1 << 20));
    }
}
