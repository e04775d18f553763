//! Conditional requests: RFC 9110, section 13.
//!
//! The go command never sends any; caches, mirrors and download tools do. All validators here are strong: an
//! entity tag of the store stands for exactly one content.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use warp::http::HeaderMap;
use warp::http::header::{
    HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE,
};

/// What a client's copy is compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Validators<'a> {
    /// The quoted tag.
    pub(super) etag: &'a str,
    /// The time of the last change, as `Last-Modified` shows it.
    pub(super) modified: HttpDate,
}

/// What the preconditions of a GET or HEAD come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// Send the file.
    Send,
    /// The client has it: 304.
    NotModified,
    /// The client wants another one: 412.
    Failed,
}

/// A time as HTTP has it: whole seconds, between 1970 and 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct HttpDate(SystemTime);

/// 9999-12-31T23:59:59Z. The formatter panics beyond it, and a dropped file may carry any time.
const LAST_SECOND: u64 = 253_402_300_799;

impl From<SystemTime> for HttpDate {
    fn from(time: SystemTime) -> Self {
        let seconds = time
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
            .min(LAST_SECOND);
        Self(UNIX_EPOCH + Duration::from_secs(seconds))
    }
}

impl std::fmt::Display for HttpDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&httpdate::fmt_http_date(self.0))
    }
}

/// Evaluates the preconditions in the order of RFC 9110, 13.2.2.
pub(super) fn evaluate(headers: &HeaderMap, file: Validators<'_>) -> Verdict {
    if headers.contains_key(IF_MATCH) {
        // 13.1.1: strong comparison.
        if !lists(headers, &IF_MATCH, |tag| tag.is_strongly(file.etag)) {
            return Verdict::Failed;
        }
    } else if let Some(date) = date(headers, &IF_UNMODIFIED_SINCE)
        && file.modified > date
    {
        return Verdict::Failed;
    }
    if headers.contains_key(IF_NONE_MATCH) {
        // 13.1.2: weak comparison; 13.1.3: If-Modified-Since is then not looked at.
        if lists(headers, &IF_NONE_MATCH, |tag| tag.is_weakly(file.etag)) {
            return Verdict::NotModified;
        }
    } else if let Some(date) = date(headers, &IF_MODIFIED_SINCE)
        && file.modified <= date
    {
        return Verdict::NotModified;
    }
    Verdict::Send
}

/// Whether a `Range` may be answered with a part (RFC 9110, 13.1.5): no `If-Range`, or it names this very file.
pub(super) fn range_applies(headers: &HeaderMap, file: Validators<'_>) -> bool {
    let mut values = headers.get_all(IF_RANGE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return !headers.contains_key(IF_RANGE);
    };
    let Ok(value) = value.to_str() else {
        return false;
    };
    let value = value.trim();
    match tags(value).next() {
        Some(Tag::Entity { weak, tag }) if value.len() == tag.len() + if weak { 2 } else { 0 } => {
            !weak && tag == file.etag
        }
        Some(_) => false,
        // A date must be exactly ours.
        None => httpdate::parse_http_date(value).is_ok_and(|date| HttpDate(date) == file.modified),
    }
}

/// One member of a list of entity tags, or the star that stands for all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tag<'a> {
    Any,
    Entity {
        weak: bool,
        /// With its quotes.
        tag: &'a str,
    },
}

impl Tag<'_> {
    fn is_strongly(self, etag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Entity { weak, tag } => !weak && tag == etag,
        }
    }

    fn is_weakly(self, etag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Entity { tag, .. } => tag == etag,
        }
    }
}

fn lists(headers: &HeaderMap, name: &HeaderName, is_it: impl Fn(Tag<'_>) -> bool) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(tags)
        .any(is_it)
}

/// The entity tags of a header's value, up to the first that is none (RFC 9110, 8.8.3). A tag may hold commas.
fn tags(value: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut rest = value;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if let Some(after) = rest.strip_prefix('*') {
            rest = after;
            return Some(Tag::Any);
        }
        let weak = rest.starts_with("W/");
        let quoted = if weak { rest.get(2..)? } else { rest };
        let inner = quoted.strip_prefix('"')?;
        let len = inner.find('"')?;
        // `inner` starts after one quote, and the closing one is one byte.
        let (tag, after) = quoted.split_at(len + 2);
        rest = after;
        Some(Tag::Entity { weak, tag })
    })
}

/// The one date of a header; none if it is missing, twice there or no date (RFC 9110, 13.1.3: then it is ignored).
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<HttpDate> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    let time = httpdate::parse_http_date(value.to_str().ok()?.trim()).ok()?;
    Some(HttpDate(time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use warp::http::HeaderValue;

    const DATE: &str = "Fri, 02 Jan 2026 15:04:05 GMT";
    const EARLIER: &str = "Fri, 02 Jan 2026 15:04:04 GMT";
    const LATER: &str = "Fri, 02 Jan 2026 15:04:06 GMT";

    fn file() -> Validators<'static> {
        // Half a second later: what is shown and compared is the second.
        let time = httpdate::parse_http_date(DATE).unwrap() + Duration::from_millis(500);
        Validators {
            etag: "\"abc\"",
            modified: time.into(),
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn preconditions() {
        use Verdict::{Failed, NotModified, Send};
        let inm = "if-none-match";
        let ims = "if-modified-since";
        let im = "if-match";
        let ius = "if-unmodified-since";
        for (pairs, verdict) in [
            (&[][..], Send),
            (&[(inm, "\"abc\"")], NotModified),
            (&[(inm, "W/\"abc\"")], NotModified),
            (&[(inm, "\"x\"")], Send),
            (&[(inm, "\"x\", \"abc\"")], NotModified),
            (&[(inm, "\"x\",,  W/\"abc\" , \"y\"")], NotModified),
            (&[(inm, "\"a,b\", \"abc\"")], NotModified),
            (&[(inm, "\"x\""), (inm, "\"abc\"")], NotModified),
            (&[(inm, "*")], NotModified),
            (&[(inm, "abc")], Send),
            (&[(inm, "w/\"abc\"")], Send),
            (&[(inm, "\"abc")], Send),
            (&[(inm, "\"ABC\"")], Send),
            (&[(inm, "")], Send),
            (&[(ims, DATE)], NotModified),
            (&[(ims, LATER)], NotModified),
            (&[(ims, EARLIER)], Send),
            (&[(ims, "Friday, 02-Jan-26 15:04:05 GMT")], NotModified),
            (&[(ims, "Fri Jan  2 15:04:05 2026")], NotModified),
            (&[(ims, "yesterday")], Send),
            (&[(ims, DATE), (ims, DATE)], Send),
            (&[(inm, "\"x\""), (ims, LATER)], Send),
            (&[(inm, "\"abc\""), (ims, EARLIER)], NotModified),
            (&[(im, "\"abc\"")], Send),
            (&[(im, "*")], Send),
            (&[(im, "\"x\", \"abc\"")], Send),
            (&[(im, "W/\"abc\"")], Failed),
            (&[(im, "\"x\"")], Failed),
            (&[(im, "junk")], Failed),
            (&[(ius, DATE)], Send),
            (&[(ius, LATER)], Send),
            (&[(ius, EARLIER)], Failed),
            (&[(ius, "junk")], Send),
            (&[(im, "\"abc\""), (ius, EARLIER)], Send),
            (&[(im, "\"abc\""), (inm, "\"abc\"")], NotModified),
            (&[(im, "\"x\""), (inm, "\"abc\"")], Failed),
        ] {
            assert_eq!(evaluate(&headers(pairs), file()), verdict, "{pairs:?}");
        }
    }

    #[test]
    fn if_range() {
        let name = "if-range";
        for (pairs, applies) in [
            (&[][..], true),
            (&[(name, "\"abc\"")], true),
            (&[(name, " \"abc\" ")], true),
            (&[(name, "W/\"abc\"")], false),
            (&[(name, "\"x\"")], false),
            (&[(name, "\"abc\", \"x\"")], false),
            (&[(name, "*")], false),
            (&[(name, DATE)], true),
            (&[(name, EARLIER)], false),
            (&[(name, LATER)], false),
            (&[(name, "junk")], false),
            (&[(name, "")], false),
            (&[(name, "\"abc\""), (name, "\"abc\"")], false),
        ] {
            assert_eq!(range_applies(&headers(pairs), file()), applies, "{pairs:?}");
        }
    }

    #[test]
    fn times_out_of_range_are_shown_as_the_nearest() {
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(
            HttpDate::from(before).to_string(),
            "Thu, 01 Jan 1970 00:00:00 GMT"
        );
        let after = UNIX_EPOCH + Duration::from_secs(LAST_SECOND + 1);
        assert_eq!(
            HttpDate::from(after).to_string(),
            "Fri, 31 Dec 9999 23:59:59 GMT"
        );
    }

    proptest! {
        #[test]
        fn never_panics(value in "[ -~]*") {
            for name in ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"] {
                let headers = headers(&[(name, &value)]);
                let _ = evaluate(&headers, file());
                let _ = range_applies(&headers, file());
            }
        }

        /// What we sent comes back as "not modified", whatever else is in the list.
        #[test]
        fn our_own_tag_is_found(before in prop::collection::vec("[!#-~]{0,8}", 0..4)) {
            let mut list: Vec<String> = before.iter().map(|tag| format!("\"{tag}\"")).collect();
            list.push("\"abc\"".to_owned());
            let headers = headers(&[("if-none-match", &list.join(", "))]);
            prop_assert_eq!(evaluate(&headers, file()), Verdict::NotModified);
        }
    }
}
