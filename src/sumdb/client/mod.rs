//! A client of a checksum database, and what it hands on to others.
//!
//! # What is kept, and why it is enough
//!
//! One signed tree is kept, the *head*: the newest that was verified. A record below its size is proved in it, whatever tree the
//! database sent with the record. Only a record beyond it, or a wish for the latest, makes the head move on, to a tree that was
//! proved to continue it. Go's client follows every newer tree it sees; then tiles of many sizes are needed that nobody kept.
//!
//! So that whatever was answered once can be answered again without the database, this always holds:
//!
//! > The cached tiles prove, in the head, every cached record and every earlier head.
//!
//! When the head moves from *m* to *n* records, the tiles that were not full with *m*, as wide as they are with *n*, and what is above
//! them are fetched, proved and written before the head is. They are needed to show that the new tree continues the old one, and they
//! are enough: what proves something with *m* records is full tiles, which stay as they are, one above the other, up to one that is
//! not full, and from there on it is these. (`plan` has this as a test.) Records are written after their tiles.
//!
//! A go command that asks for a tile at an older width gets the beginning of it.

mod answer;
mod error;
mod flights;
mod head;
mod lookup;
mod operations;
#[cfg(test)]
mod tests;
mod tiles;
mod turns;

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use tokio::sync::Mutex;

use super::key::VerifierKey;
use super::plan::Plan;
use super::record::Record;
use super::tile::{DataTile, Tile};
use super::tree::TreeHead;
use flights::Flights;
use head::StoredHead;
use tiles::beginning;
use turns::Turns;

pub use answer::{Answer, Mismatch, SummedFile, Verdict};
pub use error::{Inconsistent, SumdbError, SumdbErrorKind};
pub use operations::{Fetched, HeadReplacement, Operations};

/// The longest tile of records that is read, in bytes. 256 ordinary records are some 60,000.
pub const LONGEST_DATA_TILE: usize = 4 << 20;

/// Whether the database is asked for its newest tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Only if none is kept.
    Kept,
    /// Yes.
    Newest,
}

/// A client of one checksum database. Nothing that it answers is unproved, and nothing unproved reaches the cache.
///
/// It may be used by many tasks at once. A call that is dropped half way leaves nothing wrong behind.
pub struct Client<O: Operations> {
    key: VerifierKey,
    operations: O,
    flights: Flights<O::Error>,
    /// Held while a record is asked for, until it is kept.
    lookups: Turns,
    head: ArcSwapOption<TreeHead>,
    /// Held while the head moves.
    stored: Mutex<StoredHead>,
}

impl<O: Operations> fmt::Debug for Client<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = self.head.load();
        f.debug_struct("Client")
            .field("key", &self.key)
            .field("head", &head)
            .finish_non_exhaustive()
    }
}

impl<O: Operations> Client<O> {
    /// A client of the database that signs with `key`. Nothing is read yet.
    pub fn new(key: VerifierKey, operations: O) -> Self {
        Self {
            key,
            operations,
            flights: Flights::new(),
            lookups: Turns::default(),
            head: ArcSwapOption::empty(),
            stored: Mutex::new(StoredHead::Unread),
        }
    }

    /// A client of the same database by another way to the outside. It begins with the newest tree that this one knows: a
    /// database that shows a shorter or another history is caught, whichever way leads to it.
    #[must_use]
    pub fn by_another_way(&self, operations: O) -> Self {
        Self {
            head: ArcSwapOption::new(self.head.load_full()),
            ..Self::new(self.key.clone(), operations)
        }
    }

    /// The way to the outside that it was given.
    pub fn operations(&self) -> &O {
        &self.operations
    }

    /// The newest tree that is known.
    ///
    /// # Errors
    ///
    /// When there is none yet, or [`Freshness::Newest`] was asked for, and the database does not answer or cannot be believed.
    pub async fn latest(
        &self,
        freshness: Freshness,
    ) -> Result<Arc<TreeHead>, SumdbError<O::Error>> {
        match self.head().await? {
            Some(head) if freshness == Freshness::Kept => Ok(head),
            _ => self.refresh().await,
        }
    }

    /// A tile: from the cache, or fetched, proved and kept. If the known tree does not have it, the database is asked for its newest
    /// one.
    ///
    /// # Errors
    ///
    /// Of kind `NotFound` when the newest tree of the database does not have it either; of others when the database or the cache
    /// fails, or what the database says cannot be believed.
    pub async fn tile(&self, tile: &Tile) -> Result<Bytes, SumdbError<O::Error>> {
        let head = self.head_with(tile).await?;
        let plan = Plan::new(head.tree().size).with_tile(tile.level(), tile.number());
        let proof = self.prove(head.tree(), &plan).await?;
        self.save(&proof).await?;
        match proof.tiles.bytes(tile.level(), tile.number()) {
            Some(bytes) => Ok(beginning(bytes.clone(), tile)),
            None => Err(beyond(&tile.to_string(), &head)),
        }
    }

    /// A tile of records: each of them is compared with its hash in the tree.
    ///
    /// # Errors
    ///
    /// As [`Client::tile`]. Not every database has such tiles.
    pub async fn data_tile(&self, tile: &DataTile) -> Result<Bytes, SumdbError<O::Error>> {
        let path = tile.to_string();
        let hashes = self.tile(tile.hashes()).await?;
        if let Some(cached) = self.read_cache(&path).await?
            && has_records(&cached, &hashes)
        {
            return Ok(cached);
        }
        let remote = format!("/{path}");
        match self.fetch(&remote).await? {
            Fetched::NotFound { message } => Err(SumdbError::NotFound {
                path: remote,
                message,
            }),
            Fetched::Found(bytes) if has_records(&bytes, &hashes) => {
                self.write_cache(&path, &bytes).await?;
                Ok(bytes)
            }
            Fetched::Found(_) => Err(SumdbError::DataTile { path }),
        }
    }

    /// A tree that has this tile at this width.
    async fn head_with(&self, tile: &Tile) -> Result<Arc<TreeHead>, SumdbError<O::Error>> {
        let has = |head: &Arc<TreeHead>| {
            Tile::in_tree(tile.level(), tile.number(), head.tree().size)
                .is_some_and(|there| there.width() >= tile.width())
        };
        if let Some(head) = self.head().await?.filter(has) {
            return Ok(head);
        }
        if let Some(head) = self.reload_head().await?.filter(has) {
            return Ok(head);
        }
        let head = self.refresh().await?;
        match has(&head) {
            true => Ok(head),
            false => Err(beyond(&tile.to_string(), &head)),
        }
    }

    async fn fetch(&self, path: &str) -> Result<Fetched, SumdbError<O::Error>> {
        let fetched = self.flights.fetch(&self.operations, path).await;
        fetched.map_err(|source| SumdbError::Fetch {
            path: path.to_owned(),
            source,
        })
    }

    async fn read_cache(&self, path: &str) -> Result<Option<Bytes>, SumdbError<O::Error>> {
        let read = self.operations.read_cache(path).await;
        read.map_err(storage("read", path))
    }

    async fn write_cache(&self, path: &str, content: &Bytes) -> Result<(), SumdbError<O::Error>> {
        let written = self.operations.write_cache(path, content).await;
        written.map_err(storage("write", path))
    }

    async fn read_head(&self) -> Result<Option<Bytes>, SumdbError<O::Error>> {
        let read = self.operations.read_head().await;
        read.map_err(storage("read", "the newest tree"))
    }

    async fn replace_head(
        &self,
        old: Option<&Bytes>,
        new: &Bytes,
    ) -> Result<HeadReplacement, SumdbError<O::Error>> {
        let replaced = self.operations.replace_head(old, new).await;
        replaced.map_err(storage("write", "the newest tree"))
    }
}

fn storage<E>(action: &'static str, path: &str) -> impl FnOnce(E) -> SumdbError<E> {
    let path = path.to_owned();
    move |source| SumdbError::Storage {
        action,
        path,
        source,
    }
}

fn beyond<E>(path: &str, head: &TreeHead) -> SumdbError<E> {
    SumdbError::NotFound {
        path: path.to_owned(),
        message: format!("its tree has {} records", head.tree().size),
    }
}

/// Whether a tile of records has those with these hashes: one after the other, each followed by an empty line.
fn has_records(data: &Bytes, hashes: &Bytes) -> bool {
    let text = std::str::from_utf8(data)
        .ok()
        .filter(|text| text.len() <= LONGEST_DATA_TILE)
        .and_then(|text| text.strip_suffix("\n\n"));
    let Some(text) = text else {
        return false;
    };
    let mut records = text
        .split("\n\n")
        .map(|lines| Record::parse(&format!("{lines}\n")));
    let mut hashes = hashes.chunks(32);
    hashes.by_ref().all(|hash| {
        let record = records.next().flatten();
        record.is_some_and(|record| record.hash().as_bytes() == hash)
    }) && records.next().is_none()
}
