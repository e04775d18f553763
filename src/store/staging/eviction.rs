//! Removing fetched versions to make room.
//!
//! Whoever commits a version and whoever removes some keep out of each other's way by a lock on a file: many commit at
//! once, one removes alone. So no version is ever made of files of which some are about to go, and a version that is kept
//! on purpose in this moment stays.

use std::fs::File;

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::Staging;
use super::area::{OURS, Place};
use crate::module::{ModulePath, ModuleVersion};
use crate::store::{Access, Event, EventKind, ModuleFile, StoreError, StoreKey};

const LOCK: &str = ".athens/evicting";

/// Nothing is removed to make room, or nobody but its holder removes anything, until it is dropped.
#[derive(Debug)]
pub struct EvictionLock {
    /// Closing the file gives up the lock.
    _file: File,
}

/// What became of the wish that a version stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pinned {
    /// It stays.
    Stays,
    /// It went in the moment before.
    Gone,
}

impl Staging<'_> {
    /// Has nothing removed to make room until the lock is dropped. Waits for whoever is removing.
    ///
    /// # Errors
    /// If the lock can not be had.
    pub(super) fn hold_evictions(&self) -> Result<EvictionLock, StoreError> {
        self.lock(FlockOperation::LockShared)
    }

    /// Has nobody else commit or remove anything until the lock is dropped. Waits for them.
    ///
    /// # Errors
    /// If the lock can not be had.
    pub fn begin_eviction(&self) -> Result<EvictionLock, StoreError> {
        self.lock(FlockOperation::LockExclusive)
    }

    fn lock(&self, operation: FlockOperation) -> Result<EvictionLock, StoreError> {
        let failed = |error: Errno| StoreError::io("lock", LOCK, error);
        self.make_ours()?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let mode = Mode::RUSR | Mode::WUSR;
        let file = rustix::fs::openat(self.store.root_fd(), LOCK, flags, mode).map_err(failed)?;
        loop {
            match rustix::fs::flock(&file, operation) {
                Ok(()) => return Ok(EvictionLock { _file: file.into() }),
                Err(Errno::INTR) => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Notes that a version which was only fetched stays from now on, and makes its names survive a power cut. Waits for the
    /// disk.
    ///
    /// # Errors
    /// If the journal can not be read or written, or the place of the zip not be looked at.
    pub fn pin(&self, version: &ModuleVersion) -> Result<Pinned, StoreError> {
        let _still = match self.is_read_only() {
            true => None,
            false => Some(self.hold_evictions()?),
        };
        let zip = StoreKey::File(version, ModuleFile::Zip);
        if self.store.read_blocking(&zip)?.is_none() {
            return Ok(Pinned::Gone);
        }
        if self.store.provenance().of(version)? == Some(EventKind::Fetch) {
            let path = StoreKey::directory(version.path());
            let directory = self.make_directory(&path)?;
            rustix::fs::fsync(&directory)
                .map_err(|error| StoreError::io("sync directory", path, error))?;
            let mut event = Event::new(EventKind::Import, version);
            self.store.journal().append(&mut event)?;
        }
        Ok(Pinned::Stays)
    }

    /// Removes the files of versions of one module: the zips first, for good, so that whatever stops this leaves no zip
    /// without the files that came with it, out of which others would be made. The holder of the lock has told the
    /// journal before. Waits for the disk.
    ///
    /// # Errors
    /// If a file can not be removed; a read-only root is an error here.
    pub fn evict(
        &self,
        _alone: &EvictionLock,
        module: &ModulePath,
        versions: &[ModuleVersion],
    ) -> Result<(), StoreError> {
        let path = StoreKey::directory(module);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let directory = match self.store.beneath().open(&path, flags, Access::MayWait) {
            Ok(directory) => directory,
            Err(error) => {
                return self
                    .store
                    .absent_or_error::<()>("open directory", &path, error)
                    .map(drop);
            }
        };
        for version in versions {
            self.unlink(&directory, &StoreKey::File(version, ModuleFile::Zip))?;
        }
        rustix::fs::fsync(&directory)
            .map_err(|error| StoreError::io("remove from", path, error))?;
        for version in versions {
            for key in [
                StoreKey::ZipHash(version),
                StoreKey::File(version, ModuleFile::Info),
                StoreKey::File(version, ModuleFile::Mod),
            ] {
                self.unlink(&directory, &key)?;
            }
        }
        Ok(())
    }

    /// Removes a directory below the root if it is empty, and those above it that are then. Waits for the disk.
    ///
    /// # Errors
    /// If a directory is empty and can not be removed.
    pub fn remove_empty(&self, _alone: &EvictionLock, path: &str) -> Result<u64, StoreError> {
        let mut removed = 0;
        let mut path = path;
        while !path.is_empty() {
            // Before it goes: whoever makes it anew has to sync it.
            self.state().settled.forget(path);
            match rustix::fs::unlinkat(self.store.root_fd(), path, AtFlags::REMOVEDIR) {
                Ok(()) => removed += 1,
                Err(Errno::NOENT) => {}
                // Also what is a link: it is somebody's, and may lead anywhere.
                Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR | Errno::BUSY) => break,
                Err(error) => return Err(StoreError::io("remove directory", path, error)),
            }
            path = path.rsplit_once('/').map_or("", |(above, _)| above);
        }
        Ok(removed)
    }

    /// Gives a file of our own its content, whatever was there before. It is not synced.
    pub(in crate::store) fn replace_ours(
        &self,
        path: &str,
        content: &[u8],
    ) -> Result<(), StoreError> {
        use std::io::Write as _;
        let failed = |error: std::io::Error| StoreError::io("write", path, error);
        let mut staged = self.stage()?;
        staged.write_all(content).map_err(failed)?;
        let directory = self.make_directory(OURS)?;
        let name = path.rsplit('/').next().unwrap_or(path);
        staged
            .move_to(&directory, name, Place::Replace)
            .map_err(|error| failed(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::store::{DirStore, OpenMode};

    fn version(text: &str) -> ModuleVersion {
        let path = "example.com/m".parse().unwrap();
        ModuleVersion::new(path, text.parse().unwrap()).unwrap()
    }

    #[test]
    fn removes_versions_and_what_is_empty_then() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        let directory = scratch.path().join("example.com/m/@v");
        fs::create_dir_all(&directory).unwrap();
        for name in ["v1.0.0.zip", "v1.0.0.ziphash", "v1.0.0.info", "v1.0.0.mod"] {
            fs::write(directory.join(name), "x").unwrap();
        }
        fs::write(directory.join("v1.0.1.zip"), "x").unwrap();
        let (staging, versions) = (store.staging(), [version("v1.0.0"), version("v1.0.2")]);
        let lock = staging.begin_eviction().unwrap();
        let module = versions[0].path();
        staging.evict(&lock, module, &versions).unwrap();
        let left: Vec<_> = fs::read_dir(&directory).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
        let path = StoreKey::directory(module);
        assert_eq!(staging.remove_empty(&lock, &path).unwrap(), 0);
        staging.evict(&lock, module, &[version("v1.0.1")]).unwrap();
        assert_eq!(staging.remove_empty(&lock, &path).unwrap(), 3);
        assert!(!scratch.path().join("example.com").exists());
        assert_eq!(staging.remove_empty(&lock, &path).unwrap(), 0);
    }

    #[test]
    fn what_is_kept_stays() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        let one = version("v1.0.0");
        assert_eq!(store.staging().pin(&one).unwrap(), Pinned::Gone);
        fs::create_dir_all(scratch.path().join("example.com/m/@v")).unwrap();
        fs::write(scratch.path().join("example.com/m/@v/v1.0.0.zip"), "x").unwrap();
        let mut event = Event::new(EventKind::Fetch, &one);
        store.journal().append(&mut event).unwrap();
        assert!(store.provenance().is_evictable(&one).unwrap());
        for _ in 0..2 {
            assert_eq!(store.staging().pin(&one).unwrap(), Pinned::Stays);
            assert!(!store.provenance().is_evictable(&one).unwrap());
            assert_eq!(store.journal().events().unwrap().len(), 2);
        }
    }
}
