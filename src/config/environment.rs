//! The two questions that are asked of the environment besides clap's own reading of `ATHENS_…`.

use std::ffi::OsStr;

/// Whether a variable is set to nothing.
///
/// Container files and unit files have no way to unset a variable, only to leave it empty: an empty one counts as
/// not set, for every `ATHENS_…` variable.
#[must_use]
pub fn is_blank(variable: &OsStr) -> bool {
    std::env::var_os(variable).is_some_and(|value| value.is_empty())
}

/// Whether the person wants no colours: `NO_COLOR` is set and not empty.
#[must_use]
pub fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}
