//! What is asked of upstreams, and what comes of it: real clients of `athens::upstream` against an upstream that does as it
//! is told.

/// Lists, infos and go.mod files: what is usable, what is not.
mod answers;
/// Checksum databases, through proxies and not.
mod checksum_database;
/// Version control at the end of a list.
mod direct;
/// Failures: what is tried again, what kind of error it is.
mod failures;
/// The separators of lists.
mod lists;
/// TLS and HTTP/2 with a real server.
mod tls;
/// What is on the wire: paths, headers, redirects, connections.
mod wire;
/// Bodies of zips.
mod zips;

use std::time::Duration;

use athens::upstream::{
    Ask, FetchError, FetchErrorKind, UpstreamSettings, Upstreams, ZipBody, ZipError,
};
use tokio::runtime::Runtime;

const NOT_FOUND: FetchErrorKind = FetchErrorKind::NotFound;
const FAILED: FetchErrorKind = FetchErrorKind::Failed;
const TIMED_OUT: FetchErrorKind = FetchErrorKind::TimedOut;
const TOO_LARGE: FetchErrorKind = FetchErrorKind::TooLarge;

/// Settings for a list, with time limits that a test can wait for where one is to be reached.
fn settings(list: &str) -> UpstreamSettings {
    UpstreamSettings::new(list.parse().unwrap())
}

/// Settings where silence of half a second is too long.
fn impatient(list: &str) -> UpstreamSettings {
    UpstreamSettings {
        response_timeout: Duration::from_millis(500),
        ..settings(list)
    }
}

/// Somebody who asks, in threads of his own.
struct Client {
    upstreams: Upstreams,
    ask: Ask,
    runtime: Runtime,
}

impl Client {
    fn new(settings: UpstreamSettings) -> Self {
        Self {
            upstreams: Upstreams::new(settings).unwrap(),
            ask: Ask::default(),
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap(),
        }
    }

    fn of_list(list: &str) -> Self {
        Self::new(settings(list))
    }

    fn list(&self, path: &str) -> Result<String, FetchError> {
        let path = path.parse().unwrap();
        let versions = self
            .runtime
            .block_on(self.upstreams.list(&path, &self.ask))?;
        let versions: Vec<&str> = versions.iter().map(|version| version.as_str()).collect();
        Ok(versions.join(" "))
    }

    fn latest(&self, path: &str) -> Result<String, FetchError> {
        let path = path.parse().unwrap();
        let latest = self.upstreams.latest(&path, &self.ask);
        self.runtime.block_on(latest).map(|info| info.to_json())
    }

    fn query(&self, module: &str) -> Result<String, FetchError> {
        let (path, query) = module.split_once('@').unwrap();
        let (path, query) = (path.parse().unwrap(), query.parse().unwrap());
        let info = self.upstreams.query(&path, &query, &self.ask);
        self.runtime.block_on(info).map(|info| info.to_json())
    }

    fn go_mod(&self, module: &str) -> Result<String, FetchError> {
        let version = crate::support::tree::version(module);
        let go_mod = self.upstreams.go_mod(&version, &self.ask);
        let bytes = self.runtime.block_on(go_mod)?;
        Ok(String::from_utf8(bytes.to_vec()).unwrap())
    }

    fn zip(&self, module: &str) -> Result<Vec<u8>, ZipError<String>> {
        let version = crate::support::tree::version(module);
        self.runtime
            .block_on(self.upstreams.zip(&version, &self.ask, receive))
    }

    fn sumdb(&self, path: &str) -> Result<String, FetchError> {
        let answer = self.upstreams.sumdb("sums.example", None, path, &self.ask);
        let bytes = self.runtime.block_on(answer)?;
        Ok(String::from_utf8(bytes.to_vec()).unwrap())
    }
}

/// Takes all of a zip.
async fn receive(mut body: ZipBody) -> Result<Vec<u8>, ZipError<String>> {
    let declared = body.content_length();
    let mut all = Vec::new();
    while let Some(chunk) = body.chunk().await? {
        assert!(!chunk.is_empty());
        all.extend_from_slice(&chunk);
    }
    assert!(declared.is_none_or(|len| len == all.len() as u64));
    Ok(all)
}

/// The kind of an upstream's error.
fn kind<T: std::fmt::Debug>(result: Result<T, FetchError>) -> FetchErrorKind {
    result.unwrap_err().kind()
}

/// The kind of an error with a zip that is an upstream's.
fn zip_kind<T: std::fmt::Debug, E: std::fmt::Debug>(
    result: Result<T, ZipError<E>>,
) -> FetchErrorKind {
    match result {
        Err(ZipError::Upstream(error)) => error.kind(),
        other => panic!("{other:?}"),
    }
}
