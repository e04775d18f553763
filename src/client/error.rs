//! Why there was no answer.

use std::error::Error;
use std::io;
use std::time::Duration;

/// A server was not reached, or did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody listens there, or the way there is cut.
    #[error("cannot connect to {server}: {why}")]
    Connect {
        /// The server's URL.
        server: String,
        /// All that is known, as a clause.
        why: String,
        /// Whether the other side refused, so that nothing listens at the port.
        is_refused: bool,
    },
    /// The connection broke before the answer.
    #[error("the connection to {server} broke: {why}")]
    Lost {
        /// The server's URL.
        server: String,
        /// All that is known, as a clause.
        why: String,
    },
    /// The server's certificate is not to be trusted, or it speaks no TLS.
    #[error("no secure connection to {server}: {why}")]
    Tls {
        /// The server's URL.
        server: String,
        /// All that is known, as a clause.
        why: String,
    },
    /// Nothing moved for too long.
    #[error("{server} took nothing and said nothing for {} seconds", patience.as_secs())]
    Stalled {
        /// The server's URL.
        server: String,
        /// How long.
        patience: Duration,
    },
    /// The client could not be made ready.
    #[error("cannot make ready to send: {0}")]
    Setup(String),
}

impl ClientError {
    /// Sorts an error of the library. URLs in it are left out: ours says where.
    pub(super) fn of(error: reqwest::Error, server: &str) -> Self {
        let error = error.without_url();
        let (server, why) = (server.to_owned(), causes(&error));
        if error.is_builder() {
            return Self::Setup(why);
        }
        if !error.is_connect() {
            return Self::Lost { server, why };
        }
        let kinds = io_kinds(&error);
        // This is how rustls reports what it does not like.
        if kinds.contains(&io::ErrorKind::InvalidData) {
            return Self::Tls { server, why };
        }
        Self::Connect {
            server,
            why,
            is_refused: kinds.contains(&io::ErrorKind::ConnectionRefused),
        }
    }

    /// Whether another try may do better: somebody was there and went away, or the network has its moments. Where
    /// nothing listens, nothing will in two seconds.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Connect { is_refused, .. } => !is_refused,
            Self::Lost { .. } | Self::Stalled { .. } => true,
            Self::Tls { .. } | Self::Setup(_) => false,
        }
    }
}

/// The innermost cause says what happened; those around it only where in the library.
fn causes(error: &reqwest::Error) -> String {
    let mut last: &dyn Error = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
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
