//! What monitors and load balancers ask: alive, ready, which version.

use warp::http::HeaderValue;
use warp::http::StatusCode;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use warp::reply::Response;
use warp::{Filter, Rejection, Reply as _};

use super::App;
use super::error::{NO_STORE, text_reply};

const VERSION: &str = concat!(
    r#"{"name":"athens","version":""#,
    env!("CARGO_PKG_VERSION"),
    "\"}\n"
);

/// `/healthz`, `/readyz` and `/version`.
pub(super) fn routes(
    app: App,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static {
    let healthz = warp::path!("healthz").map(|| text_reply(StatusCode::OK, "ok".to_owned()));
    let readyz = warp::path!("readyz")
        .map(move || app.clone())
        .then(|app: App| async move { ready(app.proxy().readiness().await) });
    let version = warp::path!("version").map(version);
    healthz.or(readyz).unify().or(version).unify()
}

fn ready(readiness: Result<Option<String>, Vec<String>>) -> Response {
    match readiness {
        Ok(None) => text_reply(StatusCode::OK, "ready".to_owned()),
        Ok(Some(but)) => text_reply(StatusCode::OK, format!("ready\n{but}")),
        Err(reasons) => text_reply(StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n")),
    }
}

fn version() -> Response {
    let mut response = VERSION.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, NO_STORE);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_ready_gives_reasons() {
        let response = ready(Err(vec!["one".to_owned(), "two".to_owned()]));
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[CACHE_CONTROL], NO_STORE);
    }

    #[test]
    fn the_version_is_json() {
        let version: serde_json::Value = serde_json::from_str(VERSION).unwrap();
        assert_eq!(version["name"], "athens");
        assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    }
}
