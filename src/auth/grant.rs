//! What belongs to a token, besides the secret.

use super::{Rights, TokenName};
use crate::module::{InvalidPathPatterns, PathPatterns, Time};

/// What a token is called and what it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What it is called; no two tokens of a server have one name.
    pub name: TokenName,
    /// What it allows.
    pub rights: Rights,
    /// On which modules it allows that; never empty. Made by [`parse_modules`].
    pub modules: PathPatterns,
    /// From when on it allows nothing; `None` for never.
    pub expires: Option<Time>,
    /// When it was made.
    pub created: Time,
}

impl Grant {
    /// Whether its time is over.
    #[must_use]
    pub fn is_expired(&self, now: Time) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

/// Module patterns that a token can not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidModules {
    /// Nothing is named.
    #[error(
        "no module pattern is given: write `*` for all modules, or patterns such as `corp.example/*`"
    )]
    Empty,
    /// A character that no module path has, so that the pattern would cover nothing.
    #[error(
        "a module pattern holds {0:?}, which no module path does; separate patterns with a comma alone"
    )]
    Character(char),
    /// A malformed glob.
    #[error(transparent)]
    Malformed(#[from] InvalidPathPatterns),
}

/// Reads the module patterns of a token: [`PathPatterns`] with at least one glob, and without blanks, control
/// characters and characters beyond ASCII, which no module path has.
///
/// # Errors
///
/// If there is no glob, or one is malformed or can cover nothing.
pub fn parse_modules(text: &str) -> Result<PathPatterns, InvalidModules> {
    if let Some(strange) = text.chars().find(|c| !c.is_ascii_graphic()) {
        return Err(InvalidModules::Character(strange));
    }
    let patterns: PathPatterns = text.parse()?;
    if patterns.is_empty() {
        return Err(InvalidModules::Empty);
    }
    Ok(patterns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_patterns() {
        for text in ["*", "corp.example/*", "corp.example/*,*.example.org"] {
            assert_eq!(parse_modules(text).unwrap().to_string(), text);
        }
        for (text, message) in [
            ("", "no module pattern is given"),
            (",/", "no module pattern is given"),
            ("a.b, c.d", "a module pattern holds ' '"),
            ("a.b\u{1b}[m", "a module pattern holds '\\u{1b}'"),
            ("ä.b", "a module pattern holds 'ä'"),
            ("a.b/[x", "malformed pattern \"a.b/[x\""),
        ] {
            let error = parse_modules(text).unwrap_err().to_string();
            assert!(error.starts_with(message), "{text:?}: {error}");
        }
    }
}
