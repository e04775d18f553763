//! Which checksum database is used: what the environment variable GOSUMDB says.

use std::fmt;
use std::str::FromStr;

use super::encoding::{beginning, from_base64};
use super::key::{InvalidVerifierKey, KeyHash, VerifierKey};
use super::name::{DatabaseName, InvalidDatabaseName};

/// The keys that every go command knows, so that the name of their database is enough: key hash and encoded key. The hash is over
/// the name too, so a key fits one name only, and the name need not be written down.
///
/// Source: `cmd/go/internal/modfetch`, `key.go`.
const KNOWN: [(KeyHash, &str); 1] = [(
    [0x03, 0x3d, 0xe0, 0xae],
    "Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
)];

/// The longest URL that is read, in bytes.
const LONGEST_URL: usize = 2048;

/// What GOSUMDB says.
///
/// `off`, or the name of a database or its verifier key, perhaps followed by the URL where it is. A name alone will do for a
/// database whose key every go command knows; others are given as key.
///
/// Source: Go Modules Reference, "Checksum database"; `cmd/go/internal/modfetch`, `dbDial`. Unlike there, the second name that the
/// well-known database has is not known: give the first one, and the URL of the second.
///
/// ```
/// use athens::sumdb::DatabaseSetting;
///
/// assert_eq!("off".parse(), Ok(DatabaseSetting::Off));
/// let error = "sum.example.com".parse::<DatabaseSetting>().unwrap_err();
/// assert!(error.to_string().contains("key"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseSetting {
    /// No checksum database.
    Off,
    /// This one.
    Database(Box<Database>),
}

/// A checksum database: who it is, and perhaps where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    name: DatabaseName,
    key: VerifierKey,
    url: Option<DatabaseUrl>,
}

/// Where a database is: an `http` or `https` URL without query and fragment.
///
/// There may be a password in it: `Debug` and `Display` leave out what stands before the host.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

/// A text that is no setting of GOSUMDB.
///
/// No URL is in it, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDatabaseSetting {
    /// Nothing, or more than two words.
    #[error(
        "a checksum database should be given as off, NAME, KEY, NAME URL or KEY URL, not as {words} words"
    )]
    Words {
        /// How many words there are.
        words: usize,
    },
    /// A name whose key is not known.
    #[error(
        "the key of the checksum database {name} is not known: give its verifier key, NAME+HASH+KEY, in place of the name"
    )]
    UnknownKey {
        /// The name.
        name: DatabaseName,
    },
    /// A verifier key that is none.
    #[error("checksum database: {0}")]
    Key(#[from] InvalidVerifierKey),
    /// The name, or that in the key.
    #[error("checksum database: {0}")]
    Name(#[from] InvalidDatabaseName),
    /// No URL that can be used.
    #[error(
        "the URL of the checksum database {name} should be http:// or https://, a host, and perhaps a path"
    )]
    Url {
        /// The name of the database, or its beginning.
        name: String,
    },
}

impl Database {
    /// The database with this key, at its own host or where proxies have it.
    ///
    /// # Errors
    ///
    /// When the key's name can not be that of a database.
    pub fn new(key: VerifierKey) -> Result<Self, InvalidDatabaseName> {
        Ok(Self {
            name: key.name().parse()?,
            key,
            url: None,
        })
    }

    /// Its name.
    pub fn name(&self) -> &DatabaseName {
        &self.name
    }

    /// The key that it signs with.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Where it is; `None` means at its name.
    pub fn url(&self) -> Option<&DatabaseUrl> {
        self.url.as_ref()
    }
}

impl FromStr for DatabaseSetting {
    type Err = InvalidDatabaseSetting;

    fn from_str(text: &str) -> Result<Self, InvalidDatabaseSetting> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (who, url) = match *words.as_slice() {
            ["off"] => return Ok(Self::Off),
            [who] => (who, None),
            [who, url] => (who, Some(url)),
            _ => return Err(InvalidDatabaseSetting::Words { words: words.len() }),
        };
        let mut database = match who.contains('+') {
            true => Database::new(who.parse()?)?,
            false => known(who.parse()?)?,
        };
        database.url = url
            .map(|url| {
                parse_url(url).ok_or_else(|| InvalidDatabaseSetting::Url {
                    name: beginning(who),
                })
            })
            .transpose()?;
        Ok(Self::Database(Box::new(database)))
    }
}

fn known(name: DatabaseName) -> Result<Database, InvalidDatabaseSetting> {
    let key = KNOWN
        .iter()
        .filter_map(|(hash, key)| Some((*hash, from_base64(key)?)))
        .find_map(|(hash, key)| VerifierKey::of(name.as_str(), hash, &key).ok());
    match key {
        None => Err(InvalidDatabaseSetting::UnknownKey { name }),
        Some(key) => Ok(Database {
            name,
            key,
            url: None,
        }),
    }
}

fn parse_url(url: &str) -> Option<DatabaseUrl> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    let host = rest.split('/').next()?;
    let visible = |b: u8| b.is_ascii_graphic() && !b"?#\\\"<>".contains(&b);
    let host = host.rsplit('@').next().filter(|host| !host.is_empty());
    (host.is_some() && url.len() <= LONGEST_URL && url.bytes().all(visible))
        .then(|| DatabaseUrl(url.trim_end_matches('/').to_owned()))
}

impl DatabaseUrl {
    /// The whole URL, without a slash at its end, with a password if it has one.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or_default();
        let host_end = rest.find('/').unwrap_or(rest.len());
        let (host, path) = rest.split_at(host_end);
        let host = host.rsplit('@').next().unwrap_or_default();
        write!(f, "{scheme}://{host}{path}")
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sumdb::testing::TestKey;

    fn database(text: &str) -> Database {
        match text.parse().unwrap() {
            DatabaseSetting::Database(database) => *database,
            DatabaseSetting::Off => panic!("{text} is off"),
        }
    }

    #[test]
    fn keys_and_urls() {
        let key = TestKey::new("sum.example.com/team").verifier_key();
        let plain = database(&key);
        assert_eq!(plain.name().as_str(), "sum.example.com/team");
        assert_eq!(plain.key().to_string(), key);
        assert_eq!(plain.url(), None);
        let there = database(&format!("  {key}\thttps://mirror.example.com/sumdb/  "));
        let url = there.url().unwrap();
        assert_eq!(url.expose(), "https://mirror.example.com/sumdb");
        assert_eq!("off".parse(), Ok(DatabaseSetting::Off));
    }

    #[test]
    fn a_password_is_not_shown() {
        let key = TestKey::new("a.b").verifier_key();
        let there = database(&format!("{key} http://me:s3cret@a.b:8080/x"));
        assert_eq!(there.url().unwrap().to_string(), "http://a.b:8080/x");
        assert!(!format!("{there:?}").contains("s3cret"));
        let error = format!("{key} ftp://me:s3cret@a.b")
            .parse::<DatabaseSetting>()
            .unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }

    #[test]
    fn what_is_refused() {
        let key = TestKey::new("a.b").verifier_key();
        let refused = |text: &str| text.parse::<DatabaseSetting>().unwrap_err();
        for words in ["", "  ", "a b c"] {
            let error = refused(words);
            assert!(
                matches!(error, InvalidDatabaseSetting::Words { .. }),
                "{error}"
            );
        }
        let unknown = refused("sum.example.com");
        assert!(matches!(unknown, InvalidDatabaseSetting::UnknownKey { .. }));
        assert!(unknown.to_string().contains("NAME+HASH+KEY"), "{unknown}");
        assert!(matches!(refused("a.b/.."), InvalidDatabaseSetting::Name(_)));
        assert!(matches!(refused("a.b+1+x"), InvalidDatabaseSetting::Key(_)));
        let outside = TestKey::new("a.b/../..").verifier_key();
        assert!(matches!(refused(&outside), InvalidDatabaseSetting::Name(_)));
        for url in [
            "file:///x",
            "https://",
            "https:///x",
            "a.b",
            "http://u@/x",
            "http://a.b?x",
            "http://a.b/\u{1}",
        ] {
            let error = refused(&format!("{key} {url}"));
            assert!(
                matches!(error, InvalidDatabaseSetting::Url { .. }),
                "{url}: {error}"
            );
        }
    }
}
