//! Tiles: pieces of the tree of a size that is good for caching.

use std::fmt;
use std::str::FromStr;

use super::encoding::{beginning, decimal};
use super::hash::HASH_LENGTH;

/// How many levels of the tree a tile spans. The go command knows no other.
pub(super) const HEIGHT: u32 = 8;

/// The width of a full tile.
pub(super) const FULL: u16 = 1 << HEIGHT;

/// The highest level of tiles that can be named.
const HIGHEST: u8 = 63;

/// The longest path that is looked at, in bytes. The longest there is has 49.
const LONGEST_PATH: usize = 64;

/// A tile of height 8: up to 256 hashes that stand side by side in the tree, 32 bytes each.
///
/// Those of level 0 are hashes of records; one of level L is the root of a full tile of level L-1. A tile that is not full is
/// the beginning of a wider one. Its [`Display`](fmt::Display) is its path, of which there is exactly one spelling:
/// `tile/8/<level>/<number>`, and `.p/<width>` if it is not full. The number is written in groups of three digits, all but the
/// last with an `x` before it.
///
/// Source: `golang.org/x/mod/sumdb/tlog`, `Tile`, `ParseTilePath`. Unlike there, no level above 63 is read, which is what its
/// documentation says, and no height but 8.
///
/// ```
/// use athens::sumdb::TilePath;
///
/// let path: TilePath = "tile/8/0/x001/234.p/17".parse()?;
/// assert!(matches!(path, TilePath::Hashes(ref tile) if tile.width() == 17));
/// assert_eq!(path.to_string(), "tile/8/0/x001/234.p/17");
/// assert!("tile/8/0/x001/234.p/256".parse::<TilePath>().is_err());
/// # Ok::<(), athens::sumdb::InvalidTilePath>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    level: u8,
    number: u64,
    width: u16,
}

/// A tile of records in place of their hashes, for those who audit a database: `tile/8/data/<number>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DataTile(Tile);

/// What the path of a tile names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TilePath {
    /// Hashes.
    Hashes(Tile),
    /// Records.
    Data(DataTile),
}

/// A text that is no path of a tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed tile path {path:?}: it should be tile/8/<level>/<number>[.p/<width>]")]
pub struct InvalidTilePath {
    /// The path as given, at most its first 100 characters.
    pub path: String,
}

impl Tile {
    /// The tile of this level and number, as wide as it is in a tree of `size` records; `None` where that has none of its hashes.
    pub(super) fn in_tree(level: u8, number: u64, size: u64) -> Option<Self> {
        let hashes = hashes_at(level, size);
        let before = number.checked_mul(u64::from(FULL))?;
        let width = hashes.checked_sub(before).filter(|width| *width > 0)?;
        Some(Self {
            level,
            number,
            width: u16::try_from(width).unwrap_or(FULL).min(FULL),
        })
    }

    /// The level, 0 to 63.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// The number within its level, from 0.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// How many hashes it has, 1 to 256.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// How many bytes it has.
    pub fn length(&self) -> usize {
        usize::from(self.width) * HASH_LENGTH
    }

    /// Whether it can not become wider.
    pub fn is_full(&self) -> bool {
        self.width == FULL
    }

    /// The same tile when it is full.
    pub(super) fn full(&self) -> Self {
        Self {
            width: FULL,
            ..*self
        }
    }

    /// The level and number of the tile that has the root of this one, once it is full, and at which place there.
    pub(super) fn parent(&self) -> (u8, u64, usize) {
        let place = self.number % u64::from(FULL);
        (
            self.level.saturating_add(1),
            self.number / u64::from(FULL),
            usize::try_from(place).unwrap_or_default(),
        )
    }
}

/// How many hashes of this level of tiles a tree has.
pub(super) fn hashes_at(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * HEIGHT).unwrap_or(0)
}

impl DataTile {
    /// The tile of the hashes of its records.
    pub fn hashes(&self) -> &Tile {
        &self.0
    }
}

impl FromStr for TilePath {
    type Err = InvalidTilePath;

    fn from_str(path: &str) -> Result<Self, InvalidTilePath> {
        parse(path).ok_or_else(|| InvalidTilePath {
            path: beginning(path),
        })
    }
}

fn parse(path: &str) -> Option<TilePath> {
    if path.len() > LONGEST_PATH {
        return None;
    }
    let (level, rest) = path.strip_prefix("tile/8/")?.split_once('/')?;
    let (digits, width) = match rest.split_once(".p/") {
        None => (rest, FULL),
        Some((digits, width)) => {
            let width = u16::try_from(decimal(width)?).ok()?;
            (digits, Some(width).filter(|w| (1..FULL).contains(w))?)
        }
    };
    let number = number(digits)?;
    let tile = |level| Tile {
        level,
        number,
        width,
    };
    if level == "data" {
        return Some(TilePath::Data(DataTile(tile(0))));
    }
    let level = u8::try_from(decimal(level)?).ok()?;
    (level <= HIGHEST).then(|| TilePath::Hashes(tile(level)))
}

/// Reads `x001/x234/067`. The first group is not `x000`: it would be a second spelling.
fn number(text: &str) -> Option<u64> {
    let mut number = 0_u64;
    let mut groups = text.split('/').peekable();
    while let Some(group) = groups.next() {
        let digits = match groups.peek() {
            Some(_) => group.strip_prefix('x')?,
            None => group,
        };
        if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let digits: u64 = digits.parse().ok()?;
        if number == 0 && digits == 0 && groups.peek().is_some() {
            return None;
        }
        number = number.checked_mul(1000)?.checked_add(digits)?;
    }
    (number <= i64::MAX as u64).then_some(number)
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{HEIGHT}/{}/", self.level)?;
        self.write_number(f)
    }
}

impl Tile {
    fn write_number(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups = Vec::new();
        let mut rest = self.number;
        loop {
            groups.push(rest % 1000);
            rest /= 1000;
            if rest == 0 {
                break;
            }
        }
        while let Some(group) = groups.pop() {
            match groups.is_empty() {
                true => write!(f, "{group:03}")?,
                false => write!(f, "x{group:03}/")?,
            }
        }
        match self.is_full() {
            true => Ok(()),
            false => write!(f, ".p/{}", self.width),
        }
    }
}

impl fmt::Display for DataTile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{HEIGHT}/data/")?;
        self.0.write_number(f)
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hashes(tile) => tile.fmt(f),
            Self::Data(tile) => tile.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_spelling_each() {
        for path in [
            "tile/8/0/000",
            "tile/8/0/000.p/1",
            "tile/8/0/000.p/255",
            "tile/8/63/999",
            "tile/8/1/x001/000",
            "tile/8/1/x001/x234/067.p/8",
            "tile/8/0/x009/x223/x372/x036/x854/x775/807",
            "tile/8/data/x001/000.p/7",
        ] {
            let tile: TilePath = path.parse().unwrap();
            assert_eq!(tile.to_string(), path);
        }
        for path in [
            "",
            "tile",
            "tile/8",
            "tile/8/0",
            "tile/8/0/",
            "/tile/8/0/000",
            "tile/8/0/000/",
            "tile/8/0//000",
            "tile/8/0/0",
            "tile/8/0/0000",
            "tile/8/0/x000/000",
            "tile/8/0/x000/x001/000",
            "tile/8/0/001/000",
            "tile/8/0/x001",
            "tile/8/0/xx01/000",
            "tile/8/0/-01",
            "tile/8/0/+01",
            "tile/8/0/000.p/0",
            "tile/8/0/000.p/256",
            "tile/8/0/000.p/01",
            "tile/8/0/000.p/+1",
            "tile/8/0/000.p/",
            "tile/8/0/000.p",
            "tile/8/0/000.p/1/",
            "tile/8/0/000.p/1.p/1",
            "tile/8/0/x001.p/000",
            "tile/8/00/000",
            "tile/8/64/000",
            "tile/8/256/000",
            "tile/8/-1/000",
            "tile/8/Data/000",
            "tile/08/0/000",
            "tile/7/0/000",
            "tile/8/0/x009/x223/x372/x036/x854/x775/808",
            "tile/8/0/x999/x999/x999/x999/x999/x999/x999/999",
            "tile/8/0/../000",
            "tile/8/0/\u{663}00",
        ] {
            assert!(path.parse::<TilePath>().is_err(), "{path:?}");
        }
    }

    #[test]
    fn widths_in_a_tree() {
        let width = |level, number, size| Tile::in_tree(level, number, size).map(|t| t.width());
        assert_eq!(width(0, 0, 0), None);
        assert_eq!(width(0, 0, 1), Some(1));
        assert_eq!(width(0, 0, 256), Some(256));
        assert_eq!(width(0, 0, 1000), Some(256));
        assert_eq!(width(0, 3, 1000), Some(232));
        assert_eq!(width(0, 4, 1000), None);
        assert_eq!(width(1, 0, 1000), Some(3));
        assert_eq!(width(2, 0, 1000), None);
        assert_eq!(width(7, 0, i64::MAX as u64), Some(127));
        assert_eq!(width(8, 0, i64::MAX as u64), None);
        assert_eq!(width(63, 0, u64::MAX), None);
        assert_eq!(width(0, u64::MAX, u64::MAX), None);
    }

    proptest! {
        #[test]
        fn every_tile_comes_back(level in 0..=HIGHEST, number in 0..=i64::MAX as u64, width in 1..=FULL, data: bool) {
            let tile = Tile { level, number, width };
            let path = match data {
                true => TilePath::Data(DataTile(Tile { level: 0, ..tile })),
                false => TilePath::Hashes(tile),
            };
            prop_assert_eq!(path.to_string().parse(), Ok(path));
        }

        #[test]
        fn nothing_panics_and_what_is_read_is_spelled_so(text in "tile/8/(data|[0-9]{1,3})/[x0-9/.p]{0,30}") {
            if let Ok(path) = text.parse::<TilePath>() {
                prop_assert_eq!(path.to_string(), text);
            }
        }

        #[test]
        fn tiles_of_a_level_have_all_its_hashes(size in 0..=5_000_000_u64, level in 0..4_u8) {
            let sum: u64 = (0..)
                .map_while(|number| Tile::in_tree(level, number, size))
                .map(|tile| u64::from(tile.width()))
                .sum();
            prop_assert_eq!(sum, hashes_at(level, size));
        }
    }
}
