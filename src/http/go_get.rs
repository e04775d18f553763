//! `?go-get=1`: telling the go command that modules of ours are to be had here.
//!
//! A user who lists our modules in `GOPRIVATE`, or works with `GOPROXY=direct`, makes the go command ask the host in the
//! module's path: `https://corp.example/lib?go-get=1`. The answer is a page with one meta tag; `mod` in it says that
//! what follows is a server of the GOPROXY protocol (Go Modules Reference, "Finding a repository for a module path").

use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use warp::http::{HeaderMap, HeaderValue};
use warp::path::Tail;
use warp::reply::Response;
use warp::{Filter, Rejection, Reply as _};

use super::App;
use super::client::Client;
use super::error::{NO_STORE, Refusal};
use super::text::escape_html;
use crate::module::ModulePath;

/// Answers where the page is asked for, and there is one to give; else it is not its route.
pub(super) fn route(
    app: App,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static {
    warp::query::raw()
        .and(warp::path::tail())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Client>())
        .and_then(
            move |query: String, rest: Tail, headers: HeaderMap, client| {
                let app = app.clone();
                async move {
                    if !is_asked(&query) {
                        return Err(warp::reject::not_found());
                    }
                    match page(&app, rest.as_str(), &headers, client).await {
                        Ok(Some(page)) => Ok(page),
                        Ok(None) => Err(warp::reject::not_found()),
                        Err(refusal) => Ok(refusal.into_response()),
                    }
                }
            },
        )
}

/// Whether a query asks for the page.
fn is_asked(query: &str) -> bool {
    query.split('&').any(|pair| pair == "go-get=1")
}

/// The page for a path, if it is one of a private or owned module and the server knows its public URL.
async fn page(
    app: &App,
    path: &str,
    headers: &HeaderMap,
    client: Option<Client>,
) -> Result<Option<Response>, Refusal> {
    let Some(public_url) = app.public_url() else {
        return Ok(None);
    };
    for module in candidates(path, headers) {
        if !app.proxy().is_ours(&module).await? {
            continue;
        }
        app.may_read(&module, headers, client).await?;
        let (module, url) = (
            escape_html(module.as_str()),
            escape_html(public_url.as_str()),
        );
        let page = format!(
            "<!DOCTYPE html>\n<html><head><meta name=\"go-import\" content=\"{module} mod {url}\"></head>\
             <body>go get {module}</body></html>\n"
        );
        let mut response = page.into_response();
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, html);
        response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
        return Ok(Some(response));
    }
    Ok(None)
}

/// What the path can mean: below the host that was asked, as the go command asks; or all of a module path, as it comes
/// from a web server that passes several hosts on to us.
fn candidates(path: &str, headers: &HeaderMap) -> impl Iterator<Item = ModulePath> {
    let path = path.trim_matches('/');
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .map(|host| host.rsplit_once(':').map_or(host, |(host, _)| host));
    let below_host = host.map(|host| match path {
        "" => host.to_owned(),
        path => format!("{host}/{path}"),
    });
    below_host
        .into_iter()
        .chain([path.to_owned()])
        .filter_map(|path| path.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        for (query, asked) in [
            ("go-get=1", true),
            ("x=y&go-get=1", true),
            ("go-get=0", false),
            ("go-get=12", false),
            ("", false),
        ] {
            assert_eq!(is_asked(query), asked, "{query}");
        }
    }

    #[test]
    fn what_a_path_can_mean() {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("corp.example:8443"));
        let paths = |path: &str| -> Vec<String> {
            candidates(path, &headers)
                .map(|module| module.to_string())
                .collect()
        };
        assert_eq!(paths("/lib/sub"), ["corp.example/lib/sub"]);
        assert_eq!(
            paths("other.example/lib"),
            ["corp.example/other.example/lib", "other.example/lib"]
        );
        assert_eq!(paths(""), ["corp.example"]);
        assert_eq!(paths("a/../b"), [""; 0]);
    }
}
