//! Module zips made from directories and from git, against the go command and `golang.org/x/mod`.

/// The same bytes, whatever the circumstances.
mod bytes;
/// What git is asked besides.
mod described;
/// Trees of all kinds, from a directory: what x/mod makes of them.
mod directories;
/// Names of all kinds, from a git tree: what x/mod makes of them.
mod names;
/// Versions that everybody has, packed again.
mod public;
/// Repositories of all kinds: what the go command makes of them.
mod repositories;

mod cases;
mod oracle;

use std::path::{Path, PathBuf};

use athens::module::ModuleVersion;
use athens::modzip::{CreateError, Created, create_from_directory, create_from_git};

/// Makes a zip from a directory and leaves it at `zip`.
fn from_directory(dir: &Path, version: &ModuleVersion, zip: &Path) -> Result<Created, CreateError> {
    create_from_directory(dir, version, std::fs::File::create(zip).unwrap())
}

/// Makes a zip from a commit and leaves it at `zip`.
fn from_git(
    repository: &Path,
    revision: &str,
    subdirectory: &str,
    version: &ModuleVersion,
    zip: &Path,
) -> Result<Created, CreateError> {
    let out = std::fs::File::create(zip).unwrap();
    create_from_git(repository, revision, subdirectory, version, out)
}

/// A file below a directory, whose parents come into being.
fn write(root: &Path, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content).unwrap();
    path
}
