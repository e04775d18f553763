//! Tiles that were compared with the root of a tree, and what they prove.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::hash::{HASH_LENGTH, TreeHash};
use super::plan::{Plan, hash_at, subtrees};
use super::tile::Tile;
use super::tree::Tree;

/// Tiles of a tree, each of which was authenticated against its root, in all of its bytes.
#[derive(Debug)]
pub(super) struct ProvedTiles {
    tiles: BTreeMap<Tile, Bytes>,
    size: u64,
}

/// Tiles that do not fit the tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTiles {
    /// A tile that does not have as many bytes as hashes of its width have.
    #[error("{tile} should have {} bytes, but has {length}", tile.length())]
    Length {
        /// The tile.
        tile: Tile,
        /// How many bytes came.
        length: usize,
    },
    /// The tiles that are not full do not make the root of the tree. Which of them is wrong cannot be told.
    #[error("the tiles at the right edge do not make the root of {tree}")]
    Root {
        /// The tree.
        tree: Tree,
    },
    /// A full tile does not have the root that stands in the tile above it.
    #[error("{tile} is not the tile that {tree} has")]
    Tile {
        /// The tile.
        tile: Tile,
        /// The tree.
        tree: Tree,
    },
}

impl ProvedTiles {
    /// Compares the tiles of a plan with the root of its tree.
    ///
    /// Every tile is checked whole: those that are not full all together by the root, the others one by one by the tile above. (Go's
    /// library left a tile unchecked that served two subtrees, until August 2026.)
    ///
    /// # Errors
    ///
    /// When a tile is missing, too short or too long, or does not fit.
    pub(super) fn check(
        tree: &Tree,
        plan: &Plan,
        tiles: BTreeMap<Tile, Bytes>,
    ) -> Result<Self, BadTiles> {
        for tile in plan.tiles() {
            let length = tiles.get(tile).map_or(0, Bytes::len);
            if length != tile.length() {
                return Err(BadTiles::Length {
                    tile: *tile,
                    length,
                });
            }
        }
        let proved = Self {
            tiles,
            size: tree.size,
        };
        if plan.size() != tree.size || proved.root(tree.size) != Some(tree.root) {
            return Err(BadTiles::Root { tree: *tree });
        }
        for tile in plan.tiles().iter().filter(|tile| tile.is_full()) {
            let (level, number, place) = tile.parent();
            let expected = proved
                .hashes(level, number)
                .and_then(|hashes| hashes.get(place).copied());
            let own = proved
                .hashes(tile.level(), tile.number())
                .and_then(|hashes| TreeHash::fold(&hashes));
            if own.is_none() || own != expected {
                return Err(BadTiles::Tile {
                    tile: *tile,
                    tree: *tree,
                });
            }
        }
        Ok(proved)
    }

    /// The hash of a record; `None` if the tiles do not have it.
    pub(super) fn record(&self, id: u64) -> Option<TreeHash> {
        self.node(0, id)
    }

    /// The root that the tree had when it had `size` records; `None` if the tiles do not have what it is made of.
    pub(super) fn root(&self, size: u64) -> Option<TreeHash> {
        let subtrees: Option<Vec<_>> = subtrees(size)
            .map(|(level, number)| self.node(level, number))
            .collect();
        Some(TreeHash::join(&subtrees?))
    }

    /// The tiles and their bytes.
    pub(super) fn tiles(&self) -> impl Iterator<Item = (&Tile, &Bytes)> {
        self.tiles.iter()
    }

    /// The bytes of the tile of this level and number.
    pub(super) fn bytes(&self, level: u8, number: u64) -> Option<&Bytes> {
        self.tiles.get(&Tile::in_tree(level, number, self.size)?)
    }

    fn node(&self, level: u32, number: u64) -> Option<TreeHash> {
        let (level, number, first, count) = hash_at(level, number);
        let hashes = self.hashes(level, number)?;
        TreeHash::fold(hashes.get(first..first.checked_add(count)?)?)
    }

    fn hashes(&self, level: u8, number: u64) -> Option<Vec<TreeHash>> {
        let (hashes, _) = self.bytes(level, number)?.as_chunks::<HASH_LENGTH>();
        Some(hashes.iter().copied().map(TreeHash::new).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sumdb::testing::TestDatabase;
    use proptest::prelude::*;

    fn checked(
        database: &TestDatabase,
        plan: &Plan,
        change: impl FnOnce(&mut BTreeMap<Tile, Bytes>),
    ) -> Result<ProvedTiles, BadTiles> {
        let mut tiles = plan
            .tiles()
            .iter()
            .map(|tile| (*tile, database.tile(tile)))
            .collect();
        change(&mut tiles);
        ProvedTiles::check(&database.tree(plan.size()), plan, tiles)
    }

    #[test]
    fn records_and_smaller_trees() {
        let database = TestDatabase::new("a.b", 700);
        for size in [1, 2, 255, 256, 257, 511, 512, 513, 700] {
            for id in [0, 1, 254, 255, 256, 511, 512, 699] {
                if id >= size {
                    continue;
                }
                let plan = Plan::new(size).with_record(id).with_tree(id);
                let proved = checked(&database, &plan, |_| ()).unwrap();
                assert_eq!(proved.record(id), Some(database.record_hash(id)));
                assert_eq!(proved.root(id), Some(database.tree(id).root));
                assert_eq!(proved.root(size), Some(database.tree(size).root));
            }
        }
        let empty = checked(&database, &Plan::new(0), |_| ()).unwrap();
        assert_eq!(empty.root(0), Some(TreeHash::empty()));
        assert_eq!(empty.record(0), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_bit_can_be_flipped(size in 1..700_u64, id in 0..700_u64, older in 0..700_u64, at in 0..1_000_000_usize) {
            let database = TestDatabase::new("a.b", 700);
            let plan = Plan::new(size).with_record(id % size).with_tree(older % size);
            prop_assert!(checked(&database, &plan, |_| ()).is_ok());
            let flipped = checked(&database, &plan, |tiles| {
                let nth = at % tiles.len();
                let bytes = tiles.values_mut().nth(nth).unwrap();
                let mut changed = bytes.to_vec();
                let bit = at % (changed.len() * 8);
                changed[bit / 8] ^= 1 << (bit % 8);
                *bytes = changed.into();
            });
            let refused = matches!(flipped, Err(BadTiles::Root { .. } | BadTiles::Tile { .. }));
            prop_assert!(refused);
        }
    }

    #[test]
    fn lengths_and_missing_tiles() {
        let database = TestDatabase::new("a.b", 300);
        let plan = Plan::new(300).with_record(3);
        let first = *plan.tiles().first().unwrap();
        for change in [-1_isize, 1, -8192] {
            let bad = checked(&database, &plan, |tiles| {
                let mut bytes = tiles[&first].to_vec();
                bytes.resize(bytes.len().saturating_add_signed(change), 0);
                tiles.insert(first, bytes.into());
            });
            let length = 8192_usize.saturating_add_signed(change);
            let expected = BadTiles::Length {
                tile: first,
                length,
            };
            assert_eq!(bad.unwrap_err(), expected);
        }
        let missing = checked(&database, &plan, |tiles| {
            tiles.remove(&first);
        });
        assert!(matches!(missing, Err(BadTiles::Length { length: 0, .. })));
    }

    #[test]
    fn another_tree() {
        let (ours, theirs) = (
            TestDatabase::new("a.b", 300),
            TestDatabase::forked("a.b", 300),
        );
        let plan = Plan::new(300).with_record(3);
        let tiles = plan
            .tiles()
            .iter()
            .map(|tile| (*tile, theirs.tile(tile)))
            .collect();
        let bad = ProvedTiles::check(&ours.tree(300), &plan, tiles);
        assert!(matches!(bad, Err(BadTiles::Root { .. })));
    }
}
