//! The names of entries.

use std::fmt;
use std::str::FromStr;

use crate::catalog::MAX_INFO_SIZE;
use crate::module::{EscapedPath, EscapedVersion, ModuleVersion};
use crate::modzip::{MAX_GO_MOD_SIZE, MAX_ZIP_SIZE};
use crate::store::{ModuleFile, SUMDB, StoreKey, SumdbFile};

/// The first entry.
const HEAD: &str = "athens-bundle.json";
/// The last entry.
const LIST: &str = "athens-bundle-entries.jsonl";
/// The ending of a sum's file, and its length.
const ZIP_HASH: &str = ".ziphash";
const SUM_LEN: u64 = 47;
/// The longest name that is read, in bytes: longer ones fit no file system.
pub(super) const LONGEST_NAME: usize = 4096;

/// The name of an entry, in the order of the bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::carry) enum EntryName {
    /// What the file is.
    Head,
    /// A file of a version.
    Version(ModuleVersion, VersionFile),
    /// A file of a checksum database.
    Sumdb(SumdbFile),
    /// The names, sizes and hashes of all others.
    List,
}

/// A file of a version in a bundle, in the order of the bundle: what is small comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::carry) enum VersionFile {
    Info,
    Mod,
    Zip,
    ZipHash,
}

impl VersionFile {
    fn suffix(self) -> &'static str {
        match self {
            Self::Info => ModuleFile::Info.suffix(),
            Self::Mod => ModuleFile::Mod.suffix(),
            Self::Zip => ModuleFile::Zip.suffix(),
            Self::ZipHash => ZIP_HASH,
        }
    }

    fn takes(self, len: u64) -> bool {
        match self {
            Self::Info => len <= MAX_INFO_SIZE,
            Self::Mod => len <= MAX_GO_MOD_SIZE,
            Self::Zip => len <= MAX_ZIP_SIZE,
            Self::ZipHash => len == SUM_LEN,
        }
    }
}

impl EntryName {
    /// Whether an entry of this name may have this length in bytes. That of the list is bounded by the number of
    /// entries.
    pub(super) fn takes(&self, len: u64) -> bool {
        match self {
            Self::Head => len <= super::LONGEST_LINE as u64,
            Self::Version(_, file) => file.takes(len),
            Self::Sumdb(file) => file.takes(len),
            Self::List => true,
        }
    }

    /// What decides about the order: names are compared as they are written, element by element.
    pub(in crate::carry) fn order(&self) -> (u8, String, String, u8) {
        match self {
            Self::Head => (0, String::new(), String::new(), 0),
            Self::Version(version, file) => (
                1,
                version.path().escaped().as_str().to_owned(),
                version.version().escaped().as_str().to_owned(),
                *file as u8,
            ),
            Self::Sumdb(file) => (2, file.to_string(), String::new(), 0),
            Self::List => (3, String::new(), String::new(), 0),
        }
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head => f.write_str(HEAD),
            Self::Version(version, file) => write!(
                f,
                "{}/{}{}",
                StoreKey::directory(version.path()),
                version.version().escaped(),
                file.suffix()
            ),
            Self::Sumdb(file) => write!(f, "{SUMDB}/{file}"),
            Self::List => f.write_str(LIST),
        }
    }
}

/// A name that no entry has.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::carry) struct NotAName;

impl FromStr for EntryName {
    type Err = NotAName;

    fn from_str(name: &str) -> Result<Self, NotAName> {
        match name {
            HEAD => return Ok(Self::Head),
            LIST => return Ok(Self::List),
            _ => {}
        }
        if let Some(file) = name
            .strip_prefix(SUMDB)
            .and_then(|rest| rest.strip_prefix('/'))
        {
            return file.parse().map(Self::Sumdb).map_err(|_| NotAName);
        }
        file_of_version(name)
            .map(|(version, file)| Self::Version(version, file))
            .ok_or(NotAName)
    }
}

fn file_of_version(name: &str) -> Option<(ModuleVersion, VersionFile)> {
    let (directory, file) = name.rsplit_once('/')?;
    let path: EscapedPath = directory.strip_suffix("/@v")?.parse().ok()?;
    let (version, file) = match ModuleFile::split(file) {
        Some((version, ModuleFile::Info)) => (version, VersionFile::Info),
        Some((version, ModuleFile::Mod)) => (version, VersionFile::Mod),
        Some((version, ModuleFile::Zip)) => (version, VersionFile::Zip),
        None => (file.strip_suffix(ZIP_HASH)?, VersionFile::ZipHash),
    };
    let version: EscapedVersion = version.parse().ok()?;
    let version = version.unescaped().parse().ok()?;
    let version = ModuleVersion::new(path.module_path().clone(), version).ok()?;
    Some((version, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_their_order() {
        let names = [
            "athens-bundle.json",
            "a.b/!m/@v/v1.0.0.mod",
            "a.b/m/@v/v1.0.0.info",
            "a.b/m/@v/v1.0.0.mod",
            "a.b/m/@v/v1.0.0.zip",
            "a.b/m/@v/v1.0.0.ziphash",
            "a.b/m/@v/v1.0.0-!r!c1.info",
            "a.b/m/@v/v1.0.0-rc.info",
            "a.b/m/@v/v1.0.0-rc.zip",
            // In the order of bytes, this would be between the two before.
            "a.b/m/@v/v1.0.0-rc.m.info",
            "a.b/m/v2/@v/v2.0.0.info",
            "sumdb/sumdb.example/latest",
            "sumdb/sumdb.example/lookup/a.b/m@v1.0.0",
            "athens-bundle-entries.jsonl",
        ];
        let parsed: Vec<EntryName> = names.iter().map(|name| name.parse().unwrap()).collect();
        for (name, parsed) in names.iter().zip(&parsed) {
            assert_eq!(parsed.to_string(), *name);
        }
        assert!(parsed.is_sorted_by(|a, b| a.order() < b.order()));
    }

    #[test]
    fn nothing_else_is_a_name() {
        for name in [
            "",
            "/",
            "../athens-bundle.json",
            "athens-bundle.json/",
            "/a.b/m/@v/v1.0.0.mod",
            "./a.b/m/@v/v1.0.0.mod",
            "a.b/../m/@v/v1.0.0.mod",
            "a.b/m/@v/../@v/v1.0.0.mod",
            "a.b/M/@v/v1.0.0.mod",
            "a.b/m/@v/v1.0.0",
            "a.b/m/@v/v1.0.mod",
            "a.b/m/@v/v2.0.0.mod",
            "a.b/m/@v/main.info",
            "a.b/m/@v/list",
            "a.b/m/@latest",
            "a.b/m/@v/v1.0.0.lock",
            "a.b/m/@v/v1.0.0.deleted",
            ".athens/journal.jsonl",
            "sumdb/x",
            "sumdb/../a.b/latest",
            "a.b/m/@v/v1.0.0.mod\0",
        ] {
            assert_eq!(name.parse::<EntryName>(), Err(NotAName), "{name:?}");
        }
    }
}
