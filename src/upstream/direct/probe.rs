//! Which go command there is, and whether it will do.

use std::fmt;
use std::path::PathBuf;

/// The oldest release that will do, as the second number of `1.24`.
///
/// What a module zip leaves out of `vendor` changed with Go 1.24 for modules that say so: an older go command would make
/// zips whose sums nobody else has.
const OLDEST_MINOR: u32 = 24;

/// The version of a go command that will do, such as `go1.26.8`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoVersion(Box<str>);

impl GoVersion {
    /// Reads what `go version` says: `go version go1.26.8 linux/amd64`, or `go version devel go1.27-3f2e1a …`.
    ///
    /// # Errors
    ///
    /// [`GoUnavailable::TooOld`], or [`GoUnavailable::Strange`] if it says something else.
    pub(super) fn parse(said: &str) -> Result<Self, GoUnavailable> {
        let version = said
            .strip_prefix("go version ")
            .and_then(|rest| {
                rest.split_whitespace()
                    .find(|word| word.starts_with("go1."))
            })
            .ok_or_else(|| GoUnavailable::strange(said))?;
        let digits = version["go1.".len()..]
            .split(|c: char| !c.is_ascii_digit())
            .next()
            .unwrap_or_default();
        match digits.parse::<u32>() {
            Ok(minor) if minor >= OLDEST_MINOR => Ok(Self(version.into())),
            Ok(_) => Err(GoUnavailable::TooOld(version.into())),
            Err(_) => Err(GoUnavailable::strange(said)),
        }
    }

    /// As the go command writes it, such as `go1.26.8`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GoVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Why modules cannot be fetched from version control at all, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GoUnavailable {
    /// There is no such program, or it may not be run.
    #[error(
        "the server has no go command {}: install Go 1.{OLDEST_MINOR} or newer on it, or say where it is", .0.display()
    )]
    NoGo(PathBuf),
    /// There is no git.
    #[error("the server has no git: install it on it")]
    NoGit,
    /// It does not start, or ends with an error; the reason is in the variant.
    #[error(
        "the server's go command does not run: {0}: install Go 1.{OLDEST_MINOR} or newer on it"
    )]
    NotRunnable(String),
    /// Its version is in the variant.
    #[error(
        "the server's go command is {0}, which makes other module zips than today's: install Go 1.{OLDEST_MINOR} or newer on it"
    )]
    TooOld(String),
    /// It is asked for its version and says something else.
    #[error(
        "the server's go command says of its version {0:?}: install Go 1.{OLDEST_MINOR} or newer on it"
    )]
    Strange(String),
}

impl GoUnavailable {
    fn strange(said: &str) -> Self {
        Self::Strange(said.trim().chars().take(80).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (said, version) in [
            ("go version go1.24 linux/amd64\n", "go1.24"),
            ("go version go1.26.8 linux/amd64", "go1.26.8"),
            ("go version go1.27rc1 linux/arm64", "go1.27rc1"),
            ("go version go1.100.1 X:none linux/amd64", "go1.100.1"),
            (
                "go version devel go1.27-3f2e1a9 Tue Nov 3 linux/amd64",
                "go1.27-3f2e1a9",
            ),
        ] {
            assert_eq!(GoVersion::parse(said).unwrap().as_str(), version);
        }
        for old in ["go1.13.15", "go1.23.9", "go1.2"] {
            let error = GoVersion::parse(&format!("go version {old} linux/amd64")).unwrap_err();
            assert_eq!(error, GoUnavailable::TooOld(old.into()));
        }
        for strange in [
            "",
            "git version 2.39.5",
            "go version",
            "go version go1. linux",
            "go version go1.99999999999 linux",
        ] {
            let error = GoVersion::parse(strange).unwrap_err();
            assert_eq!(error, GoUnavailable::Strange(strange.into()));
        }
    }

    #[test]
    fn says_what_to_do() {
        for error in [
            GoUnavailable::NoGo("go".into()),
            GoUnavailable::NotRunnable("no such device".into()),
            GoUnavailable::TooOld("go1.20".into()),
            GoUnavailable::strange(&"x".repeat(1000)),
        ] {
            let sentence = error.to_string();
            assert!(sentence.contains("install Go 1.24 or newer"), "{sentence}");
            assert!(sentence.len() < 200, "{sentence}");
        }
    }
}
