//! Files that several processes replace, each knowing what it replaces.

use std::io::Write as _;

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use super::Staging;
use super::area::Place;
use crate::store::{StoreError, StoreKey};

/// What became of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchanged {
    /// The file has the new content.
    Done,
    /// The file has other content than was expected; it was left as it is.
    Conflict,
}

impl Staging<'_> {
    /// Replaces `old`, or nothing, with `new`, if `old` is what the file has, whoever else does the same at the same time,
    /// in whichever process. When this returns, the new content survives a power cut. Directories are made as they are
    /// needed. Waits for the disk.
    ///
    /// # Errors
    /// If the file can not be read or written; a read-only root is an error here.
    pub fn exchange(
        &self,
        key: &StoreKey<'_>,
        old: Option<&[u8]>,
        new: &[u8],
    ) -> Result<Exchanged, StoreError> {
        let path = key.relative_path();
        let failed = |error: std::io::Error| StoreError::io("write", path.clone(), error);
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let directory = self.make_directory(parent)?;
        // Held until the directory is closed.
        rustix::fs::flock(&directory, FlockOperation::LockExclusive)
            .map_err(|error| failed(error.into()))?;
        let there = match self.store.read_blocking(key)? {
            Some(file) => Some(file.read_all_blocking().map_err(failed)?),
            None => None,
        };
        if there.as_deref() != old {
            return Ok(Exchanged::Conflict);
        }
        let mut staged = self.stage()?;
        staged
            .write_all(new)
            .and_then(|()| staged.sync())
            .map_err(failed)?;
        staged
            .move_to(&directory, &key.file_name(), Place::Replace)
            .and_then(|()| rustix::fs::fsync(&directory))
            .map_err(|error: Errno| failed(error.into()))?;
        Ok(Exchanged::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{DirStore, OpenMode};

    #[test]
    fn only_what_is_known_is_replaced() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        let file = "sum.example/latest".parse().unwrap();
        let key = StoreKey::Sumdb(&file);
        let exchange =
            |old: Option<&[u8]>, new: &[u8]| store.staging().exchange(&key, old, new).unwrap();
        assert_eq!(exchange(Some(b"x"), b"1"), Exchanged::Conflict);
        assert_eq!(exchange(None, b"1"), Exchanged::Done);
        assert_eq!(exchange(None, b"2"), Exchanged::Conflict);
        assert_eq!(exchange(Some(b"1"), b"22"), Exchanged::Done);
        let there = store.read_blocking(&key).unwrap().unwrap();
        assert_eq!(&there.read_all_blocking().unwrap()[..], b"22");
    }

    #[test]
    fn of_many_at_once_each_builds_on_another() {
        let scratch = tempfile::tempdir().unwrap();
        let file = "sum.example/latest".parse().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                let (root, file) = (scratch.path(), &file);
                scope.spawn(move || {
                    let store = DirStore::open(root, OpenMode::ReadWrite).unwrap();
                    let key = StoreKey::Sumdb(file);
                    for _ in 0..10 {
                        loop {
                            let old = store
                                .read_blocking(&key)
                                .unwrap()
                                .map(|file| file.read_all_blocking().unwrap());
                            let mut new = old.clone().unwrap_or_default().to_vec();
                            new.push(b'x');
                            let done = store.staging().exchange(&key, old.as_deref(), &new);
                            if done.unwrap() == Exchanged::Done {
                                break;
                            }
                        }
                    }
                });
            }
        });
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        let there = store.read_blocking(&StoreKey::Sumdb(&file)).unwrap();
        assert_eq!(there.unwrap().len(), 80);
    }
}
