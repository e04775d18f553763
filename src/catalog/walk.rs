//! Walking the whole tree: never per request, and in the background only at low priority.

use crate::catalog::Finding;
use crate::module::{EscapedPath, ModulePath};
use crate::store::{DirStore, EntryKind, SUMDB, StoreError};

/// How deep directories are followed; module paths of that many elements do not exist.
pub(super) const DEEPEST: usize = 64;

/// A step of a walk.
#[derive(Debug)]
pub enum Step {
    /// A module: it has an `@v` directory.
    Module(ModulePath),
    /// Something that looks like a module and is none, or a directory that can not be read.
    Finding(Finding),
}

/// Visits every module of the tree in the order of escaped paths. Symbolic links to directories are not followed: a
/// module behind one is served by name, and is counted where it really lies. Waits for the disk; memory grows with the
/// width of the directories on one path, not with the tree.
///
/// # Errors
/// If the root itself can not be read, or what `visit` returns.
pub fn walk<E: From<StoreError>>(
    store: &DirStore,
    mut visit: impl FnMut(Step) -> Result<(), E>,
) -> Result<(), E> {
    let mut open: Vec<(String, std::vec::IntoIter<String>)> =
        vec![(String::new(), directories(store, "")?.into_iter())];
    while let Some((path, rest)) = open.last_mut() {
        let Some(name) = rest.next() else {
            open.pop();
            continue;
        };
        if name == "@v" {
            let step = match path.parse::<EscapedPath>() {
                Ok(escaped) => Step::Module(escaped.module_path().clone()),
                Err(error) => Step::Finding(Finding::of_file(
                    format!("{path}/@v"),
                    &format!("is not the directory of a module: {error}"),
                )),
            };
            visit(step)?;
            continue;
        }
        let child = if path.is_empty() {
            name
        } else {
            format!("{path}/{name}")
        };
        if open.len() > DEEPEST {
            visit(Step::Finding(Finding::of_file(
                child,
                "lies too deep to be searched for modules",
            )))?;
            continue;
        }
        match directories(store, &child) {
            Ok(names) => open.push((child, names.into_iter())),
            Err(error) => visit(Step::Finding(Finding::of_file(
                child,
                &format!("was passed over: {error}"),
            )))?,
        }
    }
    Ok(())
}

/// The names of the directories in one, sorted; without ours, and without the checksum databases at the top.
pub(super) fn directories(store: &DirStore, path: &str) -> Result<Vec<String>, StoreError> {
    let mut names: Vec<String> = store
        .entries(path)?
        .unwrap_or_default()
        .into_iter()
        .filter(|entry| entry.kind == EntryKind::Directory && !entry.name.starts_with('.'))
        .map(|entry| entry.name)
        .filter(|name| !(path.is_empty() && name == SUMDB))
        .collect();
    names.sort_unstable();
    Ok(names)
}
