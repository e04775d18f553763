//! Why an upstream did not give what was asked.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How version control is named where an upstream is: [`FetchError::upstream`].
pub const DIRECT: &str = "direct";

/// What kind of failure it was. Absence and failure never mix: whoever asks for a module may go on to somebody else after
/// [`FetchErrorKind::NotFound`] only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FetchErrorKind {
    /// The upstream said that there is no such thing: 404, 410, a missing file, a repository that answered and lacks it. Also
    /// when the list of upstreams has nobody to ask.
    NotFound,
    /// The upstream said no: 401, 403, 451 and other 4xx; also 508, that it leads back to who asks.
    Refused {
        /// The status of the answer.
        status: u16,
    },
    /// The upstream could not be reached, failed, or answered what nobody can use.
    Failed,
    /// The upstream took too long.
    TimedOut,
    /// What the upstream has is larger than what we take.
    TooLarge,
}

/// An upstream did not give what was asked. Cheap to clone, for all who wait for one answer.
///
/// Neither `Display` nor `Debug` shows credentials: the upstream is named by its redacted URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{upstream}: {asked}: {why}")]
pub struct FetchError {
    kind: FetchErrorKind,
    upstream: Arc<str>,
    asked: Arc<str>,
    why: Arc<str>,
    detail: Option<Arc<str>>,
    again: Again,
}

/// Whether asking the same upstream again may do better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// It will say the same.
    No,
    /// After a moment.
    Soon,
    /// After what it said in `Retry-After`.
    After(Duration),
}

impl FetchError {
    /// Makes one.
    ///
    /// `upstream` names whom: a redacted URL, or `direct`; `asked` what, such as `example.com/m@v1.0.0`; `why` is a clause.
    /// None of them holds a secret.
    pub fn new(
        kind: FetchErrorKind,
        upstream: &str,
        asked: impl fmt::Display,
        why: impl fmt::Display,
    ) -> Self {
        Self {
            kind,
            upstream: upstream.into(),
            asked: asked.to_string().into(),
            why: why.to_string().into(),
            detail: None,
            again: Again::No,
        }
    }

    pub(super) fn with_again(self, again: Again) -> Self {
        Self { again, ..self }
    }

    pub(super) fn again(&self) -> Again {
        self.again
    }

    /// The same, with the upstream's own words on it. They come from outside: see [`FetchError::detail`].
    #[must_use]
    pub fn with_detail(self, detail: Option<String>) -> Self {
        Self {
            detail: detail.map(Arc::from),
            ..self
        }
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> FetchErrorKind {
        self.kind
    }

    /// Whether the upstream said that there is no such thing.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.kind == FetchErrorKind::NotFound
    }

    /// Whom was asked: a redacted URL, or `direct`.
    #[must_use]
    pub fn upstream(&self) -> &str {
        &self.upstream
    }

    /// What was asked, such as `example.com/m@v1.0.0`.
    #[must_use]
    pub fn asked(&self) -> &str {
        &self.asked
    }

    /// What happened, as a clause.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }

    /// What the upstream itself said about it, if it was plain text: at most 8 lines and 648 bytes, control characters
    /// escaped, lines separated by `\n`. For people to read, not to be trusted.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }
}

/// Why a zip was not received.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZipError<E> {
    /// The upstream did not give it, or its body broke.
    #[error(transparent)]
    Upstream(#[from] FetchError),
    /// Whoever received it did not want it, or could not keep it. Nobody else is asked then.
    #[error("{0}")]
    Receiver(E),
}
