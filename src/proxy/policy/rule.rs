//! Rules that name modules and versions, with a reason for the one who meets them.

use std::fmt;
use std::str::FromStr;

use super::range::{InvalidVersionRange, VersionRange};
use crate::module::{InvalidPathPatterns, ModulePath, PathPatterns, Version};

/// `PATTERNS[@VERSIONS][ # REASON]`: modules, by glob patterns of path prefixes as in `GOPRIVATE`, perhaps only some of
/// their versions, and why.
///
/// Each of several patterns may have its own versions: `example.com/a@<v1.4.2,example.com/b # CVE-2026-1`. The reason is
/// shown to the user of the go command.
///
/// ```
/// use athens::proxy::Rule;
///
/// let rule: Rule = "example.com/lib@<v1.4.2 # CVE-2026-1234; take v1.4.2".parse()?;
/// assert_eq!(rule.reason(), Some("CVE-2026-1234; take v1.4.2"));
/// let path = "example.com/lib/sub".parse().unwrap();
/// assert!(rule.is_about_version(&path, &"v1.4.1".parse().unwrap()));
/// assert!(!rule.is_about_version(&path, &"v1.4.2".parse().unwrap()));
/// assert!(!rule.is_about_all_versions(&path));
/// # Ok::<(), athens::proxy::InvalidRule>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    items: Vec<(PathPatterns, VersionRange)>,
    reason: Option<String>,
}

/// A text that is no [`Rule`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRule {
    /// It names no module.
    #[error(
        "`{0}` names no module: write PATTERNS[@VERSIONS][ # REASON], such as `example.com/lib@<v1.4.2 # CVE-2026-1`"
    )]
    Empty(String),
    /// A pattern is malformed.
    #[error(transparent)]
    Patterns(#[from] InvalidPathPatterns),
    /// The versions are malformed.
    #[error(transparent)]
    Versions(#[from] InvalidVersionRange),
}

/// The longest reason that is shown, in bytes: the go command prints some 600 bytes of an answer.
const LONGEST_REASON: usize = 300;

impl Rule {
    /// The reason, if one was given.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Whether it is about every version of a module.
    #[must_use]
    pub fn is_about_all_versions(&self, module: &ModulePath) -> bool {
        self.items
            .iter()
            .any(|(patterns, versions)| versions.is_all() && patterns.matches(module))
    }

    /// Whether it is about at least some versions of a module.
    #[must_use]
    pub fn is_about(&self, module: &ModulePath) -> bool {
        self.items
            .iter()
            .any(|(patterns, _)| patterns.matches(module))
    }

    /// Whether it is about this version of a module.
    #[must_use]
    pub fn is_about_version(&self, module: &ModulePath, version: &Version) -> bool {
        self.items
            .iter()
            .any(|(patterns, versions)| versions.contains(version) && patterns.matches(module))
    }
}

impl FromStr for Rule {
    type Err = InvalidRule;

    fn from_str(text: &str) -> Result<Self, InvalidRule> {
        let (modules, reason) = match text.split_once('#') {
            Some((modules, reason)) => (modules, Some(reason.trim())),
            None => (text, None),
        };
        let mut items = Vec::new();
        for item in modules.split(',').map(str::trim) {
            let (pattern, versions) = match item.split_once('@') {
                Some((pattern, versions)) => (pattern, versions.parse()?),
                None => (item, VersionRange::default()),
            };
            let patterns: PathPatterns = pattern.parse()?;
            if patterns.is_empty() {
                return Err(InvalidRule::Empty(text.to_owned()));
            }
            items.push((patterns, versions));
        }
        let reason = reason
            .map(|reason| {
                reason
                    .chars()
                    .filter(|c| !c.is_control())
                    .collect::<String>()
            })
            .map(|reason| cut(reason, LONGEST_REASON))
            .filter(|reason| !reason.is_empty());
        Ok(Self { items, reason })
    }
}

fn cut(mut text: String, longest: usize) -> String {
    while text.len() > longest {
        text.pop();
    }
    text
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (patterns, versions)) in self.items.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            let at = if versions.is_all() { "" } else { "@" };
            write!(f, "{comma}{patterns}{at}{versions}")?;
        }
        match &self.reason {
            Some(reason) => write!(f, " # {reason}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_as_written() {
        for text in [
            "example.com/a",
            "*.example.com,b.example",
            "example.com/a@v1.2.3",
            "example.com/a@>=v1.0.0 <v1.2.0,example.com/b # because",
        ] {
            assert_eq!(text.parse::<Rule>().unwrap().to_string(), text);
        }
        let long = format!("a.b # {}", "é".repeat(400));
        assert_eq!(
            long.parse::<Rule>().unwrap().reason().map(str::len),
            Some(LONGEST_REASON)
        );
    }

    #[test]
    fn about() {
        let rule: Rule = "a.b/x@v1.0.0,a.b/y".parse().unwrap();
        let path = |text: &str| text.parse::<ModulePath>().unwrap();
        let (one, two) = ("v1.0.0".parse().unwrap(), "v1.0.1".parse().unwrap());
        assert!(rule.is_about_version(&path("a.b/x"), &one));
        assert!(!rule.is_about_version(&path("a.b/x"), &two));
        assert!(rule.is_about(&path("a.b/x")) && !rule.is_about_all_versions(&path("a.b/x")));
        assert!(rule.is_about_all_versions(&path("a.b/y/z")));
        assert!(rule.is_about_version(&path("a.b/y"), &two));
        assert!(!rule.is_about(&path("a.b/z")));
    }

    #[test]
    fn refuses() {
        for text in [
            "", " # why", ",a.b", "a.b@", "a.b@main", "a.b/[x", "@v1.0.0",
        ] {
            assert!(text.parse::<Rule>().is_err(), "{text:?}");
        }
    }
}
