//! Counting requests and connections: which route a path is of, and what is noted of an answer when it has ended.

use std::sync::Arc;
use std::time::Duration;

use warp::http::{Method, Request, StatusCode};

use super::BasePath;
use super::error::Refusal;
use crate::metrics::{
    AnswerSource, DeleteOutcome, Kind, Method as MethodLabel, Metrics, PublishOutcome, Route,
    Running, Status,
};
use crate::proxy::{ErrorKind, PublishError};

/// Where the requests of a server are counted. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    pub(super) metrics: Metrics,
    base_path: Arc<str>,
}

impl Meter {
    pub(super) fn new(metrics: Metrics, base_path: &BasePath) -> Self {
        Self {
            metrics,
            base_path: base_path.as_str().into(),
        }
    }

    /// A request begins.
    pub(super) fn begin<B>(&self, request: &Request<B>) -> Measured {
        let path = request.uri().path();
        let below = path.strip_prefix(&*self.base_path).unwrap_or(path);
        Measured {
            metrics: self.metrics.clone(),
            route: route(request.method(), below),
            method: match *request.method() {
                Method::GET | Method::HEAD => MethodLabel::Read,
                Method::PUT | Method::POST | Method::DELETE => MethodLabel::Write,
                _ => MethodLabel::Other,
            },
            _in_flight: self.metrics.running(|table| &table.http.in_flight),
        }
    }
}

impl Meter {
    /// An answer to a GET has ended that was never under way.
    pub(super) fn gave(
        &self,
        route: Route,
        status: StatusCode,
        sent: u64,
        is_whole: bool,
        took: Duration,
    ) {
        let read = MethodLabel::Read;
        count(
            &self.metrics,
            (route, read),
            Some(status),
            sent,
            is_whole,
            took,
        );
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Measured {
    metrics: Metrics,
    route: Route,
    method: MethodLabel,
    _in_flight: Running,
}

impl Measured {
    /// What it asks for.
    pub(super) fn route(&self) -> Route {
        self.route
    }

    /// Its answer has ended: at its end, or because somebody gave up.
    pub(super) fn ended(
        &self,
        status: Option<StatusCode>,
        sent: u64,
        is_whole: bool,
        took: Duration,
    ) {
        let asked = (self.route, self.method);
        count(&self.metrics, asked, status, sent, is_whole, took);
    }
}

fn count(
    metrics: &Metrics,
    (route, method): (Route, MethodLabel),
    status: Option<StatusCode>,
    sent: u64,
    is_whole: bool,
    took: Duration,
) {
    let http = &metrics.http;
    let status = Status::of(status.map(|status| status.as_u16()));
    http.requests[route][method][status].add_one();
    http.duration[route].took(took);
    http.sent[route].had(sent);
    if !is_whole {
        http.aborted[route].add_one();
    }
}

/// What a path below the prefix asks for. A label and no decision: nothing is decoded or checked here.
pub(super) fn route(method: &Method, path: &str) -> Route {
    match *method {
        Method::PUT => return Route::Publish,
        Method::DELETE => return Route::Delete,
        Method::POST if path.ends_with("/@v/refresh") => return Route::Refresh,
        Method::GET | Method::HEAD => {}
        _ => return Route::Other,
    }
    match path {
        "" | "/" => return Route::Home,
        "/healthz" | "/readyz" | "/version" => return Route::Health,
        "/metrics" => return Route::Metrics,
        "/index" => return Route::Index,
        "/catalog" => return Route::Catalog,
        "/whoami" => return Route::Whoami,
        _ => {}
    }
    let modules = path.strip_prefix("/cached-only").unwrap_or(path);
    if let Some(database) = modules.strip_prefix("/sumdb/") {
        return match database {
            _ if database.contains("/lookup/") => Route::SumdbLookup,
            _ if database.contains("/tile/") => Route::SumdbTile,
            _ if database.ends_with("/latest") => Route::SumdbLatest,
            _ if database.ends_with("/supported") => Route::SumdbSupported,
            _ => Route::Other,
        };
    }
    if modules.ends_with("/@latest") {
        return Route::Latest;
    }
    let Some((_, file)) = modules.split_once("/@v/") else {
        return Route::Other;
    };
    match file.rsplit_once('.') {
        None if file == "list" => Route::List,
        Some((_, "zip")) => Route::Zip,
        Some((_, "mod")) => Route::Mod,
        Some((stem, "info")) if is_like_a_version(stem) => Route::Info,
        Some((_, "info")) => Route::Query,
        _ => Route::Other,
    }
}

/// Whether this is `v1.2.3` and more, and not a branch, a commit or `v1`.
fn is_like_a_version(stem: &str) -> bool {
    let mut numbers = stem.strip_prefix('v').unwrap_or_default().splitn(3, '.');
    let starts_with_digit = |number: &str| number.starts_with(|c: char| c.is_ascii_digit());
    numbers
        .by_ref()
        .take(3)
        .filter(|n| starts_with_digit(n))
        .count()
        == 3
}

/// What became of an upload, counted when this is dropped: also if the client leaves.
#[derive(Debug)]
pub(super) struct UploadTally {
    metrics: Metrics,
    outcome: PublishOutcome,
}

impl UploadTally {
    pub(super) fn new(metrics: &Metrics) -> Self {
        Self {
            metrics: metrics.clone(),
            outcome: PublishOutcome::Interrupted,
        }
    }

    /// It is answered.
    pub(super) fn answered(&mut self, answer: Result<StatusCode, &Refusal>) {
        self.outcome = match answer {
            Ok(StatusCode::CREATED) => PublishOutcome::Created,
            Ok(_) => PublishOutcome::Unchanged,
            Err(refusal) => publish_outcome(refusal),
        };
    }
}

impl Drop for UploadTally {
    fn drop(&mut self) {
        self.metrics.publish.uploads[self.outcome].add_one();
    }
}

fn publish_outcome(refusal: &Refusal) -> PublishOutcome {
    match refusal {
        Refusal::Invalid { .. } => PublishOutcome::Invalid,
        Refusal::Unauthorized(_) | Refusal::Forbidden(_) | Refusal::TooManyFailures(_) => {
            PublishOutcome::Refused
        }
        Refusal::Busy(_) => PublishOutcome::Busy,
        Refusal::UploadTimeout(_) | Refusal::BadMessage(_) => PublishOutcome::Interrupted,
        Refusal::Publish(error) => match error {
            PublishError::Invalid { .. } | PublishError::Nameless { .. } => PublishOutcome::Invalid,
            PublishError::Conflict(_) | PublishError::Deleted { .. } => PublishOutcome::Conflict,
            PublishError::TooLarge { .. } => PublishOutcome::TooLarge,
            PublishError::ReadOnly => PublishOutcome::Refused,
            PublishError::Unknown { .. } | PublishError::Store(_) => PublishOutcome::Failed,
        },
        Refusal::Proxy(_) | Refusal::Failed(_) => PublishOutcome::Failed,
        _ => PublishOutcome::Malformed,
    }
}

/// What became of a DELETE.
pub(super) fn delete_outcome<T>(answer: &Result<T, Refusal>) -> DeleteOutcome {
    match answer {
        Ok(_) => DeleteOutcome::Deleted,
        Err(Refusal::Unauthorized(_) | Refusal::Forbidden(_) | Refusal::TooManyFailures(_)) => {
            DeleteOutcome::Refused
        }
        Err(Refusal::Publish(error)) => match error {
            PublishError::Unknown { .. } | PublishError::Deleted { .. } => DeleteOutcome::Absent,
            PublishError::ReadOnly => DeleteOutcome::Refused,
            _ => DeleteOutcome::Failed,
        },
        Err(Refusal::Proxy(_) | Refusal::Failed(_)) => DeleteOutcome::Failed,
        Err(_) => DeleteOutcome::Malformed,
    }
}

/// Counts where an answer to what was asked of a module comes from, or why there is none.
pub(super) fn count_answer<T>(
    metrics: &Metrics,
    kind: Kind,
    answer: &Result<T, Refusal>,
    found: AnswerSource,
) {
    let source = match answer {
        Ok(_) => found,
        Err(Refusal::NotFound(_)) => AnswerSource::Absent,
        Err(Refusal::Proxy(error)) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::Gone => AnswerSource::Absent,
            ErrorKind::Forbidden => AnswerSource::Refused,
            _ => AnswerSource::Failed,
        },
        Err(_) => AnswerSource::Failed,
    };
    metrics.answers.given[kind][source].add_one();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_of_paths() {
        for (method, path, want) in [
            ("GET", "", Route::Home),
            ("GET", "/", Route::Home),
            ("HEAD", "/healthz", Route::Health),
            ("GET", "/metrics", Route::Metrics),
            ("GET", "/a.b/m/@v/list", Route::List),
            ("GET", "/a.b/m/@latest", Route::Latest),
            ("GET", "/a.b/m/@v/v1.2.3.info", Route::Info),
            ("GET", "/a.b/m/@v/v1.2.3-0.2026-a.info", Route::Info),
            ("GET", "/a.b/m/@v/v2.0.0%2Bincompatible.info", Route::Info),
            ("GET", "/a.b/m/@v/v1.2.info", Route::Query),
            ("GET", "/a.b/m/@v/main.info", Route::Query),
            ("GET", "/a.b/m/@v/v1.x.y.info", Route::Query),
            ("GET", "/a.b/m/@v/v1.2.3.mod", Route::Mod),
            ("HEAD", "/a.b/m/@v/v1.2.3.zip", Route::Zip),
            ("GET", "/cached-only/a.b/m/@v/v1.2.3.zip", Route::Zip),
            ("GET", "/sumdb/s.x/supported", Route::SumdbSupported),
            ("GET", "/sumdb/s.x/latest", Route::SumdbLatest),
            ("GET", "/sumdb/s.x/lookup/a.b/m@v1.0.0", Route::SumdbLookup),
            ("GET", "/cached-only/sumdb/s.x/tile/8/0/0", Route::SumdbTile),
            ("GET", "/sumdb/x", Route::Other),
            ("PUT", "/upload", Route::Publish),
            ("PUT", "/a.b/m/@v/v1.2.3.zip", Route::Publish),
            ("DELETE", "/a.b/m/@v/v1.2.3", Route::Delete),
            ("POST", "/a.b/m/@v/refresh", Route::Refresh),
            ("POST", "/a.b/m/@v/list", Route::Other),
            ("OPTIONS", "*", Route::Other),
            ("GET", "/a.b/m/@v/v1.2.3.ziphash", Route::Other),
            ("GET", "/a.b/m", Route::Other),
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert_eq!(route(&method, path), want, "{method} {path}");
        }
    }
}
