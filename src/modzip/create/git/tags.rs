//! The tags of a commit, and the version that they give a module.

use std::path::Path;

use super::command::Git;
use super::error::GitError;
use crate::module::{ModulePath, ModuleVersion, Version};

/// The tags that point at a commit, sorted.
pub(super) fn tags_of(dir: &Path, id: &str) -> Result<Vec<String>, GitError> {
    listed(
        dir,
        "ask git for the tags of the commit",
        &["--points-at", id],
    )
}

/// All tags of a repository, sorted.
pub(super) fn all(dir: &Path) -> Result<Vec<String>, GitError> {
    listed(dir, "ask git for the tags of the repository", &[])
}

fn listed(dir: &Path, action: &'static str, which: &[&str]) -> Result<Vec<String>, GitError> {
    let answer = Git::new(dir, action)
        .arguments(["for-each-ref", "--format=%(refname)"])
        .arguments(which)
        .arguments(["refs/tags"])
        .answer()?;
    // A tag that is no UTF-8 is no version.
    let text = String::from_utf8_lossy(&answer);
    let mut tags: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("refs/tags/"))
        .map(str::to_owned)
        .collect();
    tags.sort();
    Ok(tags)
}

/// A version and the tag that gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaggedVersion {
    /// The tag, such as `tools/lint/v0.3.0`.
    pub tag: String,
    /// The module and the version.
    pub version: ModuleVersion,
}

/// Why tags give a module no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrongTags {
    /// No tag has the right form.
    #[error(
        "no tag of the commit is a version of {module}: it must look like {example}{}",
        but(others)
    )]
    None {
        /// The module.
        module: ModulePath,
        /// A tag that would do.
        example: String,
        /// The tags that there are.
        others: Vec<String>,
    },
    /// More than one has.
    #[error("several tags of the commit are versions of {module}, choose one: {}", tags.join(", "))]
    Several {
        /// The module.
        module: ModulePath,
        /// All of them.
        tags: Vec<String>,
    },
}

fn but(others: &[String]) -> String {
    match others {
        [] => ", and the commit has no tags".to_owned(),
        _ => format!(", and there is only {}", others.join(", ")),
    }
}

/// The version that the tags of a commit give the module in a subdirectory of the repository (empty for its root).
///
/// A tag is the version itself at the root, and has the subdirectory before it elsewhere: `tools/lint/v0.3.0`. A last
/// element that is the module's major version suffix does not count: both `v2/` and the root have tags like `v2.0.0`.
/// Only canonical versions that fit the module count, so neither `v1.2` nor `v1.0.0+linux`, nor a pseudo-version.
///
/// Source: Go Modules Reference, "Mapping versions to commits".
///
/// # Errors
///
/// No tag gives a version, or more than one does.
///
/// ```
/// use athens::modzip::create::git::version_from_tags;
///
/// let module = "example.com/m/tools/lint/v2".parse().unwrap();
/// let tags = ["v1.0.0".to_owned(), "tools/lint/v2.1.0".to_owned()];
/// let found = version_from_tags("tools/lint", &module, &tags).unwrap();
/// assert_eq!(found.version.version().as_str(), "v2.1.0");
/// assert_eq!(found, version_from_tags("tools/lint/v2", &module, &tags).unwrap());
/// ```
pub fn version_from_tags(
    subdirectory: &str,
    module: &ModulePath,
    tags: &[String],
) -> Result<TaggedVersion, WrongTags> {
    let prefix = match code_directory(subdirectory, module) {
        "" => String::new(),
        directory => format!("{directory}/"),
    };
    let mut found: Vec<_> = tags
        .iter()
        .filter_map(|tag| {
            let version: Version = tag.strip_prefix(&prefix)?.parse().ok()?;
            if version.is_pseudo() || version.is_incompatible() {
                return None;
            }
            let version = ModuleVersion::new(module.clone(), version).ok()?;
            let tag = tag.clone();
            Some(TaggedVersion { tag, version })
        })
        .collect();
    match (found.pop(), found.as_slice()) {
        (Some(found), []) => Ok(found),
        (None, _) => Err(WrongTags::None {
            module: module.clone(),
            example: format!("{prefix}{}", example(module)),
            others: tags.to_vec(),
        }),
        (Some(last), others) => Err(WrongTags::Several {
            module: module.clone(),
            tags: others
                .iter()
                .chain([&last])
                .map(|found| found.tag.clone())
                .collect(),
        }),
    }
}

/// A subdirectory without the major version suffix of the module that is in it.
pub(in super::super) fn code_directory<'a>(subdirectory: &'a str, module: &ModulePath) -> &'a str {
    let (_, major) = module.split_major();
    if !major.starts_with('/') {
        return subdirectory;
    }
    if Some(subdirectory) == major.strip_prefix('/') {
        return "";
    }
    subdirectory.strip_suffix(major).unwrap_or(subdirectory)
}

fn example(module: &ModulePath) -> String {
    let (_, major) = module.split_major();
    let major = major.trim_start_matches(['/', '.']);
    match major.trim_end_matches("-unstable") {
        "" => "v1.0.0".to_owned(),
        major => format!("{major}.0.0"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(subdirectory: &str, module: &str, tags: &[&str]) -> Result<String, String> {
        let tags: Vec<_> = tags.iter().map(|&tag| tag.to_owned()).collect();
        version_from_tags(subdirectory, &module.parse().unwrap(), &tags)
            .map(|found| format!("{} {}", found.tag, found.version.version()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_tag_of_the_module() {
        for (subdirectory, module, tags, expected) in [
            (
                "",
                "a.b/m",
                &["v1.0.0", "x", "sub/v1.1.0"][..],
                "v1.0.0 v1.0.0",
            ),
            (
                "",
                "a.b/m",
                &["v1.0.0-rc.1", "v2.0.0"],
                "v1.0.0-rc.1 v1.0.0-rc.1",
            ),
            ("", "a.b/m/v2", &["v1.0.0", "v2.0.0"], "v2.0.0 v2.0.0"),
            ("v2", "a.b/m/v2", &["v2.0.0", "v2/v2.1.0"], "v2.0.0 v2.0.0"),
            (
                "v3",
                "a.b/m/v2",
                &["v2.0.0", "v3/v2.1.0"],
                "v3/v2.1.0 v2.1.0",
            ),
            (
                "sub",
                "a.b/m/sub",
                &["v1.0.0", "sub/v0.1.0"],
                "sub/v0.1.0 v0.1.0",
            ),
            (
                "a/sub/v2",
                "a.b/sub/v2",
                &["a/sub/v2.0.0"],
                "a/sub/v2.0.0 v2.0.0",
            ),
            ("", "gopkg.in/m.v3", &["v3.1.0", "v2.0.0"], "v3.1.0 v3.1.0"),
        ] {
            assert_eq!(from(subdirectory, module, tags).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn none_and_several() {
        assert_eq!(
            from("sub", "a.b/m/sub", &["v1.0.0", "sub/v1.0", "sub/v2.0.0"]),
            Err(
                "no tag of the commit is a version of a.b/m/sub: it must look like sub/v1.0.0, and there is only \
                 v1.0.0, sub/v1.0, sub/v2.0.0"
                    .to_owned()
            )
        );
        assert_eq!(
            from("", "a.b/m/v4", &[]),
            Err(
                "no tag of the commit is a version of a.b/m/v4: it must look like v4.0.0, and the commit has no tags"
                    .to_owned()
            )
        );
        assert_eq!(
            from("", "a.b/m", &["v1.0.0", "v1.0.1", "v1.0.0+x"]),
            Err(
                "several tags of the commit are versions of a.b/m, choose one: v1.0.0, v1.0.1"
                    .to_owned()
            )
        );
        for tag in [
            "v1.0.1-0.20200101000000-0123456789ab",
            "v2.0.0+incompatible",
        ] {
            assert!(from("", "a.b/m", &[tag]).is_err(), "{tag}");
        }
    }
}
