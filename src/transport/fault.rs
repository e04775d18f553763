//! What can go wrong between a request and its answer.

use std::error::Error;
use std::fmt;
use std::io;

/// The kinds of faults. What a server answers is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// The request could not be made ready.
    Setup,
    /// The other side refused the connection: nothing listens at the port.
    Refused,
    /// The way there is cut: no such host, no route.
    Unreachable,
    /// The certificate is not to be trusted, or the other side speaks no TLS.
    Tls,
    /// Nothing moved for too long.
    TimedOut,
    /// A redirect that is not followed.
    Redirect,
    /// The connection broke before the answer was complete.
    Lost,
    /// The answer is not in the encoding that it says.
    Encoding,
}

/// Something that went wrong, sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// All that is known, as a clause. It names no URL.
    pub why: String,
}

impl Fault {
    /// Sorts an error of the library. URLs in it are left out, for they may hold secrets.
    pub fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let kind = kind(&error);
        let mut why = innermost(&error).to_string();
        if kind == FaultKind::TimedOut {
            why = "nothing came for too long".to_owned();
        }
        Self { kind, why }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

fn kind(error: &reqwest::Error) -> FaultKind {
    if error.is_timeout() {
        return FaultKind::TimedOut;
    }
    if error.is_redirect() {
        return FaultKind::Redirect;
    }
    if error.is_builder() {
        return FaultKind::Setup;
    }
    let kinds = io_kinds(error);
    let has = |kind| kinds.contains(&kind);
    if error.is_connect() {
        // This is how rustls reports what it does not like.
        return if has(io::ErrorKind::InvalidData) {
            FaultKind::Tls
        } else if has(io::ErrorKind::ConnectionRefused) {
            FaultKind::Refused
        } else {
            FaultKind::Unreachable
        };
    }
    // This is how the inflater does.
    if error.is_decode() && (has(io::ErrorKind::InvalidData) || has(io::ErrorKind::InvalidInput)) {
        return FaultKind::Encoding;
    }
    FaultKind::Lost
}

/// The innermost cause says what happened; those around it only where in the library.
fn innermost(error: &reqwest::Error) -> &dyn Error {
    let mut last: &dyn Error = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last
}

/// The kinds of all I/O errors among the causes. One that wraps another is no cause of it: [`Error::source`] skips it.
fn io_kinds(error: &reqwest::Error) -> Vec<io::ErrorKind> {
    let mut kinds = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let mut inner = error.downcast_ref::<io::Error>();
        while let Some(error) = inner {
            kinds.push(error.kind());
            inner = error
                .get_ref()
                .and_then(|wrapped| wrapped.downcast_ref::<io::Error>());
        }
        cause = error.source();
    }
    kinds
}
