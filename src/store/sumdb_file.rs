//! Files of checksum databases, as they are cached below `sumdb/`.

use std::fmt;
use std::str::FromStr;

use crate::module::{EscapedPath, EscapedVersion, ModuleVersion};

/// The most bytes of a lookup answer or a signed head: 1 MiB. Real ones are below one KiB.
const MAX_NOTE: u64 = 1 << 20;
/// The most bytes of a data tile, which holds up to 256 records: 16 MiB. Real ones have some 60 KiB.
const MAX_DATA_TILE: u64 = 16 << 20;
/// The length of a hash in a tile.
const HASH: u64 = 32;
/// How many hashes a full tile has, at the only height that the go command asks for (8).
const FULL: u64 = 256;
/// The longest name of a database, in bytes, and the most elements of it.
const LONGEST_NAME: usize = 255;
const MOST_ELEMENTS: usize = 8;

/// A cached file of a checksum database, by its name below `sumdb/`.
///
/// ```text
/// NAME/latest                                 the newest signed head
/// NAME/lookup/<escaped path>@<escaped version>
/// NAME/tile/8/<level>/<number>                 a full tile of hashes
/// NAME/tile/8/<level>/<number>.p/<width>       a partial one
/// NAME/tile/8/data/…                           records, for auditors
/// ```
///
/// Each file has exactly one name. The name says nothing about the content, which is verified when it is used.
///
/// Source: the go command, `modfetch`, `dbClient`; `golang.org/x/mod/sumdb/tlog`, `Tile.Path` and `ParseTilePath`.
///
/// ```
/// use athens::store::SumdbFile;
///
/// let file: SumdbFile = "sumdb.example/tile/8/0/x001/234.p/5".parse()?;
/// assert!(file.takes(5 * 32) && !file.takes(6 * 32));
/// assert!("sumdb.example/tile/8/0/x000/234".parse::<SumdbFile>().is_err());
/// # Ok::<(), athens::store::InvalidSumdbFile>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SumdbFile {
    database: String,
    kind: SumdbFileKind,
}

/// What a cached file of a checksum database is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SumdbFileKind {
    /// The newest signed head of the tree.
    Latest,
    /// The answer to a lookup of this version.
    Lookup(ModuleVersion),
    /// A tile.
    Tile {
        /// Its path after `tile/8/`.
        path: String,
        /// How many hashes it has, 1 to 256; `None` for a data tile.
        width: Option<u16>,
    },
}

/// A name that no file of a checksum database has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not the name of a file of a checksum database")]
pub struct InvalidSumdbFile {
    /// The name as given.
    pub name: String,
}

impl SumdbFile {
    /// The name of the database: a host, perhaps with a path.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// What the file is.
    pub fn kind(&self) -> &SumdbFileKind {
        &self.kind
    }

    /// Whether the file may have this length in bytes.
    pub fn takes(&self, len: u64) -> bool {
        match &self.kind {
            SumdbFileKind::Latest | SumdbFileKind::Lookup(_) => (1..=MAX_NOTE).contains(&len),
            SumdbFileKind::Tile { width: None, .. } => (1..=MAX_DATA_TILE).contains(&len),
            SumdbFileKind::Tile {
                width: Some(width), ..
            } => len == u64::from(*width) * HASH,
        }
    }
}

impl fmt::Display for SumdbFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.database;
        match &self.kind {
            SumdbFileKind::Latest => write!(f, "{name}/latest"),
            SumdbFileKind::Lookup(version) => write!(
                f,
                "{name}/lookup/{}@{}",
                version.path().escaped(),
                version.version().escaped()
            ),
            SumdbFileKind::Tile { path, .. } => write!(f, "{name}/tile/8/{path}"),
        }
    }
}

impl FromStr for SumdbFile {
    type Err = InvalidSumdbFile;

    fn from_str(name: &str) -> Result<Self, InvalidSumdbFile> {
        parse(name).ok_or_else(|| InvalidSumdbFile {
            name: name.chars().take(200).collect(),
        })
    }
}

fn parse(name: &str) -> Option<SumdbFile> {
    // The name of the database ends where the first of these words is a whole element.
    let (database, kind) = if let Some((database, rest)) = name.split_once("/lookup/") {
        (database, SumdbFileKind::Lookup(lookup(rest)?))
    } else if let Some((database, rest)) = name.split_once("/tile/8/") {
        let width = tile(rest)?;
        let path = rest.to_owned();
        (database, SumdbFileKind::Tile { path, width })
    } else {
        (name.strip_suffix("/latest")?, SumdbFileKind::Latest)
    };
    is_database(database).then(|| SumdbFile {
        database: database.to_owned(),
        kind,
    })
}

/// A host and perhaps a path, in characters that mean the same in a URL and in every file system.
fn is_database(name: &str) -> bool {
    let is_element = |element: &str| {
        !element.is_empty()
            && !element.starts_with('.')
            && !["lookup", "tile", "latest"].contains(&element)
            && element
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~'))
    };
    name.len() <= LONGEST_NAME
        && name.split('/').count() <= MOST_ELEMENTS
        && name.split('/').all(is_element)
}

fn lookup(text: &str) -> Option<ModuleVersion> {
    let (path, version) = text.split_once('@')?;
    let path: EscapedPath = path.parse().ok()?;
    let version: EscapedVersion = version.parse().ok()?;
    let version = version.unescaped().parse().ok()?;
    ModuleVersion::new(path.module_path().clone(), version).ok()
}

/// The width of a tile, from its path after the height; the outer `None` for what is no path of a tile.
fn tile(path: &str) -> Option<Option<u16>> {
    let (level, rest) = path.split_once('/')?;
    let is_level = level == "data" || number(level).is_some_and(|level| level < 64);
    let (tile, width) = match rest.split_once(".p/") {
        None => (rest, FULL),
        Some((tile, width)) => (
            tile,
            number(width).filter(|width| (1..FULL).contains(width))?,
        ),
    };
    let groups: Vec<&str> = tile.split('/').collect();
    let (last, before) = groups.split_last()?;
    let is_group = |group: &str| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit());
    // Six groups of three digits are below 2^63, as the numbers of tiles are.
    let is_number = before.len() < 6
        && is_group(last)
        && before
            .iter()
            .all(|group| group.strip_prefix('x').is_some_and(is_group))
        && before.first() != Some(&"x000");
    (is_level && is_number).then(|| {
        (level != "data")
            .then(|| u16::try_from(width).ok())
            .flatten()
    })
}

/// A number in its only spelling.
fn number(text: &str) -> Option<u64> {
    let is_canonical = text == "0" || !text.starts_with('0');
    let is_short = (1..=3).contains(&text.len());
    (is_canonical && is_short && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_each() {
        for (name, lengths) in [
            ("sumdb.example/latest", [1, 1 << 20]),
            ("sumdb.example/sub/latest", [1, 1 << 20]),
            (
                "sumdb.example/lookup/example.com/!m@v1.0.0-!r!c1",
                [1, 1 << 20],
            ),
            ("localhost/lookup/example.com/lookup/x@v1.0.0", [1, 1 << 20]),
            ("sumdb.example/tile/8/0/000", [8192, 8192]),
            ("sumdb.example/tile/8/63/x001/x000/999.p/255", [8160, 8160]),
            ("sumdb.example/tile/8/data/003.p/1", [1, 16 << 20]),
        ] {
            let file: SumdbFile = name.parse().unwrap();
            assert_eq!(file.to_string(), name);
            for len in lengths {
                assert!(file.takes(len), "{name} {len}");
            }
            assert!(!file.takes(lengths[0] - 1) && !file.takes(lengths[1] + 1));
        }
    }

    #[test]
    fn nothing_else() {
        for name in [
            "",
            "latest",
            "/latest",
            "sumdb.example",
            "sumdb.example/",
            "sumdb.example/latest/",
            "sumdb.example//latest",
            "../latest",
            "a/../latest",
            ".hidden/latest",
            "Sumdb.example/latest",
            "a b/latest",
            "a/b/c/d/e/f/g/h/i/latest",
            "a/lookup/",
            "a/lookup/example.com/M@v1.0.0",
            "a/lookup/example.com/m@main",
            "a/lookup/example.com/m@v2.0.0",
            "a/lookup/../m@v1.0.0",
            "a/lookup/example.com/m@v1.0.0/x",
            "a/tile/8/0",
            "a/tile/8/64/000",
            "a/tile/8/00/000",
            "a/tile/8/-1/000",
            "a/tile/8/0/0",
            "a/tile/8/0/0000",
            "a/tile/8/0/x001",
            "a/tile/8/0/001/002",
            "a/tile/8/0/x000/001",
            "a/tile/8/0/000.p/0",
            "a/tile/8/0/000.p/256",
            "a/tile/8/0/000.p/01",
            "a/tile/8/0/000.p/1/2",
            "a/tile/8/0/x001/x002/x003/x004/x005/x006/007",
            "a/tile/9/0/000",
        ] {
            assert!(name.parse::<SumdbFile>().is_err(), "{name}");
        }
        let long = format!("{}/latest", "a".repeat(256));
        assert!(long.parse::<SumdbFile>().is_err());
    }
}
