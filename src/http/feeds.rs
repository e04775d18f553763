//! `/index` and `/catalog`: what the whole folder has, for mirrors, scanners and whoever makes a search out of it.
//!
//! `/index` has the form of the public index of modules, `/catalog` that of earlier servers of this name. Both show what
//! the caller may read.

use std::time::Duration;

use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use warp::http::{HeaderMap, HeaderValue, StatusCode};
use warp::reply::Response;
use warp::{Filter, Rejection, Reply as _};

use super::App;
use super::client::Client;
use super::error::{NO_STORE, Refusal};
use super::publish::json_reply;
use super::query::Query;
use crate::auth::Right;
use crate::proxy::{CatalogPosition, IndexQuery, Visible};

/// How many pages are made at a time.
pub(super) const AT_A_TIME: usize = 3;
/// How long a client waits for its turn.
const WAIT: Duration = Duration::from_secs(5);
/// When a client is asked to come again whose turn did not come.
const RETRY: Duration = Duration::from_secs(5);

/// The most, and what is given if nothing is said: as the public index has it.
const INDEX_PAGE: usize = 2000;
/// What is given if nothing is said.
const CATALOG_PAGE: usize = 1000;
const LARGEST_CATALOG_PAGE: usize = 5000;

pub(super) fn routes(
    app: App,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static {
    let index = {
        let app = app.clone();
        warp::path!("index")
            .and(asked())
            .then(move |query: String, headers: HeaderMap, client| {
                let app = app.clone();
                async move {
                    let reply = index(&app, &query, &headers, client).await;
                    reply.unwrap_or_else(Refusal::into_response)
                }
            })
    };
    let catalog = warp::path!("catalog").and(asked()).then(
        move |query: String, headers: HeaderMap, client| {
            let app = app.clone();
            async move {
                let reply = catalog(&app, &query, &headers, client).await;
                reply.unwrap_or_else(Refusal::into_response)
            }
        },
    );
    index.or(catalog).unify()
}

fn asked()
-> impl Filter<Extract = (String, HeaderMap, Option<Client>), Error = std::convert::Infallible> + Copy
{
    Query::raw()
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Client>())
}

impl App {
    /// Which modules the caller may see in a feed.
    ///
    /// # Errors
    /// 401, 403 or 429, with the reason.
    async fn visible(
        &self,
        headers: &HeaderMap,
        client: Option<Client>,
    ) -> Result<Visible, Refusal> {
        if !self.guard().needs_token_to_read() {
            return Ok(None);
        }
        let access = self.with_right(Right::Read, headers, client).await?;
        Ok(Some(access.grant().modules.clone()))
    }

    /// A turn to make a page, until it is dropped.
    async fn feed_turn(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let turn = self.feed_turns().acquire_owned();
        match tokio::time::timeout(WAIT, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(Refusal::FeedsBusy(RETRY)),
        }
    }
}

/// A line of the index.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct IndexLine<'a> {
    path: &'a str,
    version: &'a str,
    timestamp: jiff::Timestamp,
}

async fn index(
    app: &App,
    query: &str,
    headers: &HeaderMap,
    client: Option<Client>,
) -> Result<Response, Refusal> {
    let visible = app.visible(headers, client).await?;
    let query = index_query(&Query::parse(query)?)?;
    let turn = app.feed_turn().await?;
    let entries = app.shared_proxy().index(query, visible, turn).await?;
    let mut body = Vec::new();
    for entry in &entries {
        let line = IndexLine {
            path: entry.version.path().as_str(),
            version: entry.version.version().as_str(),
            timestamp: entry.time,
        };
        // Writing to memory can not fail, and there is nothing in it that JSON can not say.
        let _ = serde_json::to_writer(&mut body, &line);
        body.push(b'\n');
    }
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, NO_STORE);
    Ok(response)
}

fn index_query(query: &Query) -> Result<IndexQuery, Refusal> {
    let since = match query.get("since")? {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            Refusal::BadQuery(format!(
                "since must be a time such as 2026-01-02T15:04:05.000006Z, and is {text:?}"
            ))
        })?),
    };
    let also_gone = match query.get("include")? {
        None => false,
        Some("all") => true,
        Some(text) => {
            return Err(Refusal::BadQuery(format!(
                "include can be all, and is {text:?}"
            )));
        }
    };
    Ok(IndexQuery {
        since,
        limit: query.number("limit", INDEX_PAGE, INDEX_PAGE)?,
        also_gone,
    })
}

/// A page of the catalog.
#[derive(Serialize)]
struct CatalogJson<'a> {
    modules: Vec<CatalogEntry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize)]
struct CatalogEntry<'a> {
    module: &'a str,
    version: &'a str,
}

async fn catalog(
    app: &App,
    query: &str,
    headers: &HeaderMap,
    client: Option<Client>,
) -> Result<Response, Refusal> {
    let visible = app.visible(headers, client).await?;
    let query = Query::parse(query)?;
    let limit = query.number("pagesize", CATALOG_PAGE, LARGEST_CATALOG_PAGE)?;
    let after: Option<CatalogPosition> = match query.get("token")? {
        None => None,
        Some(text) => Some(text.parse().map_err(|error| {
            Refusal::BadQuery(format!("token {text:?} can not be used: {error}"))
        })?),
    };
    let turn = app.feed_turn().await?;
    let proxy = app.shared_proxy();
    let page = proxy.catalog(after, limit, visible, turn).await?;
    let json = CatalogJson {
        modules: page
            .versions
            .iter()
            .map(|version| CatalogEntry {
                module: version.path().as_str(),
                version: version.version().as_str(),
            })
            .collect(),
        next: page.next.map(|next| next.to_string()),
    };
    Ok(json_reply(StatusCode::OK, &json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_asked_of_the_index() {
        for (query, wanted) in [
            ("", "Ok((None, 2000, false))"),
            ("limit=1&other=x", "Ok((None, 1, false))"),
            ("include=all", "Ok((None, 2000, true))"),
            (
                "since=2026-01-02T03:04:05.123456789%2B01:00&limit=2000&include=",
                "Ok((Some(2026-01-02T02:04:05.123456789Z), 2000, false))",
            ),
            (
                "since=2026-01-02T03:04:05+01:00",
                "Ok((Some(2026-01-02T02:04:05Z), 2000, false))",
            ),
            (
                "limit=2001",
                "Err(\"limit must be a number from 1 to 2000, and is \\\"2001\\\"\")",
            ),
            (
                "limit=0",
                "Err(\"limit must be a number from 1 to 2000, and is \\\"0\\\"\")",
            ),
            (
                "limit=-1",
                "Err(\"limit must be a number from 1 to 2000, and is \\\"-1\\\"\")",
            ),
            (
                "since=yesterday",
                "Err(\"since must be a time such as 2026-01-02T15:04:05.000006Z, and is \\\"yesterday\\\"\")",
            ),
            (
                "since=2026-01-02",
                "Err(\"since must be a time such as 2026-01-02T15:04:05.000006Z, and is \\\"2026-01-02\\\"\")",
            ),
            (
                "include=ALL",
                "Err(\"include can be all, and is \\\"ALL\\\"\")",
            ),
            ("limit=1&limit=2", "Err(\"limit is given more than once\")"),
        ] {
            let parsed = index_query(&Query::parse(query).unwrap())
                .map(|query| (query.since, query.limit, query.also_gone))
                .map_err(|refusal| match refusal {
                    Refusal::BadQuery(sentence) => sentence,
                    other => format!("{other:?}"),
                });
            assert_eq!(format!("{parsed:?}"), wanted, "{query}");
        }
    }
}
