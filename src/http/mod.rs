//! Everything that speaks HTTP; the only folder that names warp.
//!
//! Two halves. The *filters* turn a request into a reply: [`routes`] is the whole table, each group has a file, and
//! [`error`] is the only place that turns a cause into a status. The *server* owns sockets: [`Server`] accepts,
//! `connection` runs hyper over one connection under the limits, `access` logs each request.
//!
//! A miss is a *reply*. A warp rejection only ever means "not my route", and the last route takes what is left, so
//! that no text of warp's ever reaches a client: the go command prints the body of a 404, and a status that is not
//! ours could make it stop where it should go on to the next proxy.

mod access;
mod activity;
mod admission;
mod asked;
mod base_path;
mod body;
mod caller;
mod certificates;
mod client;
mod complaint;
mod conditional;
mod connection;
mod download;
mod ending;
mod endpoints;
mod error;
mod feeds;
mod file_reply;
mod file_stream;
mod forwarded;
mod go_get;
mod guard;
mod health;
mod home;
mod http2;
mod invalid;
mod listener;
mod live;
mod measured;
mod message;
mod methods;
mod metrics;
mod places;
mod prepared;
mod public_url;
mod publish;
mod query;
mod range;
mod refresh;
mod request;
mod request_id;
mod sendfile;
mod server;
mod shortcut;
mod sumdb;
mod text;
mod trace_context;
mod trusted_proxies;
mod watched;
mod whoami;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::X_CONTENT_TYPE_OPTIONS;
use warp::http::{HeaderMap, HeaderValue, Method};
use warp::path::FullPath;
use warp::reply::Response;

pub use admission::{InvalidRateLimit, RateLimit, RequestLimits};
pub use base_path::{BasePath, InvalidBasePath};
pub use certificates::{CertificateError, CertificateFiles, Certificates};
pub use endpoints::{Endpoint, Needs};
pub use guard::Guard;
pub use listener::{ListenError, Listener};
pub use metrics::MetricsPlace;
pub use public_url::{InvalidPublicUrl, PublicUrl};
pub use request::{NoRequest, ProxyRequest, Target};
pub use server::{Limits, Server, ServerSettings};
pub use text::escape_control;
pub use trusted_proxies::{InvalidTrustedProxy, TrustedProxies, TrustedProxy};

use crate::metrics::Metrics;
use crate::proxy::{ModuleProxy, StoredOnly};
use error::Refusal;
use prepared::PreparedAnswers;

/// How long a client waits for a place for its upload: small ones, which come in crowds, need theirs for a moment.
const UPLOAD_WAIT: Duration = Duration::from_secs(3);
/// When a client is asked to come again that finds none.
const UPLOAD_RETRY: Duration = Duration::from_secs(5);

/// What uploads may cost.
#[derive(Clone, Copy, Debug)]
pub struct UploadLimits {
    /// Uploads at a time.
    pub max_uploads: usize,
    /// Without a byte sent by the client.
    pub upload_timeout: Duration,
}

/// What the routes answer from.
#[derive(Clone, Debug)]
pub struct App(Arc<AppParts>);

#[derive(Debug)]
struct AppParts {
    proxy: Arc<ModuleProxy>,
    base_path: BasePath,
    guard: Guard,
    uploads: UploadLimits,
    upload_places: Arc<Semaphore>,
    feeds: Arc<Semaphore>,
    public_url: Option<PublicUrl>,
    metrics_place: MetricsPlace,
    /// Held by whoever writes the metrics.
    metrics_turn: Arc<Semaphore>,
    prepared: PreparedAnswers,
}

impl App {
    /// An application over a tree, served below a path, with a guard at the door. `public_url` is what clients call it, if
    /// that is known; `metrics_place` says whether `/metrics` is here.
    #[must_use]
    pub fn new(
        proxy: Arc<ModuleProxy>,
        base_path: BasePath,
        guard: Guard,
        uploads: UploadLimits,
        public_url: Option<PublicUrl>,
        metrics_place: MetricsPlace,
    ) -> Self {
        Self(Arc::new(AppParts {
            prepared: PreparedAnswers::new(&proxy, !guard.needs_token_to_read()),
            proxy,
            base_path,
            guard,
            upload_places: places(uploads.max_uploads),
            uploads,
            feeds: Arc::new(Semaphore::new(feeds::AT_A_TIME)),
            public_url,
            metrics_place,
            metrics_turn: Arc::new(Semaphore::new(1)),
        }))
    }

    /// The same application with other settings, at the same path. Uploads that run count against the limit as long as it is
    /// the same number; with another one, they are beside it.
    #[must_use]
    pub fn with(
        &self,
        proxy: Arc<ModuleProxy>,
        guard: Guard,
        uploads: UploadLimits,
        public_url: Option<PublicUrl>,
    ) -> Self {
        let parts = &self.0;
        Self(Arc::new(AppParts {
            prepared: PreparedAnswers::new(&proxy, !guard.needs_token_to_read()),
            proxy,
            base_path: parts.base_path.clone(),
            guard,
            upload_places: if uploads.max_uploads == parts.uploads.max_uploads {
                Arc::clone(&parts.upload_places)
            } else {
                places(uploads.max_uploads)
            },
            uploads,
            feeds: Arc::clone(&parts.feeds),
            public_url,
            metrics_place: parts.metrics_place,
            metrics_turn: Arc::clone(&parts.metrics_turn),
        }))
    }

    /// The same, to be kept.
    pub fn shared_proxy(&self) -> Arc<ModuleProxy> {
        Arc::clone(&self.0.proxy)
    }

    fn metrics(&self) -> &Metrics {
        self.0.proxy.metrics()
    }

    fn metrics_place(&self) -> MetricsPlace {
        self.0.metrics_place
    }

    /// A turn to write the metrics, until it is dropped. The semaphore is never closed, so there always is one.
    async fn metrics_turn(&self) -> Option<SemaphorePermit<'_>> {
        self.0.metrics_turn.acquire().await.ok()
    }

    /// Who may do what.
    pub fn guard(&self) -> &Guard {
        &self.0.guard
    }

    fn public_url(&self) -> Option<&PublicUrl> {
        self.0.public_url.as_ref()
    }

    /// The answers that lie ready. Others than those of the application that this one came from, for its settings may be other.
    fn prepared(&self) -> &PreparedAnswers {
        &self.0.prepared
    }

    fn upload_timeout(&self) -> Duration {
        self.0.uploads.upload_timeout
    }

    /// A place for an upload, until it is dropped. Nothing of its body is read before it has one.
    async fn upload_place(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let place = Arc::clone(&self.0.upload_places).acquire_owned();
        match tokio::time::timeout(UPLOAD_WAIT, place).await {
            Ok(Ok(place)) => Ok(place),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(Refusal::Busy(UPLOAD_RETRY)),
        }
    }

    /// Of which whoever makes a page of a feed takes one.
    fn feed_turns(&self) -> Arc<Semaphore> {
        Arc::clone(&self.0.feeds)
    }

    /// What is served.
    pub fn proxy(&self) -> &ModuleProxy {
        &self.0.proxy
    }

    fn base_path(&self) -> &BasePath {
        &self.0.base_path
    }
}

fn places(max_uploads: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(max_uploads.min(Semaphore::MAX_PERMITS)))
}

/// The route table. It answers everything: no rejection leaves it.
pub fn routes(
    app: App,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static {
    // Monitors ask without the prefix, whatever path the public name has.
    let probes = health::routes(app.clone())
        .or(metrics::route(app.clone()))
        .unify();
    let site = below(app.base_path()).and(
        health::routes(app.clone())
            .or(metrics::route(app.clone()))
            .unify()
            .or(go_get::route(app.clone()))
            .unify()
            .or(home::route(app.clone()))
            .unify()
            .or(whoami::route(app.clone()))
            .unify()
            .or(feeds::routes(app.clone()))
            .unify()
            .or(warp::path("cached-only").and(modules(app.clone(), Some(StoredOnly::Path))))
            .unify()
            .or(modules(app.clone(), None))
            .unify(),
    );
    let read = warp::get()
        .or(warp::head())
        .unify()
        .and(probes.or(site).unify().or(not_found()).unify());
    let base_path = app.base_path().clone();
    let write = below(&base_path).and(publish::routes(app.clone()).or(refresh::route(app)).unify());
    read.or(write)
        .unify()
        .or(method_not_allowed(&base_path))
        .unify()
        .map(with_common_headers)
}

/// The route table of a listener that has the metrics and nothing else.
fn metrics_routes(
    app: App,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static {
    let read = warp::get()
        .or(warp::head())
        .unify()
        .and(metrics::open_route(app).or(not_found()).unify());
    read.or(method_not_allowed(&BasePath::default()))
        .unify()
        .map(with_common_headers)
}

/// What the go command asks of a proxy: modules and checksum databases.
fn modules(
    app: App,
    stored_only: Option<StoredOnly>,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static {
    warp::path("sumdb")
        .and(asked::route(app.clone(), stored_only, sumdb::answer))
        .or(asked::route(app, stored_only, download::answer))
        .unify()
}

/// Matches the path prefix and leaves the rest of the path to the filters after it.
fn below(base_path: &BasePath) -> BoxedFilter<()> {
    base_path
        .segments()
        .fold(warp::any().boxed(), |before, segment| {
            before.and(warp::path(segment.to_owned())).boxed()
        })
}

fn not_found() -> impl Filter<Extract = (Response,), Error = Infallible> + Copy {
    warp::any().map(|| {
        Refusal::NotFound("not found: nothing is served at this path".to_owned()).into_response()
    })
}

fn method_not_allowed(
    base_path: &BasePath,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + use<> {
    // What CONNECT asks for is no path: warp's filters for one panic there.
    let connect = warp::method()
        .and_then(|method: Method| {
            std::future::ready(match method {
                Method::CONNECT => Ok(()),
                _ => Err(warp::reject()),
            })
        })
        .untuple_one()
        .map(|| Refusal::MethodNotAllowed(methods::READ));
    let base_path = base_path.as_str().to_owned();
    let others = warp::path::full().map(move |path: FullPath| {
        let below = path.as_str().strip_prefix(base_path.as_str());
        match below.and_then(|path| path.strip_prefix('/')) {
            Some(path) => methods::refuse(path),
            None => Refusal::MethodNotAllowed(methods::READ),
        }
    });
    connect.or(others).unify().map(Refusal::into_response)
}

/// On every reply: what we say is plain text or JSON must not be guessed to be a page with scripts in it.
fn with_common_headers(mut response: Response) -> Response {
    put_common_headers(response.headers_mut());
    response
}

fn put_common_headers(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::{ProxySettings, WatchMode};
    use std::time::Duration;
    use warp::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};

    fn app(root: &std::path::Path, base_path: &str) -> App {
        let settings = ProxySettings {
            read_only: true,
            watch: WatchMode::Off,
            scan_interval: Duration::ZERO,
            ..ProxySettings::of_folder(root.to_owned())
        };
        App::new(
            ModuleProxy::open(&settings).unwrap(),
            base_path.parse().unwrap(),
            Guard::new(None, false),
            UploadLimits {
                max_uploads: 1,
                upload_timeout: Duration::from_secs(1),
            },
            None,
            MetricsPlace::WithModules,
        )
    }

    #[tokio::test]
    async fn a_405_says_what_the_path_takes() {
        let root = tempfile::tempdir().unwrap();
        let bare = routes(app(root.path(), ""));
        let prefixed = routes(app(root.path(), "/a/b"));
        for (method, path, allow, sentence) in [
            (
                "POST",
                "/",
                "GET, HEAD",
                "only GET and HEAD are served here",
            ),
            (
                "POST",
                "/nothing",
                "GET, HEAD",
                "only GET and HEAD are served here",
            ),
            ("POST", "/upload", "PUT", "only PUT is served here"),
            (
                "POST",
                "/example.com/m/@v/v1.0.0.zip",
                "GET, HEAD, PUT",
                "only GET, HEAD and PUT are served here",
            ),
            (
                "DELETE",
                "/example.com/m/@v/v1.0.0.zip",
                "GET, HEAD, PUT",
                "only GET, HEAD and PUT are served here",
            ),
            (
                "PUT",
                "/example.com/m/@v/v1.0.0.mod",
                "GET, HEAD",
                "only GET and HEAD are served here",
            ),
            (
                "PUT",
                "/example.com/m/@v/v1.0.0",
                "DELETE",
                "only DELETE is served here",
            ),
        ] {
            for (routes, path) in [(&bare, path.to_owned()), (&prefixed, format!("/a/b{path}"))] {
                let request = warp::test::request().method(method).path(&path);
                let response = request.reply(routes).await;
                assert_eq!(response.status().as_u16(), 405, "{method} {path}");
                assert_eq!(response.headers()[ALLOW], allow, "{method} {path}");
                let body = String::from_utf8(response.body().to_vec()).unwrap();
                assert_eq!(body, format!("{sentence}\n"), "{method} {path}");
            }
        }
    }

    /// Asks with and without a prefix; every row is a method, a path and the two statuses.
    #[tokio::test]
    async fn the_table() {
        let root = tempfile::tempdir().unwrap();
        let bare = routes(app(root.path(), ""));
        let prefixed = routes(app(root.path(), "/a/b"));
        for (method, path, without, with) in [
            ("GET", "/", 200, 404),
            ("GET", "/a/b", 404, 200),
            ("GET", "/a/b/", 400, 200),
            ("HEAD", "/a/b", 404, 200),
            ("GET", "/healthz", 200, 200),
            ("HEAD", "/healthz", 200, 200),
            ("GET", "/a/b/healthz", 404, 200),
            ("GET", "/metrics", 200, 200),
            ("HEAD", "/metrics", 200, 200),
            ("GET", "/a/b/metrics", 404, 200),
            ("GET", "/readyz", 200, 200),
            ("GET", "/version", 200, 200),
            ("GET", "/a/b/version", 404, 200),
            ("GET", "/whoami", 401, 404),
            ("GET", "/a/b/whoami", 404, 401),
            ("GET", "/index", 200, 404),
            ("HEAD", "/index?limit=1", 200, 404),
            ("GET", "/index?limit=0", 400, 404),
            ("GET", "/a/b/index", 404, 200),
            ("POST", "/index", 405, 405),
            ("GET", "/index/x", 404, 404),
            ("GET", "/catalog?pagesize=7", 200, 404),
            ("GET", "/a/b/catalog?token=x", 404, 400),
            ("GET", "/cached-only/catalog", 404, 404),
            ("GET", "/example.com/m/@v/list", 404, 404),
            ("GET", "/a/b/example.com/m/@v/list", 404, 404),
            ("GET", "/a/b/../x", 400, 400),
            ("GET", "/a/b//x", 400, 400),
            ("GET", "/a/bb/x", 404, 404),
            ("GET", "/a", 404, 404),
            ("POST", "/", 405, 405),
            ("GET", "/cached-only/example.com/m/@v/list", 404, 404),
            ("GET", "/a/b/cached-only/example.com/m/@v/list", 404, 404),
            ("GET", "/sumdb/sum.example/supported", 404, 404),
            ("GET", "/cached-only/sumdb/sum.example/latest", 404, 404),
            ("GET", "/example.com/m?go-get=1", 404, 404),
            ("POST", "/example.com/m/@v/refresh", 401, 405),
            ("POST", "/a/b/example.com/m/@v/refresh", 404, 401),
            ("PUT", "/example.com/m/@v/v1.0.0.zip", 401, 405),
            ("PUT", "/a/b/example.com/m/@v/v1.0.0.zip", 404, 401),
            ("PUT", "/a/b/upload", 404, 401),
            ("PUT", "/example.com/m/@v/v1.0.0.mod", 405, 405),
            ("DELETE", "/example.com/m/@v/v1.0.0", 401, 405),
            ("DELETE", "/nothing", 404, 405),
            ("PUT", "/healthz", 405, 405),
            ("DELETE", "/healthz", 405, 405),
            ("PUT", "/example.com/m/@v/v1.0.0", 405, 405),
            ("DELETE", "/example.com/m/@v/v1.0.0.zip", 405, 405),
            ("DELETE", "/example.com/m/@v/list", 405, 405),
            ("DELETE", "/upload", 405, 405),
            ("PUT", "/example.com/m/../x", 400, 405),
            ("OPTIONS", "/healthz", 405, 405),
        ] {
            for (response, status) in [
                (
                    warp::test::request()
                        .method(method)
                        .path(path)
                        .reply(&bare)
                        .await,
                    without,
                ),
                (
                    warp::test::request()
                        .method(method)
                        .path(path)
                        .reply(&prefixed)
                        .await,
                    with,
                ),
            ] {
                assert_eq!(response.status().as_u16(), status, "{method} {path}");
                assert_eq!(
                    response.headers()[X_CONTENT_TYPE_OPTIONS],
                    "nosniff",
                    "{method} {path}"
                );
                assert_eq!(
                    response.headers()[CACHE_CONTROL],
                    "no-store",
                    "{method} {path}"
                );
                let allows = response.headers().get(ALLOW).is_some();
                assert_eq!(allows, status == 405, "{method} {path}");
                if status >= 400 {
                    assert_eq!(
                        response.headers()[CONTENT_TYPE],
                        error::TEXT,
                        "{method} {path}"
                    );
                    let body = String::from_utf8(response.body().to_vec()).unwrap();
                    assert_eq!(body.lines().count(), 1, "{method} {path}: {body}");
                }
            }
        }
    }
}
