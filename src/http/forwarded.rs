//! What proxies say about whom they speak for: `X-Forwarded-For`, and `Forwarded` (RFC 7239).
//!
//! Both are lists to which each proxy adds at the end. A hop that is no address is `None`.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use warp::http::header::FORWARDED;
use warp::http::{HeaderMap, HeaderValue};

/// So many hops are looked at, the last ones: no chain of proxies is that long.
const MOST_HOPS: usize = 32;

type Hops = Vec<Option<IpAddr>>;

/// The hops of `X-Forwarded-For`, nearest last; `None` without one, `Some(None)` if it is no such list.
pub(super) fn addresses(headers: &HeaderMap) -> Option<Option<Hops>> {
    let lines = headers.get_all("x-forwarded-for");
    hops(lines.iter(), |line| {
        Some(
            line.rsplit(',')
                .map(|hop| address(hop.trim()))
                .take(MOST_HOPS)
                .collect(),
        )
    })
}

/// The hops of `Forwarded`, nearest last; as [`addresses`].
pub(super) fn elements(headers: &HeaderMap) -> Option<Option<Hops>> {
    hops(headers.get_all(FORWARDED).iter(), |line| {
        let elements = split(line, ',')?;
        elements
            .into_iter()
            .rev()
            .map(element)
            .take(MOST_HOPS)
            .collect()
    })
}

/// Reads the lines from the last to the first; `read` gives the hops of one, nearest first.
fn hops<'a>(
    lines: impl DoubleEndedIterator<Item = &'a HeaderValue>,
    read: impl Fn(&'a str) -> Option<Hops>,
) -> Option<Option<Hops>> {
    let mut lines = lines.rev().peekable();
    lines.peek()?;
    let mut found = Vec::new();
    for line in lines {
        let Some(hops) = line.to_str().ok().and_then(&read) else {
            return Some(None);
        };
        found.extend(hops);
        if found.len() >= MOST_HOPS {
            break;
        }
    }
    found.truncate(MOST_HOPS);
    found.reverse();
    Some(Some(found))
}

/// The `for` of an element such as `for="[2001:db8::1]:80";proto=https`. `None` if it is no element; an element that
/// does not say for whom, or not by an address, is a hop without one.
fn element(text: &str) -> Option<Option<IpAddr>> {
    let mut found = None;
    for pair in split(text, ';')? {
        if pair.is_empty() {
            continue;
        }
        let (name, value) = pair.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("for") {
            continue;
        }
        if found.is_some() {
            return None;
        }
        found = Some(unquoted(value.trim()));
    }
    Some(found.flatten().and_then(address))
}

/// The value of a token or of a quoted string. Nothing that is an address needs a backslash.
fn unquoted(value: &str) -> Option<&str> {
    match value.strip_prefix('"') {
        Some(rest) => rest
            .strip_suffix('"')
            .filter(|inner| !inner.contains(['"', '\\'])),
        None => (!value.contains('"')).then_some(value),
    }
}

/// Splits at a character outside quoted strings; `None` if one does not end.
fn split(text: &str, at: char) -> Option<Vec<&str>> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    let pieces = text
        .split(|c: char| {
            if is_escaped {
                is_escaped = false;
            } else if c == '"' {
                is_quoted = !is_quoted;
            } else if is_quoted && c == '\\' {
                is_escaped = true;
            } else {
                return c == at && !is_quoted;
            }
            false
        })
        .map(str::trim)
        .collect();
    (!is_quoted).then_some(pieces)
}

/// An address, perhaps with a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let address = match text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(inner) => IpAddr::V6(inner.parse::<Ipv6Addr>().ok()?),
        None => match text.parse::<IpAddr>() {
            Ok(address) => address,
            Err(_) => text.parse::<SocketAddr>().ok()?.ip(),
        },
    };
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_addresses() {
        for (text, is) in [
            ("192.0.2.1", Some("192.0.2.1")),
            ("192.0.2.1:80", Some("192.0.2.1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("[2001:db8::1]:80", Some("2001:db8::1")),
            ("[::ffff:192.0.2.1]", Some("192.0.2.1")),
            ("", None),
            ("unknown", None),
            ("_hidden", None),
            ("192.0.2", None),
            ("192.0.2.1:", None),
            ("192.0.2.1:99999", None),
            ("[192.0.2.1]", None),
            ("[2001:db8::1", None),
            ("fe80::1%eth0", None),
            ("localhost", None),
        ] {
            assert_eq!(address(text), is.map(|is| is.parse().unwrap()), "{text:?}");
        }
    }

    #[test]
    fn elements_of_forwarded() {
        let none = Some(None);
        let ip = |text: &str| Some(Some(text.parse().unwrap()));
        for (text, is) in [
            ("for=192.0.2.1", ip("192.0.2.1")),
            (
                "For=\"192.0.2.1:80\"; proto=http;by=203.0.113.1",
                ip("192.0.2.1"),
            ),
            ("proto=http;for=\"[2001:db8::1]\"", ip("2001:db8::1")),
            ("by=\"a;for=192.0.2.1\"", none),
            ("by=\"a\\\";for=192.0.2.1\"", none),
            ("for=unknown", none),
            ("for=\"_x\\\"y\"", none),
            ("proto=http", none),
            ("", none),
            ("for", None),
            ("for=192.0.2.1;for=192.0.2.2", None),
            ("for=\"192.0.2.1", None),
        ] {
            assert_eq!(element(text), is, "{text:?}");
        }
    }

    #[test]
    fn only_so_many_hops() {
        let mut headers = HeaderMap::new();
        for number in 0..MOST_HOPS * 2 {
            let line = format!("192.0.2.{number}, 198.51.100.{number}");
            headers.append("x-forwarded-for", HeaderValue::try_from(line).unwrap());
        }
        let hops = addresses(&headers).unwrap().unwrap();
        assert_eq!(hops.len(), MOST_HOPS);
        let last: IpAddr = "198.51.100.63".parse().unwrap();
        assert_eq!(hops.last(), Some(&Some(last)));
    }

    #[test]
    fn what_is_no_list() {
        let line = |name: &'static str, value: &'static [u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_bytes(value).unwrap());
            headers
        };
        assert_eq!(addresses(&HeaderMap::new()), None);
        assert_eq!(addresses(&line("x-forwarded-for", b"\xff")), Some(None));
        assert_eq!(
            addresses(&line("x-forwarded-for", b"")),
            Some(Some(vec![None]))
        );
        assert_eq!(elements(&line("forwarded", b"for=\"a")), Some(None));
    }
}
