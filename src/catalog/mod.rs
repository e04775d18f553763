//! Which versions exist: version lists and what is latest, read from the tree on demand and kept.
//!
//! The tree is the truth; everything here is derived and can be thrown away at any time. Start-up reads nothing: a list
//! is read when it is first asked for, and its directory is then watched ([`watch`]). Events are hints: the directory is
//! read again, and the listing decides. Where no watch can be had the list is believed for a poll interval only, so it
//! is never stale because a watch failed.

mod background;
mod derive;
mod freshness;
mod index;
mod keeper;
mod latest;
mod recorder;
mod reindex;
mod report;
mod resumed;
mod scan;
mod slots;
mod soundness;
mod walk;
mod walker;
mod watch;
mod whole;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwapOption;
use tokio::sync::Semaphore;

pub use background::in_background;
pub use derive::render_list;
pub(crate) use derive::{Change, apply, latest_version, plan};
pub use index::ModuleIndex;
pub use recorder::Recorded;
pub(crate) use recorder::Recorder;
pub use reindex::{Reindexed, reindex_module};
pub use report::Finding;
pub(crate) use resumed::{Go, Visit, walk_from};
pub(crate) use scan::{scan, version_of};
pub use soundness::{MAX_INFO_SIZE, Soundness, Verdict, check_go_mod, check_info};
pub use walk::{Step, walk};
pub use watch::{WatchMode, WatcherState};
pub(crate) use whole::clause;

use self::index::Snapshot;
use self::keeper::Keeper;
use self::report::Reporter;
use self::slots::{Slot, Slots};
use self::watch::{Hint, Watches};
use crate::metrics::Metrics;
use crate::module::{EscapedPath, ModulePath, ModuleVersion, Version};
use crate::store::{DirStore, FileContent, Locks, ModuleFile, Object, StoreError, StoreKey};

/// How long a watched list is believed without a hint: events can be lost in ways that nobody reports.
const RECHECK: Duration = Duration::from_secs(10);

/// How a catalog works.
#[derive(Debug, Clone)]
pub struct CatalogSettings {
    /// How changes are noticed.
    pub watch: WatchMode,
    /// How long a list is believed that is not watched.
    pub poll_interval: Duration,
    /// How many directories are watched at most.
    pub max_watches: usize,
    /// How much memory lists may take, in bytes.
    pub cache_size: u64,
    /// How often the whole tree is walked in the background; zero for once, at start.
    pub scan_interval: Duration,
    /// Where what is done is counted.
    pub metrics: Metrics,
}

/// How much the tree holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TreeSize {
    /// Modules with at least one version that can be served whole.
    pub modules: u64,
    /// Versions that can be served whole, pseudo-versions among them.
    pub versions: u64,
}

/// The modules of a store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalog {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    store: DirStore,
    settings: CatalogSettings,
    soundness: Soundness,
    slots: Arc<Slots>,
    watches: Arc<Watches>,
    keeper: Keeper,
    /// Who brings the derived files of a module up to date.
    keeping: Locks,
    reporter: Reporter,
    /// Places for whole checks: they read and inflate, and must leave room for everything else.
    checks: Arc<Semaphore>,
    size: ArcSwapOption<TreeSize>,
}

/// How many zips are checked whole at once.
const MOST_CHECKS: usize = 2;

/// How many verdicts on files are kept, of some 100 bytes each.
const VERDICTS: usize = 32_768;

/// What a look at a module's directory found.
#[derive(Debug)]
pub(crate) struct Look {
    /// The versions that can be served whole, ascending, pseudo-versions among them.
    pub(crate) versions: Vec<Version>,
    /// Whether a version of it came from here.
    pub(crate) is_owned: bool,
}

impl Catalog {
    /// A catalog over `store`, its watcher and background threads started.
    ///
    /// # Errors
    /// If a thread can not be started.
    pub fn start(store: DirStore, settings: CatalogSettings) -> std::io::Result<Self> {
        let keeper = Keeper::default();
        let metrics = settings.metrics.clone();
        let slots = Arc::new(Slots::new(settings.cache_size, metrics.clone()));
        let watches = {
            let (slots, keeper) = (Arc::clone(&slots), keeper.clone());
            Watches::start(
                store.path(),
                settings.watch,
                settings.max_watches,
                metrics.clone(),
                move |hint| {
                    slots.hint(&hint);
                    if let Hint::Versions(module) | Hint::Derived(module) = hint
                        && let Ok(escaped) = module.parse::<EscapedPath>()
                    {
                        keeper.touch(escaped.module_path().clone());
                    }
                },
            )
        };
        let scan_interval = settings.scan_interval;
        let inner = Arc::new(Inner {
            store,
            settings,
            soundness: Soundness::new(VERDICTS).counted_in(metrics),
            slots,
            watches,
            keeper,
            keeping: Locks::default(),
            reporter: Reporter::default(),
            checks: Arc::new(Semaphore::new(MOST_CHECKS)),
            size: ArcSwapOption::empty(),
        });
        inner.keeper.start(Arc::downgrade(&inner))?;
        walker::start(&inner, scan_interval)?;
        Ok(Self { inner })
    }

    /// The store it reads.
    pub fn store(&self) -> &DirStore {
        &self.inner.store
    }

    /// The verdicts on files.
    pub fn soundness(&self) -> &Soundness {
        &self.inner.soundness
    }

    /// How much the tree holds, as of the last walk; `None` until the first one has ended.
    pub fn size(&self) -> Option<TreeSize> {
        self.inner.size.load().as_deref().copied()
    }

    /// The list and the latest version of a module; `None` if the tree holds no version of it that can be served whole.
    ///
    /// # Errors
    /// If its directory or a file in it can not be read.
    pub async fn module(
        &self,
        module: &ModulePath,
    ) -> Result<Option<Arc<ModuleIndex>>, StoreError> {
        let escaped = module.escaped();
        let key = escaped.as_str();
        if let Some(slot) = self.inner.slots.get(key)
            && let Some(index) = slot.current(self.inner.trust(&slot))
        {
            if slot.is_to_be_looked_at_again() {
                self.inner.slots.count_change();
            }
            return Ok(index);
        }
        // Most questions about what is not there end here: the go command asks every prefix of an import path.
        if self
            .inner
            .store
            .has_directory(&StoreKey::directory(module))
            .await?
        {
            self.refresh(module, key).await
        } else {
            Ok(None)
        }
    }

    /// Whether a version of a module came from here: published, dropped into the folder by hand, or deleted since.
    ///
    /// # Errors
    /// If its directory, a file in it or the journal can not be read.
    pub async fn is_owned(&self, module: &ModulePath) -> Result<bool, StoreError> {
        if let Some(index) = self.module(module).await? {
            return Ok(index.is_owned);
        }
        let directory = StoreKey::directory(module);
        if !self.inner.store.has_directory(&directory).await? {
            return Ok(false);
        }
        // Nothing in it can be served whole; of that nothing is kept, so it is looked at again.
        let (inner, module) = (Arc::clone(&self.inner), module.clone());
        let looked = tokio::task::spawn_blocking(move || {
            scan(&inner.store, &inner.soundness, &module)
                .map(|scan| scan.is_some_and(|scan| scan.is_owned))
        });
        looked
            .await
            .map_err(|error| StoreError::io("read", directory, std::io::Error::other(error)))?
    }

    /// What the directory of a module holds, of which nothing is kept. Waits for the disk.
    ///
    /// # Errors
    /// If its directory, a file in it or the journal can not be read.
    pub(crate) fn look(&self, module: &ModulePath) -> Result<Look, StoreError> {
        let scan = scan(&self.inner.store, &self.inner.soundness, module)?.unwrap_or_default();
        Ok(Look {
            versions: scan.servable(),
            is_owned: scan.is_owned,
        })
    }

    async fn refresh(
        &self,
        module: &ModulePath,
        key: &str,
    ) -> Result<Option<Arc<ModuleIndex>>, StoreError> {
        let asked = Instant::now();
        let (slot, evicted) = self.inner.slots.get_or_insert(key);
        for held in evicted {
            self.inner.keeper.release(held);
        }
        let turn = Arc::clone(&slot.reading).lock_owned().await;
        // Somebody else may have read the directory while we waited for our turn.
        if let Some(snapshot) = slot.snapshot()
            && !slot.is_dead()
            && (snapshot.began >= asked || slot.current(self.inner.trust(&slot)).is_some())
        {
            return Ok(snapshot.index.clone());
        }
        let inner = Arc::clone(&self.inner);
        let module_path = module.clone();
        let read = tokio::task::spawn_blocking(move || {
            // The turn ends when the reading does, also if the request that began it is gone by then.
            let _turn = turn;
            inner.read_module(&module_path, &slot)
        });
        read.await.map_err(|error| {
            StoreError::io(
                "read",
                StoreKey::directory(module),
                std::io::Error::other(error),
            )
        })?
    }

    /// The `.info` or `.mod` of a version that lacks the file and has a zip to make it from; `None` without one.
    ///
    /// # Errors
    /// If the zip can not be read.
    pub async fn derived(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
    ) -> Result<Option<Object>, StoreError> {
        let (inner, version) = (Arc::clone(&self.inner), version.clone());
        let name = StoreKey::File(&version, file).relative_path();
        let made = tokio::task::spawn_blocking(move || {
            derive::derived_file(&inner.store, &inner.soundness, &version, file)
        });
        let made = made
            .await
            .map_err(|error| StoreError::io("make", name, std::io::Error::other(error)))??;
        Ok(made.map(derive::Made::into_object))
    }

    /// Brings a module's list up to date after a change of our own: for readers of the folder at once, for ours with
    /// the next request. Waits for the disk.
    ///
    /// # Errors
    /// If its directory can not be read, or its list not be written.
    pub fn changed(&self, module: &ModulePath) -> Result<(), StoreError> {
        let escaped = module.escaped();
        self.inner.slots.hint(&Hint::Versions(escaped.as_str()));
        keeper::keep(&self.inner, module).map(drop)
    }

    /// Has the directory of a module read again before its next list.
    pub fn forget(&self, module: &ModulePath) {
        let escaped = module.escaped();
        self.inner.slots.hint(&Hint::Versions(escaped.as_str()));
    }

    /// The verdict on an open zip, all of it read once in its life here. A zip that fails disappears from the list.
    ///
    /// # Errors
    /// If the zip can not be read.
    pub async fn whole(
        &self,
        version: &ModuleVersion,
        zip: &FileContent,
    ) -> Result<Verdict, StoreError> {
        if let Some(verdict) = self.inner.soundness.known_whole(version, zip.identity()) {
            return Ok(verdict);
        }
        // Many who ask for one new zip wait for one check: those behind it find the verdict.
        let turn = Arc::clone(&self.inner.checks).acquire_owned().await;
        let (inner, version, zip) = (Arc::clone(&self.inner), version.clone(), zip.clone());
        let path = StoreKey::File(&version, ModuleFile::Zip).relative_path();
        let check = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let verdict = inner.soundness.check_whole(&inner.store, &version, &zip)?;
            if let Verdict::Unsound(_) = verdict {
                inner
                    .slots
                    .hint(&Hint::Versions(version.path().escaped().as_str()));
                inner.keeper.touch(version.path().clone());
            }
            Ok(verdict)
        });
        check
            .await
            .map_err(|error| StoreError::io("check", path, std::io::Error::other(error)))?
    }

    /// Says once in the log that a file can not be served.
    pub fn report(&self, version: &ModuleVersion, file: ModuleFile, why: &str) {
        self.inner.reporter.report(&[Finding::of_file(
            StoreKey::File(version, file).relative_path(),
            why,
        )]);
    }

    /// How it is with the watcher.
    pub fn watcher(&self) -> WatcherState {
        self.inner.watches.state()
    }

    /// How many directories are watched, and whether there is a watcher at all.
    pub fn watches(&self) -> Option<usize> {
        self.inner
            .watches
            .is_native()
            .then(|| self.inner.watches.count())
    }

    /// Looks at what is not counted along. Waits for locks: not for async threads.
    pub fn sample(&self) {
        let kept = self.inner.slots.kept();
        let catalog = &self.inner.settings.metrics.catalog;
        catalog.lists.set(Some(kept.lists));
        catalog.polled.set(Some(kept.polled));
        catalog.weight.set(Some(kept.weight));
        catalog
            .watches
            .set(Some(self.watches().unwrap_or(0) as u64));
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.keeper.close();
    }
}

impl Inner {
    fn trust(&self, slot: &Slot) -> Duration {
        match self.settings.watch {
            WatchMode::Off => Duration::ZERO,
            WatchMode::Native if self.is_watched(slot) => RECHECK,
            WatchMode::Native | WatchMode::Poll => self.settings.poll_interval,
        }
    }

    fn is_watched(&self, slot: &Slot) -> bool {
        slot.is_watched() && self.watches.is_native()
    }

    /// Reads a module's directory for its slot. The watch is there before the reading begins, so that what changes
    /// meanwhile is noticed.
    fn read_module(
        &self,
        module: &ModulePath,
        slot: &Arc<Slot>,
    ) -> Result<Option<Arc<ModuleIndex>>, StoreError> {
        let escaped = module.escaped();
        let key = escaped.as_str();
        if !slot.is_watched()
            && let Some(held) = self.watches.hold(key)
            && let Some(refused) = self.slots.attach(key, slot, held)
        {
            self.watches.release(&refused);
        }
        self.settings.metrics.catalog.read.add_one();
        let (began, generation) = (Instant::now(), slot.generation());
        let scan = scan(&self.store, &self.soundness, module)?;
        let index = match &scan {
            Some(scan) => {
                ModuleIndex::of_scan(&self.store, &self.soundness, module, scan)?.map(Arc::new)
            }
            None => None,
        };
        let look_again = scan.as_ref().and_then(|scan| scan.look_again);
        if let Some(scan) = &scan {
            self.reporter.report(&scan.findings);
        }
        if index.is_none() && look_again.is_none() {
            // Nothing to keep: a module of which only go.mod files are there, for somebody's module graph.
            for held in self.slots.remove(key, slot) {
                self.watches.release(&held);
            }
        } else {
            let before = slot.snapshot().and_then(|snapshot| snapshot.index.clone());
            let etag = |index: &Option<Arc<ModuleIndex>>| {
                index.as_ref().map(|index| index.list.etag.clone())
            };
            if before.is_none() || etag(&before) != etag(&index) {
                self.keeper.touch(module.clone());
            }
            self.slots
                .weigh(key, slot, index.as_ref().map_or(0, |index| index.weight()));
            let look_again = look_again
                .map(|at| began + at.duration_since(SystemTime::now()).unwrap_or_default());
            if look_again.is_some() {
                self.slots.count_change();
            }
            slot.set_snapshot(Snapshot {
                index: index.clone(),
                generation,
                began,
                took: began.elapsed(),
                look_again,
            });
        }
        Ok(index)
    }
}
