//! What can go wrong on the way in or out.

use std::io;

use super::bundle::BundleFault;
use crate::modzip::create::git::GitError;
use crate::store::StoreError;

/// A failed action. That a version is refused is none: that is an [`Outcome`](super::Outcome).
#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    /// The root could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A source could not be read.
    #[error("cannot {action} {path}: {source}")]
    Source {
        /// What was tried, as a verb.
        action: &'static str,
        /// What could not be read, as it was given.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A directory or file is nothing that versions can be taken from.
    #[error("{path} {why}")]
    NoSource {
        /// The path as given.
        path: String,
        /// Why, as a clause after the path.
        why: &'static str,
    },
    /// A file is no bundle, or a damaged one; nothing was taken from it.
    #[error("{path} is refused as a bundle: {fault}")]
    Bundle {
        /// The path as given.
        path: String,
        /// What is wrong with it.
        fault: BundleFault,
    },
    /// A git repository could not be asked.
    #[error("{path}: {source}")]
    Git {
        /// The directory of the repository.
        path: String,
        /// Why.
        #[source]
        source: GitError,
    },
    /// The bundle could not be written.
    #[error("cannot write the bundle: {0}")]
    Output(#[source] io::Error),
}

impl CarryError {
    pub(super) fn source(action: &'static str, path: impl Into<String>, source: io::Error) -> Self {
        Self::Source {
            action,
            path: path.into(),
            source,
        }
    }

    /// Whether a bundle is refused for what it is, rather than that something failed.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Bundle { fault, .. } if !matches!(fault, BundleFault::Io(_)))
    }

    /// Whether nothing more can be written: the disk is full, or the root takes no writes.
    pub fn ends_everything(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_full() || error.is_read_only())
    }
}
