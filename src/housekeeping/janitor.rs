//! The thread that keeps the folder within its limits while a server runs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::{GRACE, Limits, Sweep, Swept, Tracker};
use crate::catalog::Catalog;
use crate::module::ModuleVersion;
use crate::store::StoreError;

/// How often uses are written down: so much of what is known of them a crash costs.
const WRITE_DOWN: Duration = Duration::from_secs(60);
/// How often it is looked whether the first walk has ended, which finds out what the journal lacks.
const FIRST_WALK: Duration = Duration::from_millis(250);
/// When so much of the most has been fetched since the last look, it is looked again.
const SHARE: u64 = 20;

/// Keeps a folder within its limits, in the background and at low priority. Ends when it is dropped.
#[derive(Debug)]
pub struct Janitor {
    catalog: Catalog,
    limits: Limits,
    interval: Duration,
    tracker: Tracker,
    stop: AtomicBool,
    wake: SyncSender<()>,
    /// Bytes that were fetched since the last look.
    fetched: AtomicU64,
    evicted_versions: AtomicU64,
    evicted_bytes: AtomicU64,
    /// Whether it was said that the folder can not be brought down to its size, since it last was.
    said_excess: AtomicBool,
}

impl Janitor {
    /// Starts one, which looks when the first walk of the catalog has ended and then every `interval` (zero: only when much
    /// was fetched).
    ///
    /// # Errors
    /// If the thread can not be started.
    pub fn start(
        catalog: Catalog,
        limits: Limits,
        interval: Duration,
    ) -> std::io::Result<Arc<Self>> {
        let (wake, woken) = sync_channel(1);
        let janitor = Arc::new(Self {
            catalog,
            limits,
            interval,
            tracker: Tracker::default(),
            stop: AtomicBool::new(false),
            wake,
            fetched: AtomicU64::new(0),
            evicted_versions: AtomicU64::new(0),
            evicted_bytes: AtomicU64::new(0),
            said_excess: AtomicBool::new(false),
        });
        let this = Arc::downgrade(&janitor);
        std::thread::Builder::new()
            .name("athens-janitor".into())
            .spawn(move || work(&this, &woken))?;
        Ok(janitor)
    }

    /// Notes that somebody asked for a version and had it. Never waits for the disk.
    pub fn used(&self, version: &ModuleVersion) {
        self.tracker.used(version);
    }

    /// Notes that so many bytes were fetched. Never waits.
    pub fn fetched(&self, bytes: u64) {
        let since = self.fetched.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if self
            .limits
            .max_size
            .is_some_and(|most| since >= most / SHARE)
        {
            // Full: it was woken already.
            let _ = self.wake.try_send(());
        }
    }

    /// How many versions were removed to make room since the start.
    pub fn evicted_versions(&self) -> u64 {
        self.evicted_versions.load(Ordering::Relaxed)
    }

    /// What those took, in bytes.
    pub fn evicted_bytes(&self) -> u64 {
        self.evicted_bytes.load(Ordering::Relaxed)
    }

    /// Ends a look that is under way, and writes down what is known of uses. Waits for the disk.
    ///
    /// # Errors
    /// If that can not be written.
    pub fn finish(&self) -> Result<(), StoreError> {
        self.stop.store(true, Ordering::Relaxed);
        self.tracker.write_down(self.catalog.store())
    }

    fn look(&self) -> Option<Swept> {
        self.fetched.store(0, Ordering::Relaxed);
        let sweep = Sweep {
            store: self.catalog.store(),
            limits: self.limits,
            is_dry: false,
            is_gentle: true,
            removes_empty: false,
            stop: &self.stop,
            recent: Some(&self.tracker),
            relist: &|module| self.catalog.changed(module),
        };
        let mut gone = (0_u64, 0_u64);
        let swept = sweep.run(|victim| {
            tracing::debug!(
                size = victim.size,
                "{} is removed to make room",
                victim.version
            );
            gone.0 += 1;
            gone.1 += victim.size;
            self.evicted_versions.fetch_add(1, Ordering::Relaxed);
            self.evicted_bytes.fetch_add(victim.size, Ordering::Relaxed);
            Ok::<(), StoreError>(())
        });
        if gone.0 > 0 {
            tracing::info!(
                "removed {} fetched versions with {} bytes to make room",
                gone.0,
                gone.1
            );
        }
        match swept {
            Ok(swept) => {
                if let Some(swept) = &swept {
                    self.tell(swept);
                }
                swept
            }
            Err(error) => {
                tracing::warn!("the folder is not kept within its limits: {error}");
                None
            }
        }
    }

    /// Says once what the operator has to know.
    fn tell(&self, swept: &Swept) {
        if swept.unreadable_lines > 0 {
            tracing::warn!(
                "nothing is removed to make room: {} lines of the journal can not be read, and may say that something is \
                 to stay; the next walk of the folder, or `athens reindex`, makes up for them",
                swept.unreadable_lines
            );
            return;
        }
        let is_too_large = swept.excess > 0 && !swept.is_waiting;
        let was_said = self.said_excess.swap(is_too_large, Ordering::Relaxed);
        if is_too_large && !was_said {
            tracing::warn!(
                "the folder takes {} bytes more than --max-size says, and what is left in it may not be removed: it was \
                 published, put there by hand or brought there on purpose",
                swept.excess
            );
        }
    }

    /// Whether so much was fetched that it is time for a look.
    fn has_grown(&self) -> bool {
        let since = self.fetched.load(Ordering::Relaxed);
        self.limits
            .max_size
            .is_some_and(|most| since > 0 && since >= most / SHARE)
    }
}

/// Works until the janitor is gone.
fn work(janitor: &Weak<Janitor>, woken: &Receiver<()>) {
    let mut next = None;
    let mut has_looked = false;
    let mut pause = FIRST_WALK;
    let mut written = Instant::now();
    loop {
        if let Err(RecvTimeoutError::Disconnected) = woken.recv_timeout(pause) {
            return;
        }
        let Some(this) = janitor.upgrade() else {
            return;
        };
        if this.stop.load(Ordering::Relaxed) {
            return;
        }
        if written.elapsed() >= WRITE_DOWN {
            written = Instant::now();
            if let Err(error) = this.tracker.write_down(this.catalog.store()) {
                tracing::warn!("when versions were last used is not written down: {error}");
            }
        }
        if !has_looked && this.catalog.size().is_none() {
            continue;
        }
        let is_due = next.is_some_and(|next| Instant::now() >= next);
        if !has_looked || is_due || this.has_grown() {
            has_looked = true;
            let began = Instant::now();
            let swept = this.look();
            let is_waiting = swept.is_some_and(|swept| swept.is_waiting);
            next = if is_waiting {
                // Not over and over, where everything is always in use.
                Some(Instant::now() + GRACE.max(began.elapsed() * 10))
            } else if this.interval.is_zero() {
                None
            } else {
                Some(Instant::now() + this.interval)
            };
        }
        let until_next = next.map(|next| next.saturating_duration_since(Instant::now()));
        pause = until_next.unwrap_or(WRITE_DOWN).min(WRITE_DOWN);
    }
}
