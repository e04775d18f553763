//! Which files of a directory git tracks.

use std::collections::HashSet;
use std::io::{BufRead as _, Read as _};
use std::path::Path;

use super::command::Git;
use super::error::GitError;

/// No path in an index is longer.
const MAX_PATH: u64 = 1 << 20;

/// Those of `paths`, given from `dir`, that the repository around `dir` tracks. Git is asked only if there are some and
/// there is a repository.
pub(in super::super) fn tracked<'a>(
    dir: &Path,
    paths: impl IntoIterator<Item = &'a [u8]>,
) -> Result<HashSet<Vec<u8>>, GitError> {
    const ACTION: &str = "ask git which files it tracks";
    let paths: HashSet<&[u8]> = paths.into_iter().collect();
    let mut tracked = HashSet::new();
    if paths.is_empty() || !is_in_work_tree(dir) {
        return Ok(tracked);
    }
    let mut output = Git::new(dir, ACTION)
        .arguments(["ls-files", "-z", "--cached"])
        .start()?;
    loop {
        let mut path = Vec::new();
        output
            .by_ref()
            .take(MAX_PATH)
            .read_until(0, &mut path)
            .map_err(|source| GitError::Run {
                action: ACTION,
                source,
            })?;
        if path.pop().is_none() {
            output.finish()?;
            return Ok(tracked);
        }
        if paths.contains(path.as_slice()) {
            tracked.insert(path);
        }
    }
}

/// Whether there is a repository's `.git` in the directory or above it: with one, a failure of git is not silently a
/// "no".
pub(super) fn is_in_work_tree(dir: &Path) -> bool {
    // Through links: git looks above where the directory really is.
    let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    dir.ancestors().any(|ancestor| {
        let git = ancestor.join(".git");
        // A linked work tree has a file there. A folder without a HEAD is passed by, as git does.
        git.is_file() || git.join("HEAD").symlink_metadata().is_ok()
    })
}
