//! The state directory: small private files outside the root, and the only place besides the root that is written.
//!
//! Everything here waits for the disk, and may be called by several processes at once: what changes a file holds the
//! lock, what reads one sees the old or the new content whole.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the one place that writes the state directory"
)]

mod error;
mod outside;

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use error::{found, io_error};

pub use error::StateError;

/// Held while a file of the directory is changed. Its content is of no meaning; it is never removed.
const LOCK: &str = "tokens.lock";
/// A change takes milliseconds; who holds the lock longer hangs.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// The directory for what is a server's own and not a module: today its tokens.
///
/// It is made when something is first written, with mode 0700; files in it have mode 0600 and belong to the owner of
/// the directory, also when root makes them for a service's user. One that others may write to is not used, nor is a
/// file in it that others may read.
#[derive(Debug, Clone)]
pub struct StateDirectory {
    path: PathBuf,
}

/// The lock, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// What tells one content of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    len: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl StateDirectory {
    /// The directory at this path, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's content and what to know it by; `None` if there is none.
    pub(super) fn read(
        &self,
        name: &str,
        most: u64,
    ) -> Result<Option<(Vec<u8>, Identity)>, StateError> {
        let path = self.path.join(name);
        let Some(directory) = found(fs::metadata(&self.path), "look at", &self.path)? else {
            return Ok(None);
        };
        self.check_directory(&directory)?;
        let Some(file) = found(File::open(&path), "open", &path)? else {
            return Ok(None);
        };
        let metadata = file
            .metadata()
            .map_err(|error| io_error("look at", &path, error))?;
        if !metadata.is_file() {
            return Err(StateError::NotAFile { path });
        }
        if metadata.mode() & 0o077 != 0 {
            return Err(StateError::ExposedFile {
                path,
                mode: metadata.mode() & 0o7777,
            });
        }
        let mut content = Vec::new();
        file.take(most + 1)
            .read_to_end(&mut content)
            .map_err(|error| io_error("read", &path, error))?;
        if content.len() as u64 > most {
            return Err(StateError::TooLarge { path, most });
        }
        Ok(Some((content, Identity::of(&metadata))))
    }

    /// What to know the file's present content by; `None` if there is no file.
    pub(super) fn identity(&self, name: &str) -> Result<Option<Identity>, StateError> {
        let path = self.path.join(name);
        let metadata = found(fs::metadata(&path), "look at", &path)?;
        Ok(metadata.as_ref().map(Identity::of))
    }

    /// Makes the directory if there is none, and takes the lock, for which it waits.
    pub(super) fn lock(&self) -> Result<Lock, StateError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.path)
            .map_err(|error| io_error("make the state directory", &self.path, error))?;
        let directory =
            fs::metadata(&self.path).map_err(|error| io_error("look at", &self.path, error))?;
        self.check_directory(&directory)?;

        let path = self.path.join(LOCK);
        let opened = match self.make(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                OpenOptions::new().read(true).write(true).open(&path)
            }
            made => made,
        };
        let file = opened.map_err(|error| io_error("open", &path, error))?;
        let deadline = Instant::now() + LOCK_PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(LOCK_PAUSE);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StateError::Locked {
                        path,
                        seconds: LOCK_PATIENCE.as_secs(),
                    });
                }
                Err(TryLockError::Error(error)) => return Err(io_error("lock", &path, error)),
            }
        }
    }

    /// Gives a file its content in one step, on the disk when this returns.
    pub(super) fn replace(
        &self,
        _lock: &Lock,
        name: &str,
        content: &[u8],
    ) -> Result<(), StateError> {
        let path = self.path.join(name);
        // One name is enough under the lock, and what a killed process left is replaced rather than heaped up.
        let staged = self.path.join(format!(".{name}.tmp"));
        found(fs::remove_file(&staged), "remove", &staged)?;
        let write = || {
            let mut file = self.make(&staged)?;
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&staged, &path)
        };
        if let Err(error) = write() {
            // It would be replaced by the next change anyway.
            let _ = fs::remove_file(&staged);
            return Err(io_error("write", &path, error));
        }
        self.sync()
    }

    /// Removes a file, if it is there.
    pub(super) fn remove(&self, _lock: &Lock, name: &str) -> Result<(), StateError> {
        let path = self.path.join(name);
        if found(fs::remove_file(&path), "remove", &path)?.is_some() {
            self.sync()?;
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), StateError> {
        File::open(&self.path)
            .and_then(|directory| directory.sync_all())
            .map_err(|error| io_error("sync", &self.path, error))
    }

    /// Makes a file where nothing is, with mode 0600 and with the directory's owner.
    ///
    /// Never one that exists: in a directory of somebody else, root would give away what a link there leads to.
    fn make(&self, path: &Path) -> io::Result<File> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        let owner = fs::metadata(&self.path)?.uid();
        if file.metadata()?.uid() != owner {
            std::os::unix::fs::fchown(&file, Some(owner), None)?;
        }
        Ok(file)
    }

    fn check_directory(&self, metadata: &Metadata) -> Result<(), StateError> {
        if !metadata.is_dir() {
            let error = io::ErrorKind::NotADirectory.into();
            return Err(io_error("use the state directory", &self.path, error));
        }
        if metadata.mode() & 0o022 != 0 {
            return Err(StateError::ExposedDirectory {
                path: self.path.clone(),
                mode: metadata.mode() & 0o7777,
            });
        }
        Ok(())
    }
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            len: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn private_from_the_start() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("a/b");
        let state = StateDirectory::new(&path);
        assert!(state.read("x", 10).unwrap().is_none());
        assert_eq!(state.identity("x").unwrap(), None);
        assert!(!path.exists(), "reading makes nothing");

        let lock = state.lock().unwrap();
        state.replace(&lock, "x", b"one").unwrap();
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&path.join("x")), 0o600);
        assert_eq!(mode(&path.join(LOCK)), 0o600);
        let (content, first) = state.read("x", 3).unwrap().unwrap();
        assert_eq!(content, b"one");
        assert_eq!(state.identity("x").unwrap(), Some(first));

        fs::write(path.join(".x.tmp"), "what a killed process left").unwrap();
        state.replace(&lock, "x", b"two").unwrap();
        assert_ne!(state.identity("x").unwrap(), Some(first));
        state.remove(&lock, "x").unwrap();
        state.remove(&lock, "x").unwrap();
        let left: Vec<_> = fs::read_dir(&path).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }

    #[test]
    fn what_others_can_reach_is_refused() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("state");
        let state = StateDirectory::new(&path);
        state
            .replace(&state.lock().unwrap(), "x", b"secret")
            .unwrap();
        for exposed in [0o640, 0o604, 0o660, 0o601] {
            set_mode(&path.join("x"), exposed);
            let error = state.read("x", 10).unwrap_err().to_string();
            let file = path.join("x").display().to_string();
            assert_eq!(
                error,
                format!(
                    "{file} can be read or changed by others (mode {exposed:o}); run `chmod 600 {file}`"
                )
            );
        }
        set_mode(&path.join("x"), 0o400);
        assert!(state.read("x", 10).unwrap().is_some());

        // What a service manager makes: others may look at names, and not at content.
        set_mode(&path, 0o755);
        assert!(state.read("x", 10).unwrap().is_some());
        for exposed in [0o770, 0o702, 0o1777] {
            set_mode(&path, exposed);
            let message = format!(
                "can be changed by others (mode {exposed:o}); run `chmod 700 {}`",
                path.display()
            );
            for error in [state.read("x", 10).unwrap_err(), state.lock().unwrap_err()] {
                assert!(error.to_string().contains(&message), "{error}");
            }
        }
    }

    #[test]
    fn odd_files_are_errors() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("state");
        let state = StateDirectory::new(&path);
        let lock = state.lock().unwrap();
        state.replace(&lock, "x", b"12345").unwrap();
        assert!(matches!(
            state.read("x", 4),
            Err(StateError::TooLarge { .. })
        ));
        fs::create_dir(path.join("folder")).unwrap();
        assert!(matches!(
            state.read("folder", 4),
            Err(StateError::NotAFile { .. })
        ));
        let inside_a_file = StateDirectory::new(path.join("x"));
        assert!(inside_a_file.lock().is_err());
        assert!(inside_a_file.read("y", 4).is_err());
    }

    #[test]
    fn one_at_a_time() {
        let scratch = tempfile::tempdir().unwrap();
        let state = StateDirectory::new(scratch.path().join("state"));
        let lock = state.lock().unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        let other = state.clone();
        let waiting = std::thread::spawn(move || {
            let _lock = other.lock().unwrap();
            sender.send(()).unwrap();
        });
        assert!(receiver.try_recv().is_err());
        drop(lock);
        receiver.recv().unwrap();
        waiting.join().unwrap();
    }
}
