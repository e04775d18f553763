//! How often a client may ask, as an operator writes it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The most of either number.
const MOST: u32 = 1_000_000;

/// So many requests a second, and so many at once after a rest: `50/s`, or `50/s:500`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RateLimit {
    per_second: u32,
    burst: u32,
}

/// No rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a rate such as `50/s`, or `50/s:500` with what may come at once; both from 1 to {MOST}"
)]
pub struct InvalidRateLimit(String);

impl RateLimit {
    /// From one request to the next, in the long run.
    pub(super) fn interval(self) -> Duration {
        Duration::from_secs(1) / self.per_second
    }

    /// How far somebody may be ahead of that.
    pub(super) fn tolerance(self) -> Duration {
        self.interval() * self.burst
    }
}

impl FromStr for RateLimit {
    type Err = InvalidRateLimit;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |text: &str| {
            let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
            let number = text.parse().ok().filter(|_| is_plain);
            number.filter(|number| (1..=MOST).contains(number))
        };
        let read = || {
            let (rate, burst) = match text.trim().split_once(':') {
                Some((rate, burst)) => (rate, Some(burst)),
                None => (text.trim(), None),
            };
            let per_second = number(rate.strip_suffix("/s")?)?;
            let burst = match burst {
                Some(burst) => number(burst)?,
                None => per_second,
            };
            Some(Self { per_second, burst })
        };
        read().ok_or_else(|| InvalidRateLimit(text.to_owned()))
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s:{}", self.per_second, self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates() {
        for (text, shown) in [
            ("50/s", "50/s:50"),
            ("50/s:500", "50/s:500"),
            (" 1/s:1 ", "1/s:1"),
            ("1000000/s:1000000", "1000000/s:1000000"),
        ] {
            let rate: RateLimit = text.parse().unwrap();
            assert_eq!(rate.to_string(), shown);
            assert!(rate.interval() > Duration::ZERO);
        }
        for text in [
            "",
            "50",
            "0/s",
            "50/s:0",
            "50/s:",
            "50/m",
            "/s",
            "+1/s",
            "-1/s",
            "1.5/s",
            "1000001/s",
            "1/s:1000001",
            "1/s:1:1",
            "99999999999/s",
        ] {
            assert!(text.parse::<RateLimit>().is_err(), "{text:?}");
        }
    }
}
