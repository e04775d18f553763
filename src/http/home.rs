//! `/`: what this is and how to use it, for a person with a browser or with curl.

use warp::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY, VARY,
};
use warp::http::{HeaderMap, HeaderValue};
use warp::reply::Response;
use warp::{Filter, Rejection, Reply as _};

use super::App;
use super::client::Secure;
use super::error::{NO_STORE, TEXT};
use super::message::is_host;
use super::text::escape_html;
use crate::proxy::TreeSize;

/// The page; `{goproxy}`, `{content}` and `{version}` are filled in.
const PAGE: &str = include_str!("home.html");

/// Nothing but the page itself and its own style: no script, no image, no frame around it, no form.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// Shown when the request does not say how it got here.
const PLACEHOLDER: &str = "http://<this server>";

pub(super) fn route(
    app: App,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static {
    warp::path::end()
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Secure>())
        .map(move |headers: HeaderMap, secure: Option<Secure>| {
            let goproxy = goproxy(&headers, secure.is_some(), app.base_path().as_str());
            let content = content(app.proxy().tree_size());
            if wants_html(&headers) {
                html(&goproxy, &content)
            } else {
                text(&goproxy, &content)
            }
        })
}

/// What to set `GOPROXY` to, from the point of view of this client.
///
/// The `Host` header is the client's own text: it is shown only if it is nothing but a host and a port. A proxy before
/// us that ends TLS says so in `X-Forwarded-Proto`; whoever lies there lies to himself.
fn goproxy(headers: &HeaderMap, is_secure: bool, base_path: &str) -> String {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .filter(|host| is_host(host));
    let scheme = match headers.get("x-forwarded-proto") {
        _ if is_secure => "https",
        Some(scheme) if scheme == "https" => "https",
        _ => "http",
    };
    match host {
        Some(host) => format!("{scheme}://{host}{base_path}"),
        None => format!("{PLACEHOLDER}{base_path}"),
    }
}

fn content(size: Option<TreeSize>) -> String {
    let Some(TreeSize { modules, versions }) = size else {
        return "The modules are still being counted.".to_owned();
    };
    let plural = |count: u64| if count == 1 { "" } else { "s" };
    format!(
        "This server has {modules} module{} with {versions} version{}.",
        plural(modules),
        plural(versions)
    )
}

/// Whether the client asks for HTML by name: browsers do, curl's `*/*` does not.
fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|range| {
            let mut parts = range.split(';').map(str::trim);
            let is_html = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case("text/html"));
            // RFC 9110, 12.4.2: a weight of zero means "not acceptable".
            let is_refused = parts.any(|parameter| {
                parameter
                    .strip_prefix("q=")
                    .is_some_and(|weight| weight.trim_end_matches(['0', '.']).is_empty())
            });
            is_html && !is_refused
        })
}

fn html(goproxy: &str, content: &str) -> Response {
    let page = PAGE
        .replace("{goproxy}", &escape_html(goproxy))
        .replace("{content}", &escape_html(content))
        .replace("{version}", env!("CARGO_PKG_VERSION"));
    let mut response = page.into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    finish(response)
}

fn text(goproxy: &str, content: &str) -> Response {
    let page = format!(
        "athens {}: a Go module proxy and a registry for private modules.\n\n\
         Use it:\n\n    go env -w GOPROXY={goproxy}\n\nor for one command:\n\n    GOPROXY={goproxy} go get example.com/module@latest\n\n\
         {content}\n",
        env!("CARGO_PKG_VERSION")
    );
    let mut response = page.into_response();
    response.headers_mut().insert(CONTENT_TYPE, TEXT);
    finish(response)
}

fn finish(mut response: Response) -> Response {
    let headers = response.headers_mut();
    // The page shows the client's own Host header: it is for nobody else.
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(VARY, HeaderValue::from_static("accept"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn the_proxy_url() {
        for (pairs, url) in [
            (&[("host", "go.example.com")][..], "http://go.example.com/x"),
            (&[("host", "127.0.0.1:3000")], "http://127.0.0.1:3000/x"),
            (&[("host", "[::1]:3000")], "http://[::1]:3000/x"),
            (
                &[("host", "go.example.com"), ("x-forwarded-proto", "https")],
                "https://go.example.com/x",
            ),
            (
                &[
                    ("host", "go.example.com"),
                    ("x-forwarded-proto", "javascript"),
                ],
                "http://go.example.com/x",
            ),
            (&[], "http://<this server>/x"),
            (&[("host", "<script>")], "http://<this server>/x"),
            (&[("host", "a\"b")], "http://<this server>/x"),
            (&[("host", "a/b")], "http://<this server>/x"),
        ] {
            assert_eq!(goproxy(&headers(pairs), false, "/x"), url, "{pairs:?}");
        }
        let secure = goproxy(&headers(&[("host", "go.example.com")]), true, "");
        assert_eq!(secure, "https://go.example.com");
    }

    #[test]
    fn who_gets_html() {
        for (accept, html) in [
            ("text/html,application/xhtml+xml,*/*;q=0.8", true),
            ("application/json, TEXT/HTML;q=0.5", true),
            ("*/*", false),
            ("text/*", false),
            ("text/html;q=0", false),
            ("text/html; q=0.000", false),
            ("text/html;q=0.1", true),
            ("", false),
        ] {
            assert_eq!(
                wants_html(&headers(&[("accept", accept)])),
                html,
                "{accept}"
            );
        }
        assert!(!wants_html(&HeaderMap::new()));
    }

    #[test]
    fn counts() {
        let size = |modules, versions| Some(TreeSize { modules, versions });
        assert_eq!(content(None), "The modules are still being counted.");
        assert_eq!(
            content(size(0, 0)),
            "This server has 0 modules with 0 versions."
        );
        assert_eq!(
            content(size(1, 2)),
            "This server has 1 module with 2 versions."
        );
    }

    #[test]
    fn nothing_is_left_to_fill_in() {
        let page = html("http://<x>", "1 & 2");
        assert_eq!(page.headers()[CONTENT_SECURITY_POLICY], POLICY);
        for placeholder in ["{goproxy}", "{content}", "{version}"] {
            assert!(PAGE.contains(placeholder), "{placeholder}");
        }
        assert!(
            !PAGE.contains("http-equiv") && !PAGE.contains("<script") && !PAGE.contains("src=")
        );
    }
}
