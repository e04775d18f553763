//! What can go wrong with git.

use std::io;
use std::path::PathBuf;

/// Git could not be asked, or did not answer as it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// There is no `git` on the `PATH`.
    #[error("git is not installed: cannot {action}")]
    NotInstalled {
        /// What it was needed for.
        action: &'static str,
    },
    /// Git could not be started, or its output not be read.
    #[error("cannot {action}: running git: {source}")]
    Run {
        /// What it was needed for.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Git ended with an error.
    #[error("cannot {action}: {message}")]
    Failed {
        /// What it was asked for.
        action: &'static str,
        /// What it said, or how it ended if it said nothing.
        message: String,
    },
    /// Git said something that is not what it was asked for.
    #[error("cannot {action}: git gave an answer that athens does not understand: {what}")]
    Answer {
        /// What it was asked for.
        action: &'static str,
        /// What is strange about it.
        what: String,
    },
    /// The directory is in no git repository.
    #[error("{} is in no git repository", .0.display())]
    NoRepository(PathBuf),
    /// The repository has no such commit.
    #[error("the git repository has no commit {0:?}")]
    NoSuchCommit(String),
    /// The commit has no such directory.
    #[error("there is no directory {directory:?} in the commit {commit}")]
    NoSuchDirectory {
        /// The directory, from the root of the repository.
        directory: String,
        /// The commit.
        commit: String,
    },
    /// The text is no path of a directory below the root of a repository.
    #[error(
        "{0:?} is no directory of a repository: write it as in git, like tools/lint, without dots and slashes around it"
    )]
    WrongDirectory(String),
}
