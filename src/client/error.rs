//! Why there was no answer.

use std::time::Duration;

use crate::transport::{Fault, FaultKind};

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
        let Fault { kind, why } = Fault::of(error);
        let server = server.to_owned();
        match kind {
            FaultKind::Setup => Self::Setup(why),
            FaultKind::Tls => Self::Tls { server, why },
            // Only connecting has a time limit in the library.
            FaultKind::Refused | FaultKind::Unreachable | FaultKind::TimedOut => Self::Connect {
                server,
                why,
                is_refused: kind == FaultKind::Refused,
            },
            _ => Self::Lost { server, why },
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
