//! What a read gives: a length, validators and the bytes, or the open file that has them.

use std::time::SystemTime;

use bytes::Bytes;

use super::{ETag, FileContent};

/// A file to be served, or the bytes of one that exists in memory only.
#[derive(Debug, Clone)]
pub struct Object {
    /// The bytes, or where to read them.
    pub content: Content,
    /// How many bytes there are.
    pub len: u64,
    /// When they last changed.
    pub modified: SystemTime,
    /// Their strong validator.
    pub etag: ETag,
}

/// The bytes of an [`Object`].
#[derive(Debug, Clone)]
pub enum Content {
    /// All of them: small files only.
    Memory(Bytes),
    /// An open file, to be read in pieces.
    File(FileContent),
}

impl Object {
    /// An object in memory, tagged by its content.
    pub fn from_bytes(bytes: Bytes, modified: SystemTime) -> Self {
        Self {
            len: bytes.len() as u64,
            etag: ETag::of_bytes(&bytes),
            content: Content::Memory(bytes),
            modified,
        }
    }
}
