//! The access log: one event for each request, when its answer has ended.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use warp::http::header::CONTENT_LENGTH;
use warp::http::{Method, Request, Response, StatusCode, Version};

use super::activity::Activity;
use super::client::Client;
use super::http2;
use super::measured::{Measured, Meter};
use super::text::escape_control;

/// Longest path in the log, in bytes.
const LONGEST_PATH: usize = 1024;

/// A request that is being answered. Logged when it is dropped, whichever way that happens.
#[derive(Debug)]
pub(super) struct Record {
    client: Client,
    method: Method,
    /// `None` if nobody listens: then it is not made either.
    path: Option<String>,
    started: Instant,
    status: Option<StatusCode>,
    sent: u64,
    ended: bool,
    activity: Activity,
    measured: Measured,
}

impl Record {
    /// Of a request that starts now.
    pub(super) fn start<B>(
        client: Client,
        request: &Request<B>,
        activity: Activity,
        meter: &Meter,
    ) -> Self {
        activity.request_started();
        let is_heard = tracing::enabled!(target: "athens::access", tracing::Level::INFO);
        Self {
            client,
            method: request.method().clone(),
            path: is_heard.then(|| escape_control(&target(request), LONGEST_PATH)),
            started: Instant::now(),
            status: None,
            sent: 0,
            ended: false,
            activity,
            measured: meter.begin(request),
        }
    }

    /// Follows the answer's body to its end.
    pub(super) fn follow<B: Body>(mut self, response: Response<B>) -> Response<Logged<B>> {
        let status = response.status();
        self.status = Some(status);
        // A HEAD or a 304 promises a length that never comes.
        let has_body = self.method != Method::HEAD && status != StatusCode::NOT_MODIFIED;
        let promised = response
            .headers()
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse().ok())
            .filter(|_| has_body);
        response.map(|body| {
            self.ended = !has_body || body.is_end_stream();
            Logged {
                body,
                promised,
                record: self,
            }
        })
    }
}

/// The request target as it was sent. HTTP/2 sends its parts apart, and most clients of HTTP/1.1 only the path.
fn target<B>(request: &Request<B>) -> String {
    match request.uri().path_and_query() {
        Some(path) if request.version() == Version::HTTP_2 => path.to_string(),
        _ => request.uri().to_string(),
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.activity.response_ended();
        let took = self.started.elapsed();
        self.measured
            .ended(self.status, self.sent, self.ended, took);
        let Some(path) = &self.path else {
            return;
        };
        let tenths = took.as_micros() / 100;
        tracing::info!(
            target: "athens::access",
            client = %self.client,
            method = %self.method,
            path = %path,
            status = self.status.map(|status| status.as_u16()),
            bytes = self.sent,
            // Exact up to 28 years.
            ms = f64::from(u32::try_from(tenths).unwrap_or(u32::MAX)) / 10.0,
            aborted = (!self.ended).then_some(true),
        );
    }
}

/// A body that counts what is taken of it.
#[derive(Debug)]
pub(super) struct Logged<B> {
    body: B,
    promised: Option<u64>,
    record: Record,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Logged<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        http2::taken();
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        match &frame {
            Poll::Ready(None) => self.record.ended = true,
            Poll::Ready(Some(Ok(frame))) => {
                http2::offered();
                if let Some(data) = frame.data_ref() {
                    self.record.sent += data.len() as u64;
                }
                // Nobody asks for more once the promised length is there.
                let is_whole = self.promised == Some(self.record.sent);
                self.record.ended = is_whole || self.body.is_end_stream();
            }
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
