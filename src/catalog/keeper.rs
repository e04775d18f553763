//! Keeps derived files in step with the tree, in the background.
//!
//! One thread does all of it, so that nothing that waits for the disk or for the watcher's thread is ever done on an
//! async thread or on the watcher's own.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime};

use super::Inner;
use super::derive;
use super::scan::scan;
use super::watch::Held;
use crate::module::ModulePath;
use crate::store::{StoreError, Written};

/// How long after the last hint a module's derived files are brought up to date…
const PAUSE: Duration = Duration::from_millis(200);
/// …and how long after the first one at the latest, when hints do not end.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// How long a version that lacks files is left alone before they are written: whoever copies its zip may be about to
/// copy the real ones, and must not find ours in their place.
const QUIET: Duration = Duration::from_secs(2);
/// How many modules may wait; hints past that are dropped, the next walk finds what they meant.
const MOST_WAITING: usize = 10_000;

enum Work {
    Touch(ModulePath),
    Release(Held),
}

/// The way to the keeper's thread. When the last of these is dropped, the thread ends.
#[derive(Debug, Clone)]
pub(crate) struct Keeper {
    work: Sender<Work>,
}

impl Keeper {
    /// Starts the thread; it works for the catalog that `give` is given later.
    pub(crate) fn start() -> (Self, KeeperThread) {
        let (work, inbox) = channel();
        (Self { work }, KeeperThread { inbox })
    }

    /// Something about this module may have changed.
    pub(crate) fn touch(&self, module: ModulePath) {
        // The thread ends with the process only.
        let _ = self.work.send(Work::Touch(module));
    }

    /// Gives watches back where that may wait.
    pub(crate) fn release(&self, held: Held) {
        let _ = self.work.send(Work::Release(held));
    }
}

/// The keeper before it has a catalog.
pub(crate) struct KeeperThread {
    inbox: Receiver<Work>,
}

struct Waiting {
    first: Instant,
    due: Instant,
}

impl KeeperThread {
    pub(crate) fn run_for(self, catalog: Weak<Inner>) -> std::io::Result<()> {
        std::thread::Builder::new()
            .name("athens-keeper".into())
            .spawn(move || self.run(&catalog))
            .map(drop)
    }

    fn run(self, catalog: &Weak<Inner>) {
        let mut waiting: HashMap<ModulePath, Waiting> = HashMap::new();
        loop {
            let now = Instant::now();
            let next = waiting.values().map(|waiting| waiting.due).min();
            let work = match next {
                Some(due) => self.inbox.recv_timeout(due.saturating_duration_since(now)),
                None => self
                    .inbox
                    .recv()
                    .map_err(|_| RecvTimeoutError::Disconnected),
            };
            let Some(catalog) = catalog.upgrade() else {
                return;
            };
            match work {
                Ok(Work::Release(held)) => catalog.watches.release(&held),
                Ok(Work::Touch(module)) => {
                    let now = Instant::now();
                    if waiting.len() < MOST_WAITING || waiting.contains_key(&module) {
                        let entry = waiting.entry(module).or_insert(Waiting {
                            first: now,
                            due: now,
                        });
                        entry.due = (now + PAUSE).min(entry.first + LONGEST_WAIT);
                    }
                }
                Err(RecvTimeoutError::Timeout) => keep_due(&catalog, &mut waiting),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

fn keep_due(catalog: &Arc<Inner>, waiting: &mut HashMap<ModulePath, Waiting>) {
    let now = Instant::now();
    let due: Vec<ModulePath> = waiting
        .iter()
        .filter(|(_, waiting)| waiting.due <= now)
        .map(|(module, _)| module.clone())
        .collect();
    for module in due {
        waiting.remove(&module);
        match keep(catalog, &module) {
            Ok(None) => {}
            Ok(Some(again)) => {
                let due = now + again.duration_since(SystemTime::now()).unwrap_or_default() + PAUSE;
                waiting.insert(module, Waiting { first: due, due });
            }
            Err(error) => catalog.reporter.report_failure(&module, &error),
        }
    }
}

/// Brings the derived files of one module up to date; says when to come again, if something was too young.
///
/// # Errors
/// If the directory can not be read, or a file in it not be written.
pub(crate) fn keep(catalog: &Inner, module: &ModulePath) -> Result<Option<SystemTime>, StoreError> {
    if catalog.store.staging().is_read_only() {
        return Ok(None);
    }
    let Some(mut scan) = scan(&catalog.store, &catalog.soundness, module)? else {
        return Ok(None);
    };
    catalog.reporter.report(&scan.findings);
    scan.postpone_young(QUIET);
    let changes = derive::plan(&catalog.store, &catalog.soundness, module, &scan)?;
    if derive::apply(&catalog.store, module, &changes)? == Written::ReadOnly {
        catalog.reporter.report_read_only(&catalog.store);
    }
    Ok(scan.look_again)
}
