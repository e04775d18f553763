//! Where a directory stands in its repository: what `athens publish` must know before it publishes.

use std::ffi::OsString;
use std::io::{BufRead as _, Read as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::super::litter::is_litter;
use super::super::outcome::shown;
use super::command::{Git, line};
use super::error::GitError;
use super::revision::{Commit, commit, hash};
use super::tracked::is_in_work_tree;
use super::{remote, tags};

/// How many changes are told one by one.
const MAX_CHANGES: usize = 1000;
/// The longest record of a status that is read: a letter or two and a path.
const MAX_RECORD: u64 = 1 << 20;

/// A directory in the work tree of a git repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The top of the work tree, absolute and without symbolic links.
    pub top_level: PathBuf,
    /// The directory below it, with slashes and none at either end; empty for the top itself.
    pub subdirectory: String,
    /// The commit that is checked out; `None` in a repository without commits.
    pub head: Option<Commit>,
    /// The tags of that commit, such as `v1.0.0` or `tools/lint/v0.3.0`, sorted. Of annotated tags, too.
    pub tags: Vec<String>,
    /// Where the directory, or the LICENSE of the repository, differs from that commit: at most 1000 of them. Ignored
    /// files are not told, nor what a desktop or an editor leaves behind, as no zip holds it.
    pub changes: Vec<Change>,
    /// How many more changes there are.
    pub more_changes: usize,
    /// Where the repository comes from: the URL of the remote `origin`, or of the only one there is. A name or a
    /// password in it is taken out.
    pub remote: Option<String>,
}

impl Description {
    /// Whether the work tree holds something else than the commit.
    pub fn is_dirty(&self) -> bool {
        !self.changes.is_empty()
    }
}

/// A path that differs from the commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// From the top of the work tree, a directory with a slash at its end; written as in
    /// [`Omitted::path`](super::super::Omitted::path).
    pub path: String,
    /// Whether git does not know it at all.
    pub is_untracked: bool,
}

/// Asks git about the directory `dir`. `None` if it is in no work tree, which is also the answer without git where no
/// `.git` is in sight.
///
/// What counts as a change is what `git status` shows the user: it is asked with the user's configuration.
///
/// # Errors
///
/// Git failed, or does not trust the directory (`safe.directory`); or the name of the directory is no UTF-8.
pub fn describe(dir: &Path) -> Result<Option<Description>, GitError> {
    if !is_in_work_tree(dir) {
        return Ok(None);
    }
    let ask = |question| -> Result<Vec<u8>, GitError> {
        Git::new(dir, "ask git about the directory")
            .arguments(["rev-parse", question])
            .answer()
            .map(line)
    };
    if ask("--is-inside-work-tree")? != b"true" {
        return Ok(None);
    }
    let top_level = PathBuf::from(OsString::from_vec(ask("--show-toplevel")?));
    let subdirectory = String::from_utf8(ask("--show-prefix")?)
        .map_err(|error| GitError::WrongDirectory(shown(error.as_bytes())))?;
    let subdirectory = subdirectory.trim_end_matches('/').to_owned();
    let head = match head(dir)? {
        Some(id) => Some(commit(dir, &id)?),
        None => None,
    };
    let (changes, more_changes) = changes(dir, &subdirectory)?;
    Ok(Some(Description {
        tags: match &head {
            Some(commit) => tags::tags_of(dir, &commit.id)?,
            None => Vec::new(),
        },
        remote: remote::url(dir)?,
        top_level,
        subdirectory,
        head,
        changes,
        more_changes,
    }))
}

/// Fails as git does if the directory is in no repository that git would read.
pub(super) fn require_repository(dir: &Path) -> Result<(), GitError> {
    let answer = Git::new(dir, "find the git repository")
        .arguments(["rev-parse", "--git-dir"])
        .answer();
    match answer {
        Ok(_) => Ok(()),
        Err(GitError::Failed { .. }) if !is_in_work_tree(dir) => {
            Err(GitError::NoRepository(dir.to_owned()))
        }
        Err(error) => Err(error),
    }
}

fn head(dir: &Path) -> Result<Option<String>, GitError> {
    let id = Git::new(dir, "ask git for the commit that is checked out")
        .arguments(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
        .answer_if_any()?;
    Ok(id.and_then(|id| hash(line(id))))
}

fn changes(dir: &Path, subdirectory: &str) -> Result<(Vec<Change>, usize), GitError> {
    const ACTION: &str = "ask git what has changed";
    // A path from the directory to the top, where the LICENSE of the repository lies.
    let license = format!("{}LICENSE", "../".repeat(subdirectory.split('/').count()));
    let license = (!subdirectory.is_empty()).then_some(license);
    let mut output = Git::new(dir, ACTION)
        .arguments(["status", "--porcelain=v1", "-z", "--no-renames"])
        .arguments(["--untracked-files=normal", "--ignore-submodules=none"])
        .arguments(["--", "."])
        .arguments(license)
        .start()?;
    let mut changes = Vec::new();
    let mut more = 0;
    loop {
        let mut record = Vec::new();
        output
            .by_ref()
            .take(MAX_RECORD)
            .read_until(0, &mut record)
            .map_err(|source| GitError::Run {
                action: ACTION,
                source,
            })?;
        if record.pop().is_none() {
            break;
        }
        let Some(change) = change(&record) else {
            return Err(GitError::Answer {
                action: ACTION,
                what: shown(&record),
            });
        };
        let name = Path::new(&change.path).file_name().unwrap_or_default();
        let is_file = !change.path.ends_with('/');
        if change.is_untracked && is_file && is_litter(name.as_bytes()) {
            continue;
        }
        if changes.len() < MAX_CHANGES {
            changes.push(change);
        } else {
            more += 1;
        }
    }
    output.finish()?;
    changes.sort();
    Ok((changes, more))
}

/// Reads `XY <path>`.
fn change(record: &[u8]) -> Option<Change> {
    let [_, _, b' ', path @ ..] = record else {
        return None;
    };
    (!path.is_empty()).then(|| Change {
        path: shown(path),
        is_untracked: record.starts_with(b"??"),
    })
}
