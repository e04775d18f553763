//! What may stand before `.info` in a request.

use super::check::PathFault;
use super::escape::{EscapedVersion, InvalidEscapedVersion, check_word};
use super::version::Version;
use std::fmt;
use std::str::FromStr;

/// A word that can name no version and no revision in a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed version or revision {query:?}: {kind}")]
pub struct InvalidVersionQuery {
    /// The word as given, unescaped.
    pub query: String,
    /// What is wrong with it.
    pub kind: PathFault,
}

/// What a client asks `.info` of: a canonical version, or another name that the module's origin may resolve to one.
///
/// Clients resolve `latest`, `upgrade`, `v1` and `<v1.2` themselves and never send them; if they come they are
/// [`Revision`]s. Source: Go Modules Reference, "Version queries" and "GOPROXY protocol".
///
/// ```
/// use athens::module::VersionQuery;
///
/// assert!(matches!("v1.0.0".parse()?, VersionQuery::Version(_)));
/// assert!(matches!("v1.0.0+meta".parse()?, VersionQuery::Revision(_)));
/// assert!(matches!(VersionQuery::from_escaped("!h!e!a!d")?, VersionQuery::Revision(r) if r.as_str() == "HEAD"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VersionQuery {
    /// A canonical version. That it fits a module is not checked here.
    Version(Version),
    /// A branch, a tag, a commit, or a version in another than the canonical form.
    Revision(Revision),
}

impl VersionQuery {
    /// Reads the escaped spelling, percent signs already decoded.
    ///
    /// # Errors
    ///
    /// When the escapes are wrong or the word could not be a file name element.
    pub fn from_escaped(escaped: &str) -> Result<Self, InvalidEscapedVersion> {
        let escaped: EscapedVersion = escaped.parse()?;
        Ok(Self::of(&escaped.unescaped()))
    }

    /// The word, unescaped.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Version(version) => version.as_str(),
            Self::Revision(revision) => revision.as_str(),
        }
    }

    /// The spelling for file names and URLs.
    pub fn escaped(&self) -> EscapedVersion {
        EscapedVersion::of(self.as_str())
    }

    /// Sorts a word that is known to be valid into the two.
    fn of(word: &str) -> Self {
        match word.parse() {
            Ok(version) => Self::Version(version),
            Err(_) => Self::Revision(Revision(word.into())),
        }
    }
}

impl FromStr for VersionQuery {
    type Err = InvalidVersionQuery;

    fn from_str(word: &str) -> Result<Self, InvalidVersionQuery> {
        match check_word(word) {
            Ok(()) => Ok(Self::of(word)),
            Err(kind) => Err(InvalidVersionQuery {
                query: word.to_owned(),
                kind,
            }),
        }
    }
}

impl fmt::Display for VersionQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<Version> for VersionQuery {
    fn from(version: Version) -> Self {
        Self::Version(version)
    }
}

/// A name for a state of a module that is no canonical version: `main`, `HEAD`, `3f2e1a`, `v1.2`, `v1.0.0+meta`.
///
/// A valid file name element of ASCII without `!`, unescaped; it has no slash and is never `.` or `..`. It comes only
/// out of [`VersionQuery`], so it never holds a canonical version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Revision(Box<str>);

impl Revision {
    /// The word, unescaped.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_versions_from_revisions() {
        for version in [
            "v1.0.0",
            "v2.0.0+incompatible",
            "v0.0.0-20191109021931-daa7c04131f5",
        ] {
            assert!(
                matches!(version.parse(), Ok(VersionQuery::Version(_))),
                "{version}"
            );
        }
        for revision in [
            "main",
            "v1",
            "v1.2",
            "v1.0.0+meta",
            "HEAD",
            "latest",
            "<v1",
            "a b",
            "-x",
            "1.0.0",
        ] {
            let query = revision.parse::<VersionQuery>();
            if revision.contains('<') {
                assert!(query.is_err());
                continue;
            }
            assert!(matches!(query, Ok(VersionQuery::Revision(_))), "{revision}");
        }
    }

    #[test]
    fn escaped_and_plain_agree() {
        let query: VersionQuery = "v1.0.0-RC1".parse().unwrap();
        assert_eq!(query.escaped().as_str(), "v1.0.0-!r!c1");
        assert_eq!(VersionQuery::from_escaped("v1.0.0-!r!c1"), Ok(query));
        assert!(VersionQuery::from_escaped("v1.0.0-RC1").is_err());
    }

    #[test]
    fn refuses_what_cannot_be_a_file_name() {
        for bad in [
            "", ".", "..", "a/b", "a\\b", "a!b", "é", "con", "x.", "a\0b", "a\r\nb",
        ] {
            assert!(bad.parse::<VersionQuery>().is_err(), "{bad:?}");
        }
    }
}
