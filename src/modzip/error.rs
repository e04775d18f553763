//! What goes wrong with a whole zip.

use std::io;

use super::rule::Obstacle;

/// Why a zip could not be read, or must not be trusted.
#[derive(Debug, thiserror::Error)]
pub enum ZipError {
    /// The file could not be read: says nothing about the zip.
    #[error("cannot read the zip: {0}")]
    Io(#[source] io::Error),
    /// The zip is not one that the go command could use; the sentence says why.
    #[error("{0}")]
    Unsound(String),
}

impl From<io::Error> for ZipError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Obstacle> for ZipError {
    fn from(obstacle: Obstacle) -> Self {
        match obstacle {
            Obstacle::Io(error) => Self::Io(error),
            Obstacle::Fault(fault) => Self::Unsound(fault.sentence),
        }
    }
}
