//! The go command itself.

use super::super::facts::GoFacts;
use super::super::finding::Finding;

/// The oldest go command that reads GONOSUMDB and GOPRIVATE.
const OLDEST: u32 = 13;

pub(super) fn check(go: &GoFacts) -> Finding {
    match go {
        GoFacts::Missing => Finding::error(
            "go",
            "there is no go command in PATH, so nothing of its settings is known",
        )
        .mend("export PATH=$PATH:/usr/local/go/bin"),
        GoFacts::Silent(why) => Finding::error(
            "go",
            format!("the go command does not say how it is set: {why}"),
        )
        .mend("go env"),
        GoFacts::Found { version, .. } => match minor(version) {
            Some(minor) if minor < OLDEST => Finding::error(
                "go",
                format!(
                    "{version} is older than go1.{OLDEST}: it knows no GONOSUMDB, so that no private module gets past the checksum database"
                ),
            ),
            _ => Finding::ok("go", format!("the go command is {version}")),
        },
    }
}

/// The second number of a version such as `go1.26.1`.
pub(super) fn minor(version: &str) -> Option<u32> {
    let digits = version.strip_prefix("go1.")?;
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    digits[..end].parse().ok()
}
