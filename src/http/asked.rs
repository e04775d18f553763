//! What a GET or HEAD says, below the prefix, taken out of the request once for all routes that read.

use std::convert::Infallible;

use warp::Filter;
use warp::http::{HeaderMap, Method, Request};
use warp::path::Tail;
use warp::reply::Response;

use super::App;
use super::client::Client;
use super::error::Refusal;
use super::measured;
use crate::metrics::Route;
use crate::proxy::{Caller, StoredOnly};

/// A request that reads.
pub(super) struct Asked {
    /// Where it goes.
    pub(super) app: App,
    /// The raw path below the route, with its leading slash: warp took the one that starts the path; a second one is still
    /// there.
    pub(super) path: String,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) client: Option<Client>,
    /// Why nothing is fetched for what comes this way, if so.
    pub(super) stored_only: Option<StoredOnly>,
}

impl Asked {
    /// What a request for a path of [`path_of_module`] says: what [`route`] would take out of it, if all other routes had
    /// been asked before.
    pub(super) fn of_module<B>(app: App, path: String, request: Request<B>) -> Self {
        let (parts, _) = request.into_parts();
        Self {
            app,
            path,
            method: parts.method,
            client: parts.extensions.get().copied(),
            headers: parts.headers,
            stored_only: None,
        }
    }

    /// How it is called where requests are counted.
    pub(super) fn route(&self) -> Route {
        measured::route(&self.method, &self.path)
    }

    /// Who asks.
    ///
    /// # Errors
    /// As [`App::caller`].
    pub(super) fn caller(&self) -> Result<Caller, Refusal> {
        let caller = self.app.caller(&self.headers)?;
        Ok(Caller {
            stored_only: self.stored_only.or(caller.stored_only),
            ..caller
        })
    }
}

/// The path below the prefix of a request that reads a file of a module by its plain path; `None` if it may be for another
/// route than that of modules, which takes what the others leave. Of these none has such an element but those that begin with
/// the two words.
pub(super) fn path_of_module<B>(app: &App, request: &Request<B>) -> Option<String> {
    let uri = request.uri();
    // Queries mean something to some routes.
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD) && uri.query().is_none();
    let path = uri.path().strip_prefix(app.base_path().as_str())?;
    let is_apart = path.starts_with("/sumdb/") || path.starts_with("/cached-only/");
    let is_file = path.contains("/@v/") || path.ends_with("/@latest");
    (is_read && !is_apart && is_file && path.starts_with('/')).then(|| path.to_owned())
}

/// Answers everything that comes with `answer`: whatever it is, it gets a reply.
pub(super) fn route<F, Fut>(
    app: App,
    stored_only: Option<StoredOnly>,
    answer: F,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static
where
    F: Fn(Asked) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Response, Refusal>> + Send,
{
    warp::path::tail()
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Client>())
        .then(
            move |rest: Tail, method: Method, headers: HeaderMap, client| {
                let answered = answer(Asked {
                    app: app.clone(),
                    path: format!("/{}", rest.as_str()),
                    method,
                    headers,
                    client,
                    stored_only,
                });
                async move { answered.await.unwrap_or_else(Refusal::into_response) }
            },
        )
}
