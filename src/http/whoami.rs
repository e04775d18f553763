//! `GET /whoami`: what a token is and may do, told to whoever holds it and to nobody else.

use serde::Serialize;
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;
use warp::{Filter, Rejection};

use super::App;
use super::client::Client;
use super::error::Refusal;
use super::publish::json_reply;
use crate::auth::{Grant, Right};

pub(super) fn route(
    app: App,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static {
    warp::path!("whoami")
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Client>())
        .then(move |headers: HeaderMap, client| {
            let app = app.clone();
            async move {
                match app.with_token(&headers, client).await {
                    Ok(access) => json_reply(StatusCode::OK, &Whoami::of(access.grant())),
                    Err(refusal) => Refusal::into_response(refusal),
                }
            }
        })
}

/// A token, as its holder may know it. Nothing of other tokens, and nothing of what is in the folder.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Whoami {
    name: String,
    rights: Vec<&'static str>,
    modules: String,
    expires: Option<String>,
}

impl Whoami {
    fn of(grant: &Grant) -> Self {
        Self {
            name: grant.name.to_string(),
            rights: grant.rights.iter().map(Right::as_str).collect(),
            modules: grant.modules.to_string(),
            expires: grant.expires.map(|time| time.to_string()),
        }
    }
}
