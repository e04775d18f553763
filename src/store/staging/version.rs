//! Committing a whole version.

use std::io::Write as _;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::area::Place;
use super::{Names, StagedFile, Staging, Written};
use crate::module::{ModuleVersion, Sum};
use crate::store::zip_hash::stamp;
use crate::store::{Access, Identity, ModuleFile, StoreError, StoreKey, Tombstone};

/// What a version is made of.
#[derive(Debug)]
pub struct NewVersion {
    /// The module zip.
    pub zip: StagedFile,
    /// Its h1: sum.
    pub zip_sum: Sum,
    /// The content of the `.mod`.
    pub go_mod: Vec<u8>,
    /// The content of the `.info`.
    pub info: Vec<u8>,
}

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// The version is there now, and was not before.
    Created,
    /// The version had a zip already; nothing was changed.
    HadZip,
    /// The version had another go.mod already, fetched for somebody's module graph; nothing was changed.
    HadOtherGoMod,
}

impl Staging<'_> {
    /// Puts the files of a version into their places: synced, the zip first, the `.info` last, none over another. A
    /// process that is killed on the way leaves either nothing, or a zip that the rest can be made from. Of several that
    /// commit the same version at once, one creates it. Waits for the disk.
    ///
    /// # Errors
    /// If a file can not be written; a read-only root is an error here.
    pub fn commit(
        &self,
        version: &ModuleVersion,
        new: NewVersion,
    ) -> Result<Committed, StoreError> {
        let NewVersion {
            mut zip,
            zip_sum,
            go_mod,
            info,
        } = new;
        let path = StoreKey::directory(version.path());
        let failed = |error: std::io::Error| StoreError::io("write", path.clone(), error);
        if self.has_other(&StoreKey::File(version, ModuleFile::Mod), &go_mod)? {
            return Ok(Committed::HadOtherGoMod);
        }
        // All that can fail for want of space fails before anything is visible.
        let stage = |content: &[u8]| {
            let mut staged = self.stage()?;
            staged
                .write_all(content)
                .and_then(|()| staged.sync())
                .map_err(failed)?;
            Ok::<StagedFile, StoreError>(staged)
        };
        let mut hash = stage(zip_sum.to_string().as_bytes())?;
        zip.sync().map_err(failed)?;
        let _still = self.hold_evictions()?;
        let mut files = Vec::with_capacity(2);
        for (file, content) in [(ModuleFile::Mod, &go_mod), (ModuleFile::Info, &info)] {
            // What is there stays there, whatever it is. A fetch has brought both before.
            match self.store.read_blocking(&StoreKey::File(version, file)) {
                Ok(None) => files.push((file, stage(content)?)),
                Ok(Some(_)) | Err(StoreError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let directory = self.make_directory(&path)?;
        let place = |staged: &mut StagedFile, key: StoreKey<'_>, place: Place| {
            staged.move_to(&directory, &key.file_name(), place)
        };
        match place(
            &mut zip,
            StoreKey::File(version, ModuleFile::Zip),
            Place::NoReplace,
        ) {
            Ok(()) => {}
            Err(Errno::EXIST) => {
                // Whoever put it there may have been stopped, or failed, before the last step.
                self.sync_zip(version)?;
                self.sync_names(&directory)
                    .map_err(|error| failed(error.into()))?;
                return Ok(Committed::HadZip);
            }
            Err(error) => return Err(failed(error.into())),
        }
        // The move was the last change of the zip.
        let identity = zip
            .file()
            .metadata()
            .map(|metadata| Identity::of(&metadata))
            .map_err(failed)?;
        stamp(&hash, &identity).map_err(failed)?;
        place(&mut hash, StoreKey::ZipHash(version), Place::Replace)
            .map_err(|error| failed(error.into()))?;
        for (file, mut staged) in files {
            match place(&mut staged, StoreKey::File(version, file), Place::NoReplace) {
                // A file that was there stays: the same go.mod, or an .info that was served already.
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(failed(error.into())),
            }
        }
        self.sync_names(&directory)
            .map_err(|error| failed(error.into()))?;
        Ok(Committed::Created)
    }

    /// Notes beside a zip that it was checked whole, in this state. Waits for the disk.
    ///
    /// # Errors
    /// If the note can not be written and the root as a whole is not read-only.
    pub fn prove(
        &self,
        version: &ModuleVersion,
        sum: &Sum,
        zip: &Identity,
    ) -> Result<Written, StoreError> {
        if self.is_read_only() {
            return Ok(Written::ReadOnly);
        }
        let key = StoreKey::ZipHash(version);
        let path = key.relative_path();
        let failed = |error: std::io::Error| StoreError::io("write", path.clone(), error);
        let Some((directory, name)) = self.open_parent(&path)? else {
            return Err(failed(Errno::NOENT.into()));
        };
        let Some(mut hash) = self.stage_if_writable()? else {
            return Ok(Written::ReadOnly);
        };
        hash.write_all(sum.to_string().as_bytes())
            .and_then(|()| hash.sync())
            .map_err(failed)?;
        stamp(&hash, zip).map_err(failed)?;
        hash.move_to(&directory, name, Place::Replace)
            .map_err(|error| failed(error.into()))?;
        Ok(Written::Done)
    }

    /// Deletes the files of a version and leaves a tombstone, which is there before the first file goes. Waits for the
    /// disk.
    ///
    /// # Errors
    /// If the tombstone can not be written or a file not be removed; a read-only root is an error here.
    pub fn bury(&self, version: &ModuleVersion, tombstone: &Tombstone) -> Result<(), StoreError> {
        let path = StoreKey::directory(version.path());
        let failed = |error: std::io::Error| StoreError::io("delete from", path.clone(), error);
        let json = serde_json::to_vec(tombstone).map_err(|error| failed(error.into()))?;
        let directory = self.make_directory(&path)?;
        let mut staged = self.stage()?;
        staged
            .write_all(&json)
            .and_then(|()| staged.sync())
            .map_err(failed)?;
        staged
            .move_to(
                &directory,
                &StoreKey::Tombstone(version).file_name(),
                Place::Replace,
            )
            .map_err(|error| failed(error.into()))?;
        rustix::fs::fsync(&directory).map_err(|error| failed(error.into()))?;
        let files = [ModuleFile::Info, ModuleFile::Mod, ModuleFile::Zip]
            .map(|file| StoreKey::File(version, file));
        for key in files.into_iter().chain([StoreKey::ZipHash(version)]) {
            self.unlink(&directory, &key)?;
        }
        rustix::fs::fsync(&directory).map_err(|error| failed(error.into()))
    }

    fn sync_zip(&self, version: &ModuleVersion) -> Result<(), StoreError> {
        let key = StoreKey::File(version, ModuleFile::Zip);
        match self.store.read_blocking(&key)? {
            Some(zip) => zip
                .file()
                .sync_all()
                .map_err(|error| StoreError::io("write", key.relative_path(), error)),
            None => Ok(()),
        }
    }

    /// Takes a tombstone away, after the same content has come back, for good. Waits for the disk.
    ///
    /// # Errors
    /// If it is there and can not be removed.
    pub fn exhume(&self, version: &ModuleVersion) -> Result<(), StoreError> {
        let directory = self.make_directory(&StoreKey::directory(version.path()))?;
        let key = StoreKey::Tombstone(version);
        self.unlink(&directory, &key)?;
        rustix::fs::fsync(&directory)
            .map_err(|error| StoreError::io("delete", key.relative_path(), error))
    }

    pub(super) fn unlink(&self, directory: &OwnedFd, key: &StoreKey<'_>) -> Result<(), StoreError> {
        match rustix::fs::unlinkat(directory, key.file_name(), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(StoreError::io("delete", key.relative_path(), error)),
        }
    }

    fn has_other(&self, key: &StoreKey<'_>, content: &[u8]) -> Result<bool, StoreError> {
        let Some(file) = self.store.read_blocking(key)? else {
            return Ok(false);
        };
        let found = file
            .read_all_blocking()
            .map_err(|error| StoreError::io("read", key.relative_path(), error))?;
        Ok(found != content)
    }

    /// Opens a directory below the root, made with all above it where they are missing. All of their names survive a power
    /// cut, also those that somebody else made, if those of files have to. Waits for the disk.
    pub(super) fn make_directory(&self, path: &str) -> Result<OwnedFd, StoreError> {
        let failed = |error: Errno| StoreError::io("make directory", path, error);
        let open = |path: &str| {
            self.store
                .beneath()
                .open(path, OFlags::RDONLY | OFlags::DIRECTORY, Access::MayWait)
        };
        let settled = &self.state().settled;
        let names_survive = self.names == Names::Survive;
        if !names_survive || settled.has(path) {
            match open(path) {
                Err(Errno::NOENT) => {}
                result => return result.map_err(failed),
            }
        }
        let mut parent: Option<OwnedFd> = None;
        let ends = path
            .match_indices('/')
            .map(|(end, _)| end)
            .chain([path.len()]);
        for end in ends {
            let here = &path[..end];
            let name = here.rsplit('/').next().unwrap_or_default();
            let mode = Mode::RWXU | Mode::RGRP | Mode::XGRP | Mode::ROTH | Mode::XOTH;
            let made = match &parent {
                Some(parent) => rustix::fs::mkdirat(parent, name, mode),
                None => rustix::fs::mkdirat(self.store.root_fd(), name, mode),
            };
            let is_new = match made {
                Ok(()) => true,
                Err(Errno::EXIST) => false,
                Err(error) => return Err(failed(error)),
            };
            if names_survive && (is_new || !settled.has(here)) {
                match &parent {
                    Some(parent) => rustix::fs::fsync(parent).map_err(failed)?,
                    None => rustix::fs::fsync(self.store.root_fd()).map_err(failed)?,
                }
                settled.add(here);
            }
            parent = Some(open(here).map_err(failed)?);
        }
        parent.ok_or_else(|| failed(Errno::NOENT))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::store::{DirStore, OpenMode};

    fn version() -> ModuleVersion {
        ModuleVersion::new(
            "example.com/Corp/m".parse().unwrap(),
            "v1.0.0".parse().unwrap(),
        )
        .unwrap()
    }

    fn commit(store: &DirStore, zip: &[u8], go_mod: &[u8]) -> Committed {
        commit_to(store.staging(), zip, go_mod)
    }

    fn commit_to(staging: Staging<'_>, zip: &[u8], go_mod: &[u8]) -> Committed {
        let mut staged = staging.stage().unwrap();
        staged.write_all(zip).unwrap();
        assert_eq!(staged.len(), zip.len() as u64);
        let new = NewVersion {
            zip: staged,
            zip_sum: Sum::new([7; 32]),
            go_mod: go_mod.to_vec(),
            info: b"{}".to_vec(),
        };
        staging.commit(&version(), new).unwrap()
    }

    fn names(root: &Path) -> Vec<String> {
        let entries = fs::read_dir(root.join("example.com/!corp/m/@v")).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_version_is_created_once() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        assert_eq!(commit(&store, b"zip", b"module m\n"), Committed::Created);
        assert_eq!(
            names(scratch.path()),
            ["v1.0.0.info", "v1.0.0.mod", "v1.0.0.zip", "v1.0.0.ziphash"]
        );
        assert_eq!(commit(&store, b"other", b"module m\n"), Committed::HadZip);
        let zip = scratch.path().join("example.com/!corp/m/@v/v1.0.0.zip");
        assert_eq!(fs::read(&zip).unwrap(), b"zip");
        let proven = || {
            let identity = Identity::of(&fs::metadata(&zip).unwrap());
            store.proven_sum(&version(), &identity).unwrap()
        };
        assert_eq!(proven(), Some(Sum::new([7; 32])));
        // Whatever is done to the zip, it is to be checked again.
        fs::write(&zip, b"pig").unwrap();
        assert_eq!(proven(), None);
        assert_eq!(
            fs::read_dir(scratch.path().join(".athens/staging"))
                .unwrap()
                .count(),
            0
        );
    }

    #[test]
    fn what_a_fetch_brought_before_its_zip_stays() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        let fetched = store.staging().of_fetched();
        let (version, info) = (version(), br#"{"Version":"v1.0.0"}"#);
        let key = StoreKey::File(&version, ModuleFile::Info);
        let written = fetched.create_with_directory(&key, info);
        assert_eq!(written.unwrap(), Written::Done);
        let commit = |zip| commit_to(fetched, zip, b"module m\n");
        assert_eq!(commit(b"zip"), Committed::Created);
        assert_eq!(commit(b"zip"), Committed::HadZip);
        let path = scratch.path().join(key.relative_path());
        assert_eq!(fs::read(path).unwrap(), info);
        assert_eq!(names(scratch.path()).len(), 4);
    }

    #[test]
    fn another_go_mod_that_was_served_already_stays() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        let directory = scratch.path().join("example.com/!corp/m/@v");
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("v1.0.0.mod"), "module other\n").unwrap();
        assert_eq!(
            commit(&store, b"zip", b"module m\n"),
            Committed::HadOtherGoMod
        );
        assert_eq!(names(scratch.path()), ["v1.0.0.mod"]);
        assert_eq!(
            commit(&store, b"zip", b"module other\n"),
            Committed::Created
        );
    }

    #[test]
    fn of_many_at_once_one_creates() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        let created = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..20)
                .map(|number| {
                    let store = &store;
                    scope.spawn(move || {
                        commit(store, format!("zip {number}").as_bytes(), b"module m\n")
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .filter(|done| *done == Committed::Created)
                .count()
        });
        assert_eq!(created, 1);
        assert_eq!(names(scratch.path()).len(), 4);
    }

    #[test]
    fn a_deleted_version_leaves_a_tombstone() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        assert_eq!(store.tombstone(&version()).unwrap(), None);
        commit(&store, b"zip", b"module m\n");
        let tombstone = Tombstone::new(&version(), Sum::new([7; 32]), "ci");
        store.staging().bury(&version(), &tombstone).unwrap();
        assert_eq!(names(scratch.path()), ["v1.0.0.deleted"]);
        assert_eq!(store.tombstone(&version()).unwrap(), Some(tombstone));
        store.staging().exhume(&version()).unwrap();
        assert_eq!(names(scratch.path()), [""; 0]);
    }
}
