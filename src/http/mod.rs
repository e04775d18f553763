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
mod base_path;
mod conditional;
mod connection;
mod download;
mod error;
mod file_reply;
mod file_stream;
mod health;
mod home;
mod message;
mod range;
mod request;
mod server;
mod text;

use std::convert::Infallible;
use std::sync::Arc;

use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::HeaderValue;
use warp::http::header::X_CONTENT_TYPE_OPTIONS;
use warp::reply::Response;

pub use base_path::{BasePath, InvalidBasePath};
pub use server::{Limits, Server};
pub use text::escape_control;

use crate::proxy::ModuleProxy;
use error::Refusal;

/// What the routes answer from.
#[derive(Clone, Debug)]
pub struct App(Arc<AppParts>);

#[derive(Debug)]
struct AppParts {
    proxy: Arc<ModuleProxy>,
    base_path: BasePath,
}

impl App {
    /// An application over a tree, served below a path.
    #[must_use]
    pub fn new(proxy: Arc<ModuleProxy>, base_path: BasePath) -> Self {
        Self(Arc::new(AppParts { proxy, base_path }))
    }

    fn proxy(&self) -> &ModuleProxy {
        &self.0.proxy
    }

    fn base_path(&self) -> &BasePath {
        &self.0.base_path
    }
}

/// The route table. It answers everything: no rejection leaves it.
pub fn routes(
    app: App,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static {
    // Monitors ask without the prefix, whatever path the public name has.
    let probes = health::routes(app.clone());
    let site = below(app.base_path()).and(
        health::routes(app.clone())
            .or(home::route(app.clone()))
            .unify()
            .or(download::route(app))
            .unify(),
    );
    let read = warp::get()
        .or(warp::head())
        .unify()
        .and(probes.or(site).unify().or(not_found()).unify());
    read.or(method_not_allowed())
        .unify()
        .map(with_common_headers)
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

fn method_not_allowed() -> impl Filter<Extract = (Response,), Error = Infallible> + Copy {
    warp::any().map(|| Refusal::MethodNotAllowed.into_response())
}

/// On every reply: what we say is plain text or JSON must not be guessed to be a page with scripts in it.
fn with_common_headers(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
