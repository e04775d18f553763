//! What a creation hands back: the files that went in, those that did not and why, and the refusals.

use std::fmt;

use super::git::Commit;
use crate::module::{ModuleVersion, PathFault};

/// A module zip that has been made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The files in it, without the `<path>@<version>/` before them, in the order of the zip: that of their bytes.
    pub files: Vec<String>,
    /// What was there and did not go in, in the order of their bytes.
    pub omitted: Vec<Omitted>,
    /// The sum of the sizes of the files, in bytes.
    pub size: u64,
    /// The directory of the repository that the files come from, without a slash at either end; empty for its root.
    /// `None` when they come from a directory.
    pub directory: Option<String>,
    /// The commit that the files come from; `None` when they come from a directory.
    pub commit: Option<Commit>,
}

/// A file or a directory that does not go into the zip.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Omitted {
    /// Its path in the module; a directory ends in a slash and stands for all that is below it. Bytes that are no UTF-8
    /// are written `\xNN`. Control characters are as they are: escape them before you print it.
    pub path: String,
    /// Why.
    pub why: Omission,
}

/// Why something is left out of a module zip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Omission {
    /// A package that belongs to other modules.
    Vendored,
    /// A directory with a `go.mod` of its own.
    NestedModule,
    /// A folder of a version control system.
    VersionControl,
    /// `.hg_archival.txt`, which Mercurial writes into archives.
    HgArchival,
    /// A symbolic link.
    SymbolicLink,
    /// Neither a file nor a directory nor a symbolic link: a socket, a pipe, a device.
    Irregular,
    /// A submodule of a git repository.
    Submodule,
    /// Left by a desktop or an editor, and not tracked by git.
    Litter,
}

impl fmt::Display for Omission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vendored => "it is in a vendor directory",
            Self::NestedModule => "it is another module, with a go.mod of its own",
            Self::VersionControl => "it belongs to the version control system",
            Self::HgArchival => "it is what Mercurial writes into archives",
            Self::SymbolicLink => "it is a symbolic link",
            Self::Irregular => "it is not a regular file",
            Self::Submodule => "it is a submodule of the repository",
            Self::Litter => "a desktop or an editor left it there, and git does not track it",
        })
    }
}

/// A file that belongs into the zip and can not be in one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path:?}: {why}")]
pub struct Refused {
    /// Its path in the module, written as in [`Omitted::path`].
    pub path: String,
    /// What is wrong with it.
    pub why: Refusal,
}

/// Why a file can not be in a module zip.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The go command takes only names that every file system can hold.
    #[error("the go command does not take this name: {0}")]
    Name(PathFault),
    /// The name is no UTF-8.
    #[error("the name is not UTF-8")]
    NotUtf8,
    /// The name as a whole does not fit into a zip, which has 16 bits for its length.
    #[error("the name is longer than a zip can hold")]
    NameTooLong,
    /// A `go.mod` in capitals at the root.
    #[error("the file must be named go.mod, in small letters")]
    GoModCase,
    /// Another name is the same where capital and small letters are not told apart, or is a directory.
    #[error("it cannot lie beside {0:?}: some file systems take both for one name")]
    Collision(String),
    /// A `go.mod` or `LICENSE` that is too large; the most is in the variant, in bytes.
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
}

/// A list of refusals, which shows as one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusals(pub Vec<Refused>);

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, refused) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{refused}")?;
        }
        Ok(())
    }
}

/// The text before every name in a module zip.
pub(super) fn prefix(version: &ModuleVersion) -> String {
    format!("{version}/")
}

/// A path for people: UTF-8 as it is, other bytes as `\xNN`.
pub(super) fn shown(path: &[u8]) -> String {
    use fmt::Write as _;

    let mut text = String::with_capacity(path.len());
    for chunk in path.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_any_bytes() {
        assert_eq!(shown("a/é".as_bytes()), "a/é");
        assert_eq!(shown(b"a\xff/\xc3"), "a\\xff/\\xc3");
    }

    #[test]
    fn refusals_are_one_sentence() {
        let refused = |path: &str, why| Refused {
            path: path.to_owned(),
            why,
        };
        let both = Refusals(vec![
            refused("GO.MOD", Refusal::GoModCase),
            refused("A", Refusal::Collision("a".to_owned())),
        ]);
        assert_eq!(
            both.to_string(),
            "\"GO.MOD\": the file must be named go.mod, in small letters; \"A\": it cannot lie beside \"a\": some file \
             systems take both for one name"
        );
    }
}
