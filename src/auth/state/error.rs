//! Why the state directory can not be used.

use std::io;
use std::path::{Path, PathBuf};

/// Why the state directory can not be used. Displayed, it says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Others can read or change a file with secrets.
    #[error("{0} can be read or changed by others (mode {mode:03o}); run `chmod 600 {0}`", path.display())]
    ExposedFile {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Others can put files into the directory.
    #[error(
        "the state directory {0} can be changed by others (mode {mode:03o}); run `chmod 700 {0}`, or name another one with --state",
        path.display()
    )]
    ExposedDirectory {
        /// The directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Something stands where a file should be.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// Its path.
        path: PathBuf,
    },
    /// A file is so large that it can not be ours.
    #[error("{} is larger than {most} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        most: u64,
    },
    /// It lies in what is served.
    #[error(
        "the state directory {} lies inside the root {}, all of which is served; name another one with --state",
        path.display(),
        root.display()
    )]
    InsideRoot {
        /// The directory.
        path: PathBuf,
        /// The root.
        root: PathBuf,
    },
    /// Another process does not let go of the lock.
    #[error("another process has held {} for {seconds} s; is an `athens token` stopped or hanging?", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
}

impl StateError {
    /// Whether the directory is not to be written, by its permissions or because its file system is read-only: a
    /// server may go on without what it wanted to write.
    #[must_use]
    pub fn is_not_writable(&self) -> bool {
        matches!(self, Self::Io { source, .. } if matches!(
            source.kind(),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
        ))
    }
}

pub(super) fn io_error(action: &'static str, path: &Path, source: io::Error) -> StateError {
    StateError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

/// What was found, `None` if nothing is there.
pub(super) fn found<T>(
    result: io::Result<T>,
    action: &'static str,
    path: &Path,
) -> Result<Option<T>, StateError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error(action, path, error)),
    }
}
