//! Which versions of a module a rule is about.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::module::{Version, compare_semver, is_semver};

/// A set of versions: all, one, or those between bounds.
///
/// Bounds are separated by blanks and all have to hold: `>=v1.2.0 <v1.4.0`. A version without a sign is itself only.
/// Bounds compare by the precedence of semantic versions, so a pre-release lies before its release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionRange(Vec<Bound>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    sign: Sign,
    version: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The longer signs first, for each is read as far as it goes.
const SIGNS: [(&str, Sign); 5] = [
    ("<=", Sign::LessOrEqual),
    (">=", Sign::GreaterOrEqual),
    ("<", Sign::Less),
    (">", Sign::Greater),
    ("", Sign::Equal),
];

/// A text that is no [`VersionRange`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version or a bound such as `v1.2.3`, `<v1.4.0` or `>=v1.2.0`")]
pub struct InvalidVersionRange(String);

impl VersionRange {
    /// Whether it is about every version, having no bounds.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is about this version.
    #[must_use]
    pub fn contains(&self, version: &Version) -> bool {
        self.0.iter().all(|bound| bound.holds(version.as_str()))
    }
}

impl Bound {
    fn holds(&self, version: &str) -> bool {
        let order = compare_semver(version, &self.version);
        match self.sign {
            // `v2.0.0` and `v2.0.0+incompatible` never belong to one module.
            Sign::Equal => order == Ordering::Equal,
            Sign::Less => order == Ordering::Less,
            Sign::LessOrEqual => order != Ordering::Greater,
            Sign::Greater => order == Ordering::Greater,
            Sign::GreaterOrEqual => order != Ordering::Less,
        }
    }
}

impl FromStr for VersionRange {
    type Err = InvalidVersionRange;

    fn from_str(text: &str) -> Result<Self, InvalidVersionRange> {
        let bounds: Vec<Bound> = text
            .split_whitespace()
            .map(|word| {
                SIGNS
                    .iter()
                    .find_map(|(sign, meaning)| Some((word.strip_prefix(sign)?, *meaning)))
                    .filter(|(version, _)| is_semver(version))
                    .map(|(version, sign)| Bound {
                        sign,
                        version: version.to_owned(),
                    })
                    .ok_or_else(|| InvalidVersionRange(word.to_owned()))
            })
            .collect::<Result<_, _>>()?;
        if bounds.is_empty() {
            return Err(InvalidVersionRange(text.to_owned()));
        }
        Ok(Self(bounds))
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, bound) in self.0.iter().enumerate() {
            let space = if number == 0 { "" } else { " " };
            let sign = SIGNS
                .iter()
                .find(|(_, meaning)| *meaning == bound.sign)
                .map_or("", |(sign, _)| sign);
            write!(f, "{space}{sign}{}", bound.version)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contains() {
        for (range, inside, outside) in [
            (
                "v1.2.3",
                &["v1.2.3"][..],
                &["v1.2.4", "v1.2.3-rc.1", "v1.2.30"][..],
            ),
            ("<v1.2.0", &["v1.1.9", "v1.2.0-rc.1"], &["v1.2.0"]),
            ("<=v1.2.0", &["v1.2.0"], &["v1.2.1"]),
            (">v1", &["v1.0.1"], &["v1.0.0", "v0.9.0"]),
            (
                ">=v1.2.0 <v1.4",
                &["v1.2.0", "v1.3.9", "v1.4.0-rc.1"],
                &["v1.1.9", "v1.4.0", "v1.2.0-rc.1"],
            ),
            ("v2.0.0", &["v2.0.0+incompatible"], &[]),
        ] {
            let parsed: VersionRange = range.parse().unwrap();
            assert_eq!(parsed.to_string(), range);
            assert!(!parsed.is_all());
            for version in inside {
                assert!(
                    parsed.contains(&version.parse().unwrap()),
                    "{range} {version}"
                );
            }
            for version in outside {
                assert!(
                    !parsed.contains(&version.parse().unwrap()),
                    "{range} {version}"
                );
            }
        }
        assert!(VersionRange::default().contains(&"v1.0.0".parse().unwrap()));
    }

    #[test]
    fn refuses() {
        for text in [
            "",
            " ",
            "1.2.3",
            "main",
            "<",
            "=v1.0.0",
            "< v1.0.0",
            "v1.0.0,v2",
        ] {
            assert!(text.parse::<VersionRange>().is_err(), "{text:?}");
        }
    }
}
