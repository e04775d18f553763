//! Who asks, as far as it matters to what is done for them.

use std::sync::Arc;

/// What a request says about how it may be answered.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// The `Via` header that it came with: it goes on, with us added, to the upstreams that are asked for its sake, so
    /// that a ring of proxies is noticed (RFC 9110, 7.6.3).
    pub via: Option<Arc<str>>,
    /// Why nothing is fetched for it, if so.
    pub stored_only: Option<StoredOnly>,
}

/// Why only what is stored is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredOnly {
    /// The request says `Disable-Module-Fetch: true`.
    Header,
    /// It came to the path `/cached-only`.
    Path,
    /// The whole server runs with `--offline`.
    Offline,
    /// The root can not be written, and what is fetched has to be kept.
    ReadOnly,
    /// No upstream is set.
    NoUpstream,
}

impl StoredOnly {
    /// Why, as a clause.
    pub(super) fn why(self) -> &'static str {
        match self {
            Self::Header => "the request said Disable-Module-Fetch: true",
            Self::Path => "/cached-only serves what is stored",
            Self::Offline => "this server is offline",
            Self::ReadOnly => "the folder of this server is read-only",
            Self::NoUpstream => "this server has no upstream",
        }
    }
}
