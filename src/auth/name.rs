//! What a token is called.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The name of a token, which stands in lists, in the journal and in the log: 1 to 64 of `a-z`, `0-9`, `.`, `_` and
/// `-`, the first a letter or digit, so that a name never looks like a flag.
///
/// ```
/// use athens::auth::TokenName;
///
/// assert!("ci-2026.01".parse::<TokenName>().is_ok());
/// assert!("CI".parse::<TokenName>().is_err());
/// assert!("-ci".parse::<TokenName>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenName(Arc<str>);

/// A text that is no [`TokenName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name:?} is not a name for a token: write 1 to 64 small letters, digits, dots, underscores and dashes, the first a letter or digit"
)]
pub struct InvalidTokenName {
    /// The text as given, at most its first 100 characters.
    pub name: String,
}

const LONGEST: usize = 64;
/// The token that a server makes for its own user.
const LOCAL: &str = "local";

impl TokenName {
    /// `local`: the name of the token that a server makes for its own user.
    pub(super) fn local() -> Self {
        Self(Arc::from(LOCAL))
    }

    pub(super) fn is_local(&self) -> bool {
        self.as_str() == LOCAL
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TokenName {
    type Err = InvalidTokenName;

    fn from_str(name: &str) -> Result<Self, InvalidTokenName> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let valid = name.len() <= LONGEST
            && name.bytes().next().is_some_and(plain)
            && name
                .bytes()
                .all(|b| plain(b) || matches!(b, b'.' | b'_' | b'-'));
        if valid {
            Ok(Self(Arc::from(name)))
        } else {
            Err(InvalidTokenName {
                name: name.chars().take(100).collect(),
            })
        }
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(LOCAL.parse::<TokenName>().unwrap(), TokenName::local());
        for name in [
            "a",
            "7",
            "ci",
            "team_a.publish-2026",
            "a-",
            &"x".repeat(LONGEST),
        ] {
            assert_eq!(name.parse::<TokenName>().unwrap().as_str(), name);
        }
        for name in [
            "",
            "-ci",
            ".ci",
            "_ci",
            "CI",
            "a b",
            "a/b",
            "ä",
            "a\n",
            &"x".repeat(LONGEST + 1),
        ] {
            assert!(name.parse::<TokenName>().is_err(), "{name:?}");
        }
        let error = "\u{1b}[31m".parse::<TokenName>().unwrap_err();
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
    }
}
