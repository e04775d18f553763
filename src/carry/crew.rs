//! Importing: one thread reads the sources, several stand at the door, the caller is told what becomes of everything.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::arrival::Arrival;
use super::door::Door;
use super::error::CarryError;
use super::group::Group;
use super::outcome::Outcome;
use super::source::{Item, Source};
use crate::catalog::Soundness;
use crate::module::{ModuleVersion, PathPatterns};
use crate::store::{DirStore, StoreError, SumdbFile};

/// How many verdicts on files are kept, of some 100 bytes each.
const VERDICTS: usize = 1 << 14;

/// How an import works.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// How many versions are checked at once.
    pub jobs: NonZeroUsize,
    /// Whether nothing is written, and only said what would be.
    pub is_dry: bool,
    /// Which modules are taken; `None` for all.
    pub only: Option<PathPatterns>,
    /// Which modules are one's own, whatever the sources say of how they got them.
    pub owned: Option<PathPatterns>,
    /// Whether a rest of three times the work follows each version, so that others who use disk and cores notice little.
    pub is_gentle: bool,
}

/// What happens on the way.
#[derive(Debug)]
pub enum ImportStep {
    /// A version stood before the door.
    Version {
        /// The version.
        version: ModuleVersion,
        /// What became of it.
        outcome: Outcome,
        /// The length of its zip in bytes, where that was known before; else 0.
        bytes: u64,
    },
    /// A file of a checksum database did.
    Sumdb {
        /// The file.
        file: SumdbFile,
        /// What became of it.
        outcome: Outcome,
    },
    /// Something in a source is nothing that can be taken.
    PassedOver {
        /// Its path in the source.
        path: String,
        /// Why, as a clause after the path.
        why: String,
    },
    /// Something could not be read or written.
    Failure(CarryError),
}

/// What a thread at the door gets to do.
enum Task {
    Version(Box<Arrival>, Arc<Group>),
    Sumdb(SumdbFile, Vec<u8>),
    /// No more versions of this module come from where these came from.
    End(Arc<Group>),
}

/// Takes everything that sources have into a root, and shows what happens as it happens, in no order. A run that is
/// interrupted is gone on with by the next one: what is there is passed quickly. A server may run on the root meanwhile.
///
/// Waits for the disk. Memory is that of the names in one directory, and for each job a zip's names and a `.mod`.
///
/// # Errors
/// If the journal of the root can not be read, or what `visit` returns. That something can not be read or written on
/// the way is shown; a full disk ends the import.
pub fn import<E: From<StoreError>>(
    store: &DirStore,
    sources: &[Source],
    options: &ImportOptions,
    mut visit: impl FnMut(ImportStep) -> Result<(), E>,
) -> Result<(), E> {
    if !options.is_dry {
        // What a killed import left behind; a server does the same when it starts.
        store.staging().sweep()?;
    }
    let door = Door::new(store.clone(), options.is_dry).with_owned(options.owned.clone());
    let soundness = Soundness::new(VERDICTS);
    let stop = AtomicBool::new(false);
    let (give, tasks) = sync_channel::<Task>(options.jobs.get());
    let (tell, told) = sync_channel::<ImportStep>(256);
    let tasks = Arc::new(Mutex::new(tasks));
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.get() {
            let (tasks, tell) = (Arc::clone(&tasks), tell.clone());
            let (door, soundness, stop) = (&door, &soundness, &stop);
            scope.spawn(move || {
                let worker = Worker {
                    door,
                    soundness,
                    tell: &tell,
                    stop,
                    is_gentle: options.is_gentle,
                };
                worker.work(&tasks);
            });
        }
        // Only the workers hold it: when they are gone, the reading ends too.
        drop(tasks);
        let stop_reading = &stop;
        scope.spawn(move || {
            for source in sources {
                read(source, options, &give, &tell, stop_reading);
            }
        });
        let mut result = Ok(());
        for step in told {
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

/// Reads a source to its end, or until the import is stopped.
fn read(
    source: &Source,
    options: &ImportOptions,
    give: &SyncSender<Task>,
    tell: &SyncSender<ImportStep>,
    stop: &AtomicBool,
) {
    let mut group: Option<Arc<Group>> = None;
    // The caller listens, and the workers work, until all threads are gone: nothing is ever refused.
    let hand = |task: Task| drop(give.send(task));
    let result = source.each(options.only.as_ref(), &mut |item| {
        if stop.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        match item {
            Item::Version(arrival) => {
                let module = arrival.version.path();
                if group.as_ref().is_none_or(|group| group.module != *module)
                    && let Some(done) = group.replace(Group::new(module.clone()))
                {
                    hand(Task::End(done));
                }
                if let Some(group) = &group {
                    hand(Task::Version(arrival, Arc::clone(group)));
                }
            }
            Item::Sumdb(file, content) => hand(Task::Sumdb(file, content)),
            Item::Refused(version, reason) => drop(tell.send(ImportStep::Version {
                version,
                outcome: Outcome::Refused(reason),
                bytes: 0,
            })),
            Item::PassedOver { path, why } => {
                drop(tell.send(ImportStep::PassedOver { path, why }));
            }
            Item::Failed(error) => drop(tell.send(ImportStep::Failure(error))),
        }
        ControlFlow::Continue(())
    });
    if let Some(done) = group.take() {
        hand(Task::End(done));
    }
    if let Err(error) = result {
        let _ = tell.send(ImportStep::Failure(error));
    }
}

/// The rest after a piece of work, as a multiple of it: at most a quarter of one core is used then.
const REST: u32 = 3;

/// One who stands at the door.
struct Worker<'a> {
    door: &'a Door,
    soundness: &'a Soundness,
    tell: &'a SyncSender<ImportStep>,
    stop: &'a AtomicBool,
    is_gentle: bool,
}

impl Worker<'_> {
    fn work(&self, tasks: &Mutex<Receiver<Task>>) {
        loop {
            let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(task) = task else { return };
            let started = Instant::now();
            self.perform(task);
            if self.is_gentle && !self.stop.load(Ordering::Relaxed) {
                std::thread::sleep(started.elapsed() * REST);
            }
        }
    }

    fn perform(&self, task: Task) {
        let is_stopped = self.stop.load(Ordering::Relaxed);
        match task {
            // What came in before the end still gets its list.
            Task::End(group) => self.release(group),
            Task::Version(_, group) if is_stopped => self.release(group),
            Task::Sumdb(..) if is_stopped => {}
            Task::Version(arrival, group) => {
                let (version, bytes) = (arrival.version.clone(), arrival.len());
                match self.door.take(*arrival) {
                    Ok(outcome) => {
                        group.note(version.version(), &outcome);
                        self.tell(ImportStep::Version {
                            version,
                            outcome,
                            bytes,
                        });
                    }
                    Err(error) => self.fail(error),
                }
                self.release(group);
            }
            Task::Sumdb(file, content) => match self.door.take_sumdb(&file, &content) {
                Ok(outcome) => self.tell(ImportStep::Sumdb { file, outcome }),
                Err(error) => self.fail(error),
            },
        }
    }

    fn release(&self, group: Arc<Group>) {
        if self.door.is_dry() {
            return;
        }
        if let Err(error) = Group::release(group, self.door.store(), self.soundness) {
            self.fail(error.into());
        }
    }

    fn fail(&self, error: CarryError) {
        if error.ends_everything() {
            self.stop.store(true, Ordering::Relaxed);
        }
        self.tell(ImportStep::Failure(error));
    }

    fn tell(&self, step: ImportStep) {
        // The caller listens until all workers are gone.
        let _ = self.tell.send(step);
    }
}
