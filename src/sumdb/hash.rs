//! Hashes of records and of nodes of the tree.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::encoding::{from_base64, to_base64};

/// The number of bytes of a [`Hash`].
pub(super) const HASH_LENGTH: usize = 32;

/// A SHA-256 hash of a record, of a node, or of a whole tree. Shown as base64, as in notes.
///
/// Records are hashed after a byte 0 and nodes after a byte 1, so that nobody can pass off one as the other.
///
/// Source: RFC 6962, section 2.1; `golang.org/x/mod/sumdb/tlog`, `RecordHash` and `NodeHash`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TreeHash([u8; HASH_LENGTH]);

impl TreeHash {
    /// The root of the tree without records: the hash of nothing.
    pub(super) fn empty() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// The hash of a record's text.
    pub fn of_record(text: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update([0]);
        hash.update(text);
        Self(hash.finalize().into())
    }

    /// The hash of the node over two others.
    pub fn of_node(left: &Self, right: &Self) -> Self {
        let mut hash = Sha256::new();
        hash.update([1]);
        hash.update(left.0);
        hash.update(right.0);
        Self(hash.finalize().into())
    }

    /// The hash with these bytes.
    pub(super) fn new(bytes: [u8; HASH_LENGTH]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; HASH_LENGTH] {
        &self.0
    }

    /// Reads base64.
    pub(super) fn from_base64(text: &str) -> Option<Self> {
        from_base64(text)?.try_into().ok().map(Self)
    }

    /// The root of a perfect tree over these hashes, of which there must be a power of two.
    pub(super) fn fold(hashes: &[Self]) -> Option<Self> {
        let mut row = hashes.to_vec();
        while row.len() > 1 {
            let (pairs, rest) = row.as_chunks::<2>();
            if !rest.is_empty() {
                return None;
            }
            row = pairs
                .iter()
                .map(|[left, right]| Self::of_node(left, right))
                .collect();
        }
        row.first().copied()
    }

    /// The root of a tree whose perfect subtrees, from the left to the right and so from large to small, have these roots.
    pub(super) fn join(subtrees: &[Self]) -> Self {
        let Some((last, rest)) = subtrees.split_last() else {
            return Self::empty();
        };
        rest.iter()
            .rev()
            .fold(*last, |right, left| Self::of_node(left, &right))
    }
}

impl fmt::Display for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&to_base64(&self.0))
    }
}

impl fmt::Debug for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TreeHash({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_nothing() {
        let empty = TreeHash::empty();
        assert_eq!(
            empty.to_string(),
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
        );
        assert_eq!(TreeHash::join(&[]), empty);
        assert_eq!(TreeHash::fold(&[]), None);
        assert_ne!(TreeHash::of_record(b""), empty);
    }

    #[test]
    fn perfect_trees_and_others() {
        let [a, b, c] = [b"a", b"b", b"c"].map(|text| TreeHash::of_record(text));
        let ab = TreeHash::of_node(&a, &b);
        assert_eq!(TreeHash::fold(&[a]), Some(a));
        assert_eq!(TreeHash::fold(&[a, b]), Some(ab));
        assert_eq!(TreeHash::fold(&[a, b, c]), None);
        assert_eq!(TreeHash::join(&[ab, c]), TreeHash::of_node(&ab, &c));
        let four = TreeHash::of_node(&ab, &ab);
        assert_eq!(TreeHash::fold(&[a, b, a, b]), Some(four));
        let right = TreeHash::of_node(&ab, &c);
        assert_eq!(
            TreeHash::join(&[four, ab, c]),
            TreeHash::of_node(&four, &right)
        );
    }
}
