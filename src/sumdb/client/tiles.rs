//! Tiles from the cache or the database, proved.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use futures_util::future::join_all;

use super::operations::{Fetched, Operations};
use super::{Client, SumdbError};
use crate::sumdb::plan::Plan;
use crate::sumdb::proof::ProvedTiles;
use crate::sumdb::tile::Tile;
use crate::sumdb::tree::Tree;

/// Where tiles may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Cache,
    Database,
}

/// Tiles that were proved, and which of them the cache lacks.
#[derive(Debug)]
pub(super) struct Proof {
    pub(super) tiles: ProvedTiles,
    fresh: BTreeSet<Tile>,
}

impl<O: Operations> Client<O> {
    /// Gets the tiles of a plan and proves them. Nothing is written: that is for [`Client::save`], when it is certain that the tree
    /// is one to keep.
    ///
    /// If what is in the cache does not fit, all is fetched anew: the cache may be damaged, or filled by hand.
    pub(super) async fn prove(
        &self,
        tree: &Tree,
        plan: &Plan,
    ) -> Result<Proof, SumdbError<O::Error>> {
        let (tiles, fresh) = self.collect(plan, Source::Cache).await?;
        match ProvedTiles::check(tree, plan, tiles) {
            Ok(tiles) => return Ok(Proof { tiles, fresh }),
            Err(bad) if fresh.len() == plan.tiles().len() => return Err(bad.into()),
            Err(_) => {}
        }
        let (tiles, fresh) = self.collect(plan, Source::Database).await?;
        let tiles = ProvedTiles::check(tree, plan, tiles)?;
        Ok(Proof { tiles, fresh })
    }

    /// Writes what was fetched to the cache.
    pub(super) async fn save(&self, proof: &Proof) -> Result<(), SumdbError<O::Error>> {
        for (tile, bytes) in proof.tiles.tiles() {
            if proof.fresh.contains(tile) {
                self.write_cache(&tile.to_string(), bytes).await?;
            }
        }
        Ok(())
    }

    /// The tiles of a plan, and which of them are not from the cache.
    async fn collect(
        &self,
        plan: &Plan,
        source: Source,
    ) -> Result<(BTreeMap<Tile, Bytes>, BTreeSet<Tile>), SumdbError<O::Error>> {
        let reads = plan.tiles().iter().map(|tile| self.read(tile, source));
        let (mut tiles, mut fresh) = (BTreeMap::new(), BTreeSet::new());
        for (tile, read) in plan.tiles().iter().zip(join_all(reads).await) {
            let (bytes, from) = read?;
            tiles.insert(*tile, bytes);
            if from == Source::Database {
                fresh.insert(*tile);
            }
        }
        Ok((tiles, fresh))
    }

    async fn read(
        &self,
        tile: &Tile,
        source: Source,
    ) -> Result<(Bytes, Source), SumdbError<O::Error>> {
        if source == Source::Cache
            && let Some(bytes) = self.read_cached_tile(tile).await?
        {
            return Ok((bytes, Source::Cache));
        }
        let path = format!("/{tile}");
        let missing = match self.fetch(&path).await? {
            Fetched::Found(bytes) => return Ok((bytes, Source::Database)),
            Fetched::NotFound { message } => SumdbError::Missing { path, message },
        };
        // A database may have thrown away what was not full once it is full. Of the full one, only this much can be proved.
        if !tile.is_full()
            && let Fetched::Found(bytes) = self.fetch(&format!("/{}", tile.full())).await?
        {
            return Ok((beginning(bytes, tile), Source::Database));
        }
        Err(missing)
    }

    /// From the cache: the tile, or the beginning of the full one. One that is cut off counts as none.
    async fn read_cached_tile(&self, tile: &Tile) -> Result<Option<Bytes>, SumdbError<O::Error>> {
        for candidate in [*tile, tile.full()] {
            let cached = self.read_cache(&candidate.to_string()).await?;
            if let Some(bytes) = cached.filter(|bytes| bytes.len() == candidate.length()) {
                return Ok(Some(beginning(bytes, tile)));
            }
            if tile.is_full() {
                break;
            }
        }
        Ok(None)
    }
}

/// The beginning of a wider tile.
pub(super) fn beginning(bytes: Bytes, tile: &Tile) -> Bytes {
    bytes.slice(..tile.length().min(bytes.len()))
}
