//! The only writer below the root.
//!
//! A file is written under `.athens/staging/`, synced, and moved to its place in one step, so that no reader, ours or a
//! static server's, ever sees a part of it. What is left of a writer that was killed lies in the staging area alone,
//! where nobody looks, and is swept when the next server starts.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the one place that writes"
)]

use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::{Access, DirStore, EntryKind, OpenMode, StoreError, StoreKey};

/// Our own directory below the root; its name can not be an element of a module path, which never starts with a dot.
pub(super) const OURS: &str = ".athens";
const STAGING: &str = ".athens/staging";

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The file has the content now, and did not before.
    Done,
    /// There was a file already, and it was left as it is.
    Existed,
    /// The root is not to be written, or can not be.
    ReadOnly,
}

/// Whether the root takes writes, as far as is known.
#[derive(Debug)]
pub(super) struct WriteState {
    read_only: AtomicBool,
    /// Set when a write found out what the mode did not say.
    found_read_only: AtomicBool,
    serial: AtomicU64,
}

impl WriteState {
    pub(super) fn new(mode: OpenMode) -> Self {
        Self {
            read_only: AtomicBool::new(mode == OpenMode::ReadOnly),
            found_read_only: AtomicBool::new(false),
            serial: AtomicU64::new(0),
        }
    }
}

/// The staging area of a store.
#[derive(Debug, Clone, Copy)]
pub struct Staging<'a> {
    store: &'a DirStore,
}

/// A file that nobody sees yet; dropped without being moved, it is removed.
struct Staged<'a> {
    area: &'a OwnedFd,
    name: String,
    moved: bool,
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        if !self.moved {
            // A leftover is harmless, and swept later.
            let _ = rustix::fs::unlinkat(self.area, self.name.as_str(), AtFlags::empty());
        }
    }
}

/// How a staged file is put into its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Over whatever is there: derived files.
    Replace,
    /// Only where nothing is: files of a version.
    NoReplace,
}

impl<'a> Staging<'a> {
    pub(super) fn new(store: &'a DirStore) -> Self {
        Self { store }
    }

    /// Whether nothing is written: because it was asked for, or because the root turned out not to take it.
    pub fn is_read_only(&self) -> bool {
        self.state().read_only.load(Ordering::Relaxed)
    }

    /// Whether the root was meant to be written and turned out not to take it.
    pub fn found_read_only(&self) -> bool {
        self.state().found_read_only.load(Ordering::Relaxed)
    }

    fn state(&self) -> &'a WriteState {
        self.store.write_state()
    }

    /// Gives a derived file its content, whatever was there before. Waits for the disk.
    ///
    /// # Errors
    /// If the file can not be written and the root as a whole is not read-only.
    pub fn replace(&self, key: &StoreKey<'_>, content: &[u8]) -> Result<Written, StoreError> {
        debug_assert!(
            !matches!(key, StoreKey::File(..)),
            "the files of a version are never replaced"
        );
        self.write(key, content, Place::Replace)
    }

    /// Makes a file of a version, if there is none. Waits for the disk.
    ///
    /// # Errors
    /// If the file can not be written and the root as a whole is not read-only.
    pub fn create(&self, key: &StoreKey<'_>, content: &[u8]) -> Result<Written, StoreError> {
        self.write(key, content, Place::NoReplace)
    }

    /// Removes a derived file that says what is no longer so. Waits for the disk.
    ///
    /// # Errors
    /// If the file is there and can not be removed, and the root as a whole is not read-only.
    pub fn remove(&self, key: &StoreKey<'_>) -> Result<Written, StoreError> {
        debug_assert!(
            !matches!(key, StoreKey::File(..)),
            "the files of a version are never removed"
        );
        if self.is_read_only() {
            return Ok(Written::ReadOnly);
        }
        let path = key.relative_path();
        let Some((directory, name)) = self.open_parent(&path)? else {
            return Ok(Written::Existed);
        };
        match rustix::fs::unlinkat(&directory, name, AtFlags::empty()) {
            Ok(()) => Ok(Written::Done),
            Err(Errno::NOENT) => Ok(Written::Existed),
            Err(Errno::ROFS) => Ok(self.turns_out_read_only()),
            Err(error) => Err(StoreError::io("remove", path, error)),
        }
    }

    fn write(
        &self,
        key: &StoreKey<'_>,
        content: &[u8],
        place: Place,
    ) -> Result<Written, StoreError> {
        if self.is_read_only() {
            return Ok(Written::ReadOnly);
        }
        let path = key.relative_path();
        let area = match self.open_area() {
            Ok(area) => area,
            Err(error) if error.is_read_only() => return Ok(self.turns_out_read_only()),
            Err(error) => return Err(error),
        };
        let failed = |error: std::io::Error| StoreError::io("write", path.clone(), error);
        let Some((directory, name)) = self.open_parent(&path)? else {
            return Err(failed(Errno::NOENT.into()));
        };
        let (mut file, mut staged) = self.stage(&area).map_err(|error| failed(error.into()))?;
        file.write_all(content).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        let moved = match place {
            Place::Replace => rustix::fs::renameat(&area, staged.name.as_str(), &directory, name),
            Place::NoReplace => move_without_replacing(&area, &staged.name, &directory, name),
        };
        match moved {
            Ok(()) => staged.moved = true,
            Err(Errno::EXIST) if place == Place::NoReplace => return Ok(Written::Existed),
            Err(error) => return Err(failed(error.into())),
        }
        rustix::fs::fsync(&directory).map_err(|error| failed(error.into()))?;
        Ok(Written::Done)
    }

    /// The directory of `path`, and the name in it; `None` if the directory is gone.
    fn open_parent<'p>(&self, path: &'p str) -> Result<Option<(OwnedFd, &'p str)>, StoreError> {
        let Some((directory, name)) = path.rsplit_once('/') else {
            return Ok(None);
        };
        match self.store.beneath().open(
            directory,
            OFlags::RDONLY | OFlags::DIRECTORY,
            Access::MayWait,
        ) {
            Ok(opened) => Ok(Some((opened, name))),
            Err(error) => self
                .store
                .absent_or_error("open directory", directory, error),
        }
    }

    fn open_area(&self) -> Result<OwnedFd, StoreError> {
        let failed = |error: Errno| StoreError::io("open the staging area", STAGING, error);
        let open = || {
            self.store
                .beneath()
                .open(STAGING, OFlags::RDONLY | OFlags::DIRECTORY, Access::MayWait)
        };
        match open() {
            Err(Errno::NOENT) => {}
            result => return result.map_err(failed),
        }
        for directory in [OURS, STAGING] {
            match rustix::fs::mkdirat(self.store.root_fd(), directory, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        open().map_err(failed)
    }

    /// A new staged file. It is locked while its writer lives, which is how the sweep knows it from a leftover.
    fn stage<'s>(&self, area: &'s OwnedFd) -> Result<(File, Staged<'s>), Errno> {
        loop {
            let serial = self.state().serial.fetch_add(1, Ordering::Relaxed);
            let name = format!("{}-{serial}", std::process::id());
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
            match rustix::fs::openat(area, name.as_str(), flags, mode) {
                Ok(file) => {
                    let staged = Staged {
                        area,
                        name,
                        moved: false,
                    };
                    match rustix::fs::flock(file.as_fd(), FlockOperation::NonBlockingLockExclusive)
                    {
                        Ok(()) => return Ok((file.into(), staged)),
                        // A sweep came between the two calls and removes the file: make another.
                        Err(Errno::WOULDBLOCK) => {}
                        Err(error) => return Err(error),
                    }
                }
                // A leftover of an earlier process with our number.
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Removes what killed writers left behind, and says how many files that were. Files of living writers stay.
    ///
    /// # Errors
    /// If the staging area can not be read.
    pub fn sweep(&self) -> Result<usize, StoreError> {
        if self.is_read_only() {
            return Ok(0);
        }
        let mut swept = 0;
        for entry in self.store.entries(STAGING)?.unwrap_or_default() {
            if entry.kind != EntryKind::File {
                continue;
            }
            let path = format!("{STAGING}/{}", entry.name);
            let Ok(file) = self
                .store
                .beneath()
                .open(&path, OFlags::RDONLY, Access::MayWait)
            else {
                continue;
            };
            if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
                && rustix::fs::unlinkat(self.store.root_fd(), path.as_str(), AtFlags::empty())
                    .is_ok()
            {
                swept += 1;
            }
        }
        Ok(swept)
    }

    /// Whether a file could be staged now, for readiness; a read-only root is fine as it is.
    ///
    /// # Errors
    /// If the staging area can not be written.
    pub fn probe(&self) -> Result<(), StoreError> {
        if self.is_read_only() {
            return Ok(());
        }
        let probe = self.open_area().and_then(|area| {
            self.stage(&area)
                .map(drop)
                .map_err(|error| StoreError::io("write to the staging area", STAGING, error))
        });
        match probe {
            Err(error) if error.is_read_only() => {
                self.turns_out_read_only();
                Ok(())
            }
            result => result,
        }
    }

    fn turns_out_read_only(&self) -> Written {
        self.state().found_read_only.store(true, Ordering::Relaxed);
        self.state().read_only.store(true, Ordering::Relaxed);
        Written::ReadOnly
    }
}

/// Moves a staged file to a name that nothing has.
fn move_without_replacing(
    area: &OwnedFd,
    staged: &str,
    directory: &OwnedFd,
    name: &str,
) -> Result<(), Errno> {
    #[cfg(target_os = "linux")]
    match rustix::fs::renameat_with(
        area,
        staged,
        directory,
        name,
        rustix::fs::RenameFlags::NOREPLACE,
    ) {
        // Network and user-space file systems that do not know the flag.
        Err(Errno::INVAL | Errno::NOSYS) => {}
        result => return result,
    }
    rustix::fs::linkat(area, staged, directory, name, AtFlags::empty())?;
    rustix::fs::unlinkat(area, staged, AtFlags::empty())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::module::{ModulePath, ModuleVersion};
    use crate::store::ModuleFile;

    fn store(root: &std::path::Path) -> DirStore {
        DirStore::open(root, OpenMode::ReadWrite).unwrap()
    }

    #[test]
    fn replaces_derived_files_and_never_those_of_a_version() {
        let scratch = tempfile::tempdir().unwrap();
        fs::create_dir_all(scratch.path().join("example.com/m/@v")).unwrap();
        let store = store(scratch.path());
        let path: ModulePath = "example.com/m".parse().unwrap();
        let version = ModuleVersion::new(path.clone(), "v1.0.0".parse().unwrap()).unwrap();
        let list = StoreKey::List(&path);
        let info = StoreKey::File(&version, ModuleFile::Info);
        let read = |key: &StoreKey<'_>| fs::read(scratch.path().join(key.relative_path())).unwrap();

        assert_eq!(
            store.staging().replace(&list, b"v1.0.0\n").unwrap(),
            Written::Done
        );
        assert_eq!(
            store.staging().replace(&list, b"v1.0.1\n").unwrap(),
            Written::Done
        );
        assert_eq!(read(&list), b"v1.0.1\n");
        assert_eq!(
            store.staging().create(&info, b"{1}").unwrap(),
            Written::Done
        );
        assert_eq!(
            store.staging().create(&info, b"{2}").unwrap(),
            Written::Existed
        );
        assert_eq!(read(&info), b"{1}");
        assert_eq!(store.staging().remove(&list).unwrap(), Written::Done);
        assert_eq!(store.staging().remove(&list).unwrap(), Written::Existed);
        let left = fs::read_dir(scratch.path().join(STAGING)).unwrap().count();
        assert_eq!(left, 0, "nothing stays in the staging area");
    }

    #[test]
    fn sweeps_leftovers_and_leaves_the_files_of_living_writers() {
        let scratch = tempfile::tempdir().unwrap();
        let store = store(scratch.path());
        let staging = store.staging();
        let area = staging.open_area().unwrap();
        let (_file, _alive) = staging.stage(&area).unwrap();
        fs::write(scratch.path().join(STAGING).join("1-0"), "half").unwrap();
        assert_eq!(staging.sweep().unwrap(), 1);
        assert_eq!(
            fs::read_dir(scratch.path().join(STAGING)).unwrap().count(),
            1
        );
    }

    #[test]
    fn read_only_mode_writes_nothing() {
        let scratch = tempfile::tempdir().unwrap();
        fs::create_dir_all(scratch.path().join("example.com/m/@v")).unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadOnly).unwrap();
        let path: ModulePath = "example.com/m".parse().unwrap();
        assert_eq!(
            store
                .staging()
                .replace(&StoreKey::List(&path), b"")
                .unwrap(),
            Written::ReadOnly
        );
        store.probe().unwrap();
        assert!(!scratch.path().join(OURS).exists());
        assert!(!store.staging().found_read_only());
    }
}
