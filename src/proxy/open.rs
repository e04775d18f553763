//! Opening a folder to be served, and whoever is asked about what it lacks.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use quick_cache::sync::Cache;

use super::fetch::{FetchHousekeeping, Fetching};
use super::readiness::Probe;
use super::sums::Sums;
use super::{ModuleProxy, ProxySettings, StoredOnly};
use crate::catalog::{Catalog, CatalogSettings};
use crate::housekeeping::{Janitor, Room};
use crate::metrics::Metrics;
use crate::module::{ModuleVersion, Time};
use crate::store::{DirStore, Locks, OpenMode, StoreError, Writable};
use crate::upstream::direct::{DirectSettings, GoCommand, JobsAtWork, ScratchError};
use crate::upstream::{Direct, UpstreamSettings, UpstreamSetupError, Upstreams};

/// How many times of versions are kept, of some 200 bytes each.
const AGES: usize = 16_384;

/// Why a folder can not be served.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder itself.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The upstreams.
    #[error(transparent)]
    Upstream(#[from] UpstreamSetupError),
    /// The place for fetches from version control.
    #[error(transparent)]
    Direct(#[from] ScratchError),
}

/// Whether what is fetched can be kept. Writes to the root, which a server that only serves must not.
fn can_keep(store: &DirStore) -> bool {
    match store.staging().probe() {
        Ok(Writable::Yes) => true,
        Ok(Writable::ReadOnly) => {
            tracing::warn!("nothing is fetched from upstreams: the folder can not be written");
            false
        }
        // A full disk, perhaps, and not for ever: each fetch says so.
        Err(error) => {
            tracing::warn!("what is fetched from upstreams may not be kept: {error}");
            true
        }
    }
}

fn start_janitor(
    catalog: &Catalog,
    settings: &ProxySettings,
    is_asking: bool,
) -> Result<Option<Arc<Janitor>>, StoreError> {
    if !settings.limits.is_any() {
        return Ok(None);
    }
    if !is_asking {
        tracing::warn!(
            "nothing is removed to make room: there is nobody from whom it could be fetched again"
        );
        return Ok(None);
    }
    Janitor::start(catalog.clone(), settings.limits, settings.scan_interval)
        .map(Some)
        .map_err(|error| StoreError::io("look after", settings.root.display().to_string(), error))
}

/// A name for this server that no other has, for as long as it runs (RFC 9110, 7.6.3: a pseudonym).
fn pseudonym() -> String {
    // Keyed anew in each process, from the system's random numbers.
    let number = RandomState::new().hash_one(std::process::id());
    format!("athens-{number:016x}")
}

/// What all proxies of a process over a folder share, whatever their settings.
struct Shared {
    catalog: Catalog,
    metrics: Metrics,
    ages: Arc<Cache<ModuleVersion, Time>>,
    pseudonym: Arc<str>,
    changing: Arc<Locks>,
    jobs: Arc<Mutex<Vec<JobsAtWork>>>,
}

impl ModuleProxy {
    /// Opens the folder and starts what keeps it in view. Reads nothing of it yet, so it takes the same time for every
    /// size of tree.
    ///
    /// # Errors
    /// If the root is missing, is no directory or can not be read, a thread can not be started, or upstreams can not be
    /// asked as the settings say.
    pub fn open(settings: &ProxySettings) -> Result<Arc<Self>, OpenError> {
        let mode = if settings.read_only {
            OpenMode::ReadOnly
        } else {
            OpenMode::ReadWrite
        };
        let store = DirStore::open(&settings.root, mode)?;
        if let Ok(swept @ 1..) = store.staging().sweep() {
            tracing::info!(
                "removed {swept} unfinished files that an interrupted process left in the staging area"
            );
        }
        let catalog = CatalogSettings {
            watch: settings.watch,
            poll_interval: settings.poll_interval,
            max_watches: settings.max_watches,
            cache_size: settings.cache_size,
            scan_interval: settings.scan_interval,
            metrics: settings.metrics.clone(),
        };
        let catalog = Catalog::start(store, catalog)
            .map_err(|error| StoreError::io("watch", settings.root.display().to_string(), error))?;
        let shared = Shared {
            catalog,
            metrics: settings.metrics.clone(),
            ages: Arc::new(Cache::new(AGES)),
            pseudonym: pseudonym().into(),
            changing: Arc::default(),
            jobs: Arc::default(),
        };
        Self::assemble(shared, settings, None)
    }

    /// A proxy over the same folder with other settings. What is about the folder itself (its place, whether it is written,
    /// how it is watched, the memory for it) stays as it is. So does what these settings would make the same:
    /// connections to upstreams, what they said lately, running fetches from version control; and what checksum databases
    /// have shown. Waits for the disk.
    ///
    /// # Errors
    /// If upstreams can not be asked as the settings say.
    pub fn with(&self, settings: &ProxySettings) -> Result<Arc<Self>, OpenError> {
        let shared = Shared {
            catalog: self.catalog.clone(),
            metrics: self.metrics.clone(),
            ages: Arc::clone(&self.ages),
            pseudonym: Arc::clone(&self.pseudonym),
            changing: Arc::clone(&self.changing),
            jobs: Arc::clone(&self.jobs),
        };
        Self::assemble(shared, settings, Some(self))
    }

    fn assemble(
        shared: Shared,
        settings: &ProxySettings,
        before: Option<&Self>,
    ) -> Result<Arc<Self>, OpenError> {
        let catalog = &shared.catalog;
        let is_asking = settings.upstreams.is_some() && !settings.offline;
        let may_fetch = is_asking && can_keep(catalog.store());
        let go = match &settings.direct {
            Some(direct) if may_fetch => Some(shared.go(direct, before)?),
            _ => None,
        };
        let upstreams = match &settings.upstreams {
            Some(upstreams) if may_fetch => {
                Some(shared.upstreams(upstreams, go.as_ref(), before)?)
            }
            _ => None,
        };
        let is_same = |before: &&Self| upstreams_of(before) == upstreams.as_ref();
        let before_with_upstreams = before.filter(is_same);
        let sums = before_with_upstreams
            .filter(|before| before.sums.has(&settings.checksum_databases))
            .map(|before| Arc::clone(&before.sums));
        let kept = before_with_upstreams.filter(|_| sums.is_some());
        let sums = sums.unwrap_or_else(|| {
            Arc::new(Sums::new(
                settings.checksum_databases.clone(),
                catalog.store(),
                upstreams.as_ref(),
                shared.metrics.clone(),
                before.map(|before| &*before.sums),
            ))
        });
        let (room, janitor) = match before {
            Some(before) => (Arc::clone(&before.room), before.janitor.clone()),
            None => (
                Arc::new(Room::new(catalog.store().clone(), settings.min_free)),
                start_janitor(catalog, settings, upstreams.is_some())?,
            ),
        };
        let kept = kept
            .and_then(|before| before.fetching.clone())
            .filter(|fetching| fetching.is_set(settings.fetch));
        let fetching = kept.or_else(|| {
            let housekeeping = FetchHousekeeping {
                room: Arc::clone(&room),
                janitor: janitor.clone(),
                keeps_fetched: settings.keeps_fetched,
            };
            Some(Fetching::new(
                catalog.clone(),
                upstreams?,
                Arc::clone(&sums),
                housekeeping,
                settings.fetch,
                settings.cache_size,
                shared.metrics.clone(),
            ))
        });
        let Shared {
            catalog,
            metrics,
            ages,
            pseudonym,
            changing,
            jobs,
        } = shared;
        Ok(Arc::new(Self {
            catalog,
            metrics,
            max_zip_size: settings.max_zip_size,
            policy: settings.policy.clone(),
            stored_only: if settings.offline {
                Some(StoredOnly::Offline)
            } else {
                let why = match settings.upstreams {
                    Some(_) => StoredOnly::ReadOnly,
                    None => StoredOnly::NoUpstream,
                };
                fetching.is_none().then_some(why)
            },
            fetching,
            sums,
            go,
            ages,
            pseudonym,
            room,
            janitor,
            probe: Probe::default(),
            changing,
            jobs,
        }))
    }
}

/// The upstreams of a proxy.
fn upstreams_of(proxy: &ModuleProxy) -> Option<&Upstreams> {
    proxy.fetching.as_deref().map(Fetching::upstreams)
}

impl Shared {
    /// Who fetches from version control: the one of before, if it would be the same.
    fn go(
        &self,
        direct: &DirectSettings,
        before: Option<&ModuleProxy>,
    ) -> Result<GoCommand, ScratchError> {
        let direct = DirectSettings {
            metrics: self.metrics.clone(),
            ..direct.clone()
        };
        let before = before.and_then(|before| before.go.as_ref());
        if let Some(go) = before.filter(|go| go.is_set(&direct)) {
            return Ok(go.clone());
        }
        let go = GoCommand::new(direct)?;
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.retain(|jobs| !jobs.are_over());
        jobs.push(go.jobs_at_work());
        Ok(go)
    }

    /// The upstreams: those of before, if they would be the same and fetch from version control in the same way.
    fn upstreams(
        &self,
        settings: &UpstreamSettings,
        go: Option<&GoCommand>,
        before: Option<&ModuleProxy>,
    ) -> Result<Upstreams, UpstreamSetupError> {
        let settings = UpstreamSettings {
            via: self.pseudonym.to_string(),
            metrics: self.metrics.clone(),
            direct: go.cloned().map(|go| Arc::new(go) as Arc<dyn Direct>),
            ..settings.clone()
        };
        let kept = before
            .filter(|before| before.go.as_ref() == go)
            .and_then(upstreams_of)
            .filter(|upstreams| upstreams.are_as(&settings));
        match kept {
            Some(upstreams) => Ok(upstreams.clone()),
            None => Upstreams::new(settings),
        }
    }
}

#[cfg(test)]
mod tests;
