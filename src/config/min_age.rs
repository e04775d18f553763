//! How old a version of others must be, as an operator writes it.

use std::str::FromStr;
use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

use super::units::FromText;
use crate::proxy::MinAge;

/// `TIME` or `PATTERNS=TIME`: `7d`, or `golang.org/*=0`. A day has 24 hours, a week seven days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinAgeText(pub MinAge);

impl FromStr for MinAgeText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (modules, age) = match text.rsplit_once('=') {
            Some((patterns, age)) => {
                let patterns = patterns
                    .trim()
                    .parse()
                    .map_err(|error| format!("{error}"))?;
                (Some(patterns), age.trim())
            }
            None => (None, text.trim()),
        };
        let age = if age == "0" {
            Duration::ZERO
        } else {
            parse_age(age).ok_or_else(|| {
                format!(
                    "`{age}` is not an age; write a number with a unit, such as `12h`, `7d` or `2w`"
                )
            })?
        };
        Ok(Self(MinAge { modules, age }))
    }
}

pub(super) fn parse_age(text: &str) -> Option<Duration> {
    let span: Span = text.parse().ok()?;
    let span = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(span).ok()
}

impl FromText for MinAgeText {
    const EXPECTED: &'static str =
        "an age such as \"7d\" or \"example.com/*=7d\", or a list of them";

    fn from_integer(number: i64) -> Option<Self> {
        (number == 0).then_some(Self(MinAge {
            modules: None,
            age: Duration::ZERO,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        let age = |text: &str| text.parse::<MinAgeText>().unwrap().0;
        assert_eq!(age("7d").age, Duration::from_secs(7 * 86_400));
        assert_eq!(age("2w").age, Duration::from_secs(14 * 86_400));
        assert_eq!(age("0").age, Duration::ZERO);
        let some = age("example.com/*,example.org=12h");
        assert_eq!(some.age, Duration::from_secs(12 * 3600));
        assert_eq!(
            some.modules.unwrap().to_string(),
            "example.com/*,example.org"
        );
        for text in ["", "7", "1 month", "1mo", "-3d", "a.b/[=7d", "a.b="] {
            assert!(text.parse::<MinAgeText>().is_err(), "{text:?}");
        }
    }
}
