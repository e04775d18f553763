//! From what went wrong on the wire, and from statuses, to errors.

use std::time::Duration;

use reqwest::StatusCode;

use super::error::{Again, FetchError, FetchErrorKind};
use crate::transport::{Fault, FaultKind};

/// The error for a fault on the way.
pub(super) fn failed(fault: Fault, upstream: &str, asked: &str) -> FetchError {
    let (kind, again) = match fault.kind {
        // The time is spent already.
        FaultKind::TimedOut => (FetchErrorKind::TimedOut, Again::No),
        FaultKind::Lost => (FetchErrorKind::Failed, Again::Soon),
        _ => (FetchErrorKind::Failed, Again::No),
    };
    FetchError::new(kind, upstream, asked, sentence(&fault)).with_again(again)
}

fn sentence(fault: &Fault) -> String {
    let what = match fault.kind {
        FaultKind::Setup => "the request cannot be made",
        FaultKind::Refused => "nothing listens there",
        FaultKind::Unreachable => "it cannot be reached",
        FaultKind::Tls => "no secure connection",
        FaultKind::TimedOut => "it took too long",
        FaultKind::Redirect => "it redirects where we do not follow",
        FaultKind::Lost => "the connection broke",
        FaultKind::Encoding => "the answer is not encoded as it says",
    };
    format!("{what}: {}", fault.why)
}

/// The error for an answer with another status than 200, which alone is a success, as for the go command. `after` is its
/// `Retry-After`.
pub(super) fn refused(
    status: StatusCode,
    after: Option<Duration>,
    upstream: &str,
    asked: &str,
) -> FetchError {
    let kind = match status.as_u16() {
        404 | 410 => FetchErrorKind::NotFound,
        // These two are about the moment and not about what was asked.
        408 | 429 => FetchErrorKind::Failed,
        // Of those that are no fault of the upstream's, 508 is the one that no time mends (RFC 5842, 7.2): a proxy behind it
        // leads back to us.
        status @ (400..=499 | 508) => FetchErrorKind::Refused { status },
        _ => FetchErrorKind::Failed,
    };
    let again = match (status.as_u16(), after) {
        (429 | 502 | 503 | 504, Some(after)) => Again::After(after),
        (429 | 502 | 503 | 504, None) => Again::Soon,
        _ => Again::No,
    };
    FetchError::new(kind, upstream, asked, format_args!("it answered {status}")).with_again(again)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        for (status, kind, is_tried_again) in [
            (404, FetchErrorKind::NotFound, false),
            (410, FetchErrorKind::NotFound, false),
            (400, FetchErrorKind::Refused { status: 400 }, false),
            (401, FetchErrorKind::Refused { status: 401 }, false),
            (403, FetchErrorKind::Refused { status: 403 }, false),
            (451, FetchErrorKind::Refused { status: 451 }, false),
            (408, FetchErrorKind::Failed, false),
            (429, FetchErrorKind::Failed, true),
            (500, FetchErrorKind::Failed, false),
            (502, FetchErrorKind::Failed, true),
            (503, FetchErrorKind::Failed, true),
            (504, FetchErrorKind::Failed, true),
            (508, FetchErrorKind::Refused { status: 508 }, false),
            (201, FetchErrorKind::Failed, false),
            (204, FetchErrorKind::Failed, false),
            (206, FetchErrorKind::Failed, false),
            (302, FetchErrorKind::Failed, false),
            (304, FetchErrorKind::Failed, false),
        ] {
            let code = StatusCode::from_u16(status).unwrap();
            let error = refused(code, None, "u", "a");
            assert_eq!(error.kind(), kind, "{status}");
            assert_eq!(error.again() != Again::No, is_tried_again, "{status}");
        }
    }
}
