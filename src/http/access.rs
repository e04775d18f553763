//! The access log: one event for each request, when its answer has ended; and its span, if it is traced.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use warp::http::header::{CONTENT_LENGTH, USER_AGENT};
use warp::http::{HeaderValue, Method, Request, Response, StatusCode, Version};

use super::activity::Activity;
use super::admission::Admitted;
use super::client::Client;
use super::http2;
use super::measured::{Measured, Meter};
use super::request_id;
use super::text::escape_control;
use super::trace_context;
use crate::metrics::Route;
use crate::trace::{self, Outcome, RequestId, TraceId, Tracer, Value};

/// Longest path in the log, in bytes.
const LONGEST_PATH: usize = 1024;
/// Longest name of a client's program in the log, in bytes.
const LONGEST_AGENT: usize = 200;

/// A request that is being answered. Logged when it is dropped, whichever way that happens.
#[derive(Debug)]
pub(super) struct Record {
    client: Client,
    method: Method,
    /// `None` if nobody listens: then it is not made either.
    asked: Option<Asked>,
    started: Instant,
    status: Option<StatusCode>,
    sent: u64,
    ended: bool,
    activity: Activity,
    measured: Measured,
    context: trace::Context,
    /// Its place, until the answer has ended.
    admitted: Option<Admitted>,
}

/// A line of the access log.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) client: Client,
    pub(super) method: &'a str,
    /// As [`shown_path`] has it.
    pub(super) path: &'a str,
    pub(super) status: Option<StatusCode>,
    pub(super) sent: u64,
    pub(super) took: Duration,
    pub(super) id: &'a RequestId,
    pub(super) trace: Option<TraceId>,
    pub(super) token: Option<&'a str>,
    pub(super) module: Option<&'a str>,
    pub(super) version: Option<&'a str>,
    pub(super) outcome: Option<Outcome>,
    /// As [`shown_agent`] has it.
    pub(super) agent: Option<&'a str>,
    pub(super) is_whole: bool,
}

impl Line<'_> {
    /// Whether anybody reads such lines.
    pub(super) fn is_heard() -> bool {
        tracing::enabled!(target: "athens::access", tracing::Level::INFO)
    }

    pub(super) fn log(self) {
        let tenths = self.took.as_micros() / 100;
        let shown = |text| tracing::field::display(text);
        tracing::info!(
            target: "athens::access",
            client = %self.client,
            method = %self.method,
            path = %self.path,
            status = self.status.map(|status| status.as_u16()),
            bytes = self.sent,
            // Exact up to 28 years.
            ms = f64::from(u32::try_from(tenths).unwrap_or(u32::MAX)) / 10.0,
            request = %self.id,
            trace = self.trace.map(tracing::field::display),
            token = self.token.map(shown),
            module = self.module.map(shown),
            version = self.version.map(shown),
            outcome = self.outcome.map(Outcome::as_str).map(shown),
            agent = self.agent,
            aborted = (!self.is_whole).then_some(true),
        );
    }
}

/// A path as it is shown.
pub(super) fn shown_path(path: &str) -> String {
    escape_control(path, LONGEST_PATH)
}

/// The name of a client's program as it is shown.
pub(super) fn shown_agent(agent: &[u8]) -> String {
    escape_control(&String::from_utf8_lossy(agent), LONGEST_AGENT)
}

/// What is shown of a request beside its method.
#[derive(Debug)]
struct Asked {
    path: String,
    agent: Option<HeaderValue>,
}

impl Record {
    /// Of a request that starts now.
    pub(super) fn start<B>(
        client: Client,
        request: &Request<B>,
        activity: Activity,
        meter: &Meter,
        tracer: &Tracer,
    ) -> Self {
        activity.request_started();
        let is_heard = Line::is_heard();
        let (parent, state) = trace_context::of(request.headers());
        let id = request_id::of(request.headers());
        let context = tracer.begin(id, parent, state, is_heard);
        let is_shown = is_heard || context.request().is_recorded();
        Self {
            client,
            method: request.method().clone(),
            asked: is_shown.then(|| Asked::of(request)),
            started: Instant::now(),
            status: None,
            sent: 0,
            ended: false,
            activity,
            measured: meter.begin(request),
            context,
            admitted: None,
        }
    }

    /// What whoever answers it works for.
    pub(super) fn context(&self) -> &trace::Context {
        &self.context
    }

    /// What it asks for.
    pub(super) fn route(&self) -> Route {
        self.measured.route()
    }

    /// It has a place, and keeps it until its answer has ended.
    pub(super) fn admitted(&mut self, admitted: Admitted) {
        self.admitted = Some(admitted);
    }

    /// It was turned away.
    pub(super) fn turned(&mut self, outcome: Outcome, is_logged: bool) {
        self.context.request().note_outcome(outcome);
        if !is_logged {
            self.asked = None;
        }
    }

    /// Follows the answer's body to its end.
    pub(super) fn follow<B: Body>(mut self, mut response: Response<B>) -> Response<Logged<B>> {
        request_id::put(self.context.request().id(), response.headers_mut());
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

    /// How it ended. What was noted on the way is about what the client got: a status that says no says it better.
    fn outcome(&self) -> Option<Outcome> {
        let status = self.status?;
        let noted = self.context.request().outcome();
        if matches!(noted, Some(Outcome::Limited | Outcome::Overloaded)) {
            return noted;
        }
        if status.is_server_error() {
            return Some(Outcome::Failed);
        }
        match status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Some(Outcome::Absent),
            _ if status.is_client_error() => Some(Outcome::Refused),
            _ => noted,
        }
    }

    fn log(&self, asked: &Asked) {
        let request = self.context.request();
        Line {
            client: self.client,
            method: self.method.as_str(),
            path: &asked.path,
            status: self.status,
            sent: self.sent,
            took: self.started.elapsed(),
            id: request.id(),
            trace: request.trace_id(),
            token: request.token(),
            module: request.module(),
            version: request.version(),
            outcome: self.outcome(),
            agent: asked.agent().as_deref(),
            is_whole: self.ended,
        }
        .log();
    }

    fn record(&self, asked: &Asked) {
        let request = self.context.request();
        let path = asked.path.split('?').next().unwrap_or_default();
        let mut attributes: Vec<(&'static str, Value)> = vec![
            ("http.request.method", self.method.as_str().into()),
            ("url.path", path.into()),
            (
                "client.address",
                (*self.client.address().to_string()).into(),
            ),
            ("http.response.body.size", self.sent.into()),
            ("request", request.id().as_str().into()),
        ];
        if let Some(status) = self.status {
            attributes.push(("http.response.status_code", status.as_u16().into()));
        }
        if let Some(agent) = asked.agent() {
            attributes.push(("user_agent.original", (*agent).into()));
        }
        let noted = [
            ("module", request.module()),
            ("version", request.version()),
            ("outcome", self.outcome().map(Outcome::as_str)),
        ];
        for (key, text) in noted {
            attributes.extend(text.map(|text| (key, text.into())));
        }
        let failure = match self.status {
            Some(status) if status.is_server_error() => Some(String::new()),
            _ if !self.ended => Some("the answer was cut off".to_owned()),
            _ => None,
        };
        request.record(
            span_name(&self.method),
            self.started.elapsed(),
            attributes,
            failure,
        );
    }
}

/// Few names, whatever a client calls its method.
fn span_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::PUT => "PUT",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        _ => "HTTP",
    }
}

impl Asked {
    fn of<B>(request: &Request<B>) -> Self {
        Self {
            path: shown_path(&target(request)),
            agent: request.headers().get(USER_AGENT).cloned(),
        }
    }

    fn agent(&self) -> Option<String> {
        Some(shown_agent(self.agent.as_ref()?.as_bytes()))
    }
}

/// The request target as it was sent, without a user name and a password: in absolute form it may have some. HTTP/2 sends
/// its parts apart, and most clients of HTTP/1.1 only the path.
fn target<B>(request: &Request<B>) -> String {
    let uri = request.uri();
    if let (Version::HTTP_2, Some(path)) = (request.version(), uri.path_and_query()) {
        return path.to_string();
    }
    let target = uri.to_string();
    let user = uri
        .authority()
        .and_then(|authority| authority.as_str().rsplit_once('@'));
    match user {
        Some((user, _)) => target.replacen(&format!("{user}@"), "", 1),
        None => target,
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.activity.response_ended();
        let took = self.started.elapsed();
        self.measured
            .ended(self.status, self.sent, self.ended, took);
        let Some(asked) = &self.asked else {
            return;
        };
        self.log(asked);
        if self.context.request().is_recorded() {
            self.record(asked);
        }
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
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        http2::taken();
        let this = self.get_mut();
        // What goes wrong with a body is logged as of this request too.
        let frame = (this.record.context).enter(|| Pin::new(&mut this.body).poll_frame(cx));
        match &frame {
            Poll::Ready(None) => this.record.ended = true,
            Poll::Ready(Some(Ok(frame))) => {
                http2::offered();
                if let Some(data) = frame.data_ref() {
                    this.record.sent += data.len() as u64;
                }
                // Nobody asks for more once the promised length is there.
                let is_whole = this.promised == Some(this.record.sent);
                this.record.ended = is_whole || this.body.is_end_stream();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_target_shows_a_password() {
        for (sent, shown) in [
            ("/a/b?c=d", "/a/b?c=d"),
            ("/a@b:c@d", "/a@b:c@d"),
            ("http://h/a", "http://h/a"),
            ("http://me:secret@h:80/a@b?c", "http://h:80/a@b?c"),
            ("me:secret@h:80", "h:80"),
        ] {
            let request = Request::builder().uri(sent).body(()).unwrap();
            assert_eq!(target(&request), shown, "{sent}");
        }
    }
}
