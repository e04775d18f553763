//! Putting files out of the way without losing them.
//!
//! What is broken moves to `.athens/quarantine/<time>/`, below the path that it had: nothing there is ever served, and a
//! person can put it back with one `mv`. A moved file keeps its bytes, its times and, if it is a link, its target.

use std::os::fd::OwnedFd;

use jiff::Timestamp;
use rustix::fs::AtFlags;
use rustix::io::Errno;

use super::Staging;
use super::area::{OURS, move_without_replacing};
use crate::store::StoreError;

/// How many files of one path a batch takes; more means that something else is wrong.
const MOST_OF_ONE_PATH: u32 = 100;

/// What is put into quarantine by one command: a folder named by the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    folder: String,
}

impl Batch {
    /// A batch of now. The folder is made when there is something to put into it.
    pub fn now() -> Self {
        let time = Timestamp::now().strftime("%Y%m%dT%H%M%S.%6fZ");
        Self {
            folder: format!("{OURS}/quarantine/{time}"),
        }
    }

    /// The folder below the root.
    pub fn folder(&self) -> &str {
        &self.folder
    }
}

/// How a file gets into the batch.
#[derive(Clone, Copy)]
enum Way {
    Move,
    /// A second name: it stays in its place until it is replaced there.
    Link,
}

impl Staging<'_> {
    /// Moves what is at `path` below the root (a file, a link, a directory) into the batch, in one step, never over
    /// something. Answers with the new path below the root; `None` if nothing was there. Waits for the disk.
    ///
    /// # Errors
    /// If it can not be moved; a read-only root is an error here.
    pub fn quarantine(&self, batch: &Batch, path: &str) -> Result<Option<String>, StoreError> {
        self.put_away(batch, path, Way::Move)
    }

    /// Keeps what a derived file holds in the batch, before it is replaced. What can not have a second name (a directory
    /// in its place) is moved. Answers as [`quarantine`](Self::quarantine). Waits for the disk.
    ///
    /// # Errors
    /// As [`quarantine`](Self::quarantine).
    pub fn keep(&self, batch: &Batch, path: &str) -> Result<Option<String>, StoreError> {
        self.put_away(batch, path, Way::Link)
    }

    fn put_away(&self, batch: &Batch, path: &str, way: Way) -> Result<Option<String>, StoreError> {
        let failed = |error: Errno| StoreError::io("move to quarantine", path, error);
        if self.is_read_only() {
            return Err(failed(Errno::ROFS));
        }
        let Some((from, name)) = self.open_parent(path)? else {
            return Ok(None);
        };
        if let Err(error) = rustix::fs::statat(&from, name, AtFlags::SYMLINK_NOFOLLOW) {
            return match error {
                Errno::NOENT => Ok(None),
                error => Err(failed(error)),
            };
        }
        // Made first, and for us alone; what is made below it need not be.
        self.make_ours()?;
        let directory = match path.rsplit_once('/') {
            Some((directory, _)) => format!("{}/{directory}", batch.folder),
            None => batch.folder.clone(),
        };
        let to = self.make_directory(&directory)?;
        for number in 0..MOST_OF_ONE_PATH {
            let new = match number {
                0 => name.to_owned(),
                number => format!("{name}.{number}"),
            };
            match put(&from, name, &to, &new, way) {
                Ok(()) => {
                    rustix::fs::fsync(&to).map_err(failed)?;
                    rustix::fs::fsync(&from).map_err(failed)?;
                    return Ok(Some(format!("{directory}/{new}")));
                }
                Err(Errno::EXIST) => {}
                Err(Errno::NOENT) => return Ok(None),
                Err(error) => return Err(failed(error)),
            }
        }
        Err(failed(Errno::EXIST))
    }
}

fn put(from: &OwnedFd, name: &str, to: &OwnedFd, new: &str, way: Way) -> Result<(), Errno> {
    match way {
        Way::Move => move_without_replacing(from, name, to, new),
        Way::Link => match rustix::fs::linkat(from, name, to, new, AtFlags::empty()) {
            // Directories, and file systems that know no second names.
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::MLINK) => {
                move_without_replacing(from, name, to, new)
            }
            result => result,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::store::{DirStore, OpenMode};

    #[test]
    fn what_is_put_away_keeps_its_bytes_and_replaces_nothing() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path();
        let directory = root.join("example.com/m/@v");
        fs::create_dir_all(directory.join("v1.0.0.mod")).unwrap();
        let store = DirStore::open(root, OpenMode::ReadWrite).unwrap();
        let batch = Batch::now();
        let put = |name: &str| {
            let path = format!("example.com/m/@v/{name}");
            store.staging().quarantine(&batch, &path).unwrap()
        };
        assert_eq!(put("v1.0.0.zip"), None);
        assert!(!root.join(OURS).exists(), "nothing to put away");

        for content in ["one", "two"] {
            fs::write(directory.join("v1.0.0.zip"), content).unwrap();
            let moved = put("v1.0.0.zip").unwrap();
            assert!(moved.starts_with(batch.folder()), "{moved}");
            assert_eq!(fs::read_to_string(root.join(moved)).unwrap(), content);
        }
        symlink("/nowhere", directory.join("v1.0.0.info")).unwrap();
        let moved = put("v1.0.0.info").unwrap();
        assert_eq!(
            fs::read_link(root.join(moved)).unwrap(),
            std::path::Path::new("/nowhere")
        );
        assert!(root.join(put("v1.0.0.mod").unwrap()).is_dir());

        fs::write(directory.join("list"), "v1.0.0\n").unwrap();
        let kept = store
            .staging()
            .keep(&batch, "example.com/m/@v/list")
            .unwrap()
            .unwrap();
        assert_eq!(fs::read_to_string(root.join(kept)).unwrap(), "v1.0.0\n");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    }

    #[test]
    fn nothing_leaves_the_root_or_a_read_only_one() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().join("root");
        fs::create_dir(&root).unwrap();
        fs::write(scratch.path().join("secret"), "x").unwrap();
        symlink(scratch.path(), root.join("out")).unwrap();
        let store = DirStore::open(&root, OpenMode::ReadWrite).unwrap();
        let batch = Batch::now();
        assert!(store.staging().quarantine(&batch, "out/secret").is_err());
        let store = DirStore::open(&root, OpenMode::ReadOnly).unwrap();
        assert!(store.staging().quarantine(&batch, "out").is_err());
        assert!(scratch.path().join("secret").exists());
    }
}
