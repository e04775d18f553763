//! Instants, as `.info` files write them.

use jiff::SignedDuration;
use jiff::civil;
use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

/// Text that is no RFC 3339 time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed time {time:?}: it is not an RFC 3339 time like 2006-01-02T15:04:05Z")]
pub struct InvalidTime {
    /// The text as given.
    pub time: String,
}

/// An instant of the years 0 to 9999 in UTC, to the nanosecond.
///
/// Parsing takes what Go takes in JSON: RFC 3339 with any offset, with a fraction of any length (digits after the
/// ninth are dropped), and with Go's own leniencies: an hour of one digit, a comma before the fraction, offsets up to
/// 24:60. Unlike Go it refuses the few times whose offset moves them out of the years 0 to 9999 in UTC, as they have
/// no RFC 3339 form there. Leap seconds are refused. It shows as UTC with `Z`, a fraction only when there is one, no
/// trailing zeros.
///
/// Source: Go's `time.Time`, `UnmarshalJSON`.
///
/// ```
/// use athens::module::Time;
///
/// let time: Time = "2024-02-29T12:00:00.50+02:00".parse()?;
/// assert_eq!(time.to_string(), "2024-02-29T10:00:00.5Z");
/// assert_eq!(Time::from_unix(0).to_string(), "1970-01-01T00:00:00Z");
/// assert!("2023-02-29T12:00:00Z".parse::<Time>().is_err());
/// # Ok::<(), athens::module::InvalidTime>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    /// Seconds since 1970 in UTC, negative before; within [`Time::FIRST`] and [`Time::LAST`].
    seconds: i64,
    /// 0 to 999,999,999, counted forwards also before 1970.
    nanos: u32,
}

const EPOCH: civil::DateTime = civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

impl Time {
    /// 0000-01-01T00:00:00Z.
    const FIRST: i64 = -62_167_219_200;
    /// 9999-12-31T23:59:59Z.
    const LAST: i64 = 253_402_300_799;

    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self {
        seconds: 0,
        nanos: 0,
    };

    /// The instant so many seconds after 1970-01-01T00:00:00Z. What is before the year 0 or after 9999 becomes the
    /// first or the last second of that span.
    pub fn from_unix(seconds: i64) -> Self {
        Self {
            seconds: seconds.clamp(Self::FIRST, Self::LAST),
            nanos: 0,
        }
    }

    /// Seconds since 1970-01-01T00:00:00Z, rounded down; negative before.
    pub fn unix(self) -> i64 {
        self.seconds
    }

    /// The instant of a UTC calendar date and time of day; `None` when there is none such.
    pub(super) fn from_civil(
        year: i16,
        month: i8,
        day: i8,
        hour: i8,
        minute: i8,
        second: i8,
    ) -> Option<Self> {
        let date = civil::Date::new(year, month, day).ok()?;
        let clock = civil::Time::new(hour, minute, second, 0).ok()?;
        let seconds = date.to_datetime(clock).duration_since(EPOCH).as_secs();
        (Self::FIRST..=Self::LAST)
            .contains(&seconds)
            .then_some(Self { seconds, nanos: 0 })
    }
}

/// What is before the year 0 or after 9999 becomes the first or the last second of that span.
impl From<SystemTime> for Time {
    fn from(time: SystemTime) -> Self {
        let since = SignedDuration::system_until(SystemTime::UNIX_EPOCH, time)
            .unwrap_or(SignedDuration::MAX);
        let seconds = since.as_secs();
        // Before 1970 the fraction counts backwards; ours never does.
        let (seconds, nanos) = match u32::try_from(since.subsec_nanos()) {
            Ok(nanos) => (seconds, nanos),
            Err(_) => (
                seconds.saturating_sub(1),
                (since.subsec_nanos() + 1_000_000_000).unsigned_abs(),
            ),
        };
        if !(Self::FIRST..=Self::LAST).contains(&seconds) {
            return Self::from_unix(seconds);
        }
        Self { seconds, nanos }
    }
}

impl FromStr for Time {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        Reader(text.as_bytes()).time().ok_or_else(|| InvalidTime {
            time: text.to_owned(),
        })
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = EPOCH.saturating_add(SignedDuration::from_secs(self.seconds));
        write!(f, "{:04}-{:02}-{:02}", t.year(), t.month(), t.day())?;
        write!(f, "T{:02}:{:02}:{:02}", t.hour(), t.minute(), t.second())?;
        if self.nanos != 0 {
            let fraction = format!("{:09}", self.nanos);
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

/// What is left of the text.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn time(&mut self) -> Option<Time> {
        let year = i16::try_from(self.number(4)?).ok()?;
        self.expect(b'-')?;
        let month = self.two_digits()?;
        self.expect(b'-')?;
        let day = self.two_digits()?;
        self.expect(b'T')?;
        let hour = match self.0 {
            [b'0'..=b'9', b':', ..] => i8::try_from(self.number(1)?).ok()?,
            _ => self.two_digits()?,
        };
        self.expect(b':')?;
        let minute = self.two_digits()?;
        self.expect(b':')?;
        let second = self.two_digits()?;
        let nanos = self.fraction();
        let offset = self.offset()?;
        if !self.0.is_empty() {
            return None;
        }
        let local = Time::from_civil(year, month, day, hour, minute, second)?;
        let seconds = local.seconds - offset;
        (Time::FIRST..=Time::LAST)
            .contains(&seconds)
            .then_some(Time { seconds, nanos })
    }

    fn number(&mut self, digits: usize) -> Option<u32> {
        let (head, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        head.iter().try_fold(0, |number, b| {
            b.is_ascii_digit()
                .then(|| number * 10 + u32::from(b - b'0'))
        })
    }

    fn two_digits(&mut self) -> Option<i8> {
        i8::try_from(self.number(2)?).ok()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(())
    }

    /// Nanoseconds; 0 when no fraction follows. A dot without digits is left for the caller to stumble over.
    fn fraction(&mut self) -> u32 {
        let [b'.' | b',', digits @ ..] = self.0 else {
            return 0;
        };
        let len = digits.iter().take_while(|b| b.is_ascii_digit()).count();
        if len == 0 {
            return 0;
        }
        let (digits, rest) = digits.split_at(len);
        self.0 = rest;
        let padded = digits.iter().copied().chain(std::iter::repeat(b'0'));
        padded
            .take(9)
            .fold(0, |nanos, b| nanos * 10 + u32::from(b - b'0'))
    }

    /// Seconds east of UTC.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.0.split_first()? {
            (b'Z', rest) => {
                self.0 = rest;
                return Some(0);
            }
            (b'+', rest) => {
                self.0 = rest;
                1
            }
            (b'-', rest) => {
                self.0 = rest;
                -1
            }
            _ => return None,
        };
        let hours = self.number(2)?;
        self.expect(b':')?;
        let minutes = self.number(2)?;
        // Both bounds are one beyond the sensible: that is what Go takes.
        (hours <= 24 && minutes <= 60).then(|| sign * i64::from(hours * 60 + minutes) * 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        text.parse::<Time>().ok().map(|t| t.to_string())
    }

    #[test]
    fn accepts() {
        for (text, utc) in [
            ("2006-01-02T15:04:05Z", "2006-01-02T15:04:05Z"),
            ("2006-01-02T15:04:05+07:00", "2006-01-02T08:04:05Z"),
            ("2006-01-02T23:04:05-07:30", "2006-01-03T06:34:05Z"),
            ("2006-01-02T15:04:05.1Z", "2006-01-02T15:04:05.1Z"),
            ("2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05Z"),
            (
                "2006-01-02T15:04:05.1234567899Z",
                "2006-01-02T15:04:05.123456789Z",
            ),
            ("2006-01-02T15:04:05,5Z", "2006-01-02T15:04:05.5Z"),
            ("2006-01-02T5:04:05Z", "2006-01-02T05:04:05Z"),
            ("2006-01-02T15:04:05+24:60", "2006-01-01T14:04:05Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.9Z", "9999-12-31T23:59:59.9Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.5Z"),
            ("2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(utc), "{text}");
        }
    }

    #[test]
    fn refuses() {
        for text in [
            "",
            "null",
            "2006-01-02",
            "2006-01-02T15:04:05",
            "2006-01-02 15:04:05Z",
            "2006-01-02t15:04:05z",
            "2006-13-02T15:04:05Z",
            "2006-00-02T15:04:05Z",
            "2006-02-30T15:04:05Z",
            "1900-02-29T15:04:05Z",
            "2006-01-02T24:04:05Z",
            "2006-01-02T15:60:05Z",
            "2006-01-02T15:04:60Z",
            "2006-01-02T15:04:05.Z",
            "2006-01-02T15:04:05+07",
            "2006-01-02T15:04:05+0700",
            "2006-01-02T15:04:05+25:00",
            "2006-01-02T15:04:05+00:61",
            "2006-01-02T15:04:05Z ",
            "+2006-01-02T15:04:05Z",
            "2006-1-02T15:04:05Z",
            "2006-01-02T15:4:05Z",
            "12006-01-02T15:04:05Z",
            "9999-12-31T23:59:59-00:01",
            "0000-01-01T00:00:00+00:01",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn orders_by_instant() {
        let time = |text: &str| text.parse::<Time>().unwrap();
        assert!(time("2006-01-02T15:04:05.1Z") < time("2006-01-02T15:04:05.2Z"));
        assert!(time("2006-01-02T15:04:05+01:00") < time("2006-01-02T15:04:05Z"));
        assert_eq!(
            time("2006-01-02T15:04:05+01:00"),
            time("2006-01-02T14:04:05Z")
        );
        assert!(time("1969-12-31T23:59:59.5Z") < Time::from_unix(0));
    }

    #[test]
    fn from_the_systems_time() {
        use std::time::Duration;
        let epoch = SystemTime::UNIX_EPOCH;
        for (time, shown) in [
            (epoch, "1970-01-01T00:00:00Z"),
            (
                epoch + Duration::from_millis(1_500),
                "1970-01-01T00:00:01.5Z",
            ),
            (epoch - Duration::from_millis(500), "1969-12-31T23:59:59.5Z"),
            (epoch - Duration::from_secs(1), "1969-12-31T23:59:59Z"),
            (epoch + Duration::from_secs(1 << 40), "9999-12-31T23:59:59Z"),
            (epoch - Duration::from_secs(1 << 40), "0000-01-01T00:00:00Z"),
        ] {
            assert_eq!(Time::from(time).to_string(), shown);
        }
        assert_eq!(Time::from(epoch), Time::UNIX_EPOCH);
    }

    #[test]
    fn seconds_outside_the_calendar_saturate() {
        assert_eq!(
            Time::from_unix(i64::MIN).to_string(),
            "0000-01-01T00:00:00Z"
        );
        assert_eq!(
            Time::from_unix(i64::MAX).to_string(),
            "9999-12-31T23:59:59Z"
        );
        assert_eq!(
            Time::from_unix(1_136_214_245).to_string(),
            "2006-01-02T15:04:05Z"
        );
        assert_eq!(Time::from_unix(1_136_214_245).unix(), 1_136_214_245);
    }
}
