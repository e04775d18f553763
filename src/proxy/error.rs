//! Why a request for a module gets no module.

use std::sync::Arc;

use super::fetch::FetchFailure;
use super::policy::Verdict;
use super::route::NotAsked;
use crate::module::{ModulePath, ModuleVersion, Time};
use crate::store::{ModuleFile, StoreError};
use crate::upstream::FetchErrorKind;

/// A request that can not be answered with what was asked for.
///
/// Displayed, it is one plain sentence for the user of the go command, which prints it.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// The tree holds nothing of this module that can be served whole, and nobody else was asked.
    #[error("module {module} is not on this server{}", because(.why))]
    UnknownModule {
        /// The module.
        module: ModulePath,
        /// Why nobody else was asked, where that is worth saying.
        why: Option<NotAsked>,
    },
    /// The tree does not hold this version, or not this file of it, and nobody else was asked.
    #[error("{module}@{version} is not on this server{}", because(.why))]
    UnknownVersion {
        /// The module.
        module: ModulePath,
        /// The version, or the query that is none.
        version: String,
        /// Why nobody else was asked, where that is worth saying.
        why: Option<NotAsked>,
    },
    /// The version was deleted from this server.
    #[error("{version} was deleted from this server")]
    Deleted {
        /// The version.
        version: ModuleVersion,
    },
    /// The file is there, and no go command could use it.
    #[error("{version} is on this server but can not be served: its {file} file {why}")]
    Unservable {
        /// The version.
        version: ModuleVersion,
        /// The file.
        file: ModuleFile,
        /// Why, as a clause.
        why: String,
    },
    /// The operator does not want it served.
    #[error(transparent)]
    Forbidden(Forbidden),
    /// It is not in the tree, and could not be fetched.
    #[error("{0}")]
    Fetch(Arc<FetchFailure>),
    /// A checksum database does not have it, fails, or is not passed on.
    #[error("{why}")]
    Database {
        /// What that means to the one who asked.
        kind: ErrorKind,
        /// A sentence.
        why: String,
    },
    /// The tree could not be read.
    #[error("{}", storage_failed(.0))]
    Store(#[from] StoreError),
}

/// What the operator does not want served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// A rule of `--block` names it.
    #[error("{what} is blocked on this server{}", colon(.reason))]
    Blocked {
        /// The module or version.
        what: String,
        /// The rule's reason.
        reason: Option<String>,
    },
    /// There are rules of `--allow`, and none names it.
    #[error("{what} is not among the modules that this server may fetch{}", colon(.reason))]
    NotAllowed {
        /// The module or version.
        what: String,
        /// The nearest rule's reason.
        reason: Option<String>,
    },
    /// It is younger than `--min-age` says.
    #[error("{version} is too young for this server: it becomes available at {at}")]
    TooYoung {
        /// The version.
        version: ModuleVersion,
        /// When it is old enough.
        at: Time,
    },
}

fn colon(reason: &Option<String>) -> String {
    reason
        .as_ref()
        .map_or_else(String::new, |reason| format!(": {reason}"))
}

fn because(why: &Option<NotAsked>) -> String {
    why.as_ref()
        .map_or_else(String::new, |why| format!("; {why}"))
}

/// What an error means to the one who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// It is not here; another proxy may have it.
    NotFound,
    /// It was here, and will not be again.
    Gone,
    /// It is not to be had from here; asking elsewhere would be wrong.
    Forbidden,
    /// An upstream failed; asking elsewhere would be wrong.
    UpstreamFailed,
    /// The upstreams lead back to this server.
    Loop,
    /// An upstream was too slow; asking again may help.
    UpstreamTimedOut,
    /// The disk is full.
    Full,
    /// The server failed; asking elsewhere would be wrong.
    Internal,
}

impl ProxyError {
    /// What the error means to the one who asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownModule { .. } | Self::UnknownVersion { .. } | Self::Unservable { .. } => {
                ErrorKind::NotFound
            }
            Self::Deleted { .. } => ErrorKind::Gone,
            Self::Forbidden(_) => ErrorKind::Forbidden,
            Self::Fetch(failure) => kind_of_failure(failure),
            Self::Database { kind, .. } => *kind,
            Self::Store(error) => kind_of_store(error),
        }
    }

    pub(super) fn unknown_module(module: &ModulePath, why: Option<NotAsked>) -> Self {
        Self::UnknownModule {
            module: module.clone(),
            why,
        }
    }

    pub(super) fn unknown_version(
        module: &ModulePath,
        version: &str,
        why: Option<NotAsked>,
    ) -> Self {
        Self::UnknownVersion {
            module: module.clone(),
            version: version.to_owned(),
            why,
        }
    }

    pub(super) fn forbidden(what: &str, verdict: Verdict) -> Self {
        let what = what.to_owned();
        Self::Forbidden(match verdict {
            Verdict::Blocked(reason) => Forbidden::Blocked { what, reason },
            Verdict::NotAllowed(reason) => Forbidden::NotAllowed { what, reason },
        })
    }
}

impl From<Arc<FetchFailure>> for ProxyError {
    fn from(failure: Arc<FetchFailure>) -> Self {
        match &*failure {
            FetchFailure::Deleted { version } => Self::Deleted {
                version: version.clone(),
            },
            _ => Self::Fetch(failure),
        }
    }
}

/// Nothing has failed where something was not begun.
pub(super) fn storage_failed(error: &StoreError) -> String {
    match error {
        StoreError::LowSpace { .. } => error.to_string(),
        error => format!("the storage of this server failed: {error}"),
    }
}

fn kind_of_store(error: &StoreError) -> ErrorKind {
    match error {
        // A refused path is something that must not be served, whatever it is.
        StoreError::Refused { .. } => ErrorKind::NotFound,
        error if error.is_full() => ErrorKind::Full,
        StoreError::Io { .. } | StoreError::LowSpace { .. } => ErrorKind::Internal,
    }
}

fn kind_of_failure(failure: &FetchFailure) -> ErrorKind {
    match failure {
        FetchFailure::Upstream(error) => match error.kind() {
            FetchErrorKind::NotFound => ErrorKind::NotFound,
            // What the upstream's own rules forbid. A 401 is about our credentials there, and not the client's.
            FetchErrorKind::Refused { status: 403 | 451 } => ErrorKind::Forbidden,
            // Passed on as it is, so that nobody on the way tries again.
            FetchErrorKind::Refused { status: 508 } => ErrorKind::Loop,
            FetchErrorKind::TimedOut => ErrorKind::UpstreamTimedOut,
            _ => ErrorKind::UpstreamFailed,
        },
        FetchFailure::Mismatch(_) | FetchFailure::Unknown { .. } => ErrorKind::Forbidden,
        FetchFailure::Unverified { .. } | FetchFailure::Invalid { .. } => ErrorKind::UpstreamFailed,
        FetchFailure::Deleted { .. } => ErrorKind::Gone,
        FetchFailure::TooSlow { .. } => ErrorKind::UpstreamTimedOut,
        FetchFailure::Store(error) => kind_of_store(error),
        FetchFailure::Shared(failure) => kind_of_failure(failure),
        FetchFailure::Lost => ErrorKind::Internal,
    }
}
