//! Keeps derived files in step with the tree, in the background.
//!
//! One thread does all of it, so that nothing that waits for the disk or for the watcher's thread is ever done on an
//! async thread or on the watcher's own.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime};

use super::Inner;
use super::derive;
use super::scan::scan;
use super::soundness::Verdict;
use super::watch::{Held, Hint};
use crate::module::{ModulePath, ModuleVersion, Version};
use crate::store::{ModuleFile, StoreError, StoreKey, Written};

/// How long after the last hint a module's derived files are brought up to date…
const PAUSE: Duration = Duration::from_millis(200);
/// …and how long after the first one at the latest, when hints do not end.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// How long a version that lacks files is left alone before they are written: whoever copies its zip may be about to
/// copy the real ones, and must not find ours in their place.
const QUIET: Duration = Duration::from_secs(2);
/// How many modules may wait; hints past that are dropped, the next walk finds what they meant.
const MOST_WAITING: usize = 10_000;

/// The keeper's desk. Cheap to clone; the thread ends when it is closed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keeper {
    desk: Arc<(Mutex<Desk>, Condvar)>,
}

#[derive(Debug, Default)]
struct Desk {
    waiting: HashMap<ModulePath, Waiting>,
    released: Vec<Held>,
    closed: bool,
}

#[derive(Debug)]
struct Waiting {
    first: Instant,
    due: Instant,
}

/// What the keeper does next.
enum Work {
    Keep(Vec<ModulePath>),
    Release(Vec<Held>),
    End,
}

impl Keeper {
    /// Something about this module may have changed.
    pub(crate) fn touch(&self, module: ModulePath) {
        let now = Instant::now();
        let mut desk = self.lock();
        if desk.waiting.len() < MOST_WAITING || desk.waiting.contains_key(&module) {
            let waiting = desk.waiting.entry(module).or_insert(Waiting {
                first: now,
                due: now,
            });
            waiting.due = (now + PAUSE).min(waiting.first + LONGEST_WAIT);
        }
        self.desk.1.notify_one();
    }

    /// Comes back to a module at a later time, unless something else brings it up before.
    fn postpone(&self, module: ModulePath, due: Instant) {
        self.lock()
            .waiting
            .entry(module)
            .or_insert(Waiting { first: due, due });
    }

    /// Gives watches back where that may wait. There are never more than slots.
    pub(crate) fn release(&self, held: Held) {
        self.lock().released.push(held);
        self.desk.1.notify_one();
    }

    /// Ends the thread.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.desk.1.notify_one();
    }

    /// Starts the thread that works for `catalog`.
    pub(crate) fn start(&self, catalog: Weak<Inner>) -> std::io::Result<()> {
        let keeper = self.clone();
        std::thread::Builder::new()
            .name("athens-keeper".into())
            .spawn(move || {
                loop {
                    let work = keeper.next();
                    let Some(catalog) = catalog.upgrade() else {
                        return;
                    };
                    match work {
                        Work::End => return,
                        Work::Release(released) => released
                            .iter()
                            .for_each(|held| catalog.watches.release(held)),
                        Work::Keep(due) => due
                            .into_iter()
                            .for_each(|module| keeper.keep(&catalog, module)),
                    }
                }
            })
            .map(drop)
    }

    fn next(&self) -> Work {
        let mut desk = self.lock();
        loop {
            if desk.closed {
                return Work::End;
            }
            if !desk.released.is_empty() {
                return Work::Release(std::mem::take(&mut desk.released));
            }
            let now = Instant::now();
            let due = |waiting: &Waiting| waiting.due <= now;
            let modules: Vec<ModulePath> = desk
                .waiting
                .iter()
                .filter(|(_, waiting)| due(waiting))
                .map(|(module, _)| module.clone())
                .collect();
            if !modules.is_empty() {
                desk.waiting.retain(|_, waiting| !due(waiting));
                return Work::Keep(modules);
            }
            let next = desk.waiting.values().map(|waiting| waiting.due).min();
            desk = match next {
                None => self
                    .desk
                    .1
                    .wait(desk)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(next) => {
                    let pause = next.saturating_duration_since(now);
                    self.desk
                        .1
                        .wait_timeout(desk, pause)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
            };
        }
    }

    fn keep(&self, catalog: &Inner, module: ModulePath) {
        match keep(catalog, &module) {
            Ok(None) => {}
            Ok(Some(again)) => {
                let pause = again.duration_since(SystemTime::now()).unwrap_or_default() + PAUSE;
                self.postpone(module, Instant::now() + pause);
            }
            Err(error) => catalog.reporter.report_failure(&module, &error),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Desk> {
        // What a panic can leave behind is a module too many or too few; the next walk finds it.
        self.desk.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Brings the derived files of one module up to date; says when to come again, if something was too young.
///
/// # Errors
/// If the directory can not be read, or a file in it not be written.
pub(crate) fn keep(catalog: &Inner, module: &ModulePath) -> Result<Option<SystemTime>, StoreError> {
    if catalog.store.staging().is_read_only() {
        // Somebody else may have found that out.
        catalog.reporter.report_read_only(&catalog.store);
        return Ok(None);
    }
    // Also of a directory that is gone: what stood beside it says what is no longer so.
    let read = || scan(&catalog.store, &catalog.soundness, module).map(Option::unwrap_or_default);
    // Of two who commit at the same time, the one who has read the directory first must not write its list last.
    let mut turn = catalog.keeping.lock(module);
    let mut scan = read()?;
    let mut fresh = Fresh::default();
    if !scan.fresh.is_empty() {
        // Reading zips takes long, and others are not to wait for it.
        drop(turn);
        fresh = check_fresh(catalog, module, &scan.fresh)?;
        turn = catalog.keeping.lock(module);
        scan = read()?;
    }
    if fresh.found {
        catalog
            .slots
            .hint(&Hint::Versions(module.escaped().as_str()));
    }
    catalog.reporter.report(&scan.findings);
    scan.postpone_young(QUIET);
    let changes = derive::plan(&catalog.store, &catalog.soundness, module, &scan)?;
    if derive::apply(&catalog.store, module, &changes)? == Written::ReadOnly {
        catalog.reporter.report_read_only(&catalog.store);
    }
    drop(turn);
    Ok([scan.look_again, fresh.look_again]
        .into_iter()
        .flatten()
        .min())
}

/// What came of looking at versions that have just come.
#[derive(Default)]
struct Fresh {
    /// Whether one turned out to be no good.
    found: bool,
    /// When one is to be looked at that was too young.
    look_again: Option<SystemTime>,
}

/// Reads the zips of versions that have just come, so that the first who asks for one need not wait. One that came this
/// moment may be about to get its `.ziphash`, from a server that publishes it: it is looked at later.
fn check_fresh(
    catalog: &Inner,
    module: &ModulePath,
    fresh: &[Version],
) -> Result<Fresh, StoreError> {
    let mut looked = Fresh::default();
    for version in fresh {
        let Ok(version) = ModuleVersion::new(module.clone(), version.clone()) else {
            continue;
        };
        let Some(zip) = catalog
            .store
            .read_blocking(&StoreKey::File(&version, ModuleFile::Zip))?
        else {
            continue;
        };
        let settled = zip.identity().changed_at() + QUIET;
        if SystemTime::now() < settled {
            let earliest = looked.look_again.map_or(settled, |at| at.min(settled));
            looked.look_again = Some(earliest);
            continue;
        }
        let verdict = catalog
            .soundness
            .check_whole(&catalog.store, &version, &zip)?;
        looked.found |= matches!(verdict, Verdict::Unsound(_));
    }
    Ok(looked)
}
