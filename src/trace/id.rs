//! What requests, traces and spans are called.

use std::fmt;

use super::random;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Longest id that is taken from a client.
const LONGEST: usize = 128;

/// What a request is called, in its answer and in the log. Made here, or by the client or a proxy before us.
///
/// Only characters that mean nothing to a shell, to JSON and to a terminal, so that it can be shown as it is.
#[derive(Clone, Debug)]
pub struct RequestId(Id);

#[derive(Clone, Debug)]
enum Id {
    /// Hexadecimal digits.
    Made([u8; 16]),
    Given(Box<str>),
}

impl PartialEq for RequestId {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RequestId {}

impl RequestId {
    /// One that no other request has.
    #[must_use]
    pub fn random() -> Self {
        let number = random::number();
        let mut digits = [0; 16];
        for (digit, shift) in digits.iter_mut().rev().zip((0..).step_by(4)) {
            *digit = DIGITS[usize::from((number >> shift) as u8 & 0xf)];
        }
        Self(Id::Made(digits))
    }

    /// The id that a client gave; `None` if it is no sane one.
    ///
    /// ```
    /// use athens::trace::RequestId;
    ///
    /// assert!(RequestId::given(b"req-7f3a.1/2").is_some());
    /// assert!(RequestId::given(b"two words").is_none());
    /// assert!(RequestId::given(b"").is_none());
    /// ```
    #[must_use]
    pub fn given(text: &[u8]) -> Option<Self> {
        let is_sane = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@~".contains(byte);
        if text.is_empty() || text.len() > LONGEST || !text.iter().all(is_sane) {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?;
        Some(Self(Id::Given(text.into())))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // Digits are always a text.
            Id::Made(digits) => std::str::from_utf8(digits).unwrap_or_default(),
            Id::Given(text) => text,
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a trace is called: 16 bytes, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(u128);

impl TraceId {
    pub(super) fn random() -> Self {
        let number = u128::from(random::number()) << 64 | u128::from(random::number());
        Self(number.max(1))
    }

    /// The id of these digits; `None` if they are not 32 small hexadecimal ones, or all zero.
    pub(super) fn parse(digits: &[u8]) -> Option<Self> {
        (digits.len() == 32).then_some(())?;
        number(digits).map(Self)
    }

    /// A number that is spread evenly over all traces, for sampling.
    pub(super) fn tail(self) -> u64 {
        // The lower half, on purpose.
        u64::try_from(self.0 & u128::from(u64::MAX)).unwrap_or(u64::MAX)
    }
}

/// What a part of a trace is called: 8 bytes, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(u64);

impl SpanId {
    pub(super) fn random() -> Self {
        Self(random::number().max(1))
    }

    /// The id of these digits; `None` if they are not 16 small hexadecimal ones, or all zero.
    pub(super) fn parse(digits: &[u8]) -> Option<Self> {
        (digits.len() == 16).then_some(())?;
        let id = u64::try_from(number(digits)?).ok()?;
        Some(Self(id))
    }
}

fn number(digits: &[u8]) -> Option<u128> {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if !digits.iter().all(is_digit) {
        return None;
    }
    let number = u128::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (number != 0).then_some(number)
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_from_a_client() {
        let longest = "a".repeat(LONGEST);
        for id in ["a", "0b7c-4", "A_b.c~d", "a:b/c+d=@", longest.as_str()] {
            assert_eq!(RequestId::given(id.as_bytes()).unwrap().as_str(), id);
        }
        let too_long = "a".repeat(LONGEST + 1);
        for id in [
            "",
            " a",
            "a b",
            "a,b",
            "a\"b",
            "a\\b",
            "a\tb",
            "a\nb",
            "<a>",
            "é",
            "a;b",
            "a$b",
            too_long.as_str(),
        ] {
            assert_eq!(RequestId::given(id.as_bytes()), None, "{id:?}");
        }
        assert_eq!(RequestId::given(b"\xff"), None);
    }

    #[test]
    fn what_is_made_would_be_taken() {
        let id = RequestId::random();
        assert_eq!(RequestId::given(id.as_str().as_bytes()), Some(id));
        let trace = TraceId::random();
        assert_eq!(TraceId::parse(trace.to_string().as_bytes()), Some(trace));
        let span = SpanId::random();
        assert_eq!(SpanId::parse(span.to_string().as_bytes()), Some(span));
    }
}
