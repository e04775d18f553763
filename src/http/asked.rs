//! What a GET or HEAD says, below the prefix, taken out of the request once for all routes that read.

use std::convert::Infallible;

use warp::Filter;
use warp::http::{HeaderMap, Method};
use warp::path::Tail;
use warp::reply::Response;

use super::App;
use super::client::Client;
use super::error::Refusal;
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
