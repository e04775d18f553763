//! One glob, as Go's `path.Match` reads it.

/// Why a glob is malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GlobFault {
    /// A backslash at the end, with nothing to take literally.
    #[error("it ends in a backslash")]
    TrailingBackslash,
    /// A `[` without its `]`.
    #[error("a `[` is not closed")]
    OpenClass,
    /// A `[]` or `[^]`, or a `-` or `]` where a character should be.
    #[error("a character is missing between `[` and `]`")]
    MissingCharacter,
}

/// A compiled glob: `*` is any text without a slash, `?` one character but a slash, `[a-z]` and `[^a-z]` one character
/// of a set (or not of it; a slash too), `\` takes the next character literally.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob(Vec<Item>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Star,
    AnyButSlash,
    Literal(char),
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Glob {
    pub(super) fn parse(pattern: &str) -> Result<Self, GlobFault> {
        let mut items = Vec::new();
        let mut rest = pattern.chars();
        while let Some(c) = rest.next() {
            items.push(match c {
                '*' => Item::Star,
                '?' => Item::AnyButSlash,
                '[' => class(&mut rest)?,
                '\\' => Item::Literal(rest.next().ok_or(GlobFault::TrailingBackslash)?),
                c => Item::Literal(c),
            });
        }
        Ok(Self(items))
    }

    /// Whether the glob matches all of `name`, which must be ASCII.
    ///
    /// Only the last star is ever tried again, so the work is at most the product of the two lengths.
    pub(super) fn matches(&self, name: &str) -> bool {
        let name = name.as_bytes();
        let (mut item, mut at) = (0, 0);
        // Where to go on after the last star, and how far that star reaches.
        let mut star = None;
        loop {
            match (self.0.get(item), name.get(at)) {
                (None, None) => return true,
                (Some(Item::Star), _) => {
                    item += 1;
                    star = Some((item, at));
                    continue;
                }
                (Some(one), Some(&byte)) if one.matches(char::from(byte)) => {
                    item += 1;
                    at += 1;
                    continue;
                }
                _ => {}
            }
            match star {
                Some((after, reach)) if name.get(reach).is_some_and(|&b| b != b'/') => {
                    (item, at) = (after, reach + 1);
                    star = Some((after, at));
                }
                _ => return false,
            }
        }
    }
}

impl Item {
    fn matches(&self, c: char) -> bool {
        match self {
            Self::Star => false,
            Self::AnyButSlash => c != '/',
            Self::Literal(literal) => c == *literal,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|&(low, high)| low <= c && c <= high) != *negated
            }
        }
    }
}

/// Reads a set after its `[`.
fn class(rest: &mut std::str::Chars<'_>) -> Result<Item, GlobFault> {
    let mut ranges = Vec::new();
    let mut ahead = rest.clone();
    let negated = ahead.next() == Some('^');
    if negated {
        *rest = ahead;
    }
    loop {
        let mut ahead = rest.clone();
        if ahead.next() == Some(']') && !ranges.is_empty() {
            *rest = ahead;
            return Ok(Item::Class { negated, ranges });
        }
        let low = class_char(rest)?;
        let mut ahead = rest.clone();
        let high = if ahead.next() == Some('-') {
            *rest = ahead;
            class_char(rest)?
        } else {
            low
        };
        ranges.push((low, high));
    }
}

fn class_char(rest: &mut std::str::Chars<'_>) -> Result<char, GlobFault> {
    match rest.next().ok_or(GlobFault::OpenClass)? {
        '-' | ']' => Err(GlobFault::MissingCharacter),
        '\\' => rest.next().ok_or(GlobFault::OpenClass),
        c => Ok(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matching() {
        for (pattern, name, matches) in [
            ("", "", true),
            ("", "a", false),
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*", "a/b", false),
            ("*c", "abc", true),
            ("a*", "a", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*", "axbxcxdxe", true),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/f", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("**b", "aab", true),
            ("?", "a", true),
            ("?", "/", false),
            ("[a-c]", "b", true),
            ("[^a-c]", "b", false),
            ("[^a]", "/", true),
            ("[*]", "*", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("[\\]a]", "]", true),
            ("[\\-]", "-", true),
            ("[c-a]", "b", false),
            ("[x\\-]", "-", true),
            ("[[]*]", "[z]", true),
            ("a[", "x", false),
        ] {
            let glob = Glob::parse(pattern);
            assert_eq!(
                glob.is_ok_and(|g| g.matches(name)),
                matches,
                "{pattern} {name}"
            );
        }
    }

    #[test]
    fn malformed() {
        for (pattern, fault) in [
            ("a\\", GlobFault::TrailingBackslash),
            ("[", GlobFault::OpenClass),
            ("[a", GlobFault::OpenClass),
            ("[a\\", GlobFault::OpenClass),
            ("[^", GlobFault::OpenClass),
            ("*[a-", GlobFault::OpenClass),
            ("[]", GlobFault::MissingCharacter),
            ("[]a]", GlobFault::MissingCharacter),
            ("[^]a]", GlobFault::MissingCharacter),
            ("[-a]", GlobFault::MissingCharacter),
            ("[a-]", GlobFault::MissingCharacter),
            ("[x-]-]", GlobFault::MissingCharacter),
        ] {
            assert_eq!(Glob::parse(pattern), Err(fault), "{pattern}");
        }
    }
}
