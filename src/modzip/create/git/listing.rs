//! The files of a directory of a commit.

use std::io::{BufRead as _, Read as _};

use super::command::{Git, Output};
use super::error::GitError;

/// The longest record that is read: git itself does not take names of a megabyte everywhere.
const MAX_RECORD: u64 = 1 << 20;

/// Something in a tree that is no directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Entry {
    /// Its name below the directory that was listed, with slashes.
    pub(in super::super) path: Vec<u8>,
    pub(in super::super) kind: EntryKind,
}

/// What a tree says an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum EntryKind {
    File,
    SymbolicLink,
    Submodule,
    /// A directory; only where directories are listed.
    Directory,
}

/// Entries as they come.
pub(in super::super) struct Listing(Option<Output>);

impl Listing {
    /// Starts `git ls-tree`; it must have been told to end records with NUL.
    pub(super) fn start(command: Git) -> Result<Self, GitError> {
        command.start().map(|output| Self(Some(output)))
    }

    fn next_record(&mut self) -> Result<Option<Entry>, GitError> {
        let Some(output) = &mut self.0 else {
            return Ok(None);
        };
        let action = output.action();
        let mut record = Vec::new();
        output
            .by_ref()
            .take(MAX_RECORD)
            .read_until(0, &mut record)
            .map_err(|source| GitError::Run { action, source })?;
        if record.is_empty() {
            if let Some(output) = self.0.take() {
                output.finish()?;
            }
            return Ok(None);
        }
        match entry(&record) {
            Some(entry) => Ok(Some(entry)),
            None => Err(GitError::Answer {
                action,
                what: format!("{:?} in a listing", String::from_utf8_lossy(&record)),
            }),
        }
    }
}

impl Iterator for Listing {
    type Item = Result<Entry, GitError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_record().transpose()
    }
}

/// Reads `<mode> <type> <hash>\t<path>\0`.
fn entry(record: &[u8]) -> Option<Entry> {
    let record = record.strip_suffix(b"\0")?;
    let tab = record.iter().position(|&byte| byte == b'\t')?;
    let (head, path) = (&record[..tab], &record[tab + 1..]);
    let kind = match head.get(..7)? {
        b"100644 " | b"100755 " | b"100664 " => EntryKind::File,
        b"120000 " => EntryKind::SymbolicLink,
        b"160000 " => EntryKind::Submodule,
        b"040000 " => EntryKind::Directory,
        _ => return None,
    };
    (!path.is_empty()).then(|| Entry {
        path: path.to_vec(),
        kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_records() {
        let read = |text: &str| entry(text.as_bytes());
        let found = |path: &str, kind| {
            Some(Entry {
                path: path.as_bytes().to_vec(),
                kind,
            })
        };
        assert_eq!(
            read("100644 blob 0123\ta\tb\n\0"),
            found("a\tb\n", EntryKind::File)
        );
        assert_eq!(
            read("160000 commit 01\tx\0"),
            found("x", EntryKind::Submodule)
        );
        for bad in [
            "",
            "\0",
            "100644 blob 01\tx",
            "100644\tx\0",
            "100644 blob 01\t\0",
            "1 2 3\tx\0",
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
