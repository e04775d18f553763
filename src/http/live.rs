//! The routes of now: each request is answered from the settings that held when it came, to its end.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use warp::http::Request;
use warp::reply::Response;

use super::{App, metrics_routes, routes};

/// A service in whose place another one can be put.
#[derive(Debug)]
pub(super) struct Live<S>(Arc<ArcSwap<S>>);

impl<S> Clone for Live<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
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

/// What answers requests as they come.
pub(super) trait Routes:
    Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send>
{
}

impl<S> Routes for S where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send>
{
}

/// The routes over an application, as a service, and what puts another application in its place.
pub(super) fn service(
    app: App,
) -> (
    Live<impl Routes + Clone + Send + Sync + 'static + use<>>,
    Replace,
) {
    live(app, |app| {
        TowerToHyperService::new(warp::service(routes(app)))
    })
}

/// The metrics of an application, and nothing else of it.
pub(super) fn metrics_service(
    app: App,
) -> (
    Live<impl Routes + Clone + Send + Sync + 'static + use<>>,
    Replace,
) {
    live(app, |app| {
        TowerToHyperService::new(warp::service(metrics_routes(app)))
    })
}

fn live<S: Send + Sync + 'static>(
    app: App,
    of: impl Fn(App) -> S + Send + Sync + 'static,
) -> (Live<S>, Replace) {
    let current = Arc::new(ArcSwap::from_pointee(of(app)));
    let replaced = Arc::clone(&current);
    let replace = move |app| replaced.store(Arc::new(of(app)));
    (Live(current), Replace(Box::new(replace)))
}

impl<S: Service<R>, R> Service<R> for Live<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn call(&self, request: R) -> S::Future {
        self.0.load().call(request)
    }
}
