//! The root as a store of files.

use std::fs::File;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::beneath::Beneath;
use super::file::run_blocking;
use super::provenance::{Index, Provenance};
use super::staging::{Staging, WriteState};
use super::{FileContent, Journal, Refusal, StoreError, StoreKey, Writable};

/// Whether an open may wait for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only what the kernel has at hand: for async threads.
    CachedOnly,
    /// Whatever it takes: for threads that may block.
    MayWait,
}

/// Whether the root may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// Derived files are written where the file system allows it.
    ReadWrite,
    /// Nothing below the root is written, whatever the file system allows.
    ReadOnly,
}

/// How much of a file is read when it is opened with a wait for the disk, in bytes: all of a small one.
const READ_AHEAD: usize = 64 << 10;

/// A folder in the layout of the GOPROXY protocol.
///
/// The root is opened once: if the folder is renamed, the store goes with it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DirStore {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    beneath: Beneath,
    write_state: WriteState,
    provenance: Index,
}

/// An attempt to open without waiting.
#[derive(Debug)]
pub(super) enum Attempt {
    Opened(FileContent),
    WouldWait,
}

impl Attempt {
    pub(super) fn content(self) -> Option<FileContent> {
        match self {
            Self::Opened(content) => Some(content),
            Self::WouldWait => None,
        }
    }
}

impl DirStore {
    /// Opens the root.
    ///
    /// # Errors
    /// If `root` is missing, is not a directory, or can not be read.
    pub fn open(root: &Path, mode: OpenMode) -> Result<Self, StoreError> {
        let failed = |error: std::io::Error| {
            StoreError::io("open the root", root.display().to_string(), error)
        };
        // The watcher needs a path that stays right when a link on the way to the root is turned elsewhere.
        let path = root.canonicalize().map_err(failed)?;
        let directory = rustix::fs::open(
            &path,
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .map_err(|error| failed(error.into()))?;
        Ok(Self {
            inner: Arc::new(Inner {
                path,
                beneath: Beneath::new(directory),
                write_state: WriteState::new(mode),
                provenance: Index::default(),
            }),
        })
    }

    /// The absolute path of the root.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    pub(super) fn root_fd(&self) -> BorrowedFd<'_> {
        self.inner.beneath.directory()
    }

    pub(super) fn beneath(&self) -> &Beneath {
        &self.inner.beneath
    }

    /// The only writer below the root.
    pub fn staging(&self) -> Staging<'_> {
        Staging::new(self)
    }

    /// What came into the tree and went from it.
    pub fn journal(&self) -> Journal<'_> {
        Journal::new(self)
    }

    /// How each version came, as the journal says.
    pub fn provenance(&self) -> Provenance<'_> {
        Provenance::new(self, &self.inner.provenance)
    }

    pub(super) fn write_state(&self) -> &WriteState {
        &self.inner.write_state
    }

    /// Opens the file of `key` to be read; `None` if it is not there. Does not hold up an async thread: what would wait
    /// for the disk is done on the blocking pool.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if something is there that must not be read, [`StoreError::Io`] if it can not be read.
    pub async fn read(&self, key: &StoreKey<'_>) -> Result<Option<FileContent>, StoreError> {
        let path = key.relative_path();
        match self.open_path(&path, Access::CachedOnly)? {
            None => Ok(None),
            Some(Attempt::Opened(content)) => Ok(Some(content)),
            Some(Attempt::WouldWait) => {
                let store = self.clone();
                run_blocking(move || Ok(store.open_path_and_read_ahead(&path)))
                    .await
                    .map_err(|error| StoreError::io("read", key.relative_path(), error))?
            }
        }
    }

    /// As [`read`](Self::read), for threads that may block.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_blocking(&self, key: &StoreKey<'_>) -> Result<Option<FileContent>, StoreError> {
        self.open_path_waiting(&key.relative_path())
    }

    /// Opens a file by a name that [`entries`](Self::entries) gave for the directory at `directory`; `None` if it is gone
    /// again. For folders in another layout than ours, which no [`StoreKey`] names. For threads that may block.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_listed_blocking(
        &self,
        directory: &str,
        name: &str,
    ) -> Result<Option<FileContent>, StoreError> {
        match directory {
            "" => self.open_path_waiting(name),
            directory => self.open_path_waiting(&format!("{directory}/{name}")),
        }
    }

    /// Whether there is a directory at `path` below the root. Does not hold up an async thread.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn has_directory(&self, path: &str) -> Result<bool, StoreError> {
        match self.look_for_directory(path, Access::CachedOnly) {
            Err(StoreError::Io { source, .. })
                if source.kind() == std::io::ErrorKind::WouldBlock =>
            {
                let (store, owned) = (self.clone(), path.to_owned());
                run_blocking(move || Ok(store.look_for_directory(&owned, Access::MayWait)))
                    .await
                    .map_err(|error| StoreError::io("look for", path, error))?
            }
            found => found,
        }
    }

    fn look_for_directory(&self, path: &str, access: Access) -> Result<bool, StoreError> {
        match self
            .beneath()
            .open(path, OFlags::RDONLY | OFlags::DIRECTORY, access)
        {
            Ok(_) => Ok(true),
            Err(error) => Ok(self
                .absent_or_error::<()>("look for", path, error)?
                .is_some()),
        }
    }

    /// What the disk had to be asked for is most often not in the page cache either: reading its beginning in the same go spares
    /// another trip to a thread that may wait.
    fn open_path_and_read_ahead(&self, path: &str) -> Result<Option<FileContent>, StoreError> {
        let found = self.open_path_waiting(path)?;
        if let Some(content) = &found {
            let len = usize::try_from(content.len()).map_or(READ_AHEAD, |len| len.min(READ_AHEAD));
            // Whoever reads it says what is wrong with it.
            let _ = content.bring_to_hand(0, len);
        }
        Ok(found)
    }

    pub(super) fn open_path_waiting(&self, path: &str) -> Result<Option<FileContent>, StoreError> {
        Ok(self
            .open_path(path, Access::MayWait)?
            .and_then(Attempt::content))
    }

    pub(super) fn open_path(
        &self,
        path: &str,
        access: Access,
    ) -> Result<Option<Attempt>, StoreError> {
        // O_NONBLOCK: opening a FIFO would otherwise wait for a writer. O_NOCTTY: a terminal must not become ours.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = match self.beneath().open(path, flags, access) {
            Ok(file) => File::from(file),
            Err(Errno::AGAIN) if access == Access::CachedOnly => {
                return Ok(Some(Attempt::WouldWait));
            }
            Err(error) => return self.absent_or_error("open", path, error),
        };
        let metadata = file
            .metadata()
            .map_err(|error| StoreError::io("look at", path, error))?;
        if !metadata.is_file() {
            return Err(StoreError::Refused {
                path: path.to_owned(),
                refusal: Refusal::NotARegularFile,
            });
        }
        Ok(Some(Attempt::Opened(FileContent::new(file, &metadata))))
    }

    /// Tells absence from failure; the one place that does.
    pub(super) fn absent_or_error<T>(
        &self,
        action: &'static str,
        path: &str,
        error: Errno,
    ) -> Result<Option<T>, StoreError> {
        match error {
            // A name that no file system takes can not be there either.
            Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG => Ok(None),
            Errno::XDEV | Errno::LOOP => Err(StoreError::Refused {
                path: path.to_owned(),
                refusal: Refusal::LeavesRoot,
            }),
            // How the kernel answers an open of a socket or of a device without a driver.
            Errno::NXIO | Errno::NODEV => Err(StoreError::Refused {
                path: path.to_owned(),
                refusal: Refusal::NotARegularFile,
            }),
            error => Err(StoreError::io(action, path, error)),
        }
    }

    /// Whether the root can still be read, and written: for readiness.
    ///
    /// # Errors
    /// The first thing that can not be done.
    pub fn probe(&self) -> Result<Writable, StoreError> {
        self.entries("").and_then(|_| self.staging().probe())
    }
}
