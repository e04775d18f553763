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
    /// The database does not have it: 404 or 410.
    NotFound {
        /// What it said, for people; the beginning of the body.
        message: String,
    },
}

/// Whether the newest tree was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadReplacement {
    /// It was.
    Replaced,
    /// Something else is there than was expected: another process was faster.
    Conflict,
}
