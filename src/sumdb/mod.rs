//! Checksum databases: what Go modules were when somebody first asked for them.
//!
//! A checksum database is a list of records, one for each version of a module, that only ever grows. It signs the root of a hash
//! tree over all of them. Whoever has seen one signed root can be shown, with a few hashes, that a record is in the list, and that a
//! later root is that of a longer list with the same beginning. So a database cannot tell one client this and another one that
//! without leaving two signatures that prove it. The hashes come in [tiles](Tile), which are good for caching, by anybody: nobody
//! need be trusted who hands them on.
//!
//! [`DatabaseSetting`] says which database, [`Client`] asks it and proves the answers. There is no I/O here; it is handed in as
//! [`Operations`].
//!
//! | file | what |
//! |---|---|
//! | `key`, `note`, `tree` | who signs, what is signed, the signed tree |
//! | `hash`, `tile`, `plan`, `proof` | the tree, its tiles, which of them prove what, whether they do |
//! | `record` | a record, and the answer to a lookup |
//! | `name`, `database` | GOSUMDB |
//! | `client` | all of it together |
//!
//! # Source of the rules
//!
//! The Go Modules Reference, "Checksum database"; <https://golang.org/design/25530-sumdb>; <https://research.swtch.com/tlog>;
//! RFC 6962; `golang.org/x/mod/sumdb`, with which a test compares verdicts.

mod client;
mod database;
mod encoding;
mod hash;
mod key;
mod name;
mod note;
mod plan;
mod proof;
mod record;
#[cfg(test)]
pub(crate) mod testing;
mod tile;
mod tree;

pub use client::{
    Answer, Client, Fetched, Freshness, HeadReplacement, Inconsistent, LONGEST_DATA_TILE, Mismatch,
    Operations, SumdbError, SumdbErrorKind, SummedFile, Verdict,
};
pub use database::{Database, DatabaseSetting, DatabaseUrl, InvalidDatabaseSetting};
pub use hash::TreeHash;
pub use key::{InvalidVerifierKey, VerifierKey, VerifierKeyFault};
pub use name::{DatabaseName, InvalidDatabaseName};
pub use note::{InvalidNote, LONGEST_NOTE, NoteFault, SignedNote};
pub use proof::BadTiles;
pub use record::{InvalidLookup, LONGEST_LOOKUP, Lookup, Record, Sums};
pub use tile::{DataTile, InvalidTilePath, Tile, TilePath};
pub use tree::{InvalidTreeHead, Tree, TreeHead};
