//! Asks a server whether it is well.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::ask::Asker;
use super::error::ClientError;
use super::server::{InvalidServerUrl, ServerUrl};
use crate::transport::Authorities;

/// A server to be asked: by its URL, or on a Unix socket.
///
/// ```
/// use athens::client::HealthTarget;
///
/// for text in ["http://127.0.0.1:3000", "https://go.corp.example/go", "unix:/run/athens.sock"] {
///     assert_eq!(text.parse::<HealthTarget>()?.to_string(), text);
/// }
/// # Ok::<(), athens::client::InvalidServerUrl>(())
/// ```
#[derive(Clone, Debug)]
pub enum HealthTarget {
    /// Over the network.
    Server(ServerUrl),
    /// On this machine.
    Unix(PathBuf),
}

impl FromStr for HealthTarget {
    type Err = InvalidServerUrl;

    fn from_str(text: &str) -> Result<Self, InvalidServerUrl> {
        match text.trim().strip_prefix("unix:") {
            Some(path) if !path.is_empty() => Ok(Self::Unix(PathBuf::from(path))),
            _ => text.parse().map(Self::Server),
        }
    }
}

impl fmt::Display for HealthTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(url) => url.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HealthQuestion {
    /// Whether the process answers at all: where it does not, a restart would help.
    Alive,
    /// Whether requests can be answered: where not, others should be asked.
    Ready,
}

/// What a server said of itself.
#[derive(Debug)]
pub struct Health {
    /// Whether all is well.
    pub is_well: bool,
    /// What it said: `ok`, or reasons, a line each.
    pub said: String,
}

/// Asks a server how it is, and waits for the answer no longer than `patience`.
///
/// # Errors
/// If there was no answer.
pub fn health(
    target: &HealthTarget,
    question: HealthQuestion,
    authorities: &Authorities,
    patience: Duration,
) -> Result<Health, ClientError> {
    let asker = match target {
        HealthTarget::Server(server) => Asker::new(server, authorities, patience)?,
        HealthTarget::Unix(socket) => Asker::on_socket(socket, patience)?,
    };
    let path = match question {
        HealthQuestion::Alive => "healthz",
        HealthQuestion::Ready => "readyz",
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| ClientError::Setup(error.to_string()))?;
    let reply = runtime.block_on(asker.get(path, None))?;
    let said = reply.body.trim_end().to_owned();
    Ok(Health {
        is_well: reply.status == 200,
        said: if said.is_empty() {
            format!("it answered {} and nothing else", reply.status)
        } else {
            said
        },
    })
}
