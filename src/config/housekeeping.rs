//! What the folder is kept within, as an operator writes it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::min_age::parse_age;
use super::serve::{ConfigError, at_least};
use super::units::{ByteSize, FromText};
use super::{ServeSettings, TimeSpan};
use crate::housekeeping::{Limits, MinFree};

/// Below this a size is a slip of the pen: nothing would ever stay.
const LEAST_SIZE: ByteSize = ByteSize(1 << 20);
const LEAST_AGE: TimeSpan = TimeSpan(Duration::from_secs(1));

/// How long something may go unused: `12h`, `90d` or `2w`. A day has 24 hours, a week seven days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age(pub Duration);

impl FromStr for Age {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "0" => Ok(Self(Duration::ZERO)),
            age => parse_age(age).map(Self).ok_or_else(|| {
                format!(
                    "`{age}` is not an age; write a number with a unit, such as `12h`, `90d` or `2w`"
                )
            }),
        }
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        TimeSpan(self.0).fmt(f)
    }
}

impl FromText for Age {
    const EXPECTED: &'static str = "an age such as \"90d\"";

    fn from_integer(number: i64) -> Option<Self> {
        (number == 0).then_some(Self(Duration::ZERO))
    }
}

/// What was meant by the settings of housekeeping.
pub(super) fn resolve(settings: &ServeSettings) -> Result<(Limits, MinFree), ConfigError> {
    if let Some(size) = &settings.max_size {
        at_least("max-size", size, &LEAST_SIZE)?;
    }
    if let Some(age) = &settings.max_age {
        at_least("max-age", &TimeSpan(age.0), &LEAST_AGE)?;
    }
    let limits = Limits {
        max_size: settings.max_size.map(|size| size.0),
        max_age: settings.max_age.map(|age| age.0),
    };
    let min_free = settings
        .min_free
        .map_or(MinFree::Usual, |size| MinFree::Bytes(size.0));
    Ok((limits, min_free))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_their_limits() {
        let settings = |size, age: Option<&str>| ServeSettings {
            max_size: size,
            max_age: age.map(|age| age.parse().unwrap()),
            ..ServeSettings::default()
        };
        let (limits, min_free) = resolve(&settings(None, None)).unwrap();
        assert_eq!((limits.is_any(), min_free), (false, MinFree::Usual));
        let (limits, _) = resolve(&settings(Some(LEAST_SIZE), Some("90d"))).unwrap();
        assert_eq!(limits.max_size, Some(1 << 20));
        assert_eq!(limits.max_age, Some(Duration::from_secs(90 * 86_400)));
        assert!(resolve(&settings(Some(ByteSize(0)), None)).is_err());
        assert!(resolve(&settings(None, Some("0"))).is_err());
        for text in ["90", "-1d", "1mo", "", "never"] {
            assert!(text.parse::<Age>().is_err(), "{text:?}");
        }
    }
}
