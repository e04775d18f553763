//! From a cause to a status and one sentence: the only such match.
//!
//! The status decides what the go command does next, so it is worth a table. 404 and 410 mean "ask the next proxy of
//! `GOPROXY=A,B`"; everything else stops there, or fails the build. So a 404 is only said of what truly is not here
//! (never of something that could not be read), and everything that is truly not here is a 404, also paths that are
//! no module at all: `go get x/y/z` asks for each prefix, and another status on one of them would be fatal.
//!
//! The body is one line of plain text, because that is what the go command shows (`text/plain`, graphic characters
//! only, the first 648 bytes). Quoted input is escaped and cut.
//!
//! No error is kept by a cache (`no-store`): the module that is missing now may arrive a second later.

use std::time::Duration;
use tokio::time::Instant;
use warp::Reply as _;

use warp::http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use warp::http::{HeaderName, HeaderValue, StatusCode};
use warp::reply::Response;

use super::complaint::Complaint;
use super::invalid;
use super::text::escape_to_ascii;
use crate::module::ModuleVersion;
use crate::proxy::{ErrorKind, ProxyError, PublishError, Report};
use crate::trace;

/// Longest sentence, in bytes: below the 648 that the go command shows.
const LONGEST: usize = 600;

pub(super) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
pub(super) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Why a request gets no file.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The message itself is wrong in a way that may be an attack on what stands between us and the client; the
    /// connection is closed.
    BadMessage(&'static str),
    /// The path cannot be a path of ours: the words complete "bad request: ".
    BadPath(&'static str),
    /// The query asks for what there can not be. A sentence's words after "bad request: ".
    BadQuery(String),
    /// Nothing is here. A whole sentence.
    NotFound(String),
    /// The request has come through this server before.
    Loop,
    /// A method that the path does not take: those that it does.
    MethodNotAllowed(&'static str),
    /// `If-Match` or `If-Unmodified-Since` does not hold.
    PreconditionFailed,
    /// The range starts after the end of a file of this length.
    RangeNotSatisfiable {
        /// The file's length in bytes.
        len: u64,
    },
    /// What the proxy itself said.
    Proxy(ProxyError),
    /// No token, or none that counts. A clause.
    Unauthorized(String),
    /// A token that is not enough. A sentence.
    Forbidden(String),
    /// Too many wrong tokens from one address; again after this time.
    TooManyFailures(Duration),
    /// As many uploads as there are places for; again after this time.
    Busy(Duration),
    /// As many requests as are answered at a time; again after this time.
    Overloaded(Duration),
    /// As many requests of this client as are answered at a time; again after this time.
    TooManyAtOnce(Duration),
    /// More requests of this client than its rate allows; again after this time.
    TooFast(Duration),
    /// As many pages of feeds as are made at a time; again after this time.
    FeedsBusy(Duration),
    /// The client sent nothing of its upload for this time.
    UploadTimeout(Duration),
    /// The path or a header can not be of a version. A clause.
    Unprocessable(String),
    /// A zip that is not fit to be published.
    Invalid {
        /// The version that it was to be.
        version: ModuleVersion,
        /// What is wrong with it.
        report: Box<Report>,
        /// Whether the client reads JSON.
        as_json: bool,
    },
    /// A version that was not published or deleted, for another reason.
    Publish(PublishError),
    /// We failed. A sentence.
    Failed(String),
}

impl Refusal {
    /// The status that a cause has.
    fn status(&self) -> StatusCode {
        match self {
            Self::BadMessage(_) | Self::BadPath(_) | Self::BadQuery(_) => StatusCode::BAD_REQUEST,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            // RFC 5842, 7.2.
            Self::Loop => StatusCode::LOOP_DETECTED,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::RangeNotSatisfiable { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::Proxy(error) => match error.kind() {
                ErrorKind::NotFound => StatusCode::NOT_FOUND,
                ErrorKind::Gone => StatusCode::GONE,
                ErrorKind::Forbidden => StatusCode::FORBIDDEN,
                ErrorKind::UpstreamFailed => StatusCode::BAD_GATEWAY,
                ErrorKind::Loop => StatusCode::LOOP_DETECTED,
                ErrorKind::UpstreamTimedOut => StatusCode::GATEWAY_TIMEOUT,
                ErrorKind::Full => StatusCode::INSUFFICIENT_STORAGE,
                ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::TooManyFailures(_) | Self::TooManyAtOnce(_) | Self::TooFast(_) => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::Busy(_) | Self::FeedsBusy(_) | Self::Overloaded(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::UploadTimeout(_) => StatusCode::REQUEST_TIMEOUT,
            Self::Unprocessable(_) | Self::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Publish(error) => match error {
                PublishError::Invalid { .. } | PublishError::Nameless { .. } => {
                    StatusCode::UNPROCESSABLE_ENTITY
                }
                PublishError::Conflict(_) => StatusCode::CONFLICT,
                PublishError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
                PublishError::Unknown { .. } => StatusCode::NOT_FOUND,
                PublishError::Deleted { .. } => StatusCode::GONE,
                PublishError::ReadOnly => StatusCode::FORBIDDEN,
                PublishError::Store(error) if error.is_full() => StatusCode::INSUFFICIENT_STORAGE,
                PublishError::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The sentence that the person behind the go command reads.
    fn sentence(&self) -> String {
        escape_to_ascii(&self.words(), LONGEST)
    }

    fn words(&self) -> String {
        match self {
            Self::BadMessage(what) | Self::BadPath(what) => format!("bad request: {what}"),
            Self::BadQuery(what) => format!("bad request: {what}"),
            Self::NotFound(sentence) => sentence.clone(),
            Self::Loop => "this request has come through this server before: its upstream leads back to it. Set \
                --upstream of one of the servers on the way to another one, or to off"
                .to_owned(),
            Self::MethodNotAllowed(methods) => match methods.rsplit_once(", ") {
                Some((others, last)) => format!("only {others} and {last} are served here"),
                None => format!("only {methods} is served here"),
            },
            Self::PreconditionFailed => {
                "the file is not the one that If-Match or If-Unmodified-Since names".to_owned()
            }
            Self::RangeNotSatisfiable { len } => {
                format!("the range starts after the end of the file, which has {len} bytes")
            }
            Self::Proxy(error) => error.to_string(),
            Self::Unauthorized(why) => format!("not authorized: {why}"),
            Self::Forbidden(sentence) | Self::Failed(sentence) => sentence.clone(),
            Self::TooManyFailures(again) => {
                format!(
                    "too many wrong tokens from this address; try again in {} seconds",
                    again.as_secs()
                )
            }
            Self::Busy(_) => {
                "as many uploads as this server takes at once are under way; try again".to_owned()
            }
            Self::Overloaded(_) => {
                "this server answers as many requests as it can; try again".to_owned()
            }
            Self::TooManyAtOnce(_) => {
                "this client has as many requests under way as it may have; try again, with fewer at a time"
                    .to_owned()
            }
            Self::TooFast(again) => format!(
                "this client asks more often than it may; try again in {} seconds",
                again.as_secs()
            ),
            Self::FeedsBusy(_) => {
                "as many pages as this server makes at once are asked for; try again".to_owned()
            }
            Self::UploadTimeout(patience) => format!(
                "nothing of the upload came for {} seconds",
                patience.as_secs()
            ),
            Self::Unprocessable(why) => why.clone(),
            Self::Invalid {
                version, report, ..
            } => invalid::headline(version, report),
            Self::Publish(error) => error.to_string(),
        }
    }

    /// The sentence, as it is shown. Where we failed, it names the request, so that whoever is told of it finds in the log
    /// what happened.
    fn shown(&self, status: StatusCode) -> String {
        let request = match trace::current() {
            Some(context) if status.is_server_error() => {
                format!(" (request {})", context.request().id())
            }
            _ => String::new(),
        };
        escape_to_ascii(&self.words(), LONGEST - request.len()) + &request
    }

    /// A header that belongs to the status.
    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            // RFC 9110, 15.5.6: a 405 names the methods.
            Self::MethodNotAllowed(methods) => Some((ALLOW, HeaderValue::from_static(methods))),
            // RFC 9110, 15.5.17: a 416 gives the length.
            Self::RangeNotSatisfiable { len } => HeaderValue::try_from(format!("bytes */{len}"))
                .ok()
                .map(|value| (CONTENT_RANGE, value)),
            Self::BadMessage(_) => Some((CONNECTION, HeaderValue::from_static("close"))),
            // RFC 9110, 11.6.1: Basic is what .netrc and URLs of the go command become.
            Self::Unauthorized(_) => Some((
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"athens\", charset=\"UTF-8\""),
            )),
            Self::TooManyFailures(again)
            | Self::Busy(again)
            | Self::FeedsBusy(again)
            | Self::Overloaded(again)
            | Self::TooManyAtOnce(again)
            | Self::TooFast(again) => Some((RETRY_AFTER, HeaderValue::from(again.as_secs()))),
            _ => None,
        }
    }

    /// The reply.
    pub(super) fn into_response(self) -> Response {
        let status = self.status();
        // Of many who are turned away a line each would be a flood of its own.
        match &self {
            Self::Busy(_) => log_now_and_then(&UPLOADS_BUSY, &self),
            Self::FeedsBusy(_) => log_now_and_then(&FEEDS_BUSY, &self),
            // Said where it is decided.
            Self::Overloaded(_) => {}
            _ if status.is_server_error() => log_failure(&self, status),
            _ => {}
        }
        let mut response = match &self {
            Self::Invalid {
                version,
                report,
                as_json,
            } => invalid::reply(status, version, report, *as_json),
            _ => text_reply(status, self.shown(status)),
        };
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<PublishError> for Refusal {
    fn from(error: PublishError) -> Self {
        Self::Publish(error)
    }
}

impl From<ProxyError> for Refusal {
    fn from(error: ProxyError) -> Self {
        Self::Proxy(error)
    }
}

/// That clients are turned away for a while.
static UPLOADS_BUSY: Complaint = Complaint::new();
static FEEDS_BUSY: Complaint = Complaint::new();

fn log_now_and_then(complaint: &Complaint, refusal: &Refusal) {
    if complaint.is_due(Instant::now()) {
        tracing::warn!("{}", refusal.sentence());
    }
}

/// Our own failures are logged once, here, with every cause; the client sees the sentence only.
fn log_failure(refusal: &Refusal, status: StatusCode) {
    let mut causes = String::new();
    let error: Option<&dyn std::error::Error> = match refusal {
        Refusal::Proxy(error) => Some(error),
        Refusal::Publish(error) => Some(error),
        _ => None,
    };
    if let Some(error) = error {
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push_str(": ");
            causes.push_str(&cause.to_string());
            source = cause.source();
        }
    }
    tracing::error!(status = status.as_u16(), "{}{causes}", refusal.sentence());
}

/// One line of plain text that no cache keeps.
pub(super) fn text_reply(status: StatusCode, mut line: String) -> Response {
    line.push('\n');
    let mut response = line.into_response();
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, TEXT);
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;
    use std::io;

    #[test]
    fn every_cause_has_its_status() {
        let module: crate::module::ModulePath = "example.com/m".parse().unwrap();
        let table = [
            (Refusal::BadMessage("x"), 400, "bad request: x"),
            (Refusal::BadPath("x"), 400, "bad request: x"),
            (Refusal::BadQuery("x".to_owned()), 400, "bad request: x"),
            (
                Refusal::FeedsBusy(Duration::from_secs(1)),
                503,
                "as many pages as this server makes at once are asked for; try again",
            ),
            (
                Refusal::Overloaded(Duration::from_secs(1)),
                503,
                "this server answers as many requests as it can; try again",
            ),
            (
                Refusal::TooManyAtOnce(Duration::from_secs(1)),
                429,
                "this client has as many requests under way as it may have; try again, with fewer at a time",
            ),
            (
                Refusal::TooFast(Duration::from_secs(7)),
                429,
                "this client asks more often than it may; try again in 7 seconds",
            ),
            (
                Refusal::NotFound("not found: x".to_owned()),
                404,
                "not found: x",
            ),
            (
                Refusal::Loop,
                508,
                "this request has come through this server before: its upstream leads back to it. Set --upstream of one \
                 of the servers on the way to another one, or to off",
            ),
            (
                Refusal::MethodNotAllowed("GET, HEAD"),
                405,
                "only GET and HEAD are served here",
            ),
            (
                Refusal::PreconditionFailed,
                412,
                "the file is not the one that If-Match or If-Unmodified-Since names",
            ),
            (
                Refusal::RangeNotSatisfiable { len: 7 },
                416,
                "the range starts after the end of the file, which has 7 bytes",
            ),
            (
                ProxyError::UnknownModule { module, why: None }.into(),
                404,
                "module example.com/m is not on this server",
            ),
            (
                ProxyError::Store(StoreError::io("read", "x", io::ErrorKind::PermissionDenied))
                    .into(),
                500,
                "the storage of this server failed: cannot read x: permission denied",
            ),
        ];
        for (refusal, status, sentence) in table {
            assert_eq!(refusal.status().as_u16(), status, "{refusal:?}");
            assert_eq!(refusal.sentence(), sentence);
            let response = refusal.into_response();
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(response.headers()[CONTENT_TYPE], TEXT);
            assert_eq!(response.headers()[CACHE_CONTROL], NO_STORE);
        }
    }

    #[test]
    fn headers_of_a_status() {
        let header = |refusal: Refusal, name: HeaderName| {
            refusal.into_response().headers().get(name).cloned()
        };
        assert_eq!(
            header(Refusal::MethodNotAllowed("GET, HEAD, PUT"), ALLOW).unwrap(),
            "GET, HEAD, PUT"
        );
        assert_eq!(
            header(Refusal::RangeNotSatisfiable { len: 12 }, CONTENT_RANGE).unwrap(),
            "bytes */12"
        );
        assert_eq!(
            header(Refusal::BadMessage("x"), CONNECTION).unwrap(),
            "close"
        );
        assert_eq!(header(Refusal::BadPath("x"), CONNECTION), None);
    }

    #[test]
    fn hostile_input_stays_one_short_line() {
        let sentence =
            Refusal::NotFound(format!("no\r\n\x1b[2J<é> {}", "x".repeat(5000))).sentence();
        assert!(
            sentence.starts_with(r"no\r\n\u{1b}[2J<\u{e9}> xxx"),
            "{sentence}"
        );
        assert!(sentence.len() <= LONGEST);
        assert!(
            sentence
                .bytes()
                .all(|byte| byte == b' ' || byte.is_ascii_graphic())
        );
    }
}
