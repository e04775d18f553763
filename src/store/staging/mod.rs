//! The only writer below the root.
//!
//! A file is written under `.athens/staging/`, synced, and moved to its place in one step, so that no reader, ours or a
//! static server's, ever sees a part of it. What is left of a writer that was killed lies in the staging area alone,
//! where nobody looks, and is swept when the next server starts.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the one place that writes"
)]

mod area;
mod eviction;
mod exchange;
mod leftovers;
mod quarantine;
mod settled;
mod version;

use std::io::Write as _;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::fs::{AtFlags, OFlags};
use rustix::io::Errno;

pub use area::{StagedFile, Writable};
pub use eviction::{EvictionLock, Pinned};
pub use exchange::Exchanged;
pub use quarantine::Batch;
pub use version::{Committed, NewVersion};

use self::area::Place;
use self::settled::Settled;
use super::{Access, DirStore, OpenMode, StoreError, StoreKey};

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
    settled: Settled,
}

impl WriteState {
    pub(super) fn new(mode: OpenMode) -> Self {
        Self {
            read_only: AtomicBool::new(mode == OpenMode::ReadOnly),
            found_read_only: AtomicBool::new(false),
            serial: AtomicU64::new(0),
            settled: Settled::default(),
        }
    }
}

/// The staging area of a store.
#[derive(Debug, Clone, Copy)]
pub struct Staging<'a> {
    store: &'a DirStore,
    names: Names,
}

/// What becomes of the names of a version's files in a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    /// They are there afterwards.
    Survive,
    /// They may be gone.
    MayGo,
}

impl<'a> Staging<'a> {
    pub(super) fn new(store: &'a DirStore) -> Self {
        Self {
            store,
            names: Names::Survive,
        }
    }

    /// The same for what can be fetched again: a version may be gone after a power cut, or a part of its files. What is there
    /// is whole, for contents are synced before they get their names, as always. Syncing the names too would take two thirds
    /// of all that a fetch waits for the disk.
    #[must_use]
    pub fn of_fetched(self) -> Self {
        Self {
            names: Names::MayGo,
            ..self
        }
    }

    /// Makes the names in a directory survive a power cut, where they have to.
    fn sync_names(&self, directory: impl AsFd) -> Result<(), Errno> {
        match self.names {
            Names::Survive => rustix::fs::fsync(directory),
            Names::MayGo => Ok(()),
        }
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

    /// Gives a derived file its content, whatever was there before. It is not synced: after a power cut the next walk
    /// makes it again. Waits for the disk.
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

    /// As [`create`](Self::create), with the directories above the file, which are made where they are missing.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn create_with_directory(
        &self,
        key: &StoreKey<'_>,
        content: &[u8],
    ) -> Result<Written, StoreError> {
        if self.is_read_only() {
            return Ok(Written::ReadOnly);
        }
        // Else the directory could go again, as one that is empty.
        let _still = match self.hold_evictions() {
            Err(error) if error.is_read_only() => return Ok(self.turns_out_read_only()),
            held => held?,
        };
        match self.make_directory_of(key)? {
            Written::ReadOnly => Ok(Written::ReadOnly),
            _ => self.create(key, content),
        }
    }

    /// As [`replace`](Self::replace), with the directories above the file, which are made where they are missing.
    ///
    /// # Errors
    /// As [`replace`](Self::replace).
    pub fn replace_with_directory(
        &self,
        key: &StoreKey<'_>,
        content: &[u8],
    ) -> Result<Written, StoreError> {
        match self.make_directory_of(key)? {
            Written::ReadOnly => Ok(Written::ReadOnly),
            _ => self.replace(key, content),
        }
    }

    fn make_directory_of(&self, key: &StoreKey<'_>) -> Result<Written, StoreError> {
        if self.is_read_only() {
            return Ok(Written::ReadOnly);
        }
        let path = key.relative_path();
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        match self.make_directory(directory) {
            Ok(_) => Ok(Written::Done),
            Err(error) if error.is_read_only() => Ok(self.turns_out_read_only()),
            Err(error) => Err(error),
        }
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
        let Some(mut staged) = self.stage_if_writable()? else {
            return Ok(Written::ReadOnly);
        };
        let failed = |error: std::io::Error| StoreError::io("write", path.clone(), error);
        let Some((directory, name)) = self.open_parent(&path)? else {
            return Err(failed(Errno::NOENT.into()));
        };
        staged.write_all(content).map_err(failed)?;
        // Derived files can be made again; syncing each would be most of the time of a walk over a large tree.
        let is_precious = place == Place::NoReplace;
        if is_precious {
            staged.sync().map_err(failed)?;
        }
        match staged.move_to(&directory, name, place) {
            Ok(()) => {}
            Err(Errno::EXIST) if place == Place::NoReplace => return Ok(Written::Existed),
            Err(error) => return Err(failed(error.into())),
        }
        if is_precious {
            self.sync_names(&directory)
                .map_err(|error| failed(error.into()))?;
        }
        Ok(Written::Done)
    }

    /// Makes everything that was written survive a power cut, derived files and names of fetched ones too. Waits for the disk.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn flush(&self) -> Result<(), StoreError> {
        rustix::fs::syncfs(self.store.root_fd())
            .map_err(|error| StoreError::io("sync", "the root", error))
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

    /// A new staged file; `None` if the root is read-only, or turns out to be.
    fn stage_if_writable(&self) -> Result<Option<StagedFile>, StoreError> {
        match self.stage() {
            Ok(staged) => Ok(Some(staged)),
            Err(error) if error.is_read_only() => {
                self.turns_out_read_only();
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn turns_out_read_only(&self) -> Written {
        self.state().found_read_only.store(true, Ordering::Relaxed);
        self.state().read_only.store(true, Ordering::Relaxed);
        Written::ReadOnly
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::area::{OURS, STAGING};
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
        let _alive = staging.stage().unwrap();
        fs::write(scratch.path().join(STAGING).join("1-0"), "half").unwrap();
        assert_eq!(staging.sweep().unwrap(), 1);
        assert_eq!(
            fs::read_dir(scratch.path().join(STAGING)).unwrap().count(),
            1
        );
    }

    #[test]
    fn copies_a_part_of_a_file() {
        let scratch = tempfile::tempdir().unwrap();
        let store = store(scratch.path());
        let path = scratch.path().join("source");
        fs::write(&path, b"0123456789").unwrap();
        let source = fs::File::open(&path).unwrap();
        let mut staged = store.staging().stage().unwrap();
        staged.append_from(&source, 2, 3).unwrap();
        staged.write_all(b"-").unwrap();
        staged.append_from(&source, 9, 1).unwrap();
        assert_eq!(staged.len(), 5);
        let mut content = [0; 5];
        std::os::unix::fs::FileExt::read_exact_at(staged.file(), &mut content, 0).unwrap();
        assert_eq!(&content, b"234-9");
        let error = staged.append_from(&source, 9, 2).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn makes_the_directories_of_a_new_file() {
        let scratch = tempfile::tempdir().unwrap();
        let store = store(scratch.path());
        let file = "sumdb.example/tile/8/0/x001/002".parse().unwrap();
        let key = StoreKey::Sumdb(&file);
        let create = |content: &[u8]| store.staging().create_with_directory(&key, content);
        assert_eq!(create(b"1").unwrap(), Written::Done);
        assert_eq!(create(b"2").unwrap(), Written::Existed);
        let path = scratch.path().join("sumdb/sumdb.example/tile/8/0/x001/002");
        assert_eq!(fs::read(path).unwrap(), b"1");
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
