//! Which tiles prove what.
//!
//! A tree's tiles that are not full, one a level at most, together have its root: the hashes in them are the roots of the perfect
//! subtrees that the tree is made of. A full tile is proved by the tile that has its root. So whatever is to be proved, the tiles
//! for it are those that have it, what is above them up to the first that is not full, and all that are not full.

use std::collections::BTreeSet;

use super::tile::{HEIGHT, Tile, hashes_at};

/// The number of levels that the largest tree has tiles on.
const LEVELS: u8 = 8;

/// The tiles, as wide as they are in a tree of some size, that are needed to prove some of its hashes.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    size: u64,
    tiles: BTreeSet<Tile>,
}

impl Plan {
    /// What is always needed for a tree of `size` records: its tiles that are not full.
    pub(super) fn new(size: u64) -> Self {
        let tiles = (0..LEVELS)
            .filter_map(|level| Tile::in_tree(level, hashes_at(level, size) >> HEIGHT, size))
            .collect();
        Self { size, tiles }
    }

    /// The size of the tree.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The tiles, by level.
    pub(super) fn tiles(&self) -> &BTreeSet<Tile> {
        &self.tiles
    }

    /// Adds a tile, if the tree has it, and what proves it.
    #[must_use]
    pub(super) fn with_tile(mut self, level: u8, number: u64) -> Self {
        let mut at = (level, number);
        while let Some(tile) = Tile::in_tree(at.0, at.1, self.size) {
            // What proves a tile that is already there is there too, and so is every one that is not full.
            if !self.tiles.insert(tile) {
                break;
            }
            let (level, number, _) = tile.parent();
            at = (level, number);
        }
        self
    }

    /// Adds the hash of a record.
    #[must_use]
    pub(super) fn with_record(self, id: u64) -> Self {
        self.with_tile(0, id >> HEIGHT)
    }

    /// Adds the hashes that make the root of a smaller tree. They are in the tiles that are not full there. So whatever tiles prove
    /// anything in the smaller tree, those of them that are full and these prove it in this one: see [`super::client`].
    #[must_use]
    pub(super) fn with_tree(self, size: u64) -> Self {
        subtrees(size).fold(self, |plan, (level, number)| {
            let tile = hash_at(level, number);
            plan.with_tile(tile.0, tile.1)
        })
    }
}

/// The perfect subtrees that a tree is made of, from the left: the level in the tree, where a record has 0, and the number within
/// it.
///
/// Source: RFC 6962, section 2.1.
pub(super) fn subtrees(size: u64) -> impl Iterator<Item = (u32, u64)> {
    (0..u64::BITS).rev().filter_map(move |level| {
        let number = size >> level;
        // The subtree of this level is the last of its row.
        (number & 1 == 1).then(|| (level, number - 1))
    })
}

/// The tile that has a node of the tree, given as [`subtrees`] gives it: the tile's level and number, and the place of the first of
/// its hashes below the node, of which it has 2 to the power of the rest of `level`.
pub(super) fn hash_at(level: u32, number: u64) -> (u8, u64, usize, usize) {
    let within = level % HEIGHT;
    let tile_number = number >> (HEIGHT - within);
    let first = number - (tile_number << (HEIGHT - within));
    (
        u8::try_from(level / HEIGHT).unwrap_or(u8::MAX),
        tile_number,
        usize::try_from(first << within).unwrap_or(usize::MAX),
        1 << within,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn paths(plan: &Plan) -> Vec<String> {
        plan.tiles().iter().map(Tile::to_string).collect()
    }

    #[test]
    fn tiles_that_are_not_full() {
        assert!(paths(&Plan::new(0)).is_empty());
        assert_eq!(paths(&Plan::new(7)), ["tile/8/0/000.p/7"]);
        assert_eq!(paths(&Plan::new(256)), ["tile/8/1/000.p/1"]);
        assert_eq!(
            paths(&Plan::new(65536 + 3)),
            ["tile/8/0/256.p/3", "tile/8/2/000.p/1"]
        );
        assert_eq!(Plan::new(i64::MAX as u64).tiles().len(), 8);
    }

    #[test]
    fn a_record_and_what_is_above_it() {
        assert_eq!(
            paths(&Plan::new(65536 + 3).with_record(300)),
            [
                "tile/8/0/001",
                "tile/8/0/256.p/3",
                "tile/8/1/000",
                "tile/8/2/000.p/1"
            ]
        );
        assert_eq!(
            paths(&Plan::new(1000).with_record(999)),
            ["tile/8/0/003.p/232", "tile/8/1/000.p/3"]
        );
    }

    #[test]
    fn what_was_not_full_and_what_is_above_it() {
        assert_eq!(
            paths(&Plan::new(65536 + 3).with_tree(65536 - 3)),
            [
                "tile/8/0/255",
                "tile/8/0/256.p/3",
                "tile/8/1/000",
                "tile/8/2/000.p/1"
            ]
        );
    }

    #[test]
    fn subtrees_from_the_left() {
        assert_eq!(subtrees(0).count(), 0);
        assert_eq!(subtrees(1).collect::<Vec<_>>(), [(0, 0)]);
        assert_eq!(subtrees(11).collect::<Vec<_>>(), [(3, 0), (1, 4), (0, 10)]);
        assert_eq!(hash_at(3, 0), (0, 0, 0, 8));
        assert_eq!(hash_at(3, 33), (0, 1, 8, 8));
        assert_eq!(hash_at(8, 257), (1, 1, 1, 1));
    }

    /// Sizes at which something happens, and others.
    fn size() -> impl Strategy<Value = u64> {
        let near = |power: u32| (0..5_u64).prop_map(move |more| (1 << power) + more - 2);
        prop_oneof![
            0..1000_u64,
            near(8),
            near(16),
            near(24),
            0..100_000_000_u64,
            0..=i64::MAX as u64
        ]
    }

    proptest! {
        #[test]
        fn the_subtrees_cover_the_tree(size in size()) {
            let mut covered = 0_u64;
            for (level, number) in subtrees(size) {
                prop_assert_eq!(number << level, covered);
                covered += 1 << level;
            }
            prop_assert_eq!(covered, size);
        }

        #[test]
        fn every_tile_of_a_plan_is_proved(size in size(), a in size(), b in size()) {
            let mut plan = Plan::new(size).with_tree(a.min(size));
            if b < size {
                plan = plan.with_record(b);
            }
            for tile in plan.tiles() {
                if tile.is_full() {
                    let (level, number, place) = tile.parent();
                    let parent = Tile::in_tree(level, number, size).unwrap();
                    prop_assert!(place < usize::from(parent.width()));
                    prop_assert!(plan.tiles().contains(&parent));
                }
            }
            prop_assert!(plan.tiles().len() <= 64);
        }

        /// What the client rests on: tiles that prove something in a tree prove it in a larger one, with those that prove that
        /// the larger one continues it.
        #[test]
        fn a_larger_tree_needs_little_more(old in size(), more in size(), record in size(), older in size()) {
            prop_assume!(old > 0);
            let new = old.saturating_add(more).min(i64::MAX as u64);
            let (record, older) = (record % old, older % (old + 1));
            let had = Plan::new(old).with_record(record).with_tree(older);
            let got = Plan::new(new).with_tree(old);
            let needed = Plan::new(new).with_record(record).with_tree(older);
            for tile in needed.tiles() {
                prop_assert!(had.tiles().contains(tile) || got.tiles().contains(tile), "{}", tile);
            }
        }
    }
}
