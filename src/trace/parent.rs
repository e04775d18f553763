//! The trace that a request belongs to, as it comes and goes in headers: W3C Trace Context, `traceparent` and
//! `tracestate`.
//!
//! Whatever is wrong with a `traceparent`, it is as if there were none, and a new trace begins: the recommendation says
//! so, and a client's mistake must not cost it its answer.

use std::fmt;

use super::id::{SpanId, TraceId};

/// Longest `tracestate` that is passed on, as the recommendation asks for at least.
const LONGEST_STATE: usize = 512;
/// Whether whoever sent it records the trace.
const SAMPLED: u8 = 1;

/// A `traceparent`.
///
/// ```
/// use athens::trace::TraceParent;
///
/// let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let parent = TraceParent::parse(text.as_bytes()).unwrap();
/// assert!(parent.is_sampled);
/// assert_eq!(parent.to_string(), text);
/// assert!(TraceParent::parse(b"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01").is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TraceParent {
    /// The trace.
    pub trace: TraceId,
    /// The part of it that this request is a part of.
    pub span: SpanId,
    /// Whether the trace is recorded by whoever sent it.
    pub is_sampled: bool,
}

impl TraceParent {
    /// Reads a header's value; `None` if it is malformed.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let field = |from: usize, to: usize| value.get(from..to);
        let dash = |at: usize| (value.get(at) == Some(&b'-')).then_some(());
        let version = hexadecimal_byte(field(0, 2)?)?;
        // The recommendation forbids 255, says of 0 that nothing follows, and of later ones that what follows is theirs.
        match (version, value.len()) {
            (0xff, _) | (_, ..55) => return None,
            (0, length) if length != 55 => return None,
            (_, 55) => {}
            _ => dash(55)?,
        }
        dash(2)?;
        dash(35)?;
        dash(52)?;
        let flags = hexadecimal_byte(field(53, 55)?)?;
        Some(Self {
            trace: TraceId::parse(field(3, 35)?)?,
            span: SpanId::parse(field(36, 52)?)?,
            is_sampled: flags & SAMPLED != 0,
        })
    }
}

fn hexadecimal_byte(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    match digits {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = if self.is_sampled { SAMPLED } else { 0 };
        write!(f, "00-{}-{}-{flags:02x}", self.trace, self.span)
    }
}

/// A `tracestate`: what others have to say to each other about a trace. Passed on as it is, with their `traceparent`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceState(Box<str>);

impl TraceState {
    /// The values of the headers, in their order; `None` if there is none, or none that may be passed on.
    #[must_use]
    pub fn parse<'a>(values: impl Iterator<Item = &'a [u8]>) -> Option<Self> {
        let mut state = String::new();
        for value in values {
            let value = std::str::from_utf8(value).ok()?.trim_matches([' ', '\t']);
            if !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
                return None;
            }
            if !state.is_empty() && !value.is_empty() {
                state.push(',');
            }
            state.push_str(value);
            if state.len() > LONGEST_STATE {
                return None;
            }
        }
        (!state.is_empty()).then(|| Self(state.into()))
    }

    /// The value to send.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn what_is_taken() {
        for (text, is_sampled) in [
            (format!("00-{TRACE}-{SPAN}-01"), true),
            (format!("00-{TRACE}-{SPAN}-00"), false),
            (format!("00-{TRACE}-{SPAN}-02"), false),
            (format!("00-{TRACE}-{SPAN}-ff"), true),
            (format!("01-{TRACE}-{SPAN}-01"), true),
            (format!("cc-{TRACE}-{SPAN}-01-what the future brings"), true),
            (format!("01-{TRACE}-{SPAN}-00-"), false),
        ] {
            let parent = TraceParent::parse(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(parent.is_sampled, is_sampled, "{text}");
            let sent = format!("00-{TRACE}-{SPAN}-0{}", u8::from(is_sampled));
            assert_eq!(parent.to_string(), sent, "{text}");
        }
    }

    #[test]
    fn what_is_not() {
        let zeros = "0".repeat(32);
        for text in [
            String::new(),
            "00".to_owned(),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("00-{TRACE}-{SPAN}-01 "),
            format!(" 00-{TRACE}-{SPAN}-01"),
            format!("01-{TRACE}-{SPAN}-01.more"),
            format!("01-{TRACE}-{SPAN}-01more"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-0G"),
            format!("00-{TRACE}-{SPAN}-0A"),
            format!("0-{TRACE}-{SPAN}-01-"),
            format!("00-{zeros}-{SPAN}-01"),
            format!("00-{TRACE}-{}-01", &zeros[..16]),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{}-01", SPAN.to_uppercase()),
            format!("00-+{}-{SPAN}-01", &TRACE[1..]),
            format!("00_{TRACE}_{SPAN}_01"),
            format!("00-{TRACE}{SPAN}-01---"),
        ] {
            assert_eq!(TraceParent::parse(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn states() {
        let parse = |values: &[&str]| {
            let state = TraceState::parse(values.iter().map(|value| value.as_bytes()));
            state.map(|state| state.as_str().to_owned())
        };
        assert_eq!(parse(&["a=1"]).as_deref(), Some("a=1"));
        assert_eq!(
            parse(&["a=1, b=2", " c=3"]).as_deref(),
            Some("a=1, b=2,c=3")
        );
        assert_eq!(parse(&[]), None);
        assert_eq!(parse(&["", " "]), None);
        assert_eq!(parse(&["a=\u{7f}"]), None);
        assert_eq!(parse(&["a=é"]), None);
        assert_eq!(parse(&["a=1", &"b".repeat(LONGEST_STATE)]), None);
    }
}
