//! The filesystem watcher: hints that a module's directory, or a directory on the way to it, may have changed.
//!
//! Only directories of modules that are in use are watched, one by one; a recursive watch would cost a walk of the
//! whole tree at start and loses files that appear in a directory before its watch is there. Every directory between
//! the root and a module is watched too, because a directory that is moved away takes its own watch along and says
//! nothing.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::metrics::Metrics;

/// How changes below the root are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchMode {
    /// By events of the operating system; where a watch can not be had, as [`Poll`](Self::Poll).
    Native,
    /// A list is read again when it is older than the poll interval: for file systems without events, such as NFS.
    Poll,
    /// Every request for a list reads the directory.
    Off,
}

/// What an event says, as far as it is believed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Hint<'a> {
    /// A file of a version in the `@v` directory of this module (escaped path).
    Versions(&'a str),
    /// A derived file of this module.
    Derived(&'a str),
    /// Something happened to this path itself: what lies below it may be gone, or be another.
    Moved(&'a str),
    /// Events were lost: anything may have changed.
    Lost,
}

/// How it is with the watcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatcherState {
    /// It runs.
    Alive,
    /// The operator wants none.
    NotWanted,
    /// The system gives none.
    NotToBeHad,
    /// Its thread is gone: it panicked.
    Ended,
}

/// Goes with the watcher's thread, whichever way it ends, and says so.
#[derive(Debug)]
struct Presence(Arc<AtomicBool>);

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
        if std::thread::panicking() {
            tracing::error!("the filesystem watcher has ended: lists are polled from now on");
        }
    }
}

/// Watches of directories, shared between the modules below them.
#[derive(Debug)]
pub(crate) struct Watches {
    root: PathBuf,
    limit: usize,
    mode: WatchMode,
    native: Option<Mutex<Table>>,
    /// Whether the watcher's thread runs.
    alive: Arc<AtomicBool>,
    full: AtomicBool,
}

#[derive(Debug)]
struct Table {
    watcher: RecommendedWatcher,
    /// Directory below the root → how many modules need its watch.
    needed: HashMap<String, usize>,
}

/// The watches that one module needs. Given back through [`Watches::release`], never by dropping alone, because that
/// waits for the watcher's thread, which may be the one that drops.
#[derive(Debug)]
pub(crate) struct Held {
    directories: Vec<String>,
}

impl Watches {
    /// Starts the watcher. Without one ([`WatchMode::Poll`], [`WatchMode::Off`], or none to be had) every request for a
    /// watch is refused and modules are polled.
    pub(crate) fn start(
        root: &Path,
        mode: WatchMode,
        limit: usize,
        metrics: Metrics,
        on_hint: impl Fn(Hint<'_>) + Send + 'static,
    ) -> Arc<Self> {
        let alive = Arc::new(AtomicBool::new(true));
        let presence = Presence(Arc::clone(&alive));
        let native = match mode {
            WatchMode::Native => start_native(root, metrics, move |hint| {
                // Its own, so that it goes with the thread.
                let _ = &presence;
                on_hint(hint);
            }),
            WatchMode::Poll | WatchMode::Off => None,
        };
        Arc::new(Self {
            root: root.to_owned(),
            limit,
            mode,
            native,
            alive,
            full: AtomicBool::new(false),
        })
    }

    /// Whether there is a watcher, and it runs.
    pub(crate) fn is_native(&self) -> bool {
        self.native.is_some() && self.alive.load(Ordering::Acquire)
    }

    /// How it is with the watcher.
    pub(crate) fn state(&self) -> WatcherState {
        match (self.mode, &self.native) {
            (WatchMode::Poll | WatchMode::Off, _) => WatcherState::NotWanted,
            (WatchMode::Native, None) => WatcherState::NotToBeHad,
            (WatchMode::Native, Some(_)) if self.is_native() => WatcherState::Alive,
            (WatchMode::Native, Some(_)) => WatcherState::Ended,
        }
    }

    /// How many directories are watched.
    pub(crate) fn count(&self) -> usize {
        self.lock().map_or(0, |table| table.needed.len())
    }

    /// Nothing if there is no watcher, or its thread is gone: to ask it for anything would panic.
    fn lock(&self) -> Option<MutexGuard<'_, Table>> {
        if !self.is_native() {
            return None;
        }
        // Counts that a panic left behind are at worst too high: a watch is kept for longer than needed.
        self.native
            .as_ref()
            .map(|table| table.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Watches the `@v` directory of a module (escaped path) and all directories above it, from the root down, so that
    /// what is moved while the watches are made is noticed. `None` if that can not be had: the limit is reached, the
    /// directory is gone, or a symbolic link leads to it, past the directories that are watched. Waits for the disk and
    /// for the watcher's thread.
    pub(crate) fn hold(&self, module: &str) -> Option<Held> {
        let versions = format!("{module}/@v");
        if self.lock()?.needed.len() >= self.limit {
            self.say_full();
            return None;
        }
        let absolute = self.root.join(&versions);
        if absolute.canonicalize().ok()? != absolute {
            return None;
        }
        let mut table = self.lock()?;
        let mut held = Held {
            directories: Vec::new(),
        };
        let above = versions.match_indices('/').map(|(end, _)| &versions[..end]);
        for directory in std::iter::once("").chain(above).chain([versions.as_str()]) {
            let watched = table.needed.contains_key(directory);
            if !watched && table.needed.len() >= self.limit {
                self.say_full();
                table.give_back(&self.root, &held);
                return None;
            }
            // Also where there is a watch: another directory may have taken the path meanwhile, and the watch went
            // away with the old one.
            if let Err(error) = table
                .watcher
                .watch(&self.root.join(directory), RecursiveMode::NonRecursive)
            {
                if matches!(error.kind, notify::ErrorKind::MaxFilesWatch) {
                    self.say_refused();
                }
                table.give_back(&self.root, &held);
                return None;
            }
            *table.needed.entry(directory.to_owned()).or_insert(0) += 1;
            held.directories.push(directory.to_owned());
        }
        Some(held)
    }

    /// Gives watches back. Not on the watcher's own thread.
    pub(crate) fn release(&self, held: &Held) {
        if let Some(mut table) = self.lock() {
            table.give_back(&self.root, held);
        }
    }

    fn say_full(&self) {
        if !self.full.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "{} directories are watched, as many as --max-watches allows: further modules are polled",
                self.limit
            );
        }
    }

    fn say_refused(&self) {
        if !self.full.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "the system gives no more watches (fs.inotify.max_user_watches): further modules are polled"
            );
        }
    }
}

impl Drop for Watches {
    /// The library panics when a watcher is dropped whose thread is gone. What stays behind is a file descriptor, at the
    /// end of the process.
    fn drop(&mut self) {
        if !self.is_native() {
            std::mem::forget(self.native.take());
        }
    }
}

impl Table {
    fn give_back(&mut self, root: &Path, held: &Held) {
        for directory in &held.directories {
            let Some(count) = self.needed.get_mut(directory) else {
                continue;
            };
            *count -= 1;
            if *count == 0 {
                self.needed.remove(directory);
                // The watch is gone by itself when the directory is.
                let _ = self.watcher.unwatch(&root.join(directory));
            }
        }
    }
}

fn start_native(
    root: &Path,
    metrics: Metrics,
    on_hint: impl Fn(Hint<'_>) + Send + 'static,
) -> Option<Mutex<Table>> {
    let below = root.to_owned();
    let handler = move |event: notify::Result<notify::Event>| match event {
        Ok(event) if event.need_rescan() => {
            tracing::debug!(
                "the system's event queue overflowed: every list is read again on demand"
            );
            metrics.catalog.lost.add_one();
            on_hint(Hint::Lost);
        }
        // Reads cause events too, our own among them.
        Ok(event) if matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write)) =>
            {}
        Ok(event) => {
            for path in &event.paths {
                if let Some(hint) = path
                    .strip_prefix(&below)
                    .ok()
                    .and_then(Path::to_str)
                    .and_then(interpret)
                {
                    on_hint(hint);
                }
            }
        }
        Err(error) => {
            tracing::warn!(
                "the filesystem watcher failed, every list is read again on demand: {error}"
            );
            metrics.catalog.lost.add_one();
            on_hint(Hint::Lost);
        }
    };
    match notify::recommended_watcher(handler) {
        Ok(watcher) => Some(Mutex::new(Table {
            watcher,
            needed: HashMap::new(),
        })),
        Err(error) => {
            tracing::warn!("no filesystem watcher can be had, lists are polled: {error}");
            None
        }
    }
}

/// What a change at `path` below the root may mean.
fn interpret(path: &str) -> Option<Hint<'_>> {
    let Some((directory, name)) = path.rsplit_once('/') else {
        // The root itself, our own directory, or the first element of module paths.
        return Some(if path.is_empty() {
            Hint::Lost
        } else {
            Hint::Moved(path)
        })
        .filter(|_| path != ".athens");
    };
    if directory.starts_with(".athens") {
        return None;
    }
    match directory.strip_suffix("/@v") {
        Some(module) if name == "list" => Some(Hint::Derived(module)),
        Some(module) => crate::store::ModuleFile::split(name).map(|_| Hint::Versions(module)),
        None if name == "@latest" => Some(Hint::Derived(directory)),
        None if name == "@v" => Some(Hint::Moved(directory)),
        None => Some(Hint::Moved(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watcher_that_is_gone_is_asked_for_nothing() {
        let root = tempfile::tempdir().unwrap();
        // The system's own name for it: a path behind a link is never watched.
        let path = root.path().canonicalize().unwrap();
        std::fs::create_dir_all(path.join("example.com/m/@v")).unwrap();
        let (sender, ended) = std::sync::mpsc::channel::<()>();
        let watches = Watches::start(
            &path,
            WatchMode::Native,
            100,
            Metrics::default(),
            move |_| {
                let _ = &sender;
                panic!("as planned");
            },
        );
        assert_eq!(watches.state(), WatcherState::Alive);
        let held = watches.hold("example.com/m").unwrap();
        std::fs::write(path.join("example.com/m/@v/v1.0.0.mod"), "").unwrap();
        // Its end of the channel goes with the thread.
        let deadline = std::time::Duration::from_secs(60);
        let gone = ended.recv_timeout(deadline);
        assert_eq!(gone, Err(std::sync::mpsc::RecvTimeoutError::Disconnected));
        while watches.is_native() {
            std::thread::yield_now();
        }
        assert_eq!(watches.state(), WatcherState::Ended);
        assert!(watches.hold("example.com/m").is_none());
        watches.release(&held);
    }

    #[test]
    fn reads_paths_of_events() {
        let cases = [
            (
                "example.com/m/@v/v1.0.0.zip",
                Some(Hint::Versions("example.com/m")),
            ),
            (
                "example.com/m/@v/list",
                Some(Hint::Derived("example.com/m")),
            ),
            (
                "example.com/m/@latest",
                Some(Hint::Derived("example.com/m")),
            ),
            ("example.com/m/@v", Some(Hint::Moved("example.com/m"))),
            ("example.com/m", Some(Hint::Moved("example.com/m"))),
            ("example.com", Some(Hint::Moved("example.com"))),
            ("example.com/m/@v/v1.0.0.lock", None),
            ("example.com/m/@v/v1.0.0.zip17.tmp", None),
            (".athens/staging/1-2", None),
            (".athens", None),
            ("", Some(Hint::Lost)),
        ];
        for (path, want) in cases {
            assert_eq!(interpret(path), want, "{path}");
        }
    }
}
