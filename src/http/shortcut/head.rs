//! The heads of requests, as bytes.

use crate::http::message;

/// How many headers a plain request has at most.
const MOST_HEADERS: usize = 8;

/// A request that says nothing but what it wants: GET of a path, from one host, of a program that calls itself something.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct PlainHead<'a> {
    /// As it was sent.
    pub(super) path: &'a str,
    pub(super) agent: Option<&'a [u8]>,
}

impl<'a> PlainHead<'a> {
    /// Reads the head of a plain request that is all of these bytes; `None` if they are anything else.
    ///
    /// Read by the parser that hyper uses, so that both understand the same. What [`message::check`] refuses is not plain,
    /// nor is a header that an answer could depend on: only those are taken that it never does.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        // Nearly all that is not plain is seen here.
        if !bytes.starts_with(b"GET /") || !bytes.ends_with(b"\r\n\r\n") {
            return None;
        }
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let parsed = request.parse(bytes).ok()?;
        if parsed != httparse::Status::Complete(bytes.len()) || request.version != Some(1) {
            return None;
        }
        let (mut hosts, mut agent) = (0, None);
        for header in request.headers.iter() {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            if is("host") {
                hosts += 1;
                message::is_host(std::str::from_utf8(header.value).ok()?).then_some(())?;
            } else if is("user-agent") && agent.is_none() {
                agent = Some(header.value);
            } else if !is("accept") && !is("accept-encoding") {
                return None;
            }
        }
        let path = request.path.filter(|_| hosts == 1)?;
        Some(Self { path, agent })
    }
}

/// Whether bytes are the head of one request, whole, and nothing after it: an empty line is at their end, and none before.
///
/// By the laxest way to read lines that any reader has: a line may end without CR (RFC 9112, 2.2).
pub(super) fn is_one_head(bytes: &[u8]) -> bool {
    let Some(lines) = bytes.strip_suffix(b"\r\n\r\n") else {
        return false;
    };
    let mut lines = lines.split(|byte| *byte == b'\n');
    !lines.any(|line| matches!(line, b"" | b"\r"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_heads() {
        for (text, path, agent) in [
            ("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "/a", None),
            (
                "GET /a/@v/list HTTP/1.1\r\nhOST: h:80\r\nUser-Agent: Go-http-client/1.1\r\nAccept-Encoding: gzip\r\n\r\n",
                "/a/@v/list",
                Some(&b"Go-http-client/1.1"[..]),
            ),
            (
                "GET /a?b HTTP/1.1\r\nAccept: */*\r\nHost: h\r\n\r\n",
                "/a?b",
                None,
            ),
        ] {
            let head = PlainHead::parse(text.as_bytes());
            assert_eq!(head, Some(PlainHead { path, agent }), "{text}");
            assert!(is_one_head(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn all_others() {
        for text in [
            "",
            "GET /",
            "GET /a HTTP/1.1\r\nHost: h\r\n",
            "GET /a HTTP/1.1\r\n\r\n",
            "GET /a HTTP/1.0\r\nHost: h\r\n\r\n",
            "GET /a HTTP/1.1\nHost: h\n\n",
            "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET http://h/a HTTP/1.1\r\nHost: h\r\n\r\n",
            "\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: \r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a b\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost : h\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\n\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer x\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\r\nRange: bytes=0-1\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\r\nIf-None-Match: *\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\r\nX-Request-Id: a\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n",
        ] {
            assert_eq!(PlainHead::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn one_head_and_no_more() {
        for (text, is_one) in [
            (
                "PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n",
                true,
            ),
            (
                "PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
                false,
            ),
            ("GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n", false),
            ("GET /a HTTP/1.1\n\nGET /b HTTP/1.1\r\n\r\n", false),
            ("GET /a HTTP/1.1\n\r\nGET /b HTTP/1.1\r\n\r\n", false),
            ("\r\nGET /a HTTP/1.1\r\n\r\n", false),
            ("GET /a HTTP/1.1\r\n", false),
            ("\r\n\r\n", false),
            ("", false),
        ] {
            assert_eq!(is_one_head(text.as_bytes()), is_one, "{text:?}");
        }
    }
}
