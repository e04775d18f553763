//! Where module files live: a folder in the layout of the GOPROXY protocol.
//!
//! This folder owns the layout ([`StoreKey`]), reading below the root and nowhere else ([`DirStore`]), and the only
//! code that writes below it ([`Staging`]). It knows nothing of what makes a version complete or a zip sound: that is
//! for the catalog. It must not know HTTP.

mod beneath;
mod comings;
mod dir;
mod error;
mod etag;
mod file;
mod journal;
mod journal_lines;
mod journal_reader;
mod journal_segments;
mod key;
mod listing;
mod locks;
mod lookup;
mod object;
mod place;
mod provenance;
mod space;
mod staging;
mod sumdb_file;
mod tombstone;
mod uses;
mod version_key;
mod zip_hash;

pub use dir::{Access, DirStore, OpenMode};
pub use error::{Refusal, StoreError};
pub use etag::ETag;
pub use file::{FileContent, Identity};
pub use journal::{Event, EventKind, Journal};
pub use journal_lines::Line;
pub use journal_reader::{Cursor, Reader};
pub use key::{ModuleFile, SUMDB, StoreKey};
pub use listing::{DirEntry, EntryKind};
pub use locks::Locks;
pub use object::{Content, Object};
pub use place::{free_space, may_write};
pub use provenance::Provenance;
pub use space::{DiskSpace, Measured};
pub use staging::{
    Batch, Committed, EvictionLock, Exchanged, NewVersion, Pinned, StagedFile, Staging, Writable,
    Written,
};
pub use sumdb_file::{InvalidSumdbFile, SumdbFile, SumdbFileKind};
pub use tombstone::Tombstone;
pub use uses::StoredUses;
pub use version_key::VersionKey;
