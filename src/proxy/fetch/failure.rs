//! Why a question to the upstreams got no answer.

use std::time::Duration;

use super::PATIENCE_WITH_TREE;
use crate::metrics::FetchOutcome;
use crate::module::{ModuleVersion, Sum};
use crate::proxy::error::storage_failed;
use crate::store::{ModuleFile, StoreError};
use crate::upstream::{DIRECT, FetchError, FetchErrorKind};

/// Why nothing could be fetched. Displayed, it is one plain sentence for the user of the go command.
#[derive(Debug, thiserror::Error)]
pub enum FetchFailure {
    /// The upstreams said no, or nothing. Their own words are shown: a rule of theirs has its reason there.
    #[error("{_0}{}", in_their_words(_0))]
    Upstream(#[from] FetchError),
    /// What an upstream sent is not what everybody else has.
    #[error(transparent)]
    Mismatch(Box<SumMismatch>),
    /// The checksum database does not know the version.
    #[error(
        "{version} can not be verified: the checksum database {database} does not know it; it was not kept. If the \
         module is private, name it with --private"
    )]
    Unknown {
        /// The version.
        version: ModuleVersion,
        /// The checksum database.
        database: String,
    },
    /// The checksum database could not be asked, or contradicts itself.
    #[error("{version} can not be verified with the checksum database {database}: {why}")]
    Unverified {
        /// The version.
        version: ModuleVersion,
        /// The checksum database.
        database: String,
        /// Why, as a clause.
        why: String,
    },
    /// What an upstream sent can not be used by the go command.
    #[error("{version}: the {file} file from upstream {why}; it was not kept")]
    Invalid {
        /// The version.
        version: ModuleVersion,
        /// The file.
        file: ModuleFile,
        /// What is wrong, as a clause.
        why: String,
    },
    /// The version was deleted from this server.
    #[error("{version} was deleted from this server")]
    Deleted {
        /// The version.
        version: ModuleVersion,
    },
    /// It takes longer than a request waits. The fetch goes on.
    #[error("upstream did not answer within {}; the fetch goes on, ask again later", seconds(*.patience))]
    TooSlow {
        /// How long was waited.
        patience: Duration,
    },
    /// The folder could not be read or written.
    #[error("{}", storage_failed(.0))]
    Store(#[from] StoreError),
    /// What another question, on which this one depends, came to.
    #[error("{0}")]
    Shared(std::sync::Arc<Self>),
    /// A task ended without a result.
    #[error("the fetch ended without a result")]
    Lost,
}

/// What an upstream sent has another sum than the checksum database has seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{version}: the {what} from upstream has the sum {got}, the checksum database {database} has {want}; it was not kept. \
     Somebody changed the version or tampers with it: do not use it, and tell its author"
)]
pub struct SumMismatch {
    /// The version.
    pub version: ModuleVersion,
    /// `zip` or `go.mod`.
    pub what: &'static str,
    /// The sum of what was sent.
    pub got: Sum,
    /// The sum that the database has.
    pub want: Sum,
    /// The checksum database.
    pub database: String,
}

/// What an upstream itself said, on one line. It comes bounded, and with control characters escaped.
fn in_their_words(error: &FetchError) -> String {
    error.detail().map_or_else(String::new, |words| {
        format!(": {}", words.replace('\n', " "))
    })
}

fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        1 => "1 second".to_owned(),
        seconds => format!("{seconds} seconds"),
    }
}

impl FetchFailure {
    /// Whether it surely is not there: no upstream has it.
    pub(in crate::proxy) fn is_absence(&self) -> bool {
        match self {
            Self::Upstream(error) => error.kind() == FetchErrorKind::NotFound,
            Self::Shared(failure) => failure.is_absence(),
            _ => false,
        }
    }

    /// Whether asking again at once would end the same way, and cost the same.
    pub(super) fn is_lasting(&self) -> bool {
        match self {
            Self::Shared(failure) => failure.is_lasting(),
            Self::Mismatch(_)
            | Self::Unknown { .. }
            | Self::Invalid { .. }
            | Self::Deleted { .. } => true,
            _ => self.is_absence(),
        }
    }

    /// How a fetch that ended so is counted.
    pub(super) fn outcome(&self) -> FetchOutcome {
        match self {
            Self::Upstream(error) => match error.kind() {
                FetchErrorKind::NotFound => FetchOutcome::Absent,
                FetchErrorKind::Refused { .. } => FetchOutcome::Refused,
                FetchErrorKind::TimedOut => FetchOutcome::Timeout,
                _ => FetchOutcome::Failed,
            },
            Self::Mismatch(_) | Self::Unknown { .. } | Self::Unverified { .. } => {
                FetchOutcome::Unverified
            }
            Self::Invalid { .. } => FetchOutcome::Invalid,
            Self::Deleted { .. } => FetchOutcome::Refused,
            Self::TooSlow { .. } => FetchOutcome::Timeout,
            Self::Shared(failure) => failure.outcome(),
            Self::Store(_) | Self::Lost => FetchOutcome::Failed,
        }
    }

    /// Whether it tells of proxies that keep everybody waiting. What fails at once costs nobody anything when it is asked
    /// again; and that the origin of one module does not answer says nothing of others.
    pub(super) fn is_outage(&self, took: Duration) -> bool {
        match self {
            Self::Upstream(error) if error.upstream() == DIRECT => false,
            Self::Upstream(error) => match error.kind() {
                FetchErrorKind::TimedOut => true,
                FetchErrorKind::Failed => took > PATIENCE_WITH_TREE,
                _ => false,
            },
            Self::TooSlow { .. } => true,
            Self::Shared(failure) => failure.is_outage(took),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_of_an_outage() {
        let (short, long) = (Duration::ZERO, PATIENCE_WITH_TREE * 2);
        for (kind, upstream, at_once, after_long) in [
            (FetchErrorKind::TimedOut, "https://a.example", true, true),
            (FetchErrorKind::Failed, "https://a.example", false, true),
            (FetchErrorKind::NotFound, "https://a.example", false, false),
            (FetchErrorKind::TimedOut, DIRECT, false, false),
            (FetchErrorKind::Failed, DIRECT, false, false),
        ] {
            let failure = FetchFailure::from(FetchError::new(kind, upstream, "a.b/m", "why"));
            assert_eq!(failure.is_outage(short), at_once, "{kind:?} {upstream}");
            let shared = FetchFailure::Shared(std::sync::Arc::new(failure));
            assert_eq!(shared.is_outage(long), after_long, "{kind:?} {upstream}");
        }
    }
}
