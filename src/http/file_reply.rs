//! A file as a reply: headers, conditions, one range, HEAD.

use warp::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, LAST_MODIFIED,
};
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode};
use warp::reply::Response;

use super::body::FilePart;
use super::conditional::{self, Validators, Verdict};
use super::error::Refusal;
use super::range::{self, Part};
use crate::store::{Content, Object, StoreKey};

/// The headers that depend on which file it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileHeaders {
    pub(super) content_type: &'static str,
    pub(super) cache_control: &'static str,
}

impl FileHeaders {
    /// As the store's layout says.
    pub(super) fn of(key: &StoreKey<'_>) -> Self {
        Self {
            content_type: key.content_type(),
            cache_control: key.cache_control(),
        }
    }
}

/// Answers a GET or HEAD with a file.
pub(super) fn reply(
    object: Object,
    file: FileHeaders,
    method: &Method,
    request: &HeaderMap,
) -> Result<Response, Refusal> {
    let validators = Validators {
        etag: object.etag.as_str(),
        modified: object.modified.into(),
    };
    match conditional::evaluate(request, validators) {
        Verdict::Failed => return Err(Refusal::PreconditionFailed),
        Verdict::NotModified => return Ok(not_modified(file, validators)),
        Verdict::Send => {}
    }
    // RFC 9110, 14.2: a range is for GET only.
    let part = if *method == Method::GET && conditional::range_applies(request, validators) {
        range::requested(request, object.len)
    } else {
        Part::Whole
    };
    let (status, start, len) = match part {
        Part::Whole => (StatusCode::OK, 0, object.len),
        Part::Bytes { start, len } => (StatusCode::PARTIAL_CONTENT, start, len),
        Part::Unsatisfiable => return Err(Refusal::RangeNotSatisfiable { len: object.len }),
    };

    let mut headers = validator_headers(file, validators);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(len));
    if status == StatusCode::PARTIAL_CONTENT {
        let content_range = format!("bytes {start}-{}/{}", start + len - 1, object.len);
        insert(&mut headers, CONTENT_RANGE, content_range);
    }
    let mut response = if *method == Method::HEAD {
        Response::default()
    } else {
        body(object.content, start, len)
    };
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// RFC 9110, 15.4.5: a 304 repeats what a 200 would say about validity, and has no content.
fn not_modified(file: FileHeaders, validators: Validators<'_>) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    *response.headers_mut() = validator_headers(file, validators);
    response
}

fn validator_headers(file: FileHeaders, validators: Validators<'_>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(file.cache_control));
    insert(&mut headers, ETAG, validators.etag.to_owned());
    insert(&mut headers, LAST_MODIFIED, validators.modified.to_string());
    headers
}

/// All values are ASCII by construction; one that were not is left out rather than sent wrong.
fn insert(headers: &mut HeaderMap, name: warp::http::HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// What is in memory goes out as it is; a file is read while it is sent, however the connection does that.
fn body(content: Content, start: u64, len: u64) -> Response {
    match content {
        Content::Memory(bytes) => {
            let start = usize::try_from(start)
                .unwrap_or(usize::MAX)
                .min(bytes.len());
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            let end = start.saturating_add(len).min(bytes.len());
            Response::new(bytes.slice(start..end).into())
        }
        Content::File(file) => {
            let mut reply = Response::default();
            reply.extensions_mut().insert(FilePart { file, start, len });
            reply
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body;
    use crate::store::{ETag, FileContent};
    use bytes::Bytes;
    use http_body::Body as _;
    use std::future::poll_fn;
    use std::io::Write as _;
    use std::pin::Pin;
    use std::time::{Duration, UNIX_EPOCH};

    const TEXT: &[u8] = b"0123456789";
    const ABOUT: FileHeaders = FileHeaders {
        content_type: "application/zip",
        cache_control: "public, immutable",
    };

    fn object(in_memory: bool) -> Object {
        let modified = UNIX_EPOCH + Duration::from_secs(1_767_366_245);
        let mut object = Object::from_bytes(Bytes::from_static(TEXT), modified);
        if !in_memory {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(TEXT).unwrap();
            let metadata = file.metadata().unwrap();
            object.content = Content::File(FileContent::new(file, &metadata));
        }
        object
    }

    /// The answer as a client sees it: status, headers, body.
    async fn ask(
        method: &str,
        headers: &[(&str, &str)],
        in_memory: bool,
    ) -> warp::http::Response<Vec<u8>> {
        let mut request = HeaderMap::new();
        for (name, value) in headers {
            let name = warp::http::HeaderName::try_from(*name).unwrap();
            request.append(name, value.parse().unwrap());
        }
        let reply = reply(object(in_memory), ABOUT, &method.parse().unwrap(), &request)
            .unwrap_or_else(Refusal::into_response);
        let (parts, mut body) = body::of_reply(reply, None).into_parts();
        let mut bytes = Vec::new();
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            bytes.extend_from_slice(frame.unwrap().data_ref().unwrap());
        }
        warp::http::Response::from_parts(parts, bytes)
    }

    #[tokio::test]
    async fn the_table() {
        let etag = ETag::of_bytes(TEXT);
        let etag = etag.as_str();
        let date = "Fri, 02 Jan 2026 15:04:05 GMT";
        for (method, headers, status, content_range, length, body) in [
            ("GET", &[][..], 200, None, Some("10"), "0123456789"),
            ("HEAD", &[], 200, None, Some("10"), ""),
            (
                "GET",
                &[("range", "bytes=2-4")],
                206,
                Some("bytes 2-4/10"),
                Some("3"),
                "234",
            ),
            (
                "GET",
                &[("range", "bytes=7-")],
                206,
                Some("bytes 7-9/10"),
                Some("3"),
                "789",
            ),
            (
                "GET",
                &[("range", "bytes=-2")],
                206,
                Some("bytes 8-9/10"),
                Some("2"),
                "89",
            ),
            ("HEAD", &[("range", "bytes=2-4")], 200, None, Some("10"), ""),
            (
                "GET",
                &[("range", "bytes=1-2,4-5")],
                200,
                None,
                Some("10"),
                "0123456789",
            ),
            (
                "GET",
                &[("range", "bytes=10-")],
                416,
                Some("bytes */10"),
                None,
                "the range",
            ),
            ("GET", &[("if-none-match", etag)], 304, None, None, ""),
            ("HEAD", &[("if-none-match", etag)], 304, None, None, ""),
            ("GET", &[("if-modified-since", date)], 304, None, None, ""),
            (
                "GET",
                &[("if-none-match", etag), ("range", "bytes=0-1")],
                304,
                None,
                None,
                "",
            ),
            ("GET", &[("if-match", "\"x\"")], 412, None, None, "the file"),
            (
                "GET",
                &[("range", "bytes=0-1"), ("if-range", etag)],
                206,
                Some("bytes 0-1/10"),
                Some("2"),
                "01",
            ),
            (
                "GET",
                &[("range", "bytes=0-1"), ("if-range", "\"old\"")],
                200,
                None,
                Some("10"),
                "0123456789",
            ),
            (
                "GET",
                &[("range", "bytes=99-"), ("if-range", "\"old\"")],
                200,
                None,
                Some("10"),
                "0123456789",
            ),
        ] {
            for in_memory in [true, false] {
                let response = ask(method, headers, in_memory).await;
                let row = (method, headers, in_memory);
                assert_eq!(response.status().as_u16(), status, "{row:?}");
                let header = |name| {
                    response
                        .headers()
                        .get(name)
                        .map(|value: &HeaderValue| value.to_str().unwrap())
                };
                assert_eq!(header(CONTENT_RANGE), content_range, "{row:?}");
                if length.is_some() {
                    assert_eq!(header(CONTENT_LENGTH), length, "{row:?}");
                    assert_eq!(header(ACCEPT_RANGES), Some("bytes"), "{row:?}");
                    assert_eq!(header(CONTENT_TYPE), Some("application/zip"), "{row:?}");
                }
                if status < 400 {
                    assert_eq!(header(ETAG), Some(etag), "{row:?}");
                    assert_eq!(header(LAST_MODIFIED), Some(date), "{row:?}");
                    assert_eq!(header(CACHE_CONTROL), Some("public, immutable"), "{row:?}");
                    assert_eq!(response.body(), body.as_bytes(), "{row:?}");
                } else {
                    assert!(response.body().starts_with(body.as_bytes()), "{row:?}");
                    assert_eq!(header(CACHE_CONTROL), Some("no-store"), "{row:?}");
                }
            }
        }
    }
}
