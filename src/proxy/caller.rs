//! Who asks, as far as it matters to what is done for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::metrics::AnswerSource;

/// What a request says about how it may be answered.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// The `Via` header that it came with: it goes on, with us added, to the upstreams that are asked for its sake, so
    /// that a ring of proxies is noticed (RFC 9110, 7.6.3).
    pub via: Option<Arc<str>>,
    /// Why nothing is fetched for it, if so.
    pub stored_only: Option<StoredOnly>,
    /// Where what is found for it comes from.
    pub found: Found,
}

/// Where an answer comes from, noted on the way to it. What took longest counts: an answer that needs something fetched is
/// a fetched one.
#[derive(Debug, Default)]
pub struct Found(AtomicU8);

impl Found {
    /// In this order: each says more than those before it.
    const SOURCES: [AnswerSource; 4] = [
        AnswerSource::Tree,
        AnswerSource::Remembered,
        AnswerSource::Stale,
        AnswerSource::Fetched,
    ];

    /// A part of the answer comes from there. That there is no answer is not said here.
    pub(super) fn note(&self, source: AnswerSource) {
        let rank = Self::SOURCES.iter().position(|known| *known == source);
        if let Some(rank) = rank.and_then(|rank| u8::try_from(rank).ok()) {
            self.0.fetch_max(rank, Ordering::Relaxed);
        }
    }

    /// Where the answer comes from, as far as it is known by now: from the tree, if nothing else was said.
    #[must_use]
    pub fn source(&self) -> AnswerSource {
        let rank = usize::from(self.0.load(Ordering::Relaxed));
        Self::SOURCES
            .get(rank)
            .copied()
            .unwrap_or(AnswerSource::Tree)
    }
}

impl Clone for Found {
    fn clone(&self) -> Self {
        Self(AtomicU8::new(self.0.load(Ordering::Relaxed)))
    }
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
