//! The `.info` of a version that comes from a git tag.

use std::path::Path;

use super::error::GitError;
use super::revision::Commit;
use super::{remote, tags};
use crate::module::{Info, InvalidInfo, ModuleVersion};

/// The `.info` that the go command would write for a version that is a tag of a git repository: the commit's time, and
/// as `Origin` where it comes from. `subdirectory` is where the module is (empty for the root of the repository);
/// `remote` the URL of the repository, if it has one.
///
/// Source: the go command, `modfetch/codehost`, `Origin`.
///
/// # Errors
/// If the texts make an `.info` that is too long to be read.
pub fn info_of_tag(
    version: &ModuleVersion,
    remote: Option<&str>,
    subdirectory: &str,
    tag: &str,
    commit: &Commit,
) -> Result<Info, InvalidInfo> {
    let mut origin = serde_json::Map::new();
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            origin.insert(name.to_owned(), value.into());
        }
    };
    add("VCS", "git");
    add("URL", remote.unwrap_or_default());
    add("Subdir", subdirectory);
    add("Hash", &commit.id);
    add("Ref", &format!("refs/tags/{tag}"));
    let json = serde_json::json!({
        "Version": version.version().as_str(),
        "Time": commit.time.to_string(),
        "Origin": origin,
    });
    Info::parse(json.to_string().as_bytes())
}

/// A git repository as a source of versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// All tags, such as `v1.0.0` or `tools/lint/v0.3.0`, sorted by their bytes.
    pub tags: Vec<String>,
    /// Where it comes from, as in [`Description::remote`](super::Description::remote).
    pub remote: Option<String>,
}

/// Asks git about the repository whose work tree begins at `dir`.
///
/// # Errors
///
/// Git failed, or does not trust the directory (`safe.directory`).
pub fn repository(dir: &Path) -> Result<Repository, GitError> {
    Ok(Repository {
        tags: tags::all(dir)?,
        remote: remote::url(dir)?,
    })
}
