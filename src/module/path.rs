//! Module paths.

use super::check::{ElementKind, PathFault, check_elements};
use super::escape::EscapedPath;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A module path that is no path the `go` command would take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed module path {path:?}: {kind}")]
pub struct InvalidModulePath {
    /// The path as given.
    pub path: String,
    /// What is wrong with it.
    pub kind: PathFault,
}

/// The path of a module in its plain spelling, such as `github.com/BurntSushi/toml`.
///
/// Elements between slashes consist of ASCII letters, digits and `-._~`; none is empty, begins or ends with a dot, is
/// a device name of Windows or looks like one of its short names (`progra~1`). The first element is a host name: small
/// letters, digits, dots and dashes, at least one dot. A last element `vN` is a major version suffix: `/v2` and up,
/// while `/v1`, `/v02` and `/v2.1` are refused. Paths below `gopkg.in` end in `.vN` instead, N from 0, optionally
/// followed by `-unstable`. So a path can never climb out of a folder, and has exactly one spelling. Length is not
/// limited here; HTTP and the file system do that.
///
/// Cloning is cheap: clones share the text. Ordering is by bytes, as the `go` command sorts modules.
///
/// Source: Go Modules Reference, "Module paths and versions"; `golang.org/x/mod/module`, `CheckPath`.
///
/// ```
/// use athens::module::ModulePath;
///
/// let path: ModulePath = "example.com/Tool/v2".parse()?;
/// assert_eq!(path.escaped().as_str(), "example.com/!tool/v2");
/// assert_eq!(path.split_major(), ("example.com/Tool", "/v2"));
/// assert!("example.com/Tool/v1".parse::<ModulePath>().is_err());
/// assert!("tool".parse::<ModulePath>().is_err());
/// # Ok::<(), athens::module::InvalidModulePath>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModulePath(Arc<str>);

impl ModulePath {
    /// The plain spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The spelling for folders and URLs.
    pub fn escaped(&self) -> EscapedPath {
        EscapedPath::of(self)
    }

    /// The path without its major version suffix, and the suffix: `/vN`, `.vN` (below `gopkg.in`) or nothing.
    pub fn split_major(&self) -> (&str, &str) {
        split_major(&self.0).unwrap_or((&self.0, ""))
    }

    /// The same text, shared.
    pub(super) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl FromStr for ModulePath {
    type Err = InvalidModulePath;

    fn from_str(path: &str) -> Result<Self, InvalidModulePath> {
        match check(path) {
            Ok(()) => Ok(Self(Arc::from(path))),
            Err(kind) => Err(InvalidModulePath {
                path: path.to_owned(),
                kind,
            }),
        }
    }
}

impl fmt::Display for ModulePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for ModulePath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

fn check(path: &str) -> Result<(), PathFault> {
    if path.starts_with('-') {
        return Err(PathFault::LeadingDash);
    }
    check_elements(path, ElementKind::Module)?;
    let first = path.split_once('/').map_or(path, |(first, _)| first);
    if !first.contains('.') {
        return Err(PathFault::NoDotInFirst);
    }
    let host_char = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if let Some(bad) = first.chars().find(|&c| !host_char(c)) {
        return Err(PathFault::FirstElement(bad));
    }
    split_major(path).map(|_| ()).ok_or(PathFault::MajorSuffix)
}

/// Cuts the major version suffix off any text that may be a module path: (prefix, suffix), or `None` when the end
/// looks like such a suffix and is not one.
pub(super) fn split_major(path: &str) -> Option<(&str, &str)> {
    if path.starts_with("gopkg.in/") {
        return split_gopkg_in(path);
    }
    let stem = path.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = &path[stem.len()..];
    let Some(prefix) = stem.strip_suffix("/v").filter(|_| !number.is_empty()) else {
        return Some((path, ""));
    };
    let valid = !number.contains('.') && !number.starts_with('0') && number != "1";
    valid.then(|| path.split_at(prefix.len()))
}

/// Below `gopkg.in` every path has a suffix, and `v0` and `v1` are as good as others.
fn split_gopkg_in(path: &str) -> Option<(&str, &str)> {
    let tail = path.strip_suffix("-unstable").unwrap_or(path);
    let prefix = tail
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .strip_suffix(".v")?;
    let (_, suffix) = path.split_at(prefix.len());
    let number = &suffix[2..];
    // `.v0-unstable` is refused and `.v-unstable` is not: so says x/mod, and no version fits the latter.
    let valid = !number.is_empty() && (!number.starts_with('0') || suffix == ".v0");
    valid.then_some((prefix, suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(path: &str) -> PathFault {
        path.parse::<ModulePath>().unwrap_err().kind
    }

    #[test]
    fn accepts() {
        for good in [
            "x.y",
            "example.com",
            "example.com/a/b",
            "github.com/BurntSushi/toml",
            "example.com/a_b~c-d.e",
            "example.com/v2",
            "example.com/m/v2",
            "example.com/m/v99999999999999999999999",
            "example.com/m/v0a",
            "example.com/mv1",
            "example.com/v1x",
            "gopkg.in/yaml.v0",
            "gopkg.in/yaml.v1",
            "gopkg.in/user/yaml.v3-unstable",
            "golang.org/toolchain",
            "1.2",
        ] {
            let path: ModulePath = good.parse().unwrap();
            assert_eq!(path.as_str(), good);
        }
    }

    #[test]
    fn refuses_with_the_reason() {
        assert_eq!(kind(""), PathFault::Empty);
        assert_eq!(kind("/a.b"), PathFault::EmptyElement);
        assert_eq!(kind("a.b/"), PathFault::EmptyElement);
        assert_eq!(kind("a.b//c"), PathFault::EmptyElement);
        assert_eq!(kind("a.b/../c"), PathFault::OnlyDots("..".into()));
        assert_eq!(kind("a.b/.c"), PathFault::LeadingDot(".c".into()));
        assert_eq!(kind("a.b/c."), PathFault::TrailingDot("c.".into()));
        assert_eq!(kind("-a.b"), PathFault::LeadingDash);
        assert_eq!(kind("a.b/c+d"), PathFault::Character('+'));
        assert_eq!(kind("a.b/é"), PathFault::Character('é'));
        assert_eq!(kind("a.b/c\0"), PathFault::Character('\0'));
        assert_eq!(kind("a.b/c d"), PathFault::Character(' '));
        assert_eq!(kind("a.b/Con"), PathFault::WindowsDevice("Con".into()));
        assert_eq!(kind("a.b/c~1"), PathFault::WindowsShortName("c~1".into()));
        assert_eq!(kind("ab/c"), PathFault::NoDotInFirst);
        assert_eq!(kind("A.b/c"), PathFault::FirstElement('A'));
        assert_eq!(kind("a_b.c"), PathFault::FirstElement('_'));
    }

    #[test]
    fn refuses_wrong_major_suffixes() {
        for bad in [
            "example.com/m/v0",
            "example.com/m/v1",
            "example.com/m/v02",
            "example.com/m/v2.1",
            "gopkg.in/yaml",
            "gopkg.in/yaml.v",
            "gopkg.in/yaml.v01",
            "gopkg.in/yaml/v2",
            "gopkg.in/yaml.v0-unstable",
        ] {
            assert_eq!(kind(bad), PathFault::MajorSuffix, "{bad}");
        }
    }

    #[test]
    fn splits_the_suffix() {
        let split = |path: &str| {
            let path: ModulePath = path.parse().unwrap();
            let (prefix, suffix) = path.split_major();
            (prefix.to_owned(), suffix.to_owned())
        };
        assert_eq!(split("a.b/m"), ("a.b/m".into(), String::new()));
        assert_eq!(split("a.b/m/v10"), ("a.b/m".into(), "/v10".into()));
        assert_eq!(split("gopkg.in/m.v0"), ("gopkg.in/m".into(), ".v0".into()));
        assert_eq!(
            split("gopkg.in/m.v2-unstable"),
            ("gopkg.in/m".into(), ".v2-unstable".into())
        );
    }
}
