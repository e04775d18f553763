//! Answers that lie ready: the small files that are asked for again and again, with their headers.
//!
//! Reading a file to answer from it costs several times what the rest of an answer costs. So an answer is given again for a
//! moment, unless a sign comes that anything has changed ([`ModuleProxy::changes`]): then everything is looked up anew. After
//! that moment it is looked up anew too, for changes of which no sign comes.
//!
//! Only whole answers from the folder, or from what upstreams said lately, to requests that say nothing but what they want
//! ([`is_plain`]): what depends on who asks, or how, is never kept.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use warp::http::header::{
    AUTHORIZATION, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE,
    RANGE, VIA,
};
use warp::http::{HeaderMap, HeaderName, Method, Request, StatusCode};
use warp::reply::Response;

use super::asked::Asked;
use super::body::AnswerBody;
use super::caller::DISABLE_MODULE_FETCH;
use super::request::{ProxyRequest, Target};
use super::{App, put_common_headers};
use crate::metrics::{AnswerSource, Kind, Metrics, Route};
use crate::module::{ModulePath, ModuleVersion, VersionQuery};
use crate::proxy::ModuleProxy;
use crate::trace::{Outcome, Request as Traced};

/// The longest content that is kept, in bytes: a larger file costs more to send than to open.
const LONGEST: usize = 16 << 10;

/// What an answer takes beside its content and its names, in bytes: headers, and its place.
const OVERHEAD: u64 = 1024;

/// What a usual answer takes, in bytes.
const USUAL: u64 = 2048;

/// An answer that was given, and may be given again.
#[derive(Debug)]
pub(super) struct Prepared {
    headers: HeaderMap,
    head: OnceLock<Box<[u8]>>,
    pub(super) content: Bytes,
    about: About,
    /// What [`ModuleProxy::changes`] said before it was looked up.
    changes: u64,
    looked_up: Instant,
}

/// What is noted of an answer.
#[derive(Debug)]
pub(super) struct About {
    pub(super) route: Route,
    pub(super) kind: Kind,
    pub(super) source: AnswerSource,
    pub(super) names: Names,
}

/// What an answer is about.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) module: ModulePath,
    /// The version, branch, tag or commit, as it was asked for.
    pub(super) version: Option<Box<str>>,
    /// The version of which a file was asked for by its name, which is in use then.
    pub(super) used: Option<ModuleVersion>,
}

impl Names {
    /// Of a request.
    pub(super) fn of(request: &ProxyRequest) -> Self {
        let module = request.module.clone();
        let used = match &request.target {
            Target::Info(VersionQuery::Version(version))
            | Target::Mod(version)
            | Target::Zip(version) => ModuleVersion::new(module.clone(), version.clone()).ok(),
            Target::List | Target::Latest | Target::Info(VersionQuery::Revision(_)) => None,
        };
        Self {
            version: request.target.version().map(Into::into),
            module,
            used,
        }
    }
}

impl Prepared {
    /// The answer.
    pub(super) fn answer<B>(&self) -> warp::http::Response<AnswerBody<B>> {
        let mut answer = warp::http::Response::new(AnswerBody::Memory(self.content.clone()));
        *answer.headers_mut() = self.headers.clone();
        answer
    }

    /// The head of the answer as HTTP/1.1 has it, to its last header that is the same each time.
    pub(super) fn head(&self) -> &[u8] {
        self.head.get_or_init(|| {
            let mut head = b"HTTP/1.1 200 OK\r\n".to_vec();
            for (name, value) in &self.headers {
                for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                    head.extend_from_slice(part);
                }
            }
            head.into()
        })
    }

    /// What is noted of it.
    pub(super) fn about(&self) -> &About {
        &self.about
    }

    /// Counts it, and notes it of a request, as if it had been looked up for it.
    pub(super) fn note(&self, metrics: &Metrics, request: &Traced) {
        self.about.count(metrics);
        let names = &self.about.names;
        request.note_module(names.module.as_str());
        if let Some(version) = &names.version {
            request.note_version(version);
        }
        request.note_outcome(Outcome::Hit);
    }
}

impl About {
    /// Counts where the answer comes from.
    pub(super) fn count(&self, metrics: &Metrics) {
        metrics.answers.given[self.kind][self.source].add_one();
    }
}

/// The answers of an application.
#[derive(Debug)]
pub(super) struct PreparedAnswers {
    /// By the path below the prefix, as it was sent. `None` if nothing is given again.
    by_path: Option<Cache<Box<str>, Arc<Prepared>, ByBytes>>,
    trust: Duration,
}

impl PreparedAnswers {
    /// None yet. With `is_open`, everybody may read everything.
    pub(super) fn new(proxy: &ModuleProxy, is_open: bool) -> Self {
        let trust = proxy.trust_in_answers();
        let size = proxy.answers_size();
        let is_used = is_open && !trust.is_zero() && size >= USUAL;
        let items = usize::try_from(size / USUAL).unwrap_or(usize::MAX);
        Self {
            by_path: is_used.then(|| Cache::with_weighter(items, size, ByBytes)),
            trust,
        }
    }

    fn get(&self, proxy: &ModuleProxy, path: &str, now: Instant) -> Option<Arc<Prepared>> {
        let prepared = self.by_path.as_ref()?.get(path)?;
        let age = now.saturating_duration_since(prepared.looked_up);
        let is_true = prepared.changes == proxy.changes() && age < self.trust;
        is_true.then_some(prepared)
    }
}

/// An answer that is being looked up, and may be kept.
#[derive(Debug)]
pub(super) struct Keeping {
    changes: u64,
    looked_up: Instant,
}

impl Keeping {
    /// That somebody begins to look up now what is asked; `None` if it is not to be kept.
    pub(super) fn of(asked: &Asked) -> Option<Self> {
        let answers = asked.app.prepared();
        let is_kept = answers.by_path.is_some()
            && asked.method == Method::GET
            && asked.stored_only.is_none()
            && is_plain(&asked.headers);
        is_kept.then(|| Self {
            changes: asked.app.proxy().changes(),
            looked_up: Instant::now(),
        })
    }

    /// Keeps what was found, if it lasts.
    pub(super) fn keep(self, asked: &Asked, about: About, reply: &Response, content: Bytes) {
        let Some(by_path) = &asked.app.prepared().by_path else {
            return;
        };
        // Answers of the other sources are of a moment.
        let lasts = match about.kind {
            Kind::List | Kind::Latest => asked.app.proxy().hears_of_changes_in(&about.names.module),
            _ => true,
        } && matches!(about.source, AnswerSource::Tree | AnswerSource::Remembered);
        if !lasts || content.len() > LONGEST || reply.status() != StatusCode::OK {
            return;
        }
        let mut headers = reply.headers().clone();
        put_common_headers(&mut headers);
        let prepared = Prepared {
            headers,
            head: OnceLock::new(),
            content,
            about,
            changes: self.changes,
            looked_up: self.looked_up,
        };
        by_path.insert(asked.path.as_str().into(), Arc::new(prepared));
    }
}

impl App {
    /// The answer to a request, if it lies ready.
    pub(super) fn prepared_for<B>(&self, request: &Request<B>) -> Option<Arc<Prepared>> {
        let uri = request.uri();
        let is_plain_get = *request.method() == Method::GET
            && uri.query().is_none()
            && is_plain(request.headers());
        is_plain_get.then(|| self.prepared_at(uri.path(), Instant::now()))?
    }

    /// The answer to a plain GET of a path, as it was sent, if it lies ready.
    pub(super) fn prepared_at(&self, path: &str, now: Instant) -> Option<Arc<Prepared>> {
        let base_path = self.base_path().as_str();
        // Asked, because to compare nothing with nothing costs a hundredth of an answer.
        let below = match base_path.is_empty() {
            true => path,
            false => path.strip_prefix(base_path)?,
        };
        let prepared = self.prepared().get(self.proxy(), below, now)?;
        if let Some(version) = &prepared.about.names.used {
            self.proxy().used(version);
        }
        Some(prepared)
    }
}

/// Whether a request says nothing that an answer could depend on.
fn is_plain(headers: &HeaderMap) -> bool {
    /// All that the routes which read modules look at; [`super::message`] looks at the rest for every request.
    const LOOKED_AT: [HeaderName; 9] = [
        AUTHORIZATION,
        RANGE,
        IF_NONE_MATCH,
        IF_MODIFIED_SINCE,
        IF_MATCH,
        IF_UNMODIFIED_SINCE,
        IF_RANGE,
        VIA,
        DISABLE_MODULE_FETCH,
    ];
    headers.keys().all(|name| !LOOKED_AT.contains(name))
}

#[derive(Clone, Debug)]
struct ByBytes;

impl Weighter<Box<str>, Arc<Prepared>> for ByBytes {
    fn weight(&self, path: &Box<str>, prepared: &Arc<Prepared>) -> u64 {
        // The names are part of the path.
        OVERHEAD + 2 * path.len() as u64 + prepared.content.len() as u64
    }
}
