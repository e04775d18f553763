//! Commits, and what names them.

use std::path::Path;

use super::command::{Git, line};
use super::error::GitError;
use crate::module::Time;

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its full hash, in hexadecimal.
    pub id: String,
    /// When it was committed: the time that the go command gives a version made from it.
    pub time: Time,
}

/// The commit that a revision names in the repository that `repository` is in: a hash, a tag, a branch, `HEAD`, …
///
/// # Errors
///
/// [`GitError::NoSuchCommit`] if it names none; the others if git cannot be asked.
pub fn commit(repository: &Path, revision: &str) -> Result<Commit, GitError> {
    const ACTION: &str = "find a commit with git";
    let unknown = || GitError::NoSuchCommit(revision.to_owned());
    // SECURITY: a word with a dash in front would be an option. A NUL ends the word, a newline would end the answer.
    if revision.is_empty() || revision.starts_with('-') || revision.contains(['\0', '\n']) {
        return Err(unknown());
    }
    let id = Git::new(repository, ACTION)
        .arguments(["rev-parse", "--verify", "--quiet"])
        .arguments([format!("{revision}^{{commit}}")])
        .answer_if_any()?;
    let id = match id {
        Some(id) => hash(line(id)).ok_or_else(unknown)?,
        None => {
            // Without a repository the revision is not what is wrong.
            super::describe::require_repository(repository)?;
            return Err(unknown());
        }
    };
    let seconds = Git::new(repository, ACTION)
        .arguments(["log", "-1", "--no-decorate", "--format=%ct", &id, "--"])
        .answer()?;
    let seconds = String::from_utf8_lossy(&seconds);
    let seconds = seconds.trim().parse().map_err(|_| GitError::Answer {
        action: ACTION,
        what: format!("{seconds:?} for the time of a commit"),
    })?;
    Ok(Commit {
        id,
        time: Time::from_unix(seconds),
    })
}

/// The answer, if it is a hash.
pub(super) fn hash(answer: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(answer).ok()?;
    let is_hash = matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
    is_hash.then_some(text)
}
