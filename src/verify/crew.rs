//! The threads: one walks the tree, several check versions, the caller gets what they find.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::Step;
use super::finding::{Cure, Finding, Kind};
use super::listing::list;
use super::module::{Job, Open};
use crate::catalog::{self, walk};
use crate::module::ModulePath;
use crate::store::StoreError;

/// A version to check, or a module without versions.
type Task = (Arc<Open>, Option<usize>);

/// Checks all modules of the selection with this many threads. Memory is that of the modules that are being checked.
pub(super) fn check_all<E>(
    job: &Job<'_>,
    jobs: usize,
    mut visit: impl FnMut(Step) -> Result<(), E>,
) -> Result<(), E> {
    let stop = AtomicBool::new(false);
    let (to_check, tasks) = sync_channel::<Task>(jobs * 4);
    let (to_show, shown) = sync_channel::<Vec<Step>>(256);
    let tasks = Arc::new(Mutex::new(tasks));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let (tasks, to_show, stop) = (Arc::clone(&tasks), to_show.clone(), &stop);
            scope.spawn(move || work(job, &tasks, &to_show, stop));
        }
        // Only the workers hold it: when they are gone, the walk ends too.
        drop(tasks);
        let stop_walk = &stop;
        scope.spawn(move || go(job, to_check, &to_show, stop_walk));
        let mut result = Ok(());
        for step in shown.into_iter().flatten() {
            if result.is_ok() {
                result = visit(step);
                if result.is_err() {
                    stop.store(true, Ordering::Relaxed);
                }
            }
        }
        result
    })
}

fn work(
    job: &Job<'_>,
    tasks: &Mutex<Receiver<Task>>,
    to_show: &SyncSender<Vec<Step>>,
    stop: &AtomicBool,
) {
    // The caller listens until all threads are gone: nothing is ever refused.
    let show = |step| drop(to_show.send(step));
    loop {
        let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((open, index)) = task else { return };
        if stop.load(Ordering::Relaxed) {
            continue;
        }
        if let Some(index) = index {
            show(vec![open.check(job, index)]);
        }
        if open.is_done() {
            show(open.finish(job));
        }
    }
}

/// Why the walk ended early.
enum End {
    Stopped,
    Failed(StoreError),
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

fn go(
    job: &Job<'_>,
    to_check: SyncSender<Task>,
    to_show: &SyncSender<Vec<Step>>,
    stop: &AtomicBool,
) {
    let open = |module: ModulePath| {
        let listing = match list(&job.checker.store, &module, job.selection) {
            Ok(listing) => listing,
            Err(error) => {
                let _ = to_show.send(vec![Step::Failure(error)]);
                return Ok(());
            }
        };
        let open = Arc::new(Open::new(module, listing));
        for index in (0..open.versions.len()).map(Some).chain([None]) {
            to_check
                .send((Arc::clone(&open), index))
                .map_err(|_| End::Stopped)?;
        }
        Ok(())
    };
    let result = match job.selection.module() {
        Some(module) => open(module.clone()),
        None => walk(&job.checker.store, |step| {
            if stop.load(Ordering::Relaxed) {
                return Err(End::Stopped);
            }
            match step {
                catalog::Step::Module(module) => open(module),
                catalog::Step::Finding(found) => {
                    let cure = Cure::ByHand("rename, move or mend it by hand");
                    let mut finding = Finding::new(found.path, Kind::Name, found.why, cure);
                    if job.batch.is_some() {
                        finding.by_hand();
                    }
                    let _ = to_show.send(vec![Step::Finding(finding)]);
                    Ok(())
                }
            }
        }),
    };
    if let Err(End::Failed(error)) = result {
        let _ = to_show.send(vec![Step::Failure(error)]);
    }
}
