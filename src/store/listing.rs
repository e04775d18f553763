//! Reading a directory below the root.

use std::time::SystemTime;

use rustix::fs::{AtFlags, Dir, FileType, OFlags};
use rustix::io::Errno;

use super::{Access, DirStore, Identity, StoreError};

/// A name in a directory.
#[derive(Debug, Clone)]
pub struct DirEntry {
    /// The name; names that are not UTF-8 are never part of the layout and are left out.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// What a name in a directory stands for; links are not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
    /// A device, FIFO or socket.
    Other,
}

impl DirStore {
    /// The names in the directory at `path` below the root (`""` for the root), in no order; `None` if there is no such
    /// directory. Reads the disk: not for async threads.
    ///
    /// # Errors
    /// If the directory can not be read, or lies outside the root.
    pub fn entries(&self, path: &str) -> Result<Option<Vec<DirEntry>>, StoreError> {
        let directory = if path.is_empty() {
            // A descriptor of its own: reading a directory moves its position.
            rustix::fs::openat(
                self.root_fd(),
                ".",
                OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
                rustix::fs::Mode::empty(),
            )
        } else {
            self.beneath()
                .open(path, OFlags::RDONLY | OFlags::DIRECTORY, Access::MayWait)
        };
        let directory = match directory {
            Ok(directory) => directory,
            Err(error) => return self.absent_or_error("read directory", path, error),
        };
        let failed = |error: Errno| StoreError::io("read directory", path, error);
        let mut entries = Vec::new();
        for entry in Dir::new(directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Directory => EntryKind::Directory,
                FileType::RegularFile => EntryKind::File,
                FileType::Symlink => EntryKind::Link,
                // Some file systems do not tell in the listing.
                FileType::Unknown => self.kind_of(&format!("{path}/{name}")),
                _ => EntryKind::Other,
            };
            entries.push(DirEntry {
                name: name.to_owned(),
                kind,
            });
        }
        Ok(Some(entries))
    }

    /// When a name in the directory at `path` last came, went or changed; `None` if there is no such directory. Waits for
    /// the disk.
    ///
    /// # Errors
    /// If the directory can not be looked at.
    pub fn directory_changed(&self, path: &str) -> Result<Option<SystemTime>, StoreError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        match self.beneath().open(path, flags, Access::MayWait) {
            Ok(directory) => rustix::fs::fstat(directory)
                .map(|stat| Some(Identity::of_stat(&stat).changed_at()))
                .map_err(|error| StoreError::io("look at", path, error)),
            Err(error) => self.absent_or_error("look at", path, error),
        }
    }

    fn kind_of(&self, path: &str) -> EntryKind {
        let path = path.trim_start_matches('/');
        rustix::fs::statat(self.root_fd(), path, AtFlags::SYMLINK_NOFOLLOW).map_or(
            EntryKind::Other,
            |stat| match FileType::from_raw_mode(stat.st_mode) {
                FileType::Directory => EntryKind::Directory,
                FileType::RegularFile => EntryKind::File,
                FileType::Symlink => EntryKind::Link,
                _ => EntryKind::Other,
            },
        )
    }

    /// The identities of files in one directory, without opening them: `names` are looked up in the directory at `path`.
    /// A name that is gone, is no regular file, or is a link that can not be followed below the root gives `None`.
    ///
    /// # Errors
    /// If the directory can not be opened.
    pub fn identities(
        &self,
        path: &str,
        names: &[&str],
    ) -> Result<Vec<Option<Identity>>, StoreError> {
        let directory =
            match self
                .beneath()
                .open(path, OFlags::RDONLY | OFlags::DIRECTORY, Access::MayWait)
            {
                Ok(directory) => directory,
                Err(error) => {
                    return self
                        .absent_or_error::<()>("read directory", path, error)
                        .map(|_| vec![None; names.len()]);
                }
            };
        let look = |name: &&str| {
            let stat = rustix::fs::statat(&directory, *name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => Some(Identity::of_stat(&stat)),
                // Rare: let the guarded open decide where the link leads.
                FileType::Symlink => self
                    .open_path(&format!("{path}/{name}"), Access::MayWait)
                    .ok()??
                    .content()
                    .map(|file| file.identity()),
                _ => None,
            }
        };
        Ok(names.iter().map(look).collect())
    }
}
