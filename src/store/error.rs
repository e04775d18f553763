//! What can go wrong below the root.

use std::io;

/// A failed action below the root.
///
/// Absence is not an error: a read of what is not there gives `None`. An I/O failure is never dressed as absence,
/// because the go command would go on to the next proxy with the name of a private module.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system failed.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The path, relative to the root where it is below it.
        path: String,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The disk has less left than the operator wants kept free.
    #[error(
        "the disk of this server's folder is almost full: {free} bytes are free, and {kept} are to be kept (--min-free){}. \
         Make room there, or have what nobody uses removed with `athens gc` or --max-size", wanting(.wanted)
    )]
    LowSpace {
        /// What it has left, in bytes.
        free: u64,
        /// What is to be kept, in bytes.
        kept: u64,
        /// What was to be written, in bytes, where that is known.
        wanted: u64,
    },
    /// Something is there that must not be read.
    #[error("{path} {refusal}")]
    Refused {
        /// The path below the root.
        path: String,
        /// Why it must not be read.
        refusal: Refusal,
    },
}

/// Why something that is there is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A symbolic link on the way leads out of the root, or to itself.
    #[error("is or lies behind a symbolic link that does not stay below the root")]
    LeavesRoot,
    /// A directory, device, FIFO or socket stands where a file is expected: reading it could block for ever.
    #[error("is not a regular file")]
    NotARegularFile,
    /// A file is too large for what it is.
    #[error("is larger than {0} bytes")]
    TooLarge(u64),
}

fn wanting(wanted: &u64) -> String {
    match wanted {
        0 => String::new(),
        wanted => format!("; {wanted} more do not fit"),
    }
}

impl StoreError {
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<String>,
        source: impl Into<io::Error>,
    ) -> Self {
        Self::Io {
            action,
            path: path.into(),
            source: source.into(),
        }
    }

    /// An action that ended without a result: its task panicked, or the program is stopping.
    pub fn task_failed(
        action: &'static str,
        error: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self::io(action, "the folder", io::Error::other(error))
    }

    /// Whether the disk is full or counts as full, or the quota is used up.
    pub fn is_full(&self) -> bool {
        match self {
            Self::LowSpace { .. } => true,
            Self::Io { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
            ),
            Self::Refused { .. } => false,
        }
    }

    /// Whether the root can not be written: a read-only file system, or missing rights.
    pub fn is_read_only(&self) -> bool {
        matches!(
            self,
            Self::Io { source, .. }
                if matches!(source.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
        )
    }
}
