//! All who want files of one version share one job, and for a while its result.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::download::{Files, download};
use super::failure::Failure;
use super::job::Jobs;
use crate::module::ModuleVersion;

/// How long files are kept: who wants the `.info` and the go.mod of a version mostly wants its zip next.
const KEEP: Duration = Duration::from_secs(60);
/// How many versions are kept at most.
const MAX_KEPT: usize = 32;

type Outcome = Result<Arc<Files>, Failure>;
type Waited = watch::Sender<Option<Outcome>>;

/// Jobs that run, and the results of those that have ended. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Downloads {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    jobs: Arc<Jobs>,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// How many bytes are kept at most.
    max_kept: u64,
    entries: Mutex<HashMap<ModuleVersion, Entry>>,
}

#[derive(Debug)]
struct Entry {
    /// Where the outcome is, or will be.
    outcome: Arc<Waited>,
    /// Since when, and how many bytes it is; `None` while the job runs.
    kept: Option<(Instant, u64)>,
    /// Cancelled, it ends the task, which gives up the job or what is kept.
    end: CancellationToken,
}

impl Downloads {
    /// Nothing yet. At most `max_kept` bytes of results are kept; the tasks of jobs are among `tasks`, and end when `stop`
    /// is cancelled.
    pub(super) fn new(
        jobs: Arc<Jobs>,
        tasks: TaskTracker,
        stop: CancellationToken,
        max_kept: u64,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                jobs,
                tasks,
                stop,
                max_kept,
                entries: Mutex::default(),
            }),
        }
    }

    /// The files of a version: those that are kept, or those of the job that runs, or of a new one. A job that nobody waits
    /// for any more is given up.
    ///
    /// # Errors
    ///
    /// What [`download`] says.
    pub(super) async fn get(&self, version: &ModuleVersion) -> Outcome {
        let mut outcome = self.shared.subscribe(version);
        match outcome.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or_else(|| Err(Failure::stopped())),
            // The task panicked, or the runtime ends.
            Err(_) => Err(Failure::stopped()),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, HashMap<ModuleVersion, Entry>> {
        // Nothing is done under the lock that could leave the map half-changed.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn subscribe(self: &Arc<Self>, version: &ModuleVersion) -> watch::Receiver<Option<Outcome>> {
        let mut entries = self.lock();
        if let Some(entry) = entries.get(version) {
            return entry.outcome.subscribe();
        }
        let (sender, receiver) = watch::channel(None);
        let (outcome, end) = (Arc::new(sender), self.stop.child_token());
        let entry = Entry {
            outcome: Arc::clone(&outcome),
            kept: None,
            end: end.clone(),
        };
        entries.insert(version.clone(), entry);
        let presence = Presence {
            shared: Arc::clone(self),
            version: version.clone(),
            outcome,
            end,
        };
        self.tasks.spawn(crate::trace::in_current(presence.work()));
        receiver
    }

    /// Makes room for what has just come: the oldest goes first.
    fn make_room(&self, entries: &mut HashMap<ModuleVersion, Entry>) {
        loop {
            let kept = entries
                .iter()
                .filter_map(|(version, entry)| Some((entry.kept?, version)));
            let (count, bytes) = kept
                .clone()
                .fold((0, 0_u64), |(count, bytes), ((_, weight), _)| {
                    (count + 1, bytes.saturating_add(weight))
                });
            if count <= MAX_KEPT && bytes <= self.max_kept {
                return;
            }
            let Some(oldest) = kept.min_by_key(|((since, _), _)| *since) else {
                return;
            };
            let oldest = oldest.1.clone();
            if let Some(entry) = entries.remove(&oldest) {
                entry.end.cancel();
            }
        }
    }
}

/// The entry of a job in the map, which is there as long as its task lives, unless it had to make room.
struct Presence {
    shared: Arc<Shared>,
    version: ModuleVersion,
    outcome: Arc<Waited>,
    end: CancellationToken,
}

impl Presence {
    async fn work(self) {
        let stop = self.end.clone();
        let mut job = std::pin::pin!(download(&self.shared.jobs, &self.version, stop.clone()));
        let outcome = tokio::select! {
            outcome = &mut job => outcome,
            () = self.abandoned() => {
                stop.cancel();
                // It ends what it has started, and cleans up.
                drop(job.await);
                return;
            }
        };
        match outcome {
            Ok(files) => {
                self.keep(Arc::new(files));
                tokio::select! {
                    () = tokio::time::sleep(KEEP) => {}
                    () = stop.cancelled() => {}
                }
            }
            Err(failure) => {
                // First: whoever asks after the answer is out asks anew.
                self.leave();
                self.outcome.send_replace(Some(Err(failure)));
            }
        }
    }

    fn keep(&self, files: Arc<Files>) {
        let mut entries = self.shared.lock();
        if let Some(entry) = entries.get_mut(&self.version) {
            entry.kept = Some((Instant::now(), files.weight()));
        }
        self.outcome.send_replace(Some(Ok(files)));
        self.shared.make_room(&mut entries);
    }

    /// Waits until nobody waits for the outcome; from then on nobody can.
    async fn abandoned(&self) {
        loop {
            self.outcome.closed().await;
            let mut entries = self.shared.lock();
            // New ones come under the lock only.
            if self.outcome.receiver_count() == 0 {
                self.leave_locked(&mut entries);
                return;
            }
        }
    }

    fn leave(&self) {
        self.leave_locked(&mut self.shared.lock());
    }

    fn leave_locked(&self, entries: &mut HashMap<ModuleVersion, Entry>) {
        if entries
            .get(&self.version)
            .is_some_and(|entry| Arc::ptr_eq(&entry.outcome, &self.outcome))
        {
            entries.remove(&self.version);
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.leave();
    }
}
