//! Committing a whole version.

use std::io::Write as _;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::area::Place;
use super::{StagedFile, Staging};
use crate::module::ModuleVersion;
use crate::store::{Access, ModuleFile, StoreError, StoreKey};

/// What a version is made of.
#[derive(Debug)]
pub struct NewVersion {
    /// The module zip.
    pub zip: StagedFile,
    /// Its h1: sum, as the `.ziphash` has it.
    pub zip_sum: String,
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
        let directory = self.make_directory(&path)?;
        // All that can fail for want of space fails before anything is visible.
        let mut rest = Vec::new();
        for (key, content) in [
            (StoreKey::ZipHash(version), zip_sum.as_bytes()),
            (StoreKey::File(version, ModuleFile::Mod), &go_mod),
            (StoreKey::File(version, ModuleFile::Info), &info),
        ] {
            let mut staged = self.stage()?;
            staged
                .write_all(content)
                .and_then(|()| staged.sync())
                .map_err(failed)?;
            rest.push((key, staged));
        }
        zip.sync().map_err(failed)?;
        let zip_key = StoreKey::File(version, ModuleFile::Zip);
        match zip.move_to(&directory, zip_key.file_name().as_str(), Place::NoReplace) {
            Ok(()) => {}
            Err(Errno::EXIST) => return Ok(Committed::HadZip),
            Err(error) => return Err(failed(error.into())),
        }
        for (key, mut staged) in rest {
            let place = if matches!(key, StoreKey::ZipHash(_)) {
                Place::Replace
            } else {
                Place::NoReplace
            };
            match staged.move_to(&directory, key.file_name().as_str(), place) {
                // A file that was there stays: the same go.mod, or an .info that was served already.
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(failed(error.into())),
            }
        }
        rustix::fs::fsync(&directory).map_err(|error| failed(error.into()))?;
        Ok(Committed::Created)
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

    /// Opens a directory below the root, made with all above it where they are missing. What was made is synced.
    fn make_directory(&self, path: &str) -> Result<OwnedFd, StoreError> {
        let failed = |error: Errno| StoreError::io("make directory", path, error);
        let open = |path: &str| {
            self.store
                .beneath()
                .open(path, OFlags::RDONLY | OFlags::DIRECTORY, Access::MayWait)
        };
        match open(path) {
            Err(Errno::NOENT) => {}
            result => return result.map_err(failed),
        }
        let mut parent: Option<OwnedFd> = None;
        let ends = path
            .match_indices('/')
            .map(|(end, _)| end)
            .chain([path.len()]);
        for end in ends {
            let name = path[..end].rsplit('/').next().unwrap_or_default();
            let mode = Mode::RWXU | Mode::RGRP | Mode::XGRP | Mode::ROTH | Mode::XOTH;
            let made = match &parent {
                Some(parent) => rustix::fs::mkdirat(parent, name, mode),
                None => rustix::fs::mkdirat(self.store.root_fd(), name, mode),
            };
            match made {
                Ok(()) => match &parent {
                    Some(parent) => rustix::fs::fsync(parent).map_err(failed)?,
                    None => rustix::fs::fsync(self.store.root_fd()).map_err(failed)?,
                },
                Err(Errno::EXIST) => {}
                Err(error) => return Err(failed(error)),
            }
            parent = Some(open(&path[..end]).map_err(failed)?);
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
        let mut staged = store.staging().stage().unwrap();
        staged.write_all(zip).unwrap();
        assert_eq!(staged.len(), zip.len() as u64);
        let new = NewVersion {
            zip: staged,
            zip_sum: "h1:sum".to_owned(),
            go_mod: go_mod.to_vec(),
            info: b"{}".to_vec(),
        };
        store.staging().commit(&version(), new).unwrap()
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
        assert_eq!(fs::read(zip).unwrap(), b"zip");
        assert_eq!(
            fs::read_dir(scratch.path().join(".athens/staging"))
                .unwrap()
                .count(),
            0
        );
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
}
