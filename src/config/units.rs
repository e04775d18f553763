//! Values with units, written the same way in a flag, a variable and the file.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Unexpected, Visitor};

/// A length of time, such as `500ms`, `10s`, `2m`, `1h` or `1h30m`. Zero is written `0`.
///
/// A number without a unit is refused: nobody can tell whether `30` are seconds or milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TimeSpan(pub Duration);

/// A text that is no [`TimeSpan`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not a time; write a number with a unit, such as `500ms`, `10s`, `2m` or `1h`")]
pub struct InvalidTimeSpan(String);

impl FromStr for TimeSpan {
    type Err = InvalidTimeSpan;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "0" {
            return Ok(Self(Duration::ZERO));
        }
        text.parse::<SignedDuration>()
            .ok()
            .and_then(|span| Duration::try_from(span).ok())
            .map(Self)
            .ok_or_else(|| InvalidTimeSpan(text.to_owned()))
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match SignedDuration::try_from(self.0) {
            Ok(span) if !span.is_zero() => write!(f, "{span:#}"),
            Ok(_) => f.write_str("0"),
            // Longer than 292 billion years; only reachable by hand-made values.
            Err(_) => write!(f, "{}s", self.0.as_secs()),
        }
    }
}

/// A number of bytes, such as `64KiB`, `16MiB`, `500MB` or plain `1048576`.
///
/// `KiB MiB GiB TiB` count by 1024, `KB MB GB TB` by 1000, as the IEC writes them; letter case does not matter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ByteSize(pub u64);

/// A text that is no [`ByteSize`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "`{0}` is not a size; write a number of bytes or a number with a unit, such as `64KiB`, `16MiB` or `500MB`"
)]
pub struct InvalidByteSize(String);

/// From the longest to the shortest unit of each kind; the empty unit is bytes.
const UNITS: [(&str, u64); 10] = [
    ("tib", 1 << 40),
    ("gib", 1 << 30),
    ("mib", 1 << 20),
    ("kib", 1 << 10),
    ("tb", 1_000_000_000_000),
    ("gb", 1_000_000_000),
    ("mb", 1_000_000),
    ("kb", 1_000),
    ("b", 1),
    ("", 1),
];

impl FromStr for ByteSize {
    type Err = InvalidByteSize;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = unit.trim_start().to_ascii_lowercase();
        let parsed = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .and_then(|(_, factor)| number.parse::<u64>().ok()?.checked_mul(*factor));
        parsed
            .map(Self)
            .ok_or_else(|| InvalidByteSize(text.to_owned()))
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
            if self.0 >= unit && self.0.is_multiple_of(unit) {
                return write!(f, "{}{name}", self.0 / unit);
            }
        }
        write!(f, "{}", self.0)
    }
}

/// A value that is written as text in the configuration file, and what the file's error message calls it.
pub(super) trait FromText: FromStr<Err: fmt::Display> {
    /// Completes "expected …".
    const EXPECTED: &'static str;

    /// The value of a bare number in the file, where that has one meaning only.
    fn from_integer(_number: i64) -> Option<Self> {
        None
    }
}

impl FromText for TimeSpan {
    const EXPECTED: &'static str = "a time such as \"500ms\", \"10s\", \"2m\" or \"1h\"";

    fn from_integer(number: i64) -> Option<Self> {
        (number == 0).then_some(Self(Duration::ZERO))
    }
}

impl FromText for ByteSize {
    const EXPECTED: &'static str = "a size such as \"64KiB\", \"16MiB\" or a number of bytes";

    fn from_integer(number: i64) -> Option<Self> {
        u64::try_from(number).ok().map(Self)
    }
}

/// Reads any [`FromText`] value, for `Deserialize` implementations.
pub(super) fn deserialize_text<'de, T: FromText, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_any(Text(PhantomData))
}

/// Reads one [`FromText`] value, or a list of them.
pub(super) fn deserialize_texts<'de, T: FromText, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_any(Texts(PhantomData))
}

struct Texts<T>(PhantomData<T>);

impl<'de, T: FromText> Visitor<'de> for Texts<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<T>, E> {
        text.parse().map(|value| vec![value]).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Vec<T>, E> {
        Text(PhantomData).visit_i64(number).map(|value| vec![value])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Text(PhantomData))? {
            values.push(value);
        }
        Ok(values)
    }
}

struct Text<T>(PhantomData<T>);

impl<'de, T: FromText> de::DeserializeSeed<'de> for Text<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<T: FromText> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        T::from_integer(number).ok_or_else(|| E::invalid_type(Unexpected::Signed(number), &self))
    }
}

impl<'de> Deserialize<'de> for TimeSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_text(deserializer)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_text(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans() {
        for (text, milliseconds, shown) in [
            ("0", 0, "0"),
            ("0s", 0, "0"),
            ("500ms", 500, "500ms"),
            ("10s", 10_000, "10s"),
            ("2m", 120_000, "2m"),
            ("1h", 3_600_000, "1h"),
            ("90s", 90_000, "1m 30s"),
            ("1h30m", 5_400_000, "1h 30m"),
        ] {
            let span: TimeSpan = text.parse().unwrap();
            assert_eq!(span.0, Duration::from_millis(milliseconds), "{text}");
            assert_eq!(span.to_string(), shown, "{text}");
            assert_eq!(shown.parse::<TimeSpan>().unwrap(), span, "{text}");
        }
        for text in ["", "10", "-1s", "s", "1 fortnight", "ten seconds", "1s ago"] {
            assert!(text.parse::<TimeSpan>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn byte_sizes() {
        for (text, bytes, shown) in [
            ("0", 0, "0"),
            ("512", 512, "512"),
            ("512B", 512, "512"),
            ("64KiB", 65_536, "64KiB"),
            ("64kib", 65_536, "64KiB"),
            ("16 MiB", 16_777_216, "16MiB"),
            ("500MB", 500_000_000, "500000000"),
            ("1KB", 1_000, "1000"),
            ("2GiB", 2_147_483_648, "2GiB"),
            ("1 TB", 1_000_000_000_000, "976562500KiB"),
            ("1TiB", 1 << 40, "1024GiB"),
        ] {
            let size: ByteSize = text.parse().unwrap();
            assert_eq!(size, ByteSize(bytes), "{text}");
            assert_eq!(size.to_string(), shown, "{text}");
        }
        for text in [
            "",
            "MiB",
            "-1",
            "1.5MiB",
            "64K",
            "1 PB",
            "99999999999GiB",
            "1MiB ",
        ] {
            assert!(text.parse::<ByteSize>().is_err(), "{text:?}");
        }
    }
}
