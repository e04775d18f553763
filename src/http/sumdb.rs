//! Checksum databases, passed on: `/sumdb/<name>/supported`, `latest`, `lookup/…` and `tile/…`.
//!
//! The status decides (Go Modules Reference, "Checksum database"): the go command asks `supported` of each proxy in turn,
//! and 404 means "ask the next one, at last the database itself"; after a 200 it asks nobody else.

use std::convert::Infallible;

use warp::Filter;
use warp::http::{HeaderMap, Method};
use warp::path::Tail;
use warp::reply::Response;

use super::App;
use super::error::Refusal;
use super::file_reply::{self, FileHeaders};
use super::guard::Client;
use super::request::clean;
use crate::proxy::{DatabaseFile, StoredOnly};

pub(super) fn route(
    app: App,
    stored_only: Option<StoredOnly>,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static {
    warp::path::tail()
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Client>())
        .then(
            move |rest: Tail, method: Method, headers: HeaderMap, client| {
                let app = app.clone();
                async move {
                    answer(&app, &rest, &method, &headers, client, stored_only)
                        .await
                        .unwrap_or_else(Refusal::into_response)
                }
            },
        )
}

async fn answer(
    app: &App,
    rest: &Tail,
    method: &Method,
    headers: &HeaderMap,
    client: Option<Client>,
    stored_only: Option<StoredOnly>,
) -> Result<Response, Refusal> {
    let path = clean(&format!("/{}", rest.as_str()))?;
    let mut caller = app.caller(headers)?;
    caller.stored_only = stored_only.or(caller.stored_only);
    let file = DatabaseFile::parse(&path).map_err(Refusal::NotFound)?;
    match file.module() {
        Some(module) => app.may_read(module, headers, client).await?,
        None => app.may_read_anything(headers, client).await?,
    }
    let object = app.proxy().checksum_database(&file, &caller).await?;
    let headers_of_file = FileHeaders {
        content_type: file.content_type(),
        cache_control: file.cache_control(),
    };
    file_reply::reply(object, headers_of_file, method, headers)
}
