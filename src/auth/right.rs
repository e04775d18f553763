//! What a token may be allowed to do.

use std::fmt;
use std::str::FromStr;

/// One thing that a token may be allowed to do. None includes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Download modules, where reading needs a token at all.
    Read,
    /// Put new versions on the server.
    Publish,
    /// Take versions off the server.
    Delete,
}

impl Right {
    /// All there are, in the order in which they are written.
    pub const ALL: [Self; 3] = [Self::Read, Self::Publish, Self::Delete];

    /// The word for it: a verb.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Publish => "publish",
            Self::Delete => "delete",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Read => 1,
            Self::Publish => 2,
            Self::Delete => 4,
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A set of rights that is not empty, written as words with commas between: `read,publish`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Rights(u8);

/// A text that is no set of rights.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRights {
    /// A word that is no right.
    #[error("{0:?} is not a right: write read, publish, delete, or several of them with commas")]
    Unknown(String),
    /// No word at all: such a token would be good for nothing.
    #[error("no right is named: write read, publish, delete, or several of them with commas")]
    Empty,
}

impl Rights {
    /// Every right.
    pub const ALL: Self = Self(7);

    /// Whether the right is among them.
    #[must_use]
    pub fn contains(self, right: Right) -> bool {
        self.0 & right.bit() != 0
    }

    /// The rights, in the order of [`Right::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL
            .into_iter()
            .filter(move |right| self.contains(*right))
    }

    /// The rights in a sentence: `read and publish`.
    #[must_use]
    pub fn in_words(self) -> String {
        let words: Vec<&str> = self.iter().map(Right::as_str).collect();
        match words.split_last() {
            Some((last, first)) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
            _ => words.concat(),
        }
    }

    /// The set of these words.
    ///
    /// # Errors
    ///
    /// If there is none, or one is no right.
    pub fn from_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidRights> {
        let mut bits = 0;
        for word in words {
            let right = Right::ALL
                .into_iter()
                .find(|right| right.as_str() == word)
                .ok_or_else(|| InvalidRights::Unknown(word.chars().take(100).collect()))?;
            bits |= right.bit();
        }
        if bits == 0 {
            return Err(InvalidRights::Empty);
        }
        Ok(Self(bits))
    }
}

impl FromStr for Rights {
    type Err = InvalidRights;

    fn from_str(text: &str) -> Result<Self, InvalidRights> {
        Self::from_words(
            text.split(',')
                .map(str::trim)
                .filter(|word| !word.is_empty()),
        )
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.iter().map(Right::as_str).collect();
        f.pad(&words.join(","))
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rights({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets() {
        for (text, shown) in [
            ("read", "read"),
            ("delete,read", "read,delete"),
            ("publish, publish,", "publish"),
            ("read,publish,delete", "read,publish,delete"),
        ] {
            let rights: Rights = text.parse().unwrap();
            assert_eq!(rights.to_string(), shown, "{text}");
            assert_eq!(shown.parse::<Rights>().unwrap(), rights);
        }
        assert_eq!(Rights::ALL.iter().count(), Right::ALL.len());
        for (text, words) in [
            ("delete", "delete"),
            ("read,publish", "read and publish"),
            ("read,publish,delete", "read, publish and delete"),
        ] {
            assert_eq!(text.parse::<Rights>().unwrap().in_words(), words);
        }
        for (text, error) in [
            ("", InvalidRights::Empty),
            (" , ", InvalidRights::Empty),
            ("write", InvalidRights::Unknown("write".into())),
            ("Read", InvalidRights::Unknown("Read".into())),
            (
                "read publish",
                InvalidRights::Unknown("read publish".into()),
            ),
            ("*", InvalidRights::Unknown("*".into())),
        ] {
            assert_eq!(text.parse::<Rights>().unwrap_err(), error, "{text:?}");
        }
    }

    #[test]
    fn none_includes_another() {
        for one in Right::ALL {
            let rights: Rights = one.as_str().parse().unwrap();
            for other in Right::ALL {
                assert_eq!(rights.contains(other), one == other);
            }
        }
    }
}
