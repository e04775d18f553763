//! Pseudo-versions: names for commits without a tag.
//!
//! Three shapes (Go Modules Reference, "Pseudo-versions"), each ending in a UTC time of 14 digits and a commit:
//! `vX.0.0-<time>-<commit>` with no tag before it, `vX.Y.Z-0.<time>-<commit>` after a release and
//! `vX.Y.Z-pre.0.<time>-<commit>` after a pre-release.

use super::semver::Semver;
use super::time::Time;
use std::ops::Range;

/// The length of `yyyymmddhhmmss`.
const TIME_LEN: usize = 14;

/// The 14 digits of a pseudo-version, or `None` for any other version.
pub(super) fn timestamp<'a>(version: &Semver<'a>) -> Option<&'a str> {
    let (head, commit) = version.prerelease.rsplit_once('-')?;
    if commit.is_empty() || !commit.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let (base, time) = head.split_at_checked(head.len().checked_sub(TIME_LEN)?)?;
    if !time.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let valid = match base {
        "" => version.minor == "0" && version.patch == "0",
        _ => base == "0." || base.ends_with(".0."),
    };
    valid.then_some(time)
}

/// The time that the digits of [`timestamp`] mean, if they mean one: month 13 is a valid pseudo-version all the same.
pub(super) fn time(version: &Semver<'_>) -> Option<Time> {
    let digits = timestamp(version)?;
    let number = |range: Range<usize>| digits.get(range)?.parse::<i16>().ok();
    let small = |range: Range<usize>| i8::try_from(number(range)?).ok();
    Time::from_civil(
        number(0..4)?,
        small(4..6)?,
        small(6..8)?,
        small(8..10)?,
        small(10..12)?,
        small(12..14)?,
    )
}
