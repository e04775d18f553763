//! What the client needs of the outside.

use std::error::Error;
use std::future::Future;

use bytes::Bytes;

/// The outside of a [`Client`](super::Client): the way to one database, and the place where what it said is kept.
///
/// All methods may be called at the same time from many tasks. Each bounds its own time, and how much it reads: an answer to a lookup
/// has at most [`LONGEST_LOOKUP`](crate::sumdb::LONGEST_LOOKUP) bytes, a tile of hashes 8192, one of records
/// [`LONGEST_DATA_TILE`](super::LONGEST_DATA_TILE), a note [`LONGEST_NOTE`](crate::sumdb::LONGEST_NOTE). At most some 30 fetches are
/// asked for at a time for one call to the client.
///
/// The cache is laid out as the go command's own, `$GOMODCACHE/cache/download/sumdb/<name>/`, so that either can be the other's.
pub trait Operations: Send + Sync {
    /// How an operation fails: no connection, no disk.
    type Error: Error + Send + Sync + 'static;

    /// Asks the database, or a proxy that has it, for `/lookup/…`, `/tile/8/…` or `/latest`. The path is behind the URL of the
    /// database as it stands: nothing in it is to be escaped.
    ///
    /// An error is everything but an answer of status 200, 404 or 410.
    fn fetch(&self, path: &str) -> impl Future<Output = Result<Fetched, Self::Error>> + Send;

    /// Reads what was written to this path of the cache, such as `lookup/example.com/m@v1.0.0` or `tile/8/0/000.p/7`. `None` only
    /// when there is nothing.
    fn read_cache(
        &self,
        path: &str,
    ) -> impl Future<Output = Result<Option<Bytes>, Self::Error>> + Send;

    /// Writes to the cache, in place of what was there; a reader sees the one or the other. Only what was verified comes here.
    ///
    /// Not an error: keeping nothing, for whoever wants no cache. Then nothing is there when the database is not.
    fn write_cache(
        &self,
        path: &str,
        content: &Bytes,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Reads the signed note of the newest tree that was verified; `None` only when there is none.
    fn read_head(&self) -> impl Future<Output = Result<Option<Bytes>, Self::Error>> + Send;

    /// Replaces `old`, or nothing, with `new`, if `old` is what is there; at once, and lasting before it returns. To be kept
    /// where what was written to the cache before cannot be lost without this being lost too.
    fn replace_head(
        &self,
        old: Option<&Bytes>,
        new: &Bytes,
    ) -> impl Future<Output = Result<HeadReplacement, Self::Error>> + Send;
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// The body of an answer.
    Found(Bytes),
    /// The database does not have it: 404 or 410. See [`Fetched::not_found`].
    NotFound {
        /// What it said, for people.
        message: String,
    },
}

/// The longest message of a database that is handed on, in characters.
const LONGEST_MESSAGE: usize = 500;

impl Fetched {
    /// That the database does not have it, with what it said in the body of its answer: the beginning, on one line, without
    /// characters that do something to a terminal.
    pub fn not_found(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(&body[..body.len().min(4 * LONGEST_MESSAGE)]);
        let line = text.split(|c: char| c.is_control() || c.is_whitespace());
        let words: Vec<&str> = line.filter(|word| !word.is_empty()).collect();
        Self::NotFound {
            message: words.join(" ").chars().take(LONGEST_MESSAGE).collect(),
        }
    }
}

/// Whether the newest tree was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadReplacement {
    /// It was.
    Replaced,
    /// Something else is there than was expected: another process was faster.
    Conflict,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_database_says_is_one_short_line() {
        let message = |body: &[u8]| match Fetched::not_found(body) {
            Fetched::NotFound { message } => message,
            Fetched::Found(_) => panic!("found"),
        };
        assert_eq!(
            message(b"not found: a.b/c@v1.0.0:\r\n\tno such\x1b[31m\n"),
            "not found: a.b/c@v1.0.0: no such [31m"
        );
        assert_eq!(message(b"\xff"), "\u{fffd}");
        assert_eq!(
            message("\u{e9}".repeat(1_000_000).as_bytes())
                .chars()
                .count(),
            LONGEST_MESSAGE
        );
    }
}
