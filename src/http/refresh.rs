//! `POST /<module>/@v/refresh`: for a CI job that has just tagged a version, so that nobody waits for a list to grow old.

use serde::Serialize;
use warp::http::{HeaderMap, StatusCode};
use warp::path::Tail;
use warp::reply::Response;
use warp::{Filter, Rejection};

use super::App;
use super::client::Client;
use super::error::Refusal;
use super::methods;
use super::publish::json_reply;
use super::request::{clean, module_path};
use crate::auth::Right;
use crate::store::Content;
use crate::trace::{self, Outcome};

pub(super) fn route(
    app: App,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static {
    warp::post()
        .and(warp::path::tail())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Client>())
        .then(move |rest: Tail, headers: HeaderMap, client| {
            let app = app.clone();
            async move {
                refresh(&app, &rest, &headers, client)
                    .await
                    .unwrap_or_else(Refusal::into_response)
            }
        })
}

/// What the list says now.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RefreshedJson {
    path: String,
    versions: Vec<String>,
}

async fn refresh(
    app: &App,
    rest: &Tail,
    headers: &HeaderMap,
    client: Option<Client>,
) -> Result<Response, Refusal> {
    let Some(module) = rest.as_str().strip_suffix("/@v/refresh") else {
        return Err(methods::refuse(rest.as_str()));
    };
    let module = module_path(&clean(&format!("/{module}"))?)?;
    trace::note_module(module.as_str());
    app.with_right_on(Right::Publish, &module, headers, client)
        .await?;
    let caller = app.caller(headers)?;
    let list = app.proxy().refresh(&module, &caller).await?;
    let Content::Memory(bytes) = list.content else {
        return Err(Refusal::Failed("the list could not be read".to_owned()));
    };
    trace::note_outcome(Outcome::Refreshed);
    let json = RefreshedJson {
        path: module.to_string(),
        versions: String::from_utf8_lossy(&bytes)
            .lines()
            .map(str::to_owned)
            .collect(),
    };
    Ok(json_reply(StatusCode::OK, &json))
}
