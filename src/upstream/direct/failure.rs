//! Why a job gave nothing.

use std::fmt;
use std::sync::Arc;

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// It is surely not there.
    NotFound,
    /// Somebody does not let us: the repository, its host, or the operator's settings.
    Refused,
    /// Anything else.
    Failed,
    /// It took too long.
    TimedOut,
    /// It is larger than what we take.
    TooLarge,
}

/// Why a job gave nothing, as a clause for whoever asked. Nothing of the job's directory and no credentials are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: FailureKind,
    pub(super) why: Arc<str>,
}

impl Failure {
    pub(super) fn new(kind: FailureKind, why: impl fmt::Display) -> Self {
        Self {
            kind,
            why: why.to_string().into(),
        }
    }

    pub(super) fn failed(why: impl fmt::Display) -> Self {
        Self::new(FailureKind::Failed, why)
    }

    /// The job was told to end, since the server stops or nobody waits for it any more.
    pub(super) fn stopped() -> Self {
        Self::failed("it was given up before its end")
    }
}
