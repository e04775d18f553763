//! What the client answers.

use std::sync::Arc;

use bytes::Bytes;

use crate::module::Sum;
use crate::sumdb::record::{Record, format_lookup};
use crate::sumdb::tree::TreeHead;

/// A record that was proved to be in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The number of the record.
    pub id: u64,
    /// The record.
    pub record: Record,
    /// The tree: the newest that is known here, which is not always the one that the database sent with the record.
    pub head: Arc<TreeHead>,
}

impl Answer {
    /// The answer to a lookup as go commands read it: exactly the record and the note, nothing that the database may have put
    /// around them. (Go commands before August 2026 take go.sum lines from the whole answer.)
    pub fn to_bytes(&self) -> Bytes {
        format_lookup(self.id, &self.record, self.head.bytes())
    }
}

/// What a checksum database says about sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// They are those of the database.
    Verified,
    /// The database has another.
    Mismatch(Mismatch),
    /// The database does not know the version, or has no sum of a file that was asked about.
    Unknown,
}

/// A file of a version that is not the one that the database has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mismatch {
    /// Which file.
    pub file: SummedFile,
    /// Its sum here.
    pub ours: Sum,
    /// Its sum in the database.
    pub theirs: Sum,
}

/// A file of a version that has a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SummedFile {
    /// The module zip.
    Zip,
    /// The go.mod file.
    GoMod,
}
