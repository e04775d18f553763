//! What a request says about how it may be answered: by whom it was passed on, and whether anything may be fetched for it.

use std::sync::Arc;

use warp::http::header::VIA;
use warp::http::{HeaderMap, HeaderName};

use super::App;
use super::error::Refusal;
use crate::proxy::{Caller, StoredOnly};

/// The header of the public mirror's clients that want nothing fetched.
pub(super) const DISABLE_MODULE_FETCH: HeaderName = HeaderName::from_static("disable-module-fetch");

/// The longest chain of proxies that is passed on, in bytes.
const LONGEST_VIA: usize = 2048;

impl App {
    /// The caller of a request.
    ///
    /// # Errors
    /// 508 if the request has come through this server before: whoever asks an upstream that asks us would wait for
    /// himself.
    pub(super) fn caller(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let via = chain(headers);
        let pseudonym = self.proxy().pseudonym();
        if via.as_deref().is_some_and(|via| names(via, pseudonym)) {
            return Err(Refusal::Loop);
        }
        if via.as_ref().is_some_and(|via| via.len() > LONGEST_VIA) {
            return Err(Refusal::BadMessage("the Via header is too long"));
        }
        let stored_only = headers
            .get(DISABLE_MODULE_FETCH)
            .is_some_and(|value| is_true(value.as_bytes()))
            .then_some(StoredOnly::Header);
        Ok(Caller {
            via,
            stored_only,
            ..Caller::default()
        })
    }
}

fn chain(headers: &HeaderMap) -> Option<Arc<str>> {
    let entries: Vec<&str> = headers
        .get_all(VIA)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    (!entries.is_empty()).then(|| Arc::from(entries.join(", ")))
}

/// Whether a chain has an entry of this pseudonym: `1.1 pseudonym (comment)` (RFC 9110, 7.6.3).
fn names(via: &str, pseudonym: &str) -> bool {
    via.split(',')
        .any(|entry| entry.split_whitespace().nth(1) == Some(pseudonym))
}

/// As Go's `strconv.ParseBool` has it.
fn is_true(value: &[u8]) -> bool {
    matches!(value, b"1" | b"t" | b"T" | b"true" | b"TRUE" | b"True")
}

#[cfg(test)]
mod tests {
    use super::*;
    use warp::http::HeaderValue;

    #[test]
    fn chains() {
        let mut headers = HeaderMap::new();
        assert_eq!(chain(&headers), None);
        headers.append(VIA, HeaderValue::from_static("1.1 a, 1.0 b:80 (x)"));
        headers.append(VIA, HeaderValue::from_static("HTTP/2 athens-1"));
        let via = chain(&headers).unwrap();
        assert_eq!(&*via, "1.1 a, 1.0 b:80 (x), HTTP/2 athens-1");
        for (pseudonym, named) in [
            ("athens-1", true),
            ("athens", false),
            ("a", true),
            ("(x)", false),
        ] {
            assert_eq!(names(&via, pseudonym), named, "{pseudonym}");
        }
    }

    #[test]
    fn truth() {
        for (value, truth) in [
            ("true", true),
            ("1", true),
            ("false", false),
            ("yes", false),
            ("", false),
        ] {
            assert_eq!(is_true(value.as_bytes()), truth, "{value}");
        }
    }
}
