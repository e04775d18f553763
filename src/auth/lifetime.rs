//! How long a token is good.

use std::str::FromStr;

use jiff::{Span, SpanRelativeTo};

use crate::module::Time;

/// How long a new token is good: `never` ends, or a length of time such as `12h`, `90d`, `2w` or `1d12h`.
///
/// A day has 24 hours, a week seven days. Months and years are refused: nobody can say how long they are. The shortest
/// is a second.
///
/// ```
/// use athens::auth::Lifetime;
/// use athens::module::Time;
///
/// let now: Time = "2026-01-02T15:04:05Z".parse()?;
/// let lifetime: Lifetime = "90d".parse()?;
/// assert_eq!(lifetime.expiry(now).unwrap().to_string(), "2026-04-02T15:04:05Z");
/// assert_eq!("never".parse::<Lifetime>()?.expiry(now), None);
/// assert!("90".parse::<Lifetime>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Until it is revoked.
    Unlimited,
    /// This many seconds; at least one.
    Seconds(i64),
}

/// A text that is no [`Lifetime`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not how long a token can be good: write `never`, or a number with a unit such as `12h`, `90d` or `2w`"
)]
pub struct InvalidLifetime(String);

impl Lifetime {
    /// When a token made at `now` is no longer good; `None` for never. To the second; the year 9999 at the latest.
    #[must_use]
    pub fn expiry(self, now: Time) -> Option<Time> {
        match self {
            Self::Unlimited => None,
            Self::Seconds(seconds) => Some(Time::from_unix(now.unix().saturating_add(seconds))),
        }
    }
}

impl FromStr for Lifetime {
    type Err = InvalidLifetime;

    fn from_str(text: &str) -> Result<Self, InvalidLifetime> {
        if text == "never" {
            return Ok(Self::Unlimited);
        }
        text.parse::<Span>()
            .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
            .ok()
            .map(|duration| duration.as_secs())
            .filter(|seconds| *seconds > 0)
            .map(Self::Seconds)
            .ok_or_else(|| InvalidLifetime(text.chars().take(100).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes() {
        for (text, seconds) in [
            ("1s", 1),
            ("15m", 900),
            ("12h", 43_200),
            ("90d", 7_776_000),
            ("90 days", 7_776_000),
            ("2w", 1_209_600),
            ("1d12h", 129_600),
        ] {
            assert_eq!(text.parse(), Ok(Lifetime::Seconds(seconds)), "{text}");
        }
        assert_eq!("never".parse(), Ok(Lifetime::Unlimited));
        for text in [
            "",
            "0",
            "0s",
            "500ms",
            "90",
            "-1d",
            "1d ago",
            "1mo",
            "1y",
            "Never",
            "soon",
            "99999999999999999999d",
        ] {
            assert!(text.parse::<Lifetime>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn ends_with_the_calendar() {
        let far = Lifetime::Seconds(i64::MAX)
            .expiry(Time::from_unix(1))
            .unwrap();
        assert_eq!(far.to_string(), "9999-12-31T23:59:59Z");
    }
}
