//! What a checksum database is called.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::encoding::beginning;

/// The longest name, in bytes: it is a directory of the cache.
const LONGEST: usize = 200;

/// What stands behind a name in the URLs and directories of a database, and so may not be part of one: `a.b` and `a.b/tile`
/// would be in each other's way.
const RESERVED: [&str; 4] = ["latest", "lookup", "supported", "tile"];

/// The name of a checksum database: a host, perhaps with a port, perhaps with a path. It is part of URLs
/// (`/sumdb/<name>/lookup/…`) and the directory of its cache, as it stands.
///
/// Of what Go accepts, this has no percent signs and nothing beyond letters, digits, `.`, `-`, `_` and `~`; no element starts
/// with a dot; `latest`, `lookup`, `supported` and `tile` are no elements of the path.
///
/// Source: `cmd/go/internal/modfetch`, `dbDial`.
///
/// ```
/// use athens::sumdb::DatabaseName;
///
/// assert!("sum.example.com/team".parse::<DatabaseName>().is_ok());
/// assert!("sum.example.com/../..".parse::<DatabaseName>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatabaseName(Arc<str>);

/// A text that is no [`DatabaseName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name:?} is no name of a checksum database: it should be HOST or HOST/PATH, without {RESERVED:?} in the path"
)]
pub struct InvalidDatabaseName {
    /// The name as given, at most its first 100 characters.
    pub name: String,
}

impl DatabaseName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DatabaseName {
    type Err = InvalidDatabaseName;

    fn from_str(name: &str) -> Result<Self, InvalidDatabaseName> {
        let (host, path) = match name.split_once('/') {
            None => (name, None),
            Some((host, path)) => (host, Some(path)),
        };
        let mut elements = path.into_iter().flat_map(|path| path.split('/'));
        let valid = name.len() <= LONGEST
            && is_host(host)
            && elements.all(|element| is_element(element) && !RESERVED.contains(&element));
        if valid {
            Ok(Self(Arc::from(name)))
        } else {
            Err(InvalidDatabaseName {
                name: beginning(name),
            })
        }
    }
}

fn is_host(host: &str) -> bool {
    let (host, port) = match host.split_once(':') {
        None => (host, None),
        Some((host, port)) => (host, Some(port)),
    };
    is_element(host)
        && host.bytes().all(|b| b != b'_' && b != b'~')
        && port.is_none_or(|port| {
            (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit())
        })
}

fn is_element(element: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    !element.is_empty() && !element.starts_with('.') && element.bytes().all(plain)
}

impl fmt::Display for DatabaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in [
            "sum.example.com",
            "localhost",
            "localhost:8080",
            "sum.example.com/a",
            "sum.example.com/a/b_c~d-e.f",
            "SUM.example.com",
        ] {
            assert_eq!(name.parse::<DatabaseName>().unwrap().as_str(), name);
        }
        let long = format!("a.b/{}", "x".repeat(LONGEST));
        for name in [
            "",
            "/",
            "/a",
            "a.b/",
            "a.b//c",
            "a.b/.",
            "a.b/..",
            "a.b/../c",
            "..",
            ".",
            ".a",
            "a.b/.c",
            "a b",
            "a.b/c d",
            "a.b/%2e",
            "a.b?x",
            "a.b#x",
            "u@a.b",
            "a.b:",
            "a.b:x",
            "a.b:123456",
            "a.b:1:2",
            "a_b",
            "a.b/c:1",
            "a.b\\c",
            "a.b\n",
            "\u{e9}.b",
            "a.b/tile",
            "a.b/lookup/c",
            "a.b/latest",
            "a.b/supported",
            "a+b",
            &long,
        ] {
            assert!(name.parse::<DatabaseName>().is_err(), "{name:?}");
        }
    }
}
