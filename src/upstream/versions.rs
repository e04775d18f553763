//! What stands in the lists of upstreams.

use std::collections::HashSet;

use crate::module::{ModulePath, ModuleVersion, Time, Version};

/// The most versions of a module.
const MOST: usize = 100_000;

/// A list with more than 100,000 versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the list has more than {MOST} versions")]
pub(super) struct TooMany;

/// The tagged versions in a list, sorted, each once.
///
/// As lenient as the go command: the first word of a line counts, what is no version is skipped. Stricter in what would
/// break a module for everybody: short forms, build metadata, and versions that the path cannot have are skipped too, as
/// pseudo-versions are.
pub(super) fn tagged(path: &ModulePath, list: &[u8]) -> Result<Vec<Version>, TooMany> {
    at_most(MOST, path, list)
}

fn at_most(most: usize, path: &ModulePath, list: &[u8]) -> Result<Vec<Version>, TooMany> {
    let text = String::from_utf8_lossy(list);
    // Sorted at the end: comparing versions costs more than hashing them.
    let mut unique = HashSet::new();
    for (version, _) in lines(path, &text).filter(|(version, _)| !version.is_pseudo()) {
        unique.insert(version);
        if unique.len() > most {
            return Err(TooMany);
        }
    }
    let mut versions: Vec<Version> = unique.into_iter().collect();
    versions.sort_unstable();
    Ok(versions)
}

/// The newest commit in a list of a module without tags: by the time beside a version, else by that in a pseudo-version.
///
/// Source: the go command's `latestFromList`.
pub(super) fn newest(path: &ModulePath, list: &[u8]) -> Option<Version> {
    let text = String::from_utf8_lossy(list);
    lines(path, &text)
        .filter_map(|(version, time)| {
            let time = match time {
                Some(time) => time.parse().ok()?,
                None => version.pseudo_time()?,
            };
            Some((time, version))
        })
        // Of equal ones the first, as Go does.
        .reduce(|newest: (Time, Version), next| if next.0 > newest.0 { next } else { newest })
        .map(|(_, version)| version)
}

fn lines<'a>(
    path: &'a ModulePath,
    list: &'a str,
) -> impl Iterator<Item = (Version, Option<&'a str>)> {
    list.split('\n').filter_map(|line| {
        let mut words = line.split_whitespace();
        let version: Version = words.next()?.parse().ok()?;
        let (_, version) = ModuleVersion::new(path.clone(), version).ok()?.into_parts();
        Some((version, words.next()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged_text(path: &str, list: &str) -> Vec<String> {
        let versions = tagged(&path.parse().unwrap(), list.as_bytes()).unwrap();
        versions.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_counts_in_a_list() {
        let list = "v1.10.0\r\n  v1.9.0 2020-01-02T15:04:05Z\n\nv1.9.0\nv2.0.0\nv2.0.0+incompatible\nv1.3.0+meta\n\
                    v1\nv1.2\nmain\n1.0.0\nv0.0.0-20191109021931-daa7c04131f5\nv1.0.0-rc.1\nv1.0.0";
        assert_eq!(
            tagged_text("a.b/m", list),
            [
                "v1.0.0-rc.1",
                "v1.0.0",
                "v1.9.0",
                "v1.10.0",
                "v2.0.0+incompatible"
            ]
        );
        assert_eq!(
            tagged_text("a.b/m/v2", list),
            ["v2.0.0", "v2.0.0+incompatible"]
        );
        assert_eq!(tagged_text("a.b/m", ""), [""; 0]);
        assert_eq!(
            tagged(&"a.b/m".parse().unwrap(), b"\xff\nv1.0.0\n")
                .unwrap()
                .len(),
            1
        );
    }

    #[test]
    fn lists_are_bounded() {
        let path: ModulePath = "a.b/m".parse().unwrap();
        let list = |n: usize| (0..n).map(|n| format!("v1.0.{n}\n")).collect::<String>();
        let read = |list: String| at_most(100, &path, list.as_bytes()).map(|list| list.len());
        assert_eq!(read(list(100)), Ok(100));
        assert_eq!(read(list(100).repeat(2)), Ok(100));
        assert_eq!(read(list(101)), Err(TooMany));
    }

    #[test]
    fn the_newest_commit() {
        let newest = |list: &str| {
            newest(&"a.b/m".parse().unwrap(), list.as_bytes()).map(|version| version.to_string())
        };
        let old = "v0.0.0-20191109021931-daa7c04131f5";
        let new = "v0.0.0-20201109021931-aaaaaaaaaaaa";
        assert_eq!(
            newest(&format!("{new}\n{old}\nv1.0.0\n")).as_deref(),
            Some(new)
        );
        assert_eq!(
            newest(&format!("v1.0.0 2021-01-01T00:00:00Z\n{new}")).as_deref(),
            Some("v1.0.0")
        );
        assert_eq!(
            newest(&format!("{new} yesterday\n{old}")).as_deref(),
            Some(old)
        );
        assert_eq!(newest("v1.0.0\nmain 2021-01-01T00:00:00Z"), None);
    }
}
