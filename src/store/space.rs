//! What the root takes of its disk, and what that has left.

use rustix::fs::{AtFlags, FileType, OFlags};
use rustix::io::Errno;

use super::{Access, DirStore, EntryKind, Identity, StoreError};

/// The unit of `st_blocks`, whatever the file system's own blocks are.
const BLOCK: u64 = 512;

/// The disk that the root is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSpace {
    /// What this process may still fill, in bytes: less what the file system keeps for root.
    pub free: u64,
    /// All of it, in bytes.
    pub total: u64,
}

/// A name in a directory, with what it takes.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The name.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    /// What it takes on the disk, in bytes, as `du` counts: whole blocks, and nothing for holes.
    pub allocated: u64,
    /// Which state of which file it is.
    pub identity: Identity,
}

impl DirStore {
    /// What the disk of the root has left. Waits for the disk.
    ///
    /// # Errors
    /// If the file system does not say so.
    pub fn disk_space(&self) -> Result<DiskSpace, StoreError> {
        let stat = rustix::fs::fstatvfs(self.root_fd())
            .map_err(|error| StoreError::io("look at the disk of", "the root", error))?;
        Ok(DiskSpace {
            free: stat.f_bavail.saturating_mul(stat.f_frsize),
            total: stat.f_blocks.saturating_mul(stat.f_frsize),
        })
    }

    /// The names in the directory at `path` below the root (`""` for the root) and what they take, in no order; `None` if
    /// there is no such directory. Links are not followed; what goes meanwhile is left out. Waits for the disk.
    ///
    /// # Errors
    /// If the directory can not be read, or lies outside the root.
    pub fn measure(&self, path: &str) -> Result<Option<Vec<Measured>>, StoreError> {
        let Some(entries) = self.entries(path)? else {
            return Ok(None);
        };
        let directory = match path {
            "" => None,
            path => {
                match self
                    .beneath()
                    .open(path, OFlags::RDONLY | OFlags::DIRECTORY, Access::MayWait)
                {
                    Ok(directory) => Some(directory),
                    Err(error) => return self.absent_or_error("read directory", path, error),
                }
            }
        };
        let mut measured = Vec::with_capacity(entries.len());
        for entry in entries {
            let name = entry.name.as_str();
            let stat = match &directory {
                Some(directory) => rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW),
                None => rustix::fs::statat(self.root_fd(), name, AtFlags::SYMLINK_NOFOLLOW),
            };
            match stat {
                Ok(stat) => measured.push(Measured {
                    kind: match FileType::from_raw_mode(stat.st_mode) {
                        FileType::Directory => EntryKind::Directory,
                        FileType::RegularFile => EntryKind::File,
                        FileType::Symlink => EntryKind::Link,
                        _ => EntryKind::Other,
                    },
                    allocated: u64::try_from(stat.st_blocks).unwrap_or(0) * BLOCK,
                    identity: Identity::of_stat(&stat),
                    name: entry.name,
                }),
                Err(Errno::NOENT) => {}
                Err(error) => {
                    return Err(StoreError::io("look at", format!("{path}/{name}"), error));
                }
            }
        }
        Ok(Some(measured))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::store::OpenMode;

    #[test]
    fn blocks_are_counted_and_not_bytes() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        fs::create_dir(scratch.path().join("a.b")).unwrap();
        fs::write(scratch.path().join("a.b/small"), "1").unwrap();
        let hole = fs::File::create(scratch.path().join("a.b/hole")).unwrap();
        hole.set_len(1 << 30).unwrap();
        let mut found = store.measure("a.b").unwrap().unwrap();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        let [hole, small] = &found[..] else {
            panic!("{found:?}");
        };
        assert_eq!(hole.identity.len, 1 << 30);
        assert!(hole.allocated < 1 << 20, "{hole:?}");
        assert_eq!((small.kind, small.identity.len), (EntryKind::File, 1));
        assert_eq!(
            store.measure("").unwrap().unwrap()[0].kind,
            EntryKind::Directory
        );
        assert!(store.measure("a.c").unwrap().is_none());
        let disk = store.disk_space().unwrap();
        assert!(disk.free <= disk.total && disk.total > 0);
    }
}
