//! `--path-prefix`: the path below which everything is served.

use std::fmt;
use std::str::FromStr;

/// A path prefix such as `/go` or `/build/modules`; empty for none.
///
/// Only letters, digits and `-._~` may stand in it (the unreserved characters of RFC 3986, 2.3), so that it has one
/// spelling and needs no escaping in a URL, a header or a page.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BasePath(String);

/// A text that is no [`BasePath`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "`{0}` is not a path prefix; write a path of letters, digits, `-`, `.`, `_` and `~`, such as `/go`"
)]
pub struct InvalidBasePath(String);

impl BasePath {
    /// The prefix with a slash before each element and none at the end; empty for none.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its elements.
    pub(super) fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|segment| !segment.is_empty())
    }
}

impl FromStr for BasePath {
    type Err = InvalidBasePath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text == "/" {
            return Ok(Self::default());
        }
        let trimmed = text.strip_prefix('/').unwrap_or(text);
        let trimmed = trimmed.strip_suffix('/').unwrap_or(trimmed);
        if trimmed.split('/').all(is_segment) {
            Ok(Self(format!("/{trimmed}")))
        } else {
            Err(InvalidBasePath(text.to_owned()))
        }
    }
}

/// `.` and `..` are taken away by clients before they send a request.
fn is_segment(segment: &str) -> bool {
    !matches!(segment, "" | "." | "..")
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        for (text, path) in [
            ("", ""),
            ("/", ""),
            ("go", "/go"),
            ("/go", "/go"),
            ("/go/", "/go"),
            ("build/Go-1.x/~me_", "/build/Go-1.x/~me_"),
        ] {
            assert_eq!(text.parse::<BasePath>().unwrap().as_str(), path, "{text:?}");
        }
        for text in [
            "//", "/go//", "/a//b", "/a/../b", ".", "/%67o", "/a b", "/a?b", "/é", "/a\\b",
        ] {
            assert!(text.parse::<BasePath>().is_err(), "{text:?}");
        }
    }
}
