//! A version that stands before the door: what a source has of it.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::provenance::Provenance;
use crate::module::{ModuleVersion, Sum};
use crate::modzip::ReadAt;

/// What a source has of a version. Nothing of it is checked yet.
#[derive(Debug)]
pub struct Arrival {
    /// The version that it is said to be.
    pub version: ModuleVersion,
    /// The zip, if there is one.
    pub zip: Option<ZipSource>,
    /// The content of the `.mod`, if there is one.
    pub go_mod: Option<Vec<u8>>,
    /// The content of the `.info`, if there is one.
    pub info: Option<Vec<u8>>,
    /// The `h1:` sum that the zip should have, if the source says so.
    pub sum: Option<Sum>,
    /// How it is to be known here.
    pub provenance: Provenance,
}

impl Arrival {
    /// The length of the zip in bytes; 0 if there is none, or it is still to be made.
    pub fn len(&self) -> u64 {
        match &self.zip {
            Some(ZipSource::File(range)) => range.len,
            Some(ZipSource::Git(_)) | None => 0,
        }
    }

    /// Whether [`Arrival::len`] is 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Where a zip is to be had.
#[derive(Debug)]
pub enum ZipSource {
    /// In a file, or a part of one.
    File(FileRange),
    /// It is to be made from a git repository.
    Git(TaggedCommit),
}

/// A part of a file.
#[derive(Debug, Clone)]
pub struct FileRange {
    /// The file; positioned reads only, as it may be shared.
    pub file: Arc<File>,
    /// Where the part begins, in bytes.
    pub offset: u64,
    /// Its length in bytes.
    pub len: u64,
    /// The SHA-256 hash that it should have, if that is known.
    pub sha256: Option<[u8; 32]>,
    /// When it was last modified, if that says when the version was made.
    pub modified: Option<SystemTime>,
}

impl ReadAt for FileRange {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = self.len.saturating_sub(offset);
        let want = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        self.file
            .read_at(&mut buffer[..want], self.offset.saturating_add(offset))
    }
}

/// A commit of a git repository that a tag makes a version.
#[derive(Debug, Clone)]
pub struct TaggedCommit {
    /// The directory of the repository.
    pub repository: PathBuf,
    /// The commit's hash.
    pub commit: String,
    /// Where in it the module is; empty for the root.
    pub subdirectory: String,
}
