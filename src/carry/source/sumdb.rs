//! The checksum databases that a folder has cached. Names and lengths are looked at here; contents are verified when
//! they are used.

use std::ops::ControlFlow;
use std::path::Path;

use super::{Give, Item, Wanted, open_tree};
use crate::carry::error::CarryError;
use crate::store::{DirStore, EntryKind, SUMDB, StoreError, StoreKey, SumdbFile, SumdbFileKind};

/// How deep directories are followed: below the name of a database a tile has at most ten.
const DEEPEST: usize = 24;

/// Shows the cached files of all databases of a folder.
pub(super) fn each(
    store: &DirStore,
    wanted: Wanted<'_>,
    give: Give<'_>,
) -> Result<ControlFlow<()>, CarryError> {
    let walked = walk(store, &mut |file| {
        if let SumdbFileKind::Lookup(version) = file.kind()
            && !wanted.takes(version.path())
        {
            return Ok(ControlFlow::Continue(()));
        }
        let item = match read(store, &file)? {
            Read::Content(content) => Item::Sumdb(file, content),
            Read::Wrong(why) => Item::PassedOver {
                path: StoreKey::Sumdb(&file).relative_path(),
                why,
            },
            Read::Gone => return Ok(ControlFlow::Continue(())),
        };
        Ok(give(item))
    })?;
    Ok(walked)
}

/// Visits the names of all files of checksum databases, sorted within each directory. What has no such name, as locks
/// and unfinished downloads, is passed over without a word.
///
/// # Errors
/// If a directory can not be read, or what `visit` returns.
pub(in crate::carry) fn walk(
    store: &DirStore,
    visit: &mut dyn FnMut(SumdbFile) -> Result<ControlFlow<()>, StoreError>,
) -> Result<ControlFlow<()>, StoreError> {
    let names = |path: &str| -> Result<std::vec::IntoIter<(String, EntryKind)>, StoreError> {
        let mut names: Vec<_> = store
            .entries(path)?
            .unwrap_or_default()
            .into_iter()
            .map(|entry| (entry.name, entry.kind))
            .collect();
        names.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(names.into_iter())
    };
    let mut open = vec![(SUMDB.to_owned(), names(SUMDB)?)];
    while let Some((path, rest)) = open.last_mut() {
        let Some((name, kind)) = rest.next() else {
            open.pop();
            continue;
        };
        let child = format!("{path}/{name}");
        match kind {
            EntryKind::Directory if open.len() < DEEPEST => {
                let names = names(&child)?;
                open.push((child, names));
            }
            EntryKind::File => {
                let Ok(file) = child[SUMDB.len() + 1..].parse::<SumdbFile>() else {
                    continue;
                };
                if visit(file)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            _ => {}
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// The newest signed heads, which the go command keeps beside its module cache, in `GOPATH/pkg/sumdb/NAME/latest`.
pub(super) fn heads(path: &Path, give: Give<'_>) -> Result<(), CarryError> {
    // The layout is that of a cache without its first element.
    let Some(parent) = path.parent().filter(|_| path.ends_with(SUMDB)) else {
        return Ok(());
    };
    let store = open_tree(parent)?;
    let _ = walk(&store, &mut |file| {
        if *file.kind() != SumdbFileKind::Latest {
            return Ok(ControlFlow::Continue(()));
        }
        // Empty until the first lookup.
        Ok(match read(&store, &file)? {
            Read::Content(content) => give(Item::Sumdb(file, content)),
            Read::Wrong(_) | Read::Gone => ControlFlow::Continue(()),
        })
    })?;
    Ok(())
}

enum Read {
    Content(Vec<u8>),
    /// Why it is not what its name says, as a clause after its path.
    Wrong(String),
    Gone,
}

fn read(store: &DirStore, file: &SumdbFile) -> Result<Read, StoreError> {
    let key = StoreKey::Sumdb(file);
    let content = match store.read_blocking(&key) {
        Ok(Some(content)) => content,
        Ok(None) => return Ok(Read::Gone),
        Err(StoreError::Refused { refusal, .. }) => return Ok(Read::Wrong(refusal.to_string())),
        Err(error) => return Err(error),
    };
    if !file.takes(content.len()) {
        let why = format!("has {} bytes, which is never right", content.len());
        return Ok(Read::Wrong(why));
    }
    let bytes = content
        .read_all_blocking()
        .map_err(|error| StoreError::io("read", key.relative_path(), error))?;
    Ok(Read::Content(bytes.to_vec()))
}
