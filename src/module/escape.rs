//! The escaped spelling: capital letters as `!` and the small letter. The reason is told in [the module](super).

use super::bang::{escape, unescape};
use super::check::{ElementKind, PathFault, check_element};
use super::path::ModulePath;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Why an escaped name is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EscapeFault {
    /// A capital letter, which must be written as `!` and the small letter.
    #[error("the capital letter {0:?} is not escaped")]
    Capital(char),
    /// A `!` that no small letter follows.
    #[error("a `!` without a small letter after it")]
    LoneBang,
    /// A character beyond ASCII.
    #[error("the character {0:?} is not ASCII")]
    NotAscii(char),
    /// The escapes are fine, but what they say is no valid name.
    #[error(transparent)]
    Meaning(PathFault),
}

/// An escaped module path that stands for no module path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed escaped module path {escaped:?}: {kind}")]
pub struct InvalidEscapedPath {
    /// The escaped path as given.
    pub escaped: String,
    /// What is wrong with it.
    pub kind: EscapeFault,
}

/// An escaped version or revision that stands for none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed escaped version {escaped:?}: {kind}")]
pub struct InvalidEscapedVersion {
    /// The escaped version as given.
    pub escaped: String,
    /// What is wrong with it.
    pub kind: EscapeFault,
}

/// A module path in the spelling for folders and URLs, such as `github.com/!burnt!sushi/toml`.
///
/// It has no capital letter, so it means the same on every file system, and like the path that it stands for it can
/// never leave a folder. Parsing decodes `!`, never percent signs.
///
/// Source: Go Modules Reference, "GOPROXY protocol"; `golang.org/x/mod/module`, `EscapePath` and `UnescapePath`.
///
/// ```
/// use athens::module::EscapedPath;
///
/// let escaped: EscapedPath = "github.com/!burnt!sushi/toml".parse()?;
/// assert_eq!(escaped.module_path().as_str(), "github.com/BurntSushi/toml");
/// assert!("github.com/BurntSushi/toml".parse::<EscapedPath>().is_err());
/// # Ok::<(), athens::module::InvalidEscapedPath>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EscapedPath {
    escaped: Arc<str>,
    path: ModulePath,
}

impl EscapedPath {
    pub(super) fn of(path: &ModulePath) -> Self {
        let escaped = match escape(path.as_str()) {
            Cow::Borrowed(_) => path.shared(),
            Cow::Owned(escaped) => escaped.into(),
        };
        Self {
            escaped,
            path: path.clone(),
        }
    }

    /// The escaped spelling.
    pub fn as_str(&self) -> &str {
        &self.escaped
    }

    /// The path that it stands for.
    pub fn module_path(&self) -> &ModulePath {
        &self.path
    }
}

impl FromStr for EscapedPath {
    type Err = InvalidEscapedPath;

    fn from_str(escaped: &str) -> Result<Self, InvalidEscapedPath> {
        let refuse = |kind| InvalidEscapedPath {
            escaped: escaped.to_owned(),
            kind,
        };
        let path: ModulePath = unescape(escaped)
            .map_err(refuse)?
            .parse()
            .map_err(|e: super::InvalidModulePath| refuse(EscapeFault::Meaning(e.kind)))?;
        Ok(Self::of(&path))
    }
}

impl fmt::Display for EscapedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.escaped)
    }
}

impl AsRef<str> for EscapedPath {
    fn as_ref(&self) -> &str {
        &self.escaped
    }
}

/// A version or revision in the spelling for file names and URLs, such as `v1.0.0-!r!c1`.
///
/// The word that it stands for need not be a version; it is a valid file name element without `!` (branch names with
/// a slash never reach a proxy). [`super::VersionQuery`] tells which of the two it is.
///
/// Source: `golang.org/x/mod/module`, `EscapeVersion` and `UnescapeVersion`.
///
/// ```
/// use athens::module::EscapedVersion;
///
/// let escaped: EscapedVersion = "v1.0.0-!r!c1".parse()?;
/// assert_eq!(escaped.unescaped(), "v1.0.0-RC1");
/// assert!("v1.0.0-RC1".parse::<EscapedVersion>().is_err());
/// # Ok::<(), athens::module::InvalidEscapedVersion>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EscapedVersion(Box<str>);

impl EscapedVersion {
    /// Escapes a word that is known to be a valid one.
    pub(super) fn of(word: &str) -> Self {
        Self(escape(word).into())
    }

    /// The escaped spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The word that it stands for.
    pub fn unescaped(&self) -> Cow<'_, str> {
        unescape(&self.0).unwrap_or(Cow::Borrowed(&self.0))
    }
}

impl FromStr for EscapedVersion {
    type Err = InvalidEscapedVersion;

    fn from_str(escaped: &str) -> Result<Self, InvalidEscapedVersion> {
        unescape(escaped)
            .and_then(|word| check_word(&word).map_err(EscapeFault::Meaning))
            .map(|()| Self(escaped.into()))
            .map_err(|kind| InvalidEscapedVersion {
                escaped: escaped.to_owned(),
                kind,
            })
    }
}

impl fmt::Display for EscapedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for EscapedVersion {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Checks that a plain word can be escaped: a file name element of ASCII without `!`.
pub(super) fn check_word(word: &str) -> Result<(), PathFault> {
    if word.is_empty() {
        return Err(PathFault::Empty);
    }
    check_element(word, ElementKind::File)?;
    word.chars()
        .find(|&c| c == '!' || !c.is_ascii())
        .map_or(Ok(()), |bad| Err(PathFault::Character(bad)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_there_and_back() {
        for (plain, escaped) in [
            ("example.com/a", "example.com/a"),
            ("github.com/BurntSushi/toml", "github.com/!burnt!sushi/toml"),
            ("a.b/ABC", "a.b/!a!b!c"),
        ] {
            let path: ModulePath = plain.parse().unwrap();
            assert_eq!(path.escaped().as_str(), escaped);
            let back: EscapedPath = escaped.parse().unwrap();
            assert_eq!(back.module_path(), &path);
            assert_eq!(back, path.escaped());
        }
    }

    #[test]
    fn refuses_what_stands_for_nothing() {
        let kind = |escaped: &str| escaped.parse::<EscapedPath>().unwrap_err().kind;
        assert_eq!(kind("a.b/Cd"), EscapeFault::Capital('C'));
        assert_eq!(kind("a.b/c!"), EscapeFault::LoneBang);
        assert_eq!(kind("a.b/!!c"), EscapeFault::LoneBang);
        assert_eq!(kind("a.b/!1"), EscapeFault::LoneBang);
        assert_eq!(kind("a.b/!/c"), EscapeFault::LoneBang);
        assert_eq!(kind("a.b/é"), EscapeFault::NotAscii('é'));
        assert_eq!(
            kind("!a.b/c"),
            EscapeFault::Meaning(PathFault::FirstElement('A'))
        );
        assert_eq!(kind(""), EscapeFault::Meaning(PathFault::Empty));
        assert_eq!(
            kind("a.b/../c"),
            EscapeFault::Meaning(PathFault::OnlyDots("..".into()))
        );
    }

    #[test]
    fn versions() {
        for good in [
            "v1.0.0",
            "v1.0.0-!r!c1",
            "main",
            "!h!e!a!d",
            "v1.0.0+incompatible",
            "a b",
            "-x",
            ".x",
        ] {
            let version: EscapedVersion = good.parse().unwrap();
            assert_eq!(EscapedVersion::of(&version.unescaped()), version);
        }
        for bad in [
            "",
            "v1.0.0-RC1",
            "a/b",
            "..",
            "x!",
            "!",
            "a\0",
            "nul",
            "x.",
            "é",
            "a!!b",
        ] {
            assert!(bad.parse::<EscapedVersion>().is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn every_path_comes_back(path in "[a-z]{1,5}\\.[a-z]{2,3}(/[A-Za-z0-9_~.-]{1,8}){0,4}") {
            if let Ok(path) = path.parse::<ModulePath>() {
                let escaped: EscapedPath = path.escaped().as_str().parse().unwrap();
                prop_assert_eq!(escaped.module_path(), &path);
            }
        }

        #[test]
        fn nothing_panics(any in ".{0,60}") {
            let _ = any.parse::<EscapedPath>();
            let _ = any.parse::<EscapedVersion>();
            let _ = any.parse::<ModulePath>();
        }
    }
}
