//! Why a version is not published, or not deleted.

use super::Published;
use super::error::storage_failed;
use crate::module::{ModuleVersion, Sum};
use crate::modzip::Report;
use crate::store::StoreError;

/// A version that was not published or deleted.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The zip is not one that every go command could use.
    #[error("{version} is refused: {} with the zip", count(report))]
    Invalid {
        /// The version.
        version: ModuleVersion,
        /// Everything that is wrong.
        report: Box<Report>,
    },
    /// The zip does not say which version it is of.
    #[error("the zip does not say which version it is: {why}")]
    Nameless {
        /// Why, as a clause.
        why: String,
    },
    /// The version is there, or was, with other content.
    #[error("{}", .0.sentence())]
    Conflict(Box<Conflict>),
    /// The zip is larger than the server takes.
    #[error("the zip is larger than {limit} bytes, the most that this server takes")]
    TooLarge {
        /// The most, in bytes.
        limit: u64,
    },
    /// There is no such version to delete.
    #[error("{version} is not on this server")]
    Unknown {
        /// The version.
        version: ModuleVersion,
    },
    /// It was deleted before.
    #[error("{version} was deleted before")]
    Deleted {
        /// The version.
        version: ModuleVersion,
    },
    /// The root is read-only.
    #[error("this server's folder is read-only")]
    ReadOnly,
    /// The folder failed.
    #[error("{}", storage_failed(.0))]
    Store(#[from] StoreError),
}

/// Two contents for one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The version.
    pub version: ModuleVersion,
    /// The sum of the zip that is there, or was; `None` if only another go.mod is there, or a zip that is no good.
    pub stored: Option<Sum>,
    /// The sum of the zip that was sent.
    pub sent: Sum,
    /// Whether the version was deleted.
    pub deleted: bool,
}

impl Conflict {
    fn sentence(&self) -> String {
        let Self {
            version,
            stored,
            sent,
            deleted,
        } = self;
        let verb = if *deleted {
            "was deleted, and had"
        } else {
            "is there already, with"
        };
        let stored =
            stored.map_or_else(|| "another go.mod or zip".to_owned(), |sum| sum.to_string());
        format!(
            "{version} {verb} other content ({stored}, sent was {sent}): a version never changes, publish a new one"
        )
    }
}

impl PublishError {
    pub(super) fn conflict(sent: &Published, stored: Option<Sum>, deleted: bool) -> Self {
        Self::Conflict(Box::new(Conflict {
            version: sent.version.clone(),
            stored,
            sent: sent.sum,
            deleted,
        }))
    }
}

fn count(report: &Report) -> String {
    match report.findings.len() as u64 + report.more_findings {
        1 => "1 thing is wrong".to_owned(),
        many => format!("{many} things are wrong"),
    }
}
