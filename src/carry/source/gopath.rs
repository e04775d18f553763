//! A GOPATH: its module cache, and the git checkouts in it.

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::tree::Tree;
use super::{Give, Item, Wanted, checkout};
use crate::carry::error::CarryError;

/// How deep checkouts are looked for below `src`: host, owner and name are three.
const DEEPEST: usize = 16;

/// A GOPATH.
#[derive(Debug)]
pub(super) struct GoPath {
    cache: Option<Tree>,
    src: PathBuf,
}

impl GoPath {
    pub(super) fn open(path: &Path) -> Result<Self, CarryError> {
        let download = path.join("pkg/mod/cache/download");
        let heads = path.join("pkg/sumdb");
        let cache = if download.is_dir() {
            let tree = Tree::cache(&download)?;
            Some(tree.with_heads(heads.is_dir().then_some(heads)))
        } else {
            None
        };
        Ok(Self {
            cache,
            src: path.join("src"),
        })
    }

    pub(super) fn each(&self, wanted: Wanted<'_>, give: Give<'_>) -> Result<(), CarryError> {
        let mut is_stopped = false;
        if let Some(cache) = &self.cache {
            cache.each(wanted, &mut |item| {
                let flow = give(item);
                is_stopped |= flow.is_break();
                flow
            })?;
        }
        if is_stopped || !self.src.is_dir() {
            return Ok(());
        }
        self.checkouts(wanted, give)
    }

    /// Looks for work trees of git in the order of their names, and no further in them. Symbolic links are not followed.
    fn checkouts(&self, wanted: Wanted<'_>, give: Give<'_>) -> Result<(), CarryError> {
        let mut open = vec![(self.src.clone(), directories(&self.src)?.into_iter())];
        while let Some((path, rest)) = open.last_mut() {
            let Some(name) = rest.next() else {
                open.pop();
                continue;
            };
            let path = path.join(name);
            // A worktree or a submodule has a file of this name.
            if path.join(".git").exists() {
                if checkout::each(&path, wanted, give).is_break() {
                    return Ok(());
                }
                continue;
            }
            if open.len() >= DEEPEST {
                continue;
            }
            match directories(&path) {
                Ok(names) => open.push((path, names.into_iter())),
                Err(error) => {
                    if give(Item::Failed(error)) == ControlFlow::Break(()) {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }
}

/// The names of the directories in one, sorted; without those that the go command does not look into either.
pub(super) fn directories(path: &Path) -> Result<Vec<OsString>, CarryError> {
    let failed =
        |error| CarryError::source("read the directory", path.display().to_string(), error);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let is_hidden =
            name.as_encoded_bytes().starts_with(b".") || name.as_encoded_bytes().starts_with(b"_");
        if !is_hidden && entry.file_type().map_err(failed)?.is_dir() {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}
