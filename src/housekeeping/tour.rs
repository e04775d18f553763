//! A tour of the whole folder, with what everything takes and whose each module is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::module::{EscapedPath, ModulePath};
use crate::store::{DirStore, EntryKind, Measured, SUMDB, StoreError};

/// How deep directories are followed; module paths of that many elements do not exist.
const DEEPEST: usize = 64;
/// A gentle tour rests three times as long as it works, so that it takes a quarter of one core at the most.
const REST: u32 = 3;
/// Work that is saved up before a rest: shorter rests would cost more than they spare.
const STINT: Duration = Duration::from_millis(2);

/// How fast a tour goes, and whether it is to end.
#[derive(Debug)]
pub(super) struct Pace<'a> {
    is_gentle: bool,
    stop: &'a AtomicBool,
    since: Instant,
}

/// It was to end.
#[derive(Debug)]
pub(super) struct Stopped;

impl<'a> Pace<'a> {
    pub(super) fn new(is_gentle: bool, stop: &'a AtomicBool) -> Self {
        Self {
            is_gentle,
            stop,
            since: Instant::now(),
        }
    }

    /// Rests, if it is time to.
    pub(super) fn rest(&mut self) -> Result<(), Stopped> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Stopped);
        }
        let worked = self.since.elapsed();
        if self.is_gentle && worked > STINT {
            std::thread::sleep(worked * REST);
            self.since = Instant::now();
        }
        Ok(())
    }
}

/// A module on the way.
#[derive(Debug)]
pub(super) struct Visited<'a> {
    pub(super) module: &'a ModulePath,
    /// What is in its `@v` directory.
    pub(super) files: &'a [Measured],
    /// Whether a module above it is one's own.
    pub(super) is_owned_above: bool,
}

/// Visits every module, those above others first, and answers with what the folder takes in bytes. `visit` says whether the
/// module is one's own. A directory that can not be read is passed over. Waits for the disk; memory is that of the
/// directories on one path.
pub(super) fn tour<E: From<Stopped> + From<StoreError>>(
    store: &DirStore,
    pace: &mut Pace<'_>,
    mut visit: impl FnMut(Visited<'_>) -> Result<bool, E>,
) -> Result<u64, E> {
    let mut size = 0;
    let mut open: Vec<Directory> = Vec::new();
    let mut next = Some((String::new(), true, false));
    loop {
        if let Some((path, has_modules, is_owned)) = next.take() {
            pace.rest()?;
            match enter(store, path, has_modules, is_owned, &mut size, &mut visit) {
                Ok(directory) => open.push(directory),
                Err(Entering::Visit(error)) => return Err(error),
                // The root has to be there.
                Err(Entering::Store(error)) if open.is_empty() => return Err(error.into()),
                Err(Entering::Store(error)) => tracing::debug!("passed over: {error}"),
            }
        }
        let depth = open.len();
        let Some(directory) = open.last_mut() else {
            return Ok(size);
        };
        match directory.below.next() {
            None => {
                open.pop();
            }
            Some(_) if depth > DEEPEST => {}
            Some((name, has_modules)) => {
                let path = match directory.path.as_str() {
                    "" => name,
                    above => format!("{above}/{name}"),
                };
                next = Some((path, has_modules, directory.is_owned));
            }
        }
    }
}

struct Directory {
    path: String,
    /// The directories in it that are to be entered, and whether modules are looked for there.
    below: std::vec::IntoIter<(String, bool)>,
    is_owned: bool,
}

enum Entering<E> {
    Store(StoreError),
    Visit(E),
}

impl<E> From<StoreError> for Entering<E> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn enter<E>(
    store: &DirStore,
    path: String,
    has_modules: bool,
    is_owned_above: bool,
    size: &mut u64,
    visit: &mut impl FnMut(Visited<'_>) -> Result<bool, E>,
) -> Result<Directory, Entering<E>> {
    let mut is_owned = is_owned_above;
    let mut below = Vec::new();
    for entry in store.measure(&path)?.unwrap_or_default() {
        *size += entry.allocated;
        if entry.kind != EntryKind::Directory {
            continue;
        }
        let name = entry.name;
        if has_modules && name == "@v" {
            let versions = format!("{path}/@v");
            let files = store.measure(&versions)?.unwrap_or_default();
            *size += files.iter().map(|file| file.allocated).sum::<u64>();
            below.extend(
                files
                    .iter()
                    .filter(|file| file.kind == EntryKind::Directory)
                    .map(|file| (format!("@v/{}", file.name), false)),
            );
            if let Ok(escaped) = path.parse::<EscapedPath>() {
                let visited = Visited {
                    module: escaped.module_path(),
                    files: &files,
                    is_owned_above,
                };
                is_owned |= visit(visited).map_err(Entering::Visit)?;
            }
            continue;
        }
        let is_other = name.starts_with('.') || (path.is_empty() && name == SUMDB);
        below.push((name, has_modules && !is_other));
    }
    below.sort_unstable();
    Ok(Directory {
        path,
        below: below.into_iter(),
        is_owned,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::store::OpenMode;

    #[derive(Debug)]
    enum Failed {
        Stopped,
        Store,
    }

    impl From<Stopped> for Failed {
        fn from(_: Stopped) -> Self {
            Self::Stopped
        }
    }

    impl From<StoreError> for Failed {
        fn from(_: StoreError) -> Self {
            Self::Store
        }
    }

    #[test]
    fn whose_a_module_is_holds_for_those_below() {
        let scratch = tempfile::tempdir().unwrap();
        for (path, len) in [
            ("a.example/own/@v/v1.0.0.zip", 8192),
            ("a.example/own/!below/@v/v1.0.0.zip", 8192),
            ("a.example/other/@v/v1.0.0.zip", 8192),
            ("a.example/@v/strange/file", 8192),
            ("sumdb/sum.example/@v/latest", 8192),
            (".athens/quarantine/a.example/m/@v/v1.0.0.zip", 8192),
        ] {
            let path = scratch.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, vec![1; len]).unwrap();
        }
        let store = DirStore::open(scratch.path(), OpenMode::ReadOnly).unwrap();
        let stop = AtomicBool::new(false);
        let mut seen = Vec::new();
        let size = tour(&store, &mut Pace::new(true, &stop), |visited| {
            let module = visited.module.to_string();
            let is_owned = module.ends_with("/own");
            seen.push((module, visited.is_owned_above, visited.files.len()));
            Ok::<bool, Failed>(is_owned)
        });
        assert!(size.unwrap() >= 6 * 8192);
        let want = [
            ("a.example", false, 1),
            ("a.example/other", false, 1),
            ("a.example/own", false, 1),
            ("a.example/own/Below", true, 1),
        ];
        assert_eq!(
            seen,
            want.map(|(module, above, files)| (module.to_owned(), above, files))
        );
        stop.store(true, Ordering::Relaxed);
        let stopped = tour(&store, &mut Pace::new(false, &stop), |_| {
            Ok::<bool, Failed>(false)
        });
        assert!(matches!(stopped, Err(Failed::Stopped)));
    }
}
