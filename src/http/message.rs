//! Checks of a request's form that must hold before any route looks at it.
//!
//! hyper has parsed the message: tokens, lengths, line ends. What is left are rules about who is spoken to and where
//! the message ends, which decide whether a proxy before us and we read the same bytes as the same requests.

use std::net::Ipv6Addr;

use warp::http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use warp::http::uri::Authority;
use warp::http::{HeaderValue, Method, Request, Version};

use super::error::Refusal;

/// Refuses a message that is not to be trusted. The connection ends with it.
pub(super) fn check<B>(request: &Request<B>) -> Result<(), Refusal> {
    if request.version() == Version::HTTP_2 {
        check_authority(request)?;
    } else {
        check_host(request)?;
    }
    check_framing(request)?;
    check_target(request)
}

/// RFC 9112, 3.2: an HTTP/1.1 request has exactly one `Host`, and a valid one; no request has two.
///
/// Threat: with two, a cache or a firewall before us may go by one and we by the other.
fn check_host<B>(request: &Request<B>) -> Result<(), Refusal> {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if request.version() >= Version::HTTP_11 => {
            Err(Refusal::BadMessage("the Host header is missing"))
        }
        (None, _) => Ok(()),
        (Some(_), Some(_)) => Err(Refusal::BadMessage("there is more than one Host header")),
        // An empty one is allowed: a target without an authority.
        (Some(host), None) if host.is_empty() => Ok(()),
        (Some(host), None) => match host.to_str() {
            Ok(host) if is_host(host) => Ok(()),
            _ => Err(Refusal::BadMessage(
                "the Host header is not a host and a port",
            )),
        },
    }
}

/// RFC 9113, 8.3.1: an HTTP/2 request says whom it asks in `:authority`, or in `Host`; in both only if they agree. No
/// user is in it.
///
/// Threat: as with two `Host` headers.
fn check_authority<B>(request: &Request<B>) -> Result<(), Refusal> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (_, Some(_)) => return Err(Refusal::BadMessage("there is more than one Host header")),
        (host, None) => host,
    };
    let authority = request.uri().authority().map(Authority::as_str);
    let agrees = match (authority, host) {
        (None, None) => return Err(Refusal::BadMessage("the Host header is missing")),
        (Some(authority), Some(host)) => authority.as_bytes().eq_ignore_ascii_case(host.as_bytes()),
        _ => true,
    };
    if !agrees {
        return Err(Refusal::BadMessage(
            "the Host header is not what :authority says",
        ));
    }
    let said = authority.or_else(|| host?.to_str().ok());
    if said.is_some_and(is_host) {
        return Ok(());
    }
    Err(Refusal::BadMessage(
        "the request is not for a host and a port",
    ))
}

/// What the `Host` header would be of a request of HTTP/2 that has none: routes need not know the difference.
pub(super) fn host_of_authority<B>(request: &Request<B>) -> Option<HeaderValue> {
    if request.version() != Version::HTTP_2 || request.headers().contains_key(HOST) {
        return None;
    }
    HeaderValue::from_str(request.uri().authority()?.as_str()).ok()
}

/// A GET or HEAD has no body worth sending in chunks, and a body is where smuggled requests live.
///
/// Threat (RFC 9112, 11.2): a message with both `Content-Length` and `Transfer-Encoding` ends at one place for us
/// and at another for a proxy before us; what lies between is the start of somebody else's next request. hyper takes
/// the `Content-Length` out of such a message before it gets here, so the two cannot be told from chunks alone: with
/// any `Transfer-Encoding`, a GET or HEAD is refused (RFC 9110, 9.3.1 allows it for this very reason), and after other
/// methods the connection is closed ([`ends_connection`]). A body with a plain `Content-Length` is not read: hyper takes it away if it is there
/// already, and closes the connection if it is not.
fn check_framing<B>(request: &Request<B>) -> Result<(), Refusal> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if reads && request.headers().contains_key(TRANSFER_ENCODING) {
        return Err(Refusal::BadMessage(
            "a GET or HEAD with a Transfer-Encoding is not taken",
        ));
    }
    Ok(())
}

/// Whether the connection must not outlive the answer: after a body in chunks, which may have come with a
/// `Content-Length` that a proxy before us went by ([`check_framing`]).
pub(super) fn ends_connection<B>(request: &Request<B>) -> bool {
    request.headers().contains_key(TRANSFER_ENCODING)
}

/// Whether a request has content, or may have (RFC 9112, 6.3).
pub(super) fn may_have_content<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}

/// RFC 9112, 3.2: a request names a path, or a whole URL of ours. `CONNECT host:port` and `OPTIONS *` have no path; their
/// methods are refused later. Another method with a host and port would find filters that panic without a path.
fn check_target<B>(request: &Request<B>) -> Result<(), Refusal> {
    let uri = request.uri();
    let has_path = match *request.method() {
        Method::CONNECT => true,
        Method::OPTIONS if uri.path() == "*" => true,
        _ => uri.path().starts_with('/'),
    };
    if !has_path {
        return Err(Refusal::BadMessage("the request target is not a path"));
    }
    match uri.scheme_str() {
        None | Some("http" | "https") => Ok(()),
        Some(_) => Err(Refusal::BadMessage("the request target is not an http URL")),
    }
}

/// Whether a text is a host and perhaps a port, and nothing else: fit to be shown as part of a URL.
///
/// A name of letters, digits, `-`, `_` and dots, or an IPv4 address, or an IPv6 address in brackets.
pub(super) fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let Some((address, port)) = rest.split_once(']') else {
                return false;
            };
            if address.parse::<Ipv6Addr>().is_err() {
                return false;
            }
            match port.strip_prefix(':') {
                _ if port.is_empty() => return true,
                Some(port) => (None, Some(port)),
                None => return false,
            }
        }
        None => match text.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(text), None),
        },
    };
    host.is_none_or(is_name) && port.is_none_or(is_port)
}

/// DNS names have at most 253 characters, and labels of at most 63.
fn is_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        })
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for host in [
            "localhost",
            "localhost:3000",
            "go.example.com",
            "go.example.com.",
            "go.example.com:443",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:3000",
            "my_host",
            "xn--bcher-kva.example",
            "A.B",
        ] {
            assert!(is_host(host), "{host}");
        }
        let long = format!("{}.com", "a.".repeat(130));
        for host in [
            "",
            ":80",
            "a:",
            "a:b",
            "a:65536",
            "a:+80",
            "a:80:80",
            "a b",
            "a/b",
            "a?b",
            "a#b",
            "u@a",
            "a..b",
            ".a",
            "[::1",
            "::1",
            "[]",
            "[::1]80",
            "[::1]:",
            "[1.2.3.4]",
            "[::1]:x",
            "<script>",
            "a\"",
            "é",
            "a,b",
            long.as_str(),
        ] {
            assert!(!is_host(host), "{host}");
        }
    }

    #[test]
    fn messages() {
        let request = |method: &str, target: &str, version: Version, headers: &[(&str, &str)]| {
            let mut request = Request::builder()
                .method(method)
                .uri(target)
                .version(version);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            request.body(()).unwrap()
        };
        let h = ("host", "a");
        let te = ("transfer-encoding", "chunked");
        for (method, target, version, headers, is_good) in [
            ("GET", "/", Version::HTTP_11, &[h][..], true),
            ("GET", "/", Version::HTTP_11, &[], false),
            ("GET", "/", Version::HTTP_10, &[], true),
            ("GET", "/", Version::HTTP_11, &[h, h], false),
            ("GET", "/", Version::HTTP_10, &[h, h], false),
            ("GET", "/", Version::HTTP_11, &[("host", "a b")], false),
            ("GET", "/", Version::HTTP_11, &[("host", "")], true),
            ("GET", "/", Version::HTTP_11, &[h, te], false),
            ("HEAD", "/", Version::HTTP_11, &[h, te], false),
            ("PUT", "/", Version::HTTP_11, &[h, te], true),
            (
                "GET",
                "/",
                Version::HTTP_11,
                &[h, ("content-length", "3")],
                true,
            ),
            ("GET", "*", Version::HTTP_11, &[h], false),
            ("OPTIONS", "*", Version::HTTP_11, &[h], true),
            ("CONNECT", "a:80", Version::HTTP_11, &[h], true),
            ("GET", "a:80", Version::HTTP_11, &[h], false),
            ("GET", "http://a/b", Version::HTTP_11, &[h], true),
            ("GET", "https://a/b", Version::HTTP_11, &[h], true),
            ("GET", "ftp://a/b", Version::HTTP_11, &[h], false),
            ("GET", "https://a/b", Version::HTTP_2, &[], true),
            (
                "GET",
                "https://a:80/b",
                Version::HTTP_2,
                &[("host", "A:80")],
                true,
            ),
            (
                "GET",
                "https://a/b",
                Version::HTTP_2,
                &[("host", "b")],
                false,
            ),
            ("GET", "https://a/b", Version::HTTP_2, &[h, h], false),
            ("GET", "https://u@a/b", Version::HTTP_2, &[], false),
            ("GET", "/b", Version::HTTP_2, &[h], true),
            ("GET", "/b", Version::HTTP_2, &[("host", "a b")], false),
            ("GET", "/b", Version::HTTP_2, &[("host", "")], false),
            ("GET", "/b", Version::HTTP_2, &[], false),
            ("CONNECT", "a:80", Version::HTTP_2, &[], true),
        ] {
            let request = request(method, target, version, headers);
            assert_eq!(
                check(&request).is_ok(),
                is_good,
                "{method} {target} {headers:?}"
            );
        }
    }
}
