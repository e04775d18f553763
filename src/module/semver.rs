//! Semantic versions as Go writes them: a leading `v`, short forms allowed, numbers of any length.
//!
//! [`super::Version`] is stricter. This file serves it, and the places where Go takes any semantic version: foreign
//! version lists and `retract` lines.

use std::cmp::Ordering;

/// The parts of a semantic version. Numbers stay text: they have no upper bound.
#[derive(Debug, Clone, Copy)]
pub(super) struct Semver<'a> {
    pub(super) minor: &'a str,
    pub(super) patch: &'a str,
    major: &'a str,
    /// Without the dash; empty for a release.
    pub(super) prerelease: &'a str,
    /// With the plus sign; empty when there is none.
    pub(super) build: &'a str,
    /// What a short form leaves out: `.0.0` for `v1`, `.0` for `v1.2`.
    missing: &'static str,
    text: &'a str,
}

/// Whether `text` is a semantic version for Go: `v1.2.3`, with pre-release and build if any, or short as `v1`, `v1.2`.
///
/// Source: `golang.org/x/mod/semver`, `IsValid`.
pub fn is_semver(text: &str) -> bool {
    Semver::parse(text).is_some()
}

/// Compares two texts by the precedence of semantic versions. Text that is no semantic version is lower than any that
/// is; two such texts are equal, and so are versions that differ only in build metadata.
///
/// Source: `golang.org/x/mod/semver`, `Compare`.
pub fn compare_semver(a: &str, b: &str) -> Ordering {
    match (Semver::parse(a), Semver::parse(b)) {
        (Some(a), Some(b)) => a.precedence(&b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

impl<'a> Semver<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (major, rest) = number(text.strip_prefix('v')?)?;
        let short = |minor, missing| Self {
            major,
            minor,
            patch: "0",
            prerelease: "",
            build: "",
            missing,
            text,
        };
        if rest.is_empty() {
            return Some(short("0", ".0.0"));
        }
        let (minor, rest) = number(rest.strip_prefix('.')?)?;
        if rest.is_empty() {
            return Some(short(minor, ".0"));
        }
        let (patch, rest) = number(rest.strip_prefix('.')?)?;
        let (pre, build) = rest.split_at(rest.find('+').unwrap_or(rest.len()));
        let prerelease = match pre.strip_prefix('-') {
            Some(words) => words.split('.').all(is_prerelease_word).then_some(words)?,
            None if pre.is_empty() => "",
            None => return None,
        };
        if let Some(words) = build.strip_prefix('+')
            && !words.split('.').all(is_word)
        {
            return None;
        }
        Some(Self {
            patch,
            prerelease,
            build,
            missing: "",
            ..short(minor, "")
        })
    }

    /// `v` and the major number.
    pub(super) fn major(&self) -> &'a str {
        &self.text[..=self.major.len()]
    }

    /// The one full spelling: three numbers, and no build metadata but `+incompatible`.
    ///
    /// Source: `golang.org/x/mod/module`, `CanonicalVersion`.
    pub(super) fn canonical(&self) -> String {
        let bare = &self.text[..self.text.len() - self.build.len()];
        let kept = match self.build {
            INCOMPATIBLE => INCOMPATIBLE,
            _ => "",
        };
        format!("{bare}{}{kept}", self.missing)
    }

    pub(super) fn is_canonical(&self) -> bool {
        self.missing.is_empty() && (self.build.is_empty() || self.build == INCOMPATIBLE)
    }

    pub(super) fn precedence(&self, other: &Self) -> Ordering {
        compare_numbers(self.major, other.major)
            .then_with(|| compare_numbers(self.minor, other.minor))
            .then_with(|| compare_numbers(self.patch, other.patch))
            .then_with(|| compare_prereleases(self.prerelease, other.prerelease))
    }
}

/// The build metadata that Go keeps: a version from `v2` on of a module without a major version suffix.
pub(super) const INCOMPATIBLE: &str = "+incompatible";

/// Cuts a number without leading zeros off the front.
fn number(text: &str) -> Option<(&str, &str)> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &text[..text.len() - rest.len()];
    let valid = digits == "0" || !(digits.is_empty() || digits.starts_with('0'));
    valid.then_some((digits, rest))
}

fn is_word(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_prerelease_word(word: &str) -> bool {
    is_word(word) && !(is_numeric(word) && word.len() > 1 && word.starts_with('0'))
}

fn is_numeric(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
}

/// Without leading zeros the longer number is the larger one.
fn compare_numbers(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn compare_prereleases(a: &str, b: &str) -> Ordering {
    if a.is_empty() || b.is_empty() {
        // A release is above all its pre-releases.
        return a.is_empty().cmp(&b.is_empty());
    }
    let mut a = a.split('.');
    let mut b = b.split('.');
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) if a.is_none() || b.is_none() => a.is_some().cmp(&b.is_some()),
            (a, b) => compare_words(a.unwrap_or_default(), b.unwrap_or_default()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn compare_words(a: &str, b: &str) -> Ordering {
    match (is_numeric(a), is_numeric(b)) {
        (true, true) => compare_numbers(a, b),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_is_ascending() {
        let ascending = [
            "bad",
            "v0",
            "v0.0.1-alpha",
            "v0.0.1",
            "v1.0.0-0",
            "v1.0.0-9",
            "v1.0.0-10",
            "v1.0.0-99999999999999999999999999",
            "v1.0.0--",
            "v1.0.0-RC",
            "v1.0.0-alpha",
            "v1.0.0-alpha.1",
            "v1.0.0-alpha.beta",
            "v1.0.0-rc-1",
            "v1",
            "v1.0.1",
            "v1.2",
            "v1.10",
            "v9.0.0",
            "v10.0.0",
            "v18446744073709551616.0.0",
            "v18446744073709551617.0.0",
        ];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                assert_eq!(compare_semver(a, b), i.cmp(&j), "{a} and {b}");
            }
        }
    }

    #[test]
    fn build_metadata_has_no_weight() {
        assert_eq!(compare_semver("v1.0.0+a", "v1.0.0+b"), Ordering::Equal);
        assert_eq!(compare_semver("v1", "v1.0.0"), Ordering::Equal);
        assert_eq!(compare_semver("1.0.0", "x"), Ordering::Equal);
    }

    #[test]
    fn canonical_forms() {
        let canonical = |text: &str| Semver::parse(text).map(|v| v.canonical());
        assert_eq!(canonical("v1").as_deref(), Some("v1.0.0"));
        assert_eq!(canonical("v1.2").as_deref(), Some("v1.2.0"));
        assert_eq!(canonical("v1.2.3-a+b.c").as_deref(), Some("v1.2.3-a"));
        assert_eq!(
            canonical("v2.0.0+incompatible").as_deref(),
            Some("v2.0.0+incompatible")
        );
        for bad in [
            "",
            "v",
            "1.0.0",
            "V1.0.0",
            "v01.0.0",
            "v1.00.0",
            "v1.0.0.0",
            "v1.0.0-",
            "v1.0.0-a..b",
            "v1.0.0-01",
            "v1.0.0+",
            "v1.0.0+a..b",
            "v1.0.0-é",
            "v1-a",
            "v1.0+a",
            "v1.",
            "v1.0.",
            "v1.0.0 ",
            "v1.0.0a",
            "v-1",
        ] {
            assert_eq!(canonical(bad), None, "{bad:?}");
        }
        assert!(is_semver("v1.0.0-0a+01"));
    }
}
