//! `X-Request-Id`: what a request is called, by the client or by us, told in the answer.

use warp::http::{HeaderMap, HeaderName, HeaderValue};

use crate::trace::RequestId;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The client's id if there is one and it is sane, else a new one.
pub(super) fn of(headers: &HeaderMap) -> RequestId {
    let mut given = headers.get_all(X_REQUEST_ID).iter();
    match (given.next(), given.next()) {
        (Some(id), None) => RequestId::given(id.as_bytes()).unwrap_or_else(RequestId::random),
        // Of two, nobody can tell which one others go by.
        _ => RequestId::random(),
    }
}

/// Tells the client.
pub(super) fn put(id: &RequestId, headers: &mut HeaderMap) {
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(X_REQUEST_ID, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        let mut headers = HeaderMap::new();
        let made = of(&headers);
        assert_ne!(made, of(&headers));
        headers.insert(X_REQUEST_ID, HeaderValue::from_static("two words"));
        assert_ne!(of(&headers).as_str(), "two words");
        headers.insert(X_REQUEST_ID, HeaderValue::from_static("abc"));
        assert_eq!(of(&headers).as_str(), "abc");
        headers.append(X_REQUEST_ID, HeaderValue::from_static("abc"));
        assert_ne!(of(&headers).as_str(), "abc");
        put(&made, &mut headers);
        assert_eq!(headers[X_REQUEST_ID], made.as_str());
    }
}
