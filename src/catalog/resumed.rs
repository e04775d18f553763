//! Walking the tree from a module on, as far as one wants: what a page of a feed needs of it.

use std::collections::VecDeque;

use super::walk::{DEEPEST, directories};
use crate::module::{EscapedPath, ModulePath};
use crate::store::{DirStore, StoreError};

/// What a walk comes to.
#[derive(Debug)]
pub(crate) enum Visit<'a> {
    /// A directory below the root: the path that its modules have above them. Its modules are visited if that is wanted.
    Directory(&'a ModulePath),
    /// A module.
    Module(&'a ModulePath),
}

/// What is to be done after a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Go {
    /// Go on; into the directory, if it was one.
    On,
    /// Go on behind it.
    Past,
    /// Stop here.
    Home,
}

/// Visits modules in the order of [`walk`](super::walk()), from one on, that among them. It need not be there: the order
/// is that of names. What can not be read is passed over, as the walk says it does. Waits for the disk; reads the
/// directories on the way to where it begins, and those that it comes through.
///
/// # Errors
/// If the root itself can not be read, or what `visit` returns.
pub(crate) fn walk_from(
    store: &DirStore,
    from: Option<&ModulePath>,
    mut visit: impl FnMut(Visit<'_>) -> Result<Go, StoreError>,
) -> Result<(), StoreError> {
    // The names on the way to the beginning: at each depth, what is before them is done.
    let mut way: VecDeque<String> = from
        .map(|module| {
            let escaped = module.escaped();
            let names = escaped.as_str().split('/').map(str::to_owned);
            names.chain(["@v".to_owned()]).collect()
        })
        .unwrap_or_default();
    let mut open = vec![(String::new(), names_from(store, "", way.front())?)];
    while let Some((path, rest)) = open.last_mut() {
        let Some(name) = rest.next() else {
            open.pop();
            way.clear();
            continue;
        };
        if way.front() == Some(&name) {
            way.pop_front();
        } else {
            way.clear();
        }
        if name == "@v" {
            if let Ok(escaped) = path.parse::<EscapedPath>()
                && visit(Visit::Module(escaped.module_path()))? == Go::Home
            {
                return Ok(());
            }
            continue;
        }
        let child = if path.is_empty() {
            name
        } else {
            format!("{path}/{name}")
        };
        let go = match child.parse::<EscapedPath>() {
            Ok(escaped) => visit(Visit::Directory(escaped.module_path()))?,
            Err(_) => Go::On,
        };
        if go == Go::Home {
            return Ok(());
        }
        if go == Go::On
            && open.len() <= DEEPEST
            && let Ok(names) = names_from(store, &child, way.front())
        {
            open.push((child, names));
        } else {
            way.clear();
        }
    }
    Ok(())
}

/// The directories in one, sorted, from a name on.
fn names_from(
    store: &DirStore,
    path: &str,
    from: Option<&String>,
) -> Result<std::vec::IntoIter<String>, StoreError> {
    let mut names = directories(store, path)?;
    if let Some(from) = from {
        let before = names.partition_point(|name| name < from);
        names.drain(..before);
    }
    Ok(names.into_iter())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::walk::{Step, walk};
    use super::*;
    use crate::store::OpenMode;

    const MODULES: [&str; 9] = [
        "a.example",
        "a.example/B/c",
        "a.example/b",
        "a.example/b/0",
        "a.example/b/c",
        "a.example/b-c",
        "a.example/bc/v2",
        "b.example/x/y/z",
        "c.example/x",
    ];

    fn visited(store: &DirStore, from: Option<&str>, most: usize) -> Vec<String> {
        let from = from.map(|from| from.parse().unwrap());
        let mut seen = Vec::new();
        walk_from(store, from.as_ref(), |step| {
            if let Visit::Module(module) = step {
                seen.push(module.to_string());
            }
            Ok(if seen.len() < most { Go::On } else { Go::Home })
        })
        .unwrap();
        seen
    }

    #[test]
    fn from_each_module_the_rest_of_the_walk() {
        let scratch = tempfile::tempdir().unwrap();
        for module in MODULES {
            let module: ModulePath = module.parse().unwrap();
            let path = format!("{}/@v", module.escaped().as_str());
            fs::create_dir_all(scratch.path().join(path)).unwrap();
        }
        fs::create_dir_all(scratch.path().join("sumdb/sum.example/x/@v")).unwrap();
        fs::create_dir_all(scratch.path().join(".athens/x/@v")).unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadOnly).unwrap();
        let mut all = Vec::new();
        walk(&store, |step| {
            if let Step::Module(module) = step {
                all.push(module.to_string());
            }
            Ok::<(), StoreError>(())
        })
        .unwrap();
        assert_eq!(all.len(), MODULES.len());
        assert_eq!(visited(&store, None, 100), all);
        for at in 0..all.len() {
            let from = all[at].clone();
            assert_eq!(visited(&store, Some(&from), 100), all[at..], "{from}");
            assert_eq!(visited(&store, Some(&from), 1), all[at..=at], "{from}");
            // Where it was, if it is gone.
            let module: ModulePath = from.parse().unwrap();
            let path = scratch.path().join(module.escaped().as_str()).join("@v");
            fs::remove_dir(&path).unwrap();
            assert_eq!(visited(&store, Some(&from), 100), all[at + 1..], "{from}");
            fs::create_dir(&path).unwrap();
        }
        for (from, next) in [
            ("0.example", 0),
            ("a.example/a/a/a", 2),
            ("b.example", 7),
            ("b.example/x/y/z/a", 8),
            ("d.example", 9),
        ] {
            assert_eq!(visited(&store, Some(from), 100), all[next..], "{from}");
        }
    }

    #[test]
    fn directories_are_passed_over() {
        let scratch = tempfile::tempdir().unwrap();
        for path in ["a.example/x/@v", "a.example/y/z/@v", "b.example/x/@v"] {
            fs::create_dir_all(scratch.path().join(path)).unwrap();
        }
        let store = DirStore::open(scratch.path(), OpenMode::ReadOnly).unwrap();
        let mut seen = Vec::new();
        walk_from(&store, None, |step| {
            Ok(match step {
                Visit::Directory(path) if path.as_str() == "a.example/y" => Go::Past,
                Visit::Directory(_) => Go::On,
                Visit::Module(module) => {
                    seen.push(module.to_string());
                    Go::On
                }
            })
        })
        .unwrap();
        assert_eq!(seen, ["a.example/x", "b.example/x"]);
    }
}
