//! The routes of now: each request is answered from the settings that held when it came, to its end.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use futures_util::future::Either;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use warp::http::Request;
use warp::reply::Response;

use super::asked::{self, Asked};
use super::prepared::Prepared;
use super::{App, download, metrics_routes, routes};

/// What answers requests as they come.
pub(super) trait Routes: Clone + Send + Sync + 'static {
    /// The answer to a request, if it lies ready.
    fn prepared<B>(&self, request: &Request<B>) -> Option<Arc<Prepared>>;

    /// The answer to a plain GET of a path, as it was sent, if it lies ready.
    fn prepared_at(&self, path: &str, now: Instant) -> Option<Arc<Prepared>>;

    /// Answers a request, whatever it is.
    fn answer(&self, request: Request<Incoming>) -> impl Future<Output = Response> + Send;
}

/// Filters in whose place other ones can be put.
#[derive(Debug)]
pub(super) struct Live<F>(Arc<ArcSwap<Current<F>>>);

impl<F> Clone for Live<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// What requests are answered from.
#[derive(Debug)]
struct Current<F> {
    /// `None` if nothing of a module is answered.
    modules: Option<App>,
    filters: F,
}

/// Puts another application in the place of the one that is served.
pub(super) struct Replace(Box<dyn Fn(App) + Send + Sync>);

impl Replace {
    pub(super) fn with(&self, app: App) {
        (self.0)(app);
    }
}

impl fmt::Debug for Replace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Replace(..)")
    }
}

/// The routes over an application, and what puts another application in its place.
pub(super) fn service(app: App) -> (impl Routes + use<>, Replace) {
    live(app, |app| Current {
        modules: Some(app.clone()),
        filters: TowerToHyperService::new(warp::service(routes(app))),
    })
}

/// The metrics of an application, and nothing else of it.
pub(super) fn metrics_service(app: App) -> (impl Routes + use<>, Replace) {
    live(app, |app| Current {
        modules: None,
        filters: TowerToHyperService::new(warp::service(metrics_routes(app))),
    })
}

fn live<F: Send + Sync + 'static>(
    app: App,
    of: impl Fn(App) -> Current<F> + Send + Sync + 'static,
) -> (Live<F>, Replace) {
    let current = Arc::new(ArcSwap::from_pointee(of(app)));
    let replaced = Arc::clone(&current);
    let replace = move |app| replaced.store(Arc::new(of(app)));
    (Live(current), Replace(Box::new(replace)))
}

impl<F> Routes for Live<F>
where
    F: Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send>,
    F: Send + Sync + 'static,
{
    fn prepared<B>(&self, request: &Request<B>) -> Option<Arc<Prepared>> {
        self.0.load().modules.as_ref()?.prepared_for(request)
    }

    fn prepared_at(&self, path: &str, now: Instant) -> Option<Arc<Prepared>> {
        self.0.load().modules.as_ref()?.prepared_at(path, now)
    }

    fn answer(&self, request: Request<Incoming>) -> impl Future<Output = Response> + Send {
        let current = self.0.load();
        // The filters would come to the same, after all others have been asked: that is half of the work of an answer.
        let of_module = (current.modules.as_ref())
            .and_then(|app| Some((app.clone(), asked::path_of_module(app, &request)?)));
        if let Some((app, path)) = of_module {
            return Either::Left(download::reply(Asked::of_module(app, path, request)));
        }
        let reply = current.filters.call(request);
        Either::Right(async move {
            match reply.await {
                Ok(reply) => reply,
                Err(never) => match never {},
            }
        })
    }
}
