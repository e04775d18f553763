//! Names that cannot both be unpacked: the same but for case, file and directory at once, or there twice.

use super::super::fold::{self, Letters};
use super::super::found::Found;
use super::super::names::Name;
use super::super::rule::{Fault, Rule, shown};

/// How many clashing directories are remembered, so that each is said once and not for every file in them.
const REMEMBERED: usize = 100;

/// Finds the collisions among named entries, each with its number.
///
/// Every directory that a name implies takes part. In the order of [`fold::compare_paths`], all names below one
/// directory stand together, whatever case it is written in, and a file comes right before what would be below it; so
/// it is enough to compare neighbours, and nothing but the order is kept in memory.
pub(super) fn find(mut names: Vec<(Name<'_>, u32)>, letters: Letters, found: &mut Found) {
    names.sort_unstable_by(|(a, i), (b, j)| {
        fold::compare_paths(a.path, b.path, letters)
            .then(a.is_directory.cmp(&b.is_directory))
            .then(i.cmp(j))
    });
    let mut said: Vec<(&str, &str)> = Vec::new();
    for pair in names.windows(2) {
        let [(a, i), (b, j)] = pair else { continue };
        let Some(clash) = clash(*a, *b, letters) else {
            continue;
        };
        let fault = match clash {
            Clash::Case(one, other) => {
                let pair = (one.min(other), one.max(other));
                if said.contains(&pair) {
                    continue;
                }
                if said.len() < REMEMBERED {
                    said.push(pair);
                }
                Fault::new(
                    Rule::CaseCollision,
                    format!(
                        "\"{}\" and \"{}\" differ only in case, and cannot both be unpacked on macOS and Windows; \
                         rename one",
                        shown(one.as_bytes()),
                        shown(other.as_bytes())
                    ),
                )
            }
            Clash::Duplicate => Fault::new(
                Rule::Duplicate,
                "it is there more than once; leave out all but one",
            ),
            Clash::FileAndDirectory => Fault::new(
                Rule::FileAndDirectory,
                format!(
                    "\"{}\" is both a file and a directory; rename one",
                    shown(a.path.as_bytes())
                ),
            ),
        };
        found.push(Some(*i.max(j)), fault);
    }
}

enum Clash<'a> {
    /// The same but for case: the two spellings up to the element that differs.
    Case(&'a str, &'a str),
    FileAndDirectory,
    Duplicate,
}

/// How two neighbours clash, the smaller one first.
fn clash<'a>(a: Name<'a>, b: Name<'a>, letters: Letters) -> Option<Clash<'a>> {
    let (mut ends, mut rest) = ((0, 0), (a.path, b.path));
    loop {
        let (x, more_a) = split(rest.0);
        let (y, more_b) = split(rest.1);
        ends = (ends.0 + x.len(), ends.1 + y.len());
        if x != y {
            return fold::is_same(x, y, letters)
                .then(|| Clash::Case(&a.path[..ends.0], &b.path[..ends.1]));
        }
        match (more_a, more_b) {
            (Some(more_a), Some(more_b)) => rest = (more_a, more_b),
            (None, None) if a.is_directory && b.is_directory => return None,
            (None, None) if a.is_directory || b.is_directory => {
                return Some(Clash::FileAndDirectory);
            }
            (None, None) => return Some(Clash::Duplicate),
            (None, Some(_)) => return (!a.is_directory).then_some(Clash::FileAndDirectory),
            // Not in this order: the shorter one comes first.
            (Some(_), None) => return None,
        }
        // The slash.
        ends = (ends.0 + 1, ends.1 + 1);
    }
}

fn split(path: &str) -> (&str, Option<&str>) {
    match path.split_once('/') {
        Some((element, rest)) => (element, Some(rest)),
        None => (path, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(paths: &[&str]) -> Vec<(u32, Rule)> {
        let names = (0..)
            .zip(paths)
            .map(|(index, path)| {
                let file = path.strip_suffix('/').unwrap_or(path);
                let name = Name {
                    path: file,
                    is_directory: file.len() < path.len(),
                };
                (name, index)
            })
            .collect();
        let mut found = Found::default();
        find(names, Letters::UntilGo126, &mut found);
        let (list, _) = found.into_first();
        list.into_iter()
            .map(|(entry, fault)| (entry.unwrap(), fault.rule))
            .collect()
    }

    #[test]
    fn finds_every_kind() {
        use Rule::{CaseCollision, Duplicate, FileAndDirectory};
        for (paths, want) in [
            (&["a", "b", "a-b", "c/b"][..], &[][..]),
            (&["a/x", "a/y", "a/", "a/"], &[]),
            (&["a", "A"], &[(1, CaseCollision)]),
            (&["a/x", "b", "A/y"], &[(2, CaseCollision)]),
            (&["a/x/1", "a/X/2", "a/x/3"], &[(1, CaseCollision)]),
            (&["k", "\u{212A}"], &[(1, CaseCollision)]),
            (&["ſ/x", "s/y"], &[(1, CaseCollision)]),
            (&["a", "x", "a"], &[(2, Duplicate)]),
            (&["a", "a", "a"], &[(1, Duplicate), (2, Duplicate)]),
            (&["a", "a/"], &[(1, FileAndDirectory)]),
            (&["a/b", "a"], &[(1, FileAndDirectory)]),
            (&["a", "a-b", "a/b/c"], &[(2, FileAndDirectory)]),
            (&["a", "a-b", "A/b/c"], &[(2, CaseCollision)]),
            (&["x/a/b", "X", "y"], &[(1, CaseCollision)]),
            (
                &["D/1", "d/1", "D/2", "d/2", "D/3", "d/3"],
                &[(1, CaseCollision)],
            ),
        ] {
            assert_eq!(rules(paths), want, "{paths:?}");
        }
    }
}
