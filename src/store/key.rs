//! The layout of the root, and what each file in it is to an HTTP client.

use std::fmt;

use super::{SumdbFile, SumdbFileKind};
use crate::module::{ModulePath, ModuleVersion};

/// One of the three files that make a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ModuleFile {
    /// `<version>.info`: JSON with the version, its commit time and perhaps its origin.
    Info,
    /// `<version>.mod`: the module's go.mod.
    Mod,
    /// `<version>.zip`: the module zip.
    Zip,
}

impl ModuleFile {
    /// All three, in the order in which they are moved into place: a reader that finds the `.info` finds the rest.
    pub const ALL: [Self; 3] = [Self::Zip, Self::Mod, Self::Info];

    /// The ending of the file's name, with its dot.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Info => ".info",
            Self::Mod => ".mod",
            Self::Zip => ".zip",
        }
    }

    /// Splits a file name of an `@v` directory into the escaped version and the file it is; `None` for every other
    /// name, such as `list`, `v1.0.0.lock` or `v1.0.0.ziphash`.
    pub fn split(name: &str) -> Option<(&str, Self)> {
        Self::ALL
            .into_iter()
            .find_map(|file| match name.strip_suffix(file.suffix()) {
                Some("") | None => None,
                Some(version) => Some((version, file)),
            })
    }
}

impl fmt::Display for ModuleFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.suffix())
    }
}

/// The directory of the checksum databases; its name can not be the first element of a module path, which has a dot.
pub const SUMDB: &str = "sumdb";

/// The name of a file of the layout.
///
/// ```text
/// <root>/
///   example.com/!corp/lib/        escaped module path
///     @latest                     Latest
///     @v/                         (Directory)
///       list                      List
///       v1.2.0.info .mod .zip     File
///       v1.2.0.ziphash            ZipHash
///   sumdb/<name>/                 Sumdb: cached files of checksum databases
///   .athens/                      ours: staging area; has no key, so it can not be asked for
/// ```
///
/// Every name below the root that a request can lead to is made here, from types that hold no separators beyond those
/// of an escaped module path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKey<'a> {
    /// The version list of a module.
    List(&'a ModulePath),
    /// The `.info` of the version that "latest" means.
    Latest(&'a ModulePath),
    /// A file of a version.
    File(&'a ModuleVersion, ModuleFile),
    /// The h1: sum of a version's zip, which was checked whole; never served.
    ZipHash(&'a ModuleVersion),
    /// What is left of a deleted version; never served.
    Tombstone(&'a ModuleVersion),
    /// A cached file of a checksum database.
    Sumdb(&'a SumdbFile),
}

impl StoreKey<'_> {
    /// The path below the root, with `/` between its elements.
    pub fn relative_path(&self) -> String {
        match self {
            Self::List(module) => format!("{}/list", Self::directory(module)),
            Self::Latest(module) => format!("{}/@latest", module.escaped().as_str()),
            Self::File(version, file) => Self::beside(version, file.suffix()),
            Self::ZipHash(version) => Self::beside(version, ".ziphash"),
            Self::Tombstone(version) => Self::beside(version, ".deleted"),
            Self::Sumdb(file) => format!("{SUMDB}/{file}"),
        }
    }

    fn beside(version: &ModuleVersion, suffix: &str) -> String {
        let directory = Self::directory(version.path());
        format!(
            "{directory}/{}{suffix}",
            version.version().escaped().as_str()
        )
    }

    /// The last element of the path.
    pub fn file_name(&self) -> String {
        let path = self.relative_path();
        path.rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// The directory of a module's versions below the root.
    pub fn directory(module: &ModulePath) -> String {
        format!("{}/@v", module.escaped().as_str())
    }

    /// The media type to serve the file with; the go command reads none of them for a 200.
    pub fn content_type(&self) -> &'static str {
        match self {
            Self::List(_) | Self::File(_, ModuleFile::Mod) | Self::ZipHash(_) => {
                "text/plain; charset=utf-8"
            }
            Self::Latest(_) | Self::File(_, ModuleFile::Info) | Self::Tombstone(_) => {
                "application/json"
            }
            Self::File(_, ModuleFile::Zip) => "application/zip",
            Self::Sumdb(file) => match file.kind() {
                SumdbFileKind::Latest | SumdbFileKind::Lookup(_) => "text/plain; charset=utf-8",
                SumdbFileKind::Tile { .. } => "application/octet-stream",
            },
        }
    }

    /// The value of `Cache-Control`: a version never changes, nor does a tile; a list and what is latest do, and so does
    /// the head of the tree, which is part of a lookup.
    ///
    /// A year is the longest lifetime that caches are asked to honour (RFC 9111, 5.2.2.1); `immutable` is RFC 8246.
    pub fn cache_control(&self) -> &'static str {
        match self {
            Self::List(_) | Self::Latest(_) => "public, max-age=10",
            Self::Sumdb(file) if !matches!(file.kind(), SumdbFileKind::Tile { .. }) => {
                "public, max-age=10"
            }
            Self::File(..) | Self::ZipHash(_) | Self::Tombstone(_) | Self::Sumdb(_) => {
                "public, max-age=31536000, immutable"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_names_of_the_three_files_only() {
        let cases = [
            ("v1.0.0.info", Some(("v1.0.0", ModuleFile::Info))),
            ("v1.0.0.mod", Some(("v1.0.0", ModuleFile::Mod))),
            (
                "v2.0.0+incompatible.zip",
                Some(("v2.0.0+incompatible", ModuleFile::Zip)),
            ),
            ("v1.0.0.ziphash", None),
            ("v1.0.0.lock", None),
            ("v1.0.0.partial", None),
            ("v1.0.0.zip123.tmp", None),
            ("list", None),
            (".zip", None),
            ("", None),
        ];
        for (name, want) in cases {
            assert_eq!(ModuleFile::split(name), want, "{name}");
        }
    }

    #[test]
    fn names_every_file_of_the_layout() {
        let path: ModulePath = "example.com/Corp/lib".parse().unwrap();
        let version = ModuleVersion::new(path.clone(), "v1.0.0-RC1".parse().unwrap()).unwrap();
        let cases = [
            (StoreKey::List(&path), "example.com/!corp/lib/@v/list"),
            (StoreKey::Latest(&path), "example.com/!corp/lib/@latest"),
            (
                StoreKey::File(&version, ModuleFile::Info),
                "example.com/!corp/lib/@v/v1.0.0-!r!c1.info",
            ),
            (
                StoreKey::File(&version, ModuleFile::Zip),
                "example.com/!corp/lib/@v/v1.0.0-!r!c1.zip",
            ),
        ];
        for (key, want) in cases {
            assert_eq!(key.relative_path(), want);
        }
    }
}
