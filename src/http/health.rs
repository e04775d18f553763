//! What monitors and load balancers ask: alive, ready, which version.

use serde::Serialize;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use warp::http::{HeaderMap, HeaderValue, StatusCode};
use warp::reply::Response;
use warp::{Filter, Rejection, Reply as _};

use super::App;
use super::error::{NO_STORE, text_reply};
use super::publish::{json_reply, wants_json};
use super::text::escape_to_ascii;
use crate::proxy::Readiness;

/// Longest line of `/readyz`, in bytes: a path of the folder may be in it.
const LONGEST_LINE: usize = 600;

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
        .and(warp::header::headers_cloned())
        .then(|app: App, headers: HeaderMap| async move {
            ready(&app.proxy().readiness().await, &headers)
        });
    let version = warp::path!("version").map(version);
    healthz.or(readyz).unify().or(version).unify()
}

/// What programs read.
#[derive(Serialize)]
struct ReadyJson<'a> {
    ready: bool,
    reasons: &'a [String],
    notes: &'a [String],
}

fn ready(readiness: &Readiness, headers: &HeaderMap) -> Response {
    let Readiness { reasons, notes } = readiness;
    let status = match reasons.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    if wants_json(headers) {
        return json_reply(
            status,
            &ReadyJson {
                ready: reasons.is_empty(),
                reasons,
                notes,
            },
        );
    }
    text_reply(status, text(readiness))
}

/// What people read: a line for each reason and note.
fn text(readiness: &Readiness) -> String {
    let mut lines = readiness.reasons.clone();
    if lines.is_empty() {
        lines.push("ready".to_owned());
    }
    let notes = readiness.notes.iter();
    lines.extend(notes.map(|note| format!("note: {note}")));
    let lines: Vec<String> = lines
        .iter()
        .map(|line| escape_to_ascii(line, LONGEST_LINE))
        .collect();
    lines.join("\n")
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
    use warp::http::header::ACCEPT;

    fn readiness(reasons: &[&str], notes: &[&str]) -> Readiness {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Readiness {
            reasons: texts(reasons),
            notes: texts(notes),
        }
    }

    #[test]
    fn reasons_and_notes() {
        for (reasons, notes, status, expected) in [
            (&[][..], &[][..], 200, "ready"),
            (&[], &["slow"], 200, "ready\nnote: slow"),
            (&["one", "two\n"], &["slow"], 503, "one\ntwo\\n\nnote: slow"),
        ] {
            let readiness = readiness(reasons, notes);
            assert_eq!(text(&readiness), expected);
            let response = ready(&readiness, &HeaderMap::new());
            assert_eq!(response.status().as_u16(), status, "{expected}");
            assert_eq!(response.headers()[CACHE_CONTROL], NO_STORE);
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
            let response = ready(&readiness, &headers);
            assert_eq!(response.status().as_u16(), status, "{expected}");
            assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        }
    }

    #[test]
    fn the_version_is_json() {
        let version: serde_json::Value = serde_json::from_str(VERSION).unwrap();
        assert_eq!(version["name"], "athens");
        assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    }
}
