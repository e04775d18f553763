//! Why something could not be fetched.

use crate::module::Sum;
use crate::proxy::{ErrorKind, ProxyError};
use crate::store::{ModuleFile, StoreError};

/// A version, or a file of it, that is not in the tree after all. Displayed, it is one plain sentence.
#[derive(Debug, thiserror::Error)]
pub enum WarmError {
    /// It can not be had, or must not.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// The checksum database has no word for it, so an offline client could not verify it.
    #[error("it is here, but its record in the checksum database is not: {0}")]
    Record(ProxyError),
    /// What is in the tree is not what a go.sum says.
    #[error("its {file} has the sum {found}, and go.sum says {expected}")]
    OtherSum {
        /// `zip` or `mod`.
        file: ModuleFile,
        /// The sum of what is in the tree.
        found: Sum,
        /// The sum of the go.sum.
        expected: Sum,
    },
    /// A `go.mod` asks for something that nobody can get.
    #[error("{0} is no module and version that anybody can get")]
    NoModule(String),
    /// A `go.mod` in a directory that stands in the place of a module.
    #[error("cannot use {path}: {why}")]
    Directory {
        /// The file.
        path: String,
        /// What is wrong with it, or could not be done.
        why: String,
    },
    /// The tree could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// More modules than anybody builds with.
    #[error("the module graph has more than {0} versions")]
    TooLarge(usize),
    /// A task ended without a result.
    #[error("the fetch ended without a result")]
    Lost,
}

impl WarmError {
    /// Whether it is refused or does not exist, rather than that something failed: asking again would end the same way.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Proxy(error) | Self::Record(error) => matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::Gone | ErrorKind::Forbidden
            ),
            Self::OtherSum { .. } | Self::NoModule(_) | Self::TooLarge(_) => true,
            Self::Directory { .. } | Self::Store(_) | Self::Lost => false,
        }
    }
}
