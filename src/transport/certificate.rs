//! The two things of a server's certificate that people ask about: who signed it, and until when it is good.
//!
//! The connection has verified it; nothing here decides about trust.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// The name of its authority: the common name, else the organisation. As it stands there: not fit for a terminal.
    pub issuer: String,
    /// The end of its time, in seconds since 1970.
    pub not_after: i64,
}

/// X.690: the tags that are looked at.
mod tag {
    pub(super) const INTEGER: u8 = 0x02;
    pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
    pub(super) const UTC_TIME: u8 = 0x17;
    pub(super) const GENERALIZED_TIME: u8 = 0x18;
    pub(super) const SEQUENCE: u8 = 0x30;
    pub(super) const SET: u8 = 0x31;
    /// The version, which the first kind of certificates lacks.
    pub(super) const VERSION: u8 = 0xa0;
}

/// `id-at-commonName` and `id-at-organizationName` (X.520).
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];

impl CertificateFacts {
    /// Reads a certificate in DER (RFC 5280, 4.1); `None` if it is none.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        let mut certificate = Reader(Reader(der).take(tag::SEQUENCE)?);
        let mut body = Reader(certificate.take(tag::SEQUENCE)?);
        if body.next_is(tag::VERSION) {
            body.take(tag::VERSION)?;
        }
        body.take(tag::INTEGER)?;
        body.take(tag::SEQUENCE)?;
        let issuer = name(body.take(tag::SEQUENCE)?)?;
        let mut validity = Reader(body.take(tag::SEQUENCE)?);
        validity.element()?;
        let (kind, text) = validity.element()?;
        Some(Self {
            issuer,
            not_after: time(kind, text)?,
        })
    }
}

/// The rest of some DER.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn next_is(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// The content of the next element, which has this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, content) = self.element()?;
        (found == tag).then_some(content)
    }

    /// The next element: its tag and its content.
    fn element(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, rest) = self.0.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (len, rest) = match usize::from(*first) {
            short @ 0..0x80 => (short, rest),
            long => {
                // No certificate is as long as four bytes can say.
                let count = long - 0x80;
                if !(1..=4).contains(&count) {
                    return None;
                }
                let (bytes, rest) = rest.split_at_checked(count)?;
                let len = bytes
                    .iter()
                    .fold(0, |len, byte| (len << 8) | usize::from(*byte));
                (len, rest)
            }
        };
        let (content, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        Some((*tag, content))
    }
}

/// A distinguished name, by the part of it that people know.
fn name(content: &[u8]) -> Option<String> {
    let mut parts = Reader(content);
    let (mut common, mut organization) = (None, None);
    while !parts.0.is_empty() {
        let mut set = Reader(parts.take(tag::SET)?);
        while !set.0.is_empty() {
            let mut attribute = Reader(set.take(tag::SEQUENCE)?);
            let kind = attribute.take(tag::OBJECT_IDENTIFIER)?;
            let (_, value) = attribute.element()?;
            let text = || String::from_utf8_lossy(value).into_owned();
            if kind == COMMON_NAME {
                common = Some(text());
            } else if kind == ORGANIZATION {
                organization = Some(text());
            }
        }
    }
    Some(common.or(organization).unwrap_or_default())
}

/// `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ` (RFC 5280, 4.1.2.5).
fn time(kind: u8, text: &[u8]) -> Option<i64> {
    let digits = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (year, rest) = match kind {
        tag::UTC_TIME if digits.len() == 12 => {
            let year: i16 = digits.get(..2)?.parse().ok()?;
            (if year < 50 { 2000 } else { 1900 } + year, digits.get(2..)?)
        }
        tag::GENERALIZED_TIME if digits.len() == 14 => {
            (digits.get(..4)?.parse().ok()?, digits.get(4..)?)
        }
        _ => return None,
    };
    let part = |at: usize| -> Option<i8> { rest.get(at..at + 2)?.parse().ok() };
    let time = DateTime::new(year, part(0)?, part(2)?, part(4)?, part(6)?, part(8)?, 0).ok()?;
    let zoned = time.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An element.
    fn der(tag: u8, content: &[&[u8]]) -> Vec<u8> {
        let content = content.concat();
        let len = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], &len[..], &content].concat()
    }

    fn certificate(issuer: &[u8], not_after: &[u8]) -> Vec<u8> {
        let validity = der(
            tag::SEQUENCE,
            &[&der(tag::UTC_TIME, &[b"260101000000Z"]), not_after],
        );
        let body = der(
            tag::SEQUENCE,
            &[
                &der(tag::VERSION, &[&der(tag::INTEGER, &[&[2]])]),
                &der(tag::INTEGER, &[&[1]]),
                &der(tag::SEQUENCE, &[]),
                &der(tag::SEQUENCE, &[issuer]),
                &validity,
            ],
        );
        der(tag::SEQUENCE, &[&body])
    }

    fn attribute(kind: &[u8], value: &str) -> Vec<u8> {
        let pair = [
            der(tag::OBJECT_IDENTIFIER, &[kind]),
            der(0x0c, &[value.as_bytes()]),
        ];
        der(tag::SET, &[&der(tag::SEQUENCE, &[&pair[0], &pair[1]])])
    }

    #[test]
    fn who_and_until_when() {
        let both = [
            attribute(ORGANIZATION, "Corp"),
            attribute(COMMON_NAME, "Corp CA"),
        ]
        .concat();
        for (issuer, kind, time, facts) in [
            (
                &both,
                tag::UTC_TIME,
                "300102030405Z",
                ("Corp CA", 1_893_553_445),
            ),
            (
                &attribute(ORGANIZATION, "Corp"),
                tag::GENERALIZED_TIME,
                "20300102030405Z",
                ("Corp", 1_893_553_445),
            ),
            (
                &Vec::new(),
                tag::UTC_TIME,
                "991231235959Z",
                ("", 946_684_799),
            ),
        ] {
            let der = certificate(issuer, &der(kind, &[time.as_bytes()]));
            let read = CertificateFacts::read(&der).unwrap();
            assert_eq!((read.issuer.as_str(), read.not_after), facts);
            for end in 0..der.len() {
                assert_eq!(CertificateFacts::read(&der[..end]), None);
            }
        }
        for (kind, time) in [
            (tag::UTC_TIME, "20300102030405Z"),
            (tag::UTC_TIME, "300132030405Z"),
            (tag::UTC_TIME, "3001020304056"),
            (tag::GENERALIZED_TIME, "-0300102030405"),
            (tag::INTEGER, "300102030405Z"),
        ] {
            let der = certificate(&[], &der(kind, &[time.as_bytes()]));
            assert_eq!(CertificateFacts::read(&der), None, "{time}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = CertificateFacts::read(&bytes);
            let _ = CertificateFacts::read(&[&[0x30, 0x3e, 0x30, 0x3c], &bytes[..]].concat());
        }
    }
}
