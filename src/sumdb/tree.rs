//! Trees, and the signed notes that say what the whole tree is.

use std::fmt;

use bytes::Bytes;

use super::encoding::{beginning, decimal};
use super::hash::TreeHash;
use super::key::VerifierKey;
use super::note::{InvalidNote, SignedNote};

/// The first line of a tree's note.
const FIRST_LINE: &str = "go.sum database tree";

/// A tree by the number of its records and the hash of its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tree {
    /// How many records it has, below 2^63. They are numbered from 0.
    pub size: u64,
    /// The hash of its root.
    pub root: TreeHash,
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the tree of {} records with the root {}",
            self.size, self.root
        )
    }
}

/// A tree as the database has signed it, verified.
///
/// The text of its note is `go.sum database tree`, the size in decimal, the root in base64, each on a line of its own; what
/// follows is for later and ignored.
///
/// Source: `golang.org/x/mod/sumdb/tlog`, `ParseTree`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeHead {
    note: SignedNote,
    tree: Tree,
}

/// Bytes that are no tree signed by the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTreeHead {
    /// No signed note.
    #[error("the signed tree is refused: {0}")]
    Note(#[from] InvalidNote),
    /// A signed note about something else.
    #[error(
        "malformed signed tree {text:?}: it should be {FIRST_LINE:?}, a number and a hash, a line each"
    )]
    Form {
        /// The text of the note, at most its first 100 characters.
        text: String,
    },
}

impl TreeHead {
    /// Reads the note of a tree and verifies it.
    ///
    /// # Errors
    ///
    /// When the bytes are no note, `key` has not signed it, or it is not about a tree.
    pub fn verified(bytes: Bytes, key: &VerifierKey) -> Result<Self, InvalidTreeHead> {
        let note = SignedNote::verified(bytes, key)?;
        let tree = parse(note.text()).ok_or_else(|| InvalidTreeHead::Form {
            text: beginning(note.text()),
        })?;
        Ok(Self { note, tree })
    }

    /// The tree.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The note as the database wrote it, with all signatures.
    pub fn bytes(&self) -> &Bytes {
        self.note.bytes()
    }
}

fn parse(text: &str) -> Option<Tree> {
    let mut lines = text.strip_suffix('\n')?.split('\n');
    let first = lines.next()?;
    let size = decimal(lines.next()?)?;
    let root = TreeHash::from_base64(lines.next()?)?;
    (first == FIRST_LINE).then_some(Tree { size, root })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sumdb::testing::TestKey;

    const ROOT: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    fn read(text: &str) -> Result<TreeHead, InvalidTreeHead> {
        let key = TestKey::new("a.b");
        TreeHead::verified(key.sign(text).into(), &key.key())
    }

    #[test]
    fn size_and_root() {
        let text = format!("go.sum database tree\n120\n{ROOT}\n");
        let head = read(&text).unwrap();
        assert_eq!(head.tree().size, 120);
        assert_eq!(head.tree().root.to_string(), ROOT);
        assert!(head.bytes().starts_with(text.as_bytes()));
        assert!(read(&format!("{text}for later\n\nyes\n")).is_ok());
    }

    #[test]
    fn refuses_other_texts() {
        for text in [
            format!("go.sum database tree v2\n1\n{ROOT}\n"),
            format!("go.sum database tree\n-1\n{ROOT}\n"),
            format!("go.sum database tree\n01\n{ROOT}\n"),
            format!("go.sum database tree\n9223372036854775808\n{ROOT}\n"),
            format!("go.sum database tree\n1\n{}\n", &ROOT[4..]),
            "go.sum database tree\n1\n".to_owned(),
            "\n".to_owned(),
        ] {
            let error = read(&text).unwrap_err();
            assert!(
                matches!(error, InvalidTreeHead::Form { .. }),
                "{text:?}: {error}"
            );
        }
    }

    #[test]
    fn refuses_other_signers() {
        let note = TestKey::new("c.d").sign(&format!("go.sum database tree\n1\n{ROOT}\n"));
        let error = TreeHead::verified(note.into(), &TestKey::new("a.b").key()).unwrap_err();
        assert!(matches!(error, InvalidTreeHead::Note(_)), "{error}");
    }
}
