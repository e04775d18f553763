//! Why the client has no answer.

use std::sync::Arc;

use crate::module::ModuleVersion;
use crate::sumdb::hash::TreeHash;
use crate::sumdb::proof::BadTiles;
use crate::sumdb::record::InvalidLookup;
use crate::sumdb::tree::{InvalidTreeHead, Tree, TreeHead};

/// A question to a checksum database that was not answered, or not with what can be believed.
///
/// `E` is the error of the [`Operations`](super::Operations); it is shared by all who waited for one fetch.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SumdbError<E> {
    /// The database does not have it.
    #[error("the checksum database does not have {path}: {message}")]
    NotFound {
        /// What was asked for.
        path: String,
        /// What the database said.
        message: String,
    },
    /// The database says that it does not have what its own signed tree says it has, or no tree at all.
    #[error("the checksum database lacks {path}, which it should have: {message}")]
    Missing {
        /// What was asked for.
        path: String,
        /// What the database said.
        message: String,
    },
    /// The database was not reached, or failed.
    #[error("cannot get {path} of the checksum database: {source}")]
    Fetch {
        /// What was asked for.
        path: String,
        /// Why.
        source: Arc<E>,
    },
    /// What is kept here could not be read or written.
    #[error("cannot {action} {path} of the checksum database here: {source}")]
    Storage {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: String,
        /// Why.
        source: E,
    },
    /// The tree that is kept here is not signed by the key: the key was changed, or the file is damaged.
    #[error("the tree of the checksum database that is kept here: {0}")]
    StoredHead(InvalidTreeHead),
    /// Too many processes replace the tree that is kept here at the same time.
    #[error(
        "the tree of the checksum database that is kept here was replaced by others again and again"
    )]
    Contended,
    /// An answer without the form of one.
    #[error("the checksum database on {version}: {kind}")]
    Lookup {
        /// What was asked about.
        version: ModuleVersion,
        /// What is wrong.
        kind: InvalidLookup,
    },
    /// The signed tree of an answer.
    #[error("the checksum database: {0}")]
    Head(#[from] InvalidTreeHead),
    /// An answer with a record that its own tree cannot have.
    #[error("the checksum database on {version}: record {id} is not among the {size} of its tree")]
    Beyond {
        /// What was asked about.
        version: ModuleVersion,
        /// The number of the record.
        id: u64,
        /// The size of the signed tree.
        size: u64,
    },
    /// An answer with another text than the record of that number has in the tree.
    #[error("the checksum database on {version}: this is not record {id} of {tree}")]
    Record {
        /// What was asked about.
        version: ModuleVersion,
        /// The number of the record.
        id: u64,
        /// The tree.
        tree: Tree,
    },
    /// An answer with a record that is about something else.
    #[error("the checksum database on {version}: record {id} is not about it")]
    Foreign {
        /// What was asked about.
        version: ModuleVersion,
        /// The number of the record.
        id: u64,
    },
    /// Tiles that do not fit the signed tree.
    #[error("the checksum database: {0}")]
    Tiles(#[from] BadTiles),
    /// A tile of records that are not those of the tree.
    #[error("the checksum database: {path} does not have the records of its tree")]
    DataTile {
        /// The tile.
        path: String,
    },
    /// The database has signed two histories.
    #[error(transparent)]
    Inconsistent(#[from] Box<Inconsistent>),
}

/// Two trees, both signed by the database, neither of which is the beginning of the other: some are told another history than
/// others. This is what checksum databases exist to bring to light; it is to be shown, with both notes, and never to be ignored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "SECURITY ERROR: the checksum database has signed two histories: {}, and {}, which had the root {proved} when it had {} records",
    older.tree(), newer.tree(), older.tree().size
)]
pub struct Inconsistent {
    /// The smaller tree.
    pub older: TreeHead,
    /// The larger one, or one of the same size.
    pub newer: TreeHead,
    /// What the root of the smaller one would be by the tiles of the larger one.
    pub proved: TreeHash,
}

/// What an error means to the one who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SumdbErrorKind {
    /// The database does not have it.
    NotFound,
    /// The database was not reached, or failed; another time it may do better.
    Upstream,
    /// The database said what cannot be believed.
    Invalid,
    /// The database has signed two histories.
    Inconsistent,
    /// What is kept here could not be read, written or believed.
    Storage,
}

impl<E> SumdbError<E> {
    /// What the error means to the one who asked.
    pub fn kind(&self) -> SumdbErrorKind {
        match self {
            Self::NotFound { .. } => SumdbErrorKind::NotFound,
            Self::Fetch { .. } | Self::Missing { .. } => SumdbErrorKind::Upstream,
            Self::Storage { .. } | Self::StoredHead(_) | Self::Contended => SumdbErrorKind::Storage,
            Self::Lookup { .. }
            | Self::Head(_)
            | Self::Beyond { .. }
            | Self::Record { .. }
            | Self::Foreign { .. }
            | Self::Tiles(_)
            | Self::DataTile { .. } => SumdbErrorKind::Invalid,
            Self::Inconsistent(_) => SumdbErrorKind::Inconsistent,
        }
    }
}
