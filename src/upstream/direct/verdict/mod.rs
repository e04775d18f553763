//! What the words of the go command mean. It has no other way to say why it gave nothing, so this is the one place that
//! looks at text.
//!
//! # What is surely absent
//!
//! Whoever is told that a module is not there goes on and asks the next proxy for it, and so names it to somebody else
//! (`go help goproxy`). So only two things are absence: a repository that answered and lacks the version or the go.mod, and
//! a path at which no go command could ever find one. The message must begin so: what follows may hold words that whoever
//! asked has chosen.
//!
//! Hosts answer alike for a repository that does not exist and for one that we may not see (`could not read Username`,
//! `repository not found`). For a private module whose login has expired the first would be a lie with consequences, for a
//! module that was misspelt the second is only unhelpful: so it is a refusal, and the sentence says both.

use super::failure::{Failure, FailureKind};
use crate::module::ModulePath;

use FailureKind::{NotFound, Refused, TimedOut, TooLarge};

/// How a message begins that says what is surely absent.
const ABSENT: [&str; 10] = [
    "unknown revision ",
    "no matching versions for query ",
    // It names a commit, but not as a canonical version of the module: nobody has such a version.
    "invalid pseudo-version: ",
    "invalid module version ",
    "resolves to version ",
    // Words and wildcards that have a meaning within a project only, and so none for anybody who asks a server.
    "cannot match ",
    "malformed module path ",
    // Hosts of which the go command knows what repositories they can have.
    "invalid github.com import path ",
    "invalid version control suffix in ",
    "no modules on ",
];

/// What is within a message whose kind is known by it, and the kind; the first that is there counts.
const WITHIN: [(&str, FailureKind); 26] = [
    ("GOVCS disallows using ", Refused),
    ("could not read Username", Refused),
    ("could not read Password", Refused),
    ("Authentication failed", Refused),
    ("Permission denied", Refused),
    ("Host key verification failed", Refused),
    ("The requested URL returned error: 401", Refused),
    ("The requested URL returned error: 403", Refused),
    ("401 Unauthorized", Refused),
    ("403 Forbidden", Refused),
    ("' not allowed", Refused),
    ("Repository not found", Refused),
    ("' not found", Refused),
    ("does not appear to be a git repository", Refused),
    ("i/o timeout", TimedOut),
    ("timed out", TimedOut),
    ("Timeout exceeded", TimedOut),
    ("deadline exceeded", TimedOut),
    ("handshake timeout", TimedOut),
    ("signal: file size limit exceeded", TooLarge),
    ("died of signal 25", TooLarge),
    ("File too large", TooLarge),
    ("file too large", TooLarge),
    ("too large (max size is", TooLarge),
    ("out of memory", TooLarge),
    ("annot allocate memory", TooLarge),
];

/// What a message of the go command about a module says. `shown` is what may be shown of it.
pub(super) fn verdict(message: &str, path: &ModulePath, shown: &str) -> Failure {
    let statement = statement(message, path);
    Failure::new(kind(statement), shown)
}

/// The message without the words before it that say what it is about.
fn statement<'a>(message: &'a str, path: &ModulePath) -> &'a str {
    let message = message.trim_start();
    let message = message.strip_prefix("go: ").unwrap_or(message);
    let about = message.strip_prefix("module ").unwrap_or(message);
    let statement = about
        .strip_prefix(path.as_str())
        // Neither a path nor a version holds a colon.
        .and_then(|rest| match rest.starts_with([':', '@']) {
            true => rest.split_once(": "),
            false => None,
        })
        .map_or(message, |(_, statement)| statement);
    statement
        .strip_prefix("invalid version: ")
        .unwrap_or(statement)
}

fn kind(statement: &str) -> FailureKind {
    let is_absent = ABSENT.iter().any(|start| statement.starts_with(start))
        || is_about_go_mod(statement)
        || is_absent_at_host(statement);
    if is_absent {
        return NotFound;
    }
    WITHIN
        .iter()
        .find(|(words, _)| statement.contains(words))
        .map_or(FailureKind::Failed, |(_, kind)| *kind)
}

/// The commit has no such module: `missing a.b/m/sub/go.mod at revision v1.0.0`, `a.b/m/go.mod has post-v1 module path
/// "a.b/m/v2" at revision v1.0.0`.
fn is_about_go_mod(statement: &str) -> bool {
    let Some((first, rest)) = statement.split_once(' ') else {
        return false;
    };
    let is_other = [
        "is missing module path",
        "has post-",
        "has non-",
        "has malformed module path",
    ];
    match first {
        "missing" => rest.contains("/go.mod at revision "),
        "repository" => rest.contains(" cannot contain module "),
        file => file.ends_with("go.mod") && is_other.iter().any(|words| rest.starts_with(words)),
    }
}

/// The host of a path was asked where its repositories are, and knows nothing of this one. That it answers something else
/// than it should, such as a page to log in, is no absence.
fn is_absent_at_host(statement: &str) -> bool {
    let Some(rest) = statement.strip_prefix("unrecognized import path \"") else {
        return false;
    };
    let Some((_, reason)) = rest.split_once("\": ") else {
        return false;
    };
    let Some((_, status)) = reason
        .strip_prefix("reading https://")
        .and_then(|reason| reason.split_once("?go-get=1: "))
    else {
        return false;
    };
    ["404 ", "410 "].iter().any(|code| status.starts_with(code))
}

#[cfg(test)]
mod tests;
