//! The folder of a server on this machine, its state directory, and the limits of the system.

use std::path::{Path, PathBuf};

use super::super::facts::LocalFacts;
use crate::auth::{StateDirectory, TokensFile, read_local_token};
use crate::store::{DirStore, OpenMode, StoreError, free_space, may_write};

/// Where Linux says it.
const WATCHES: &str = "/proc/sys/fs/inotify/max_user_watches";

pub(super) fn look(root: PathBuf, state: Option<PathBuf>) -> LocalFacts {
    let store = DirStore::open(&root, OpenMode::ReadOnly);
    let readable = std::fs::read_dir(&root)
        .map(|_| ())
        .map_err(|error| error.to_string());
    LocalFacts {
        readable,
        is_writable: may_write(&root).unwrap_or(false),
        free: free_space(&root).ok(),
        journal: store
            .and_then(|store| journal(&store))
            .map_err(|error| error.to_string()),
        state: state.map(|path| {
            let verdict = is_private(&path, &root);
            (path, verdict)
        }),
        watches: number(Path::new(WATCHES)),
        open_files: rustix::process::getrlimit(rustix::process::Resource::Nofile).current,
        root,
    }
}

/// The lines of the journal, those that are none, and whether the last has an end.
fn journal(store: &DirStore) -> Result<(u64, u64, bool), StoreError> {
    let (mut lines, mut wrong, mut is_ended) = (0, 0, true);
    store.journal().each_line(|line| {
        lines += 1;
        wrong += u64::from(line.event.is_none() && line.is_ended);
        is_ended = line.is_ended;
        Ok::<(), StoreError>(())
    })?;
    Ok((lines, wrong, is_ended))
}

fn is_private(path: &Path, root: &Path) -> Result<(), String> {
    let directory = StateDirectory::new(path);
    if root.is_dir() {
        directory
            .refuse_inside(root)
            .map_err(|error| error.to_string())?;
    }
    TokensFile::new(directory.clone())
        .read()
        .map_err(|error| error.to_string())?;
    read_local_token(&directory).map_err(|error| error.to_string())?;
    Ok(())
}

fn number(path: &Path) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}
