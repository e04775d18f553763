//! Why a request for a module gets no module.

use crate::module::{ModulePath, ModuleVersion};
use crate::store::{ModuleFile, StoreError};

/// A request that can not be answered with what was asked for.
///
/// Displayed, it is one plain sentence for the user of the go command, which prints it.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// The tree holds nothing of this module that can be served whole.
    #[error("module {module} is not on this server")]
    UnknownModule {
        /// The module.
        module: ModulePath,
    },
    /// The tree does not hold this version, or not this file of it.
    #[error("{module}@{version} is not on this server")]
    UnknownVersion {
        /// The module.
        module: ModulePath,
        /// The version, or the query that is none.
        version: String,
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
    /// The tree could not be read.
    #[error("the storage of this server failed: {0}")]
    Store(#[from] StoreError),
}

/// What an error means to the one who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// It is not here; another proxy may have it.
    NotFound,
    /// It was here, and will not be again.
    Gone,
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
            // A refused path is something that must not be served, whatever it is.
            Self::Store(StoreError::Refused { .. }) => ErrorKind::NotFound,
            Self::Store(StoreError::Io { .. }) => ErrorKind::Internal,
        }
    }
}
