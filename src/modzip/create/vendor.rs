//! Which files of `vendor` directories a module zip leaves out.

use super::error::WrongGoMod;
use crate::module::{GoMod, GoModFault};

/// The rule for `vendor` directories. Go 1.24 corrected it, for modules that ask for Go 1.24 or later, so that the sums
/// of older modules stay what they were.
///
/// Source: `golang.org/x/mod/zip`, `isVendoredPackage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VendorRule {
    /// `vendor/modules.txt` stays; in a nested `vendor` directory, files that lie directly in it are left out too.
    UpTo123,
    /// `vendor/modules.txt` goes; files directly in any `vendor` directory stay.
    Since124,
}

impl VendorRule {
    /// The rule that the content of a go.mod chooses. One that can not be read chooses the older rule, as in Go.
    ///
    /// # Errors
    ///
    /// A go.mod that is too long to be read, though the go command might.
    pub(super) fn of_go_mod(content: &[u8]) -> Result<Self, WrongGoMod> {
        match GoMod::parse(content) {
            Ok(file) => Ok(Self::for_go_version(file.go_version())),
            Err(error) if matches!(error.kind, GoModFault::TooLong(_)) => {
                Err(WrongGoMod::TooLarge(GoMod::MAX_LEN))
            }
            Err(_) => Ok(Self::UpTo123),
        }
    }

    /// The rule for the version of a `go` line as written.
    fn for_go_version(version: Option<&str>) -> Self {
        match version.and_then(language) {
            Some((major, minor)) if (major, minor) >= (1, 24) => Self::Since124,
            _ => Self::UpTo123,
        }
    }

    /// Whether the file is left out: it is part of a package whose import path holds `vendor` and does not end in it.
    /// Of a directory: whether all that is below it is left out.
    pub(super) fn omits(self, path: &[u8]) -> bool {
        if self == Self::Since124 && path == b"vendor/modules.txt" {
            return true;
        }
        let package = if let Some(below) = path.strip_prefix(b"vendor/") {
            below
        } else if let Some(at) = find(path, b"/vendor/") {
            match self {
                Self::Since124 => &path[at + b"/vendor/".len()..],
                // The mistake of the older rule: it skips so many bytes of the whole path.
                Self::UpTo123 => &path[b"/vendor/".len()..],
            }
        } else {
            return false;
        };
        package.contains(&b'/')
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// The first two numbers of a Go version: `1.24`, `1.24.3` or `1.24rc1`; `None` for what is no version. Numbers too
/// large for a computer count as the largest.
fn language(version: &str) -> Option<(u32, u32)> {
    let (major, rest) = number(version)?;
    let Some(rest) = rest.strip_prefix('.') else {
        return rest.is_empty().then_some((major, 0));
    };
    let (minor, rest) = number(rest)?;
    let valid = match rest.strip_prefix('.') {
        // A pre-release of a patch release is no Go version.
        Some(patch) => matches!(number(patch), Some((_, ""))),
        None => is_prerelease(rest),
    };
    valid.then_some((major, minor))
}

fn is_prerelease(tail: &str) -> bool {
    let digits = tail.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let bare = digits.len() == tail.len();
    tail.is_empty() || (!bare && (digits.is_empty() || matches!(number(digits), Some((_, "")))))
}

/// Cuts a number without leading zeros off the front.
fn number(text: &str) -> Option<(u32, &str)> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &text[..text.len() - rest.len()];
    if digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    Some((digits.parse().unwrap_or(u32::MAX), rest))
}

#[cfg(test)]
mod tests {
    use super::VendorRule::{Since124, UpTo123};
    use super::*;

    #[test]
    fn the_go_line_chooses() {
        for (version, rule) in [
            (None, UpTo123),
            (Some(""), UpTo123),
            (Some("1"), UpTo123),
            (Some("1.9"), UpTo123),
            (Some("1.23.99"), UpTo123),
            (Some("1.24"), Since124),
            (Some("1.24rc1"), Since124),
            (Some("1.24.0"), Since124),
            (Some("1.100"), Since124),
            (Some("2.0"), Since124),
            (Some("1.99999999999999999999"), Since124),
            // What Go cannot read has no rule of its own.
            (Some("1.24.1rc1"), UpTo123),
            (Some("1.024"), UpTo123),
            (Some("1.24-x"), UpTo123),
        ] {
            assert_eq!(VendorRule::for_go_version(version), rule, "{version:?}");
        }
    }

    #[test]
    fn what_is_left_out() {
        for (path, up_to_123, since_124) in [
            ("vendor/modules.txt", false, true),
            ("vendor/x.go", false, false),
            ("vendor/a/x.go", true, true),
            ("vendor/a/b/x.go", true, true),
            ("a/vendor/x.go", true, false),
            ("a/vendor/modules.txt", true, false),
            ("a/vendor/b/x.go", true, true),
            ("vendor", false, false),
            ("vendored/a/x.go", false, false),
            ("a/vendor", false, false),
            ("avendor/b/x.go", false, false),
            // The old rule counts eight bytes from the start, wherever `vendor` is.
            ("abcdefghi/vendor/x.go", true, false),
        ] {
            assert_eq!(UpTo123.omits(path.as_bytes()), up_to_123, "{path}");
            assert_eq!(Since124.omits(path.as_bytes()), since_124, "{path}");
        }
    }
}
