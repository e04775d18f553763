//! `Range`: one part of a file (RFC 9110, section 14).
//!
//! One range is answered with a part. Several ranges in one request are answered with the whole file, as 14.2 allows:
//! no download tool needs them, and a `multipart/byteranges` answer to a thousand overlapping ranges is an old way to
//! make a server send a file a thousand times.

use warp::http::HeaderMap;
use warp::http::header::RANGE;

/// What to send of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// All of it: 200.
    Whole,
    /// These bytes: 206. Not empty, and within the file.
    Bytes {
        /// The first byte.
        start: u64,
        /// How many.
        len: u64,
    },
    /// Nothing, for the range starts after the end: 416.
    Unsatisfiable,
}

/// Reads the `Range` of a GET for a file of this many bytes.
pub(super) fn requested(headers: &HeaderMap, file_len: u64) -> Part {
    let mut values = headers.get_all(RANGE).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value
            .to_str()
            .ok()
            .and_then(|value| parse(value, file_len))
            .unwrap_or(Part::Whole),
        _ => Part::Whole,
    }
}

/// One range of bytes; `None` for everything that is to be ignored: other units, several ranges, nonsense.
fn parse(value: &str, file_len: u64) -> Option<Part> {
    let (unit, ranges) = value.split_once('=')?;
    // 14.1: range units are case-insensitive.
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = ranges.trim().split_once('-')?;
    if first.is_empty() {
        return suffix(number(last)?, file_len);
    }
    let first = number(first)?;
    let last = if last.is_empty() {
        u64::MAX
    } else {
        number(last)?
    };
    // 14.1.1: a last position before the first makes the whole header invalid.
    if last < first {
        return None;
    }
    if first >= file_len {
        return Some(Part::Unsatisfiable);
    }
    let last = last.min(file_len - 1);
    Some(Part::Bytes {
        start: first,
        len: last - first + 1,
    })
}

/// The last bytes of the file; all, if it has fewer (14.1.2).
fn suffix(wanted: u64, file_len: u64) -> Option<Part> {
    if wanted == 0 {
        return Some(Part::Unsatisfiable);
    }
    // "The last 5 bytes" of an empty file are all of it, and a part cannot be empty.
    if file_len == 0 {
        return Some(Part::Whole);
    }
    let len = wanted.min(file_len);
    Some(Part::Bytes {
        start: file_len - len,
        len,
    })
}

/// Digits of any length: a position past every file is still a position.
fn number(digits: &str) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use warp::http::HeaderValue;

    const fn bytes(start: u64, len: u64) -> Part {
        Part::Bytes { start, len }
    }

    #[test]
    fn ranges() {
        use Part::{Unsatisfiable, Whole};
        for (value, part) in [
            ("bytes=0-0", bytes(0, 1)),
            ("bytes=0-9", bytes(0, 10)),
            ("bytes=0-", bytes(0, 10)),
            ("bytes=3-5", bytes(3, 3)),
            ("bytes=9-", bytes(9, 1)),
            ("bytes=9-9", bytes(9, 1)),
            ("bytes=5-99", bytes(5, 5)),
            ("bytes=0-99999999999999999999999999", bytes(0, 10)),
            ("BYTES=1-2", bytes(1, 2)),
            ("bytes= 1-2 ", bytes(1, 2)),
            ("bytes=-1", bytes(9, 1)),
            ("bytes=-10", bytes(0, 10)),
            ("bytes=-11", bytes(0, 10)),
            ("bytes=-99999999999999999999999999", bytes(0, 10)),
            ("bytes=10-", Unsatisfiable),
            ("bytes=10-20", Unsatisfiable),
            ("bytes=99999999999999999999999999-", Unsatisfiable),
            ("bytes=-0", Unsatisfiable),
            ("bytes=5-4", Whole),
            ("bytes=-", Whole),
            ("bytes=", Whole),
            ("bytes", Whole),
            ("", Whole),
            ("bytes=a-b", Whole),
            ("bytes=1-2,4-5", Whole),
            ("bytes=1-2, 4-5", Whole),
            ("bytes=,1-2", Whole),
            ("bytes=1-2-3", Whole),
            ("bytes=--1", Whole),
            ("bytes=+1-2", Whole),
            ("bytes=1 -2", Whole),
            ("bytes=0x1-2", Whole),
            ("lines=1-2", Whole),
            ("bytes:1-2", Whole),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, HeaderValue::from_str(value).unwrap());
            assert_eq!(requested(&headers, 10), part, "{value}");
        }
    }

    #[test]
    fn none_twice_and_empty_files() {
        let mut headers = HeaderMap::new();
        assert_eq!(requested(&headers, 10), Part::Whole);
        headers.append(RANGE, HeaderValue::from_static("bytes=0-1"));
        assert_eq!(requested(&headers, 0), Part::Unsatisfiable);
        headers.append(RANGE, HeaderValue::from_static("bytes=0-1"));
        assert_eq!(requested(&headers, 10), Part::Whole);
        assert_eq!(parse("bytes=-5", 0), Some(Part::Whole));
        assert_eq!(parse("bytes=0-0", u64::MAX), Some(bytes(0, 1)));
        assert_eq!(parse("bytes=0-", u64::MAX), Some(bytes(0, u64::MAX)));
    }

    proptest! {
        #[test]
        fn a_part_lies_within_the_file(value in "bytes=[0-9]{0,21}-[0-9]{0,21}", len in any::<u64>()) {
            if let Some(Part::Bytes { start, len: part }) = parse(&value, len) {
                prop_assert!(part > 0);
                prop_assert!(start.checked_add(part).is_some_and(|end| end <= len));
            }
        }

        #[test]
        fn never_panics(value in any::<String>(), len in any::<u64>()) {
            let _ = parse(&value, len);
        }

        /// The plain reading of RFC 9110 for a small file, byte by byte.
        #[test]
        fn as_the_definition_says(first in 0_u64..20, last in 0_u64..20, len in 1_u64..20) {
            let expected: Vec<u64> = (0..len).filter(|byte| (first..=last).contains(byte)).collect();
            match parse(&format!("bytes={first}-{last}"), len) {
                None => prop_assert!(last < first),
                Some(Part::Unsatisfiable) => prop_assert!(first >= len && expected.is_empty()),
                Some(Part::Bytes { start, len }) => {
                    prop_assert_eq!((start..start + len).collect::<Vec<_>>(), expected);
                }
                Some(Part::Whole) => prop_assert!(false, "a range became the whole file"),
            }
        }
    }
}
