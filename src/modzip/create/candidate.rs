//! What lies in the tree of a module, before anything is decided about it.

use super::error::CreateError;

/// Something that lies in the tree of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Its path below the module's directory, with slashes: what the file system or git says.
    pub(super) path: Vec<u8>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A regular file of the tree.
    File,
    /// The LICENSE of a repository's root, for a module in a subdirectory that has none.
    RootLicense,
    /// A symbolic link of a git tree: no part of the zip, but its name must be one that could be.
    SymbolicLink,
    /// A submodule of a git tree.
    Submodule,
    /// A file of a directory that [`super::litter`] knows and git does not track.
    Litter,
}

/// The most memory that the list of a tree may take, in bytes: 128 MiB, for a million files with names of usual length.
pub(super) const MAX_TREE_SIZE: usize = 128 << 20;

/// What lies in a tree, as it is found.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    list: Vec<Candidate>,
    size: usize,
}

impl Candidates {
    /// Adds one.
    ///
    /// # Errors
    ///
    /// [`CreateError::TooManyFiles`] if the tree is too large to be listed.
    pub(super) fn push(&mut self, path: Vec<u8>, kind: Kind) -> Result<(), CreateError> {
        self.size += path.len() + size_of::<Candidate>();
        if self.size > MAX_TREE_SIZE {
            return Err(CreateError::TooManyFiles);
        }
        self.list.push(Candidate { path, kind });
        Ok(())
    }

    /// All of them, in the order of their paths' bytes.
    pub(super) fn into_sorted(self) -> Vec<Candidate> {
        let mut list = self.list;
        list.sort_by(|a, b| a.path.cmp(&b.path));
        list
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Candidate> {
        self.list.iter()
    }

    pub(super) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Candidate> {
        self.list.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_without_end_is_not_listed() {
        let mut candidates = Candidates::default();
        let path = vec![b'x'; MAX_TREE_SIZE / 2];
        candidates.push(path.clone(), Kind::File).unwrap();
        assert!(matches!(
            candidates.push(path, Kind::File),
            Err(CreateError::TooManyFiles)
        ));
    }
}
