//! Go toolchains as modules: `golang.org/toolchain@v0.0.1-go1.24.3.linux-amd64`.

use std::fmt;
use std::str::FromStr;

use super::module_version::ModuleVersion;

/// The first Go whose toolchain is a module.
const FIRST_MINOR: u32 = 21;

/// An operating system and an architecture, as in `linux-amd64`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Platform(String);

/// A word that is no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no platform: write GOOS-GOARCH, such as linux-amd64")]
pub struct InvalidPlatform(String);

impl FromStr for Platform {
    type Err = InvalidPlatform;

    fn from_str(word: &str) -> Result<Self, InvalidPlatform> {
        let is_name = |name: &str| {
            (1..=16).contains(&name.len())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        match word.split_once('-') {
            Some((os, architecture)) if is_name(os) && is_name(architecture) => {
                Ok(Self(word.to_owned()))
            }
            _ => Err(InvalidPlatform(word.to_owned())),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A released toolchain: the Go version without the word `go`, such as `1.24.3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain(String);

impl Toolchain {
    /// The toolchain that a go command switches to for a `go.mod` with this `toolchain` and this `go` line: the newer of
    /// the two. `None` if they name none that is a module: Go before 1.21, `default`, or one of somebody's own making.
    ///
    /// A line `go 1.21` without a third number means the language; the first release of it is `1.21.0`.
    ///
    /// Source: Go documentation, "Go Toolchains", sections "Go versions" and "Module and workspace configuration".
    #[must_use]
    pub fn for_lines(toolchain: Option<&str>, go: Option<&str>) -> Option<Self> {
        let named = toolchain.and_then(|name| name.strip_prefix("go"));
        let of = |text: &str| Some((order(text)?, text.to_owned()));
        let newest = [named.and_then(of), go.and_then(of)]
            .into_iter()
            .flatten()
            .max();
        let ((major, minor, patch), text) = newest?;
        if (major, minor) < (1, FIRST_MINOR) {
            return None;
        }
        Some(Self(match patch {
            Patch::Language => format!("{text}.0"),
            _ => text,
        }))
    }

    /// The module that holds it for a platform.
    pub fn module(&self, platform: &Platform) -> Option<ModuleVersion> {
        let version = format!("v0.0.1-go{}.{platform}", self.0);
        let path = "golang.org/toolchain".parse().ok()?;
        ModuleVersion::new(path, version.parse().ok()?).ok()
    }
}

/// What comes after the two first numbers, in the order of the versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Patch {
    /// Nothing: the version of the language.
    Language,
    /// A beta or release candidate, and its number.
    Before(bool, u32),
    /// A release.
    Release(u32),
}

/// The place of a Go version among all; `None` if it is none.
fn order(text: &str) -> Option<(u32, u32, Patch)> {
    let (major, rest) = text.split_once('.')?;
    let end = rest
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(rest.len());
    let (minor, tail) = rest.split_at(end);
    let patch = match tail {
        "" => Patch::Language,
        tail => match (
            tail.strip_prefix('.'),
            tail.strip_prefix("rc"),
            tail.strip_prefix("beta"),
        ) {
            (Some(number), ..) => Patch::Release(number.parse().ok()?),
            (_, Some(number), _) => Patch::Before(true, number.parse().ok()?),
            (.., Some(number)) => Patch::Before(false, number.parse().ok()?),
            _ => return None,
        },
    };
    Some((major.parse().ok()?, minor.parse().ok()?, patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_of_two_lines() {
        for (toolchain, go, want) in [
            (Some("go1.24.3"), Some("1.24.0"), Some("1.24.3")),
            (Some("go1.22.0"), Some("1.23.1"), Some("1.23.1")),
            (None, Some("1.21"), Some("1.21.0")),
            (Some("default"), Some("1.26rc2"), Some("1.26rc2")),
            (Some("go1.26.0"), Some("1.26rc2"), Some("1.26.0")),
            (Some("go1.24.3-corp"), None, None),
            (None, Some("1.20"), None),
            (None, None, None),
        ] {
            let found = Toolchain::for_lines(toolchain, go).map(|found| found.0);
            assert_eq!(found.as_deref(), want, "{toolchain:?} {go:?}");
        }
    }

    #[test]
    fn platforms_and_modules() {
        let platform: Platform = "linux-amd64".parse().unwrap();
        let toolchain = Toolchain("1.24.3".to_owned());
        assert_eq!(
            toolchain.module(&platform).unwrap().to_string(),
            "golang.org/toolchain@v0.0.1-go1.24.3.linux-amd64"
        );
        for wrong in [
            "",
            "linux",
            "linux/amd64",
            "-",
            "a-",
            "Linux-amd64",
            "a-b-c",
            "a-b.c",
        ] {
            assert!(wrong.parse::<Platform>().is_err(), "{wrong}");
        }
    }
}
