//! Opening a folder to be served, and whoever is asked about what it lacks.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use quick_cache::sync::Cache;

use super::fetch::{FetchHousekeeping, Fetching};
use super::sums::Sums;
use super::{ModuleProxy, ProxySettings, StoredOnly};
use crate::catalog::{Catalog, CatalogSettings};
use crate::housekeeping::{Janitor, Room};
use crate::store::{DirStore, Locks, OpenMode, StoreError};
use crate::upstream::direct::{DirectSettings, GoCommand, ScratchError};
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
    let staging = store.staging();
    match staging.probe() {
        Ok(()) if !staging.is_read_only() => true,
        Ok(()) => {
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
) -> Result<Option<Arc<Janitor>>, StoreError> {
    if !settings.limits.is_any() {
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
        let pseudonym = pseudonym();
        let is_asking = settings.upstreams.is_some() && !settings.offline;
        let may_fetch = is_asking && can_keep(catalog.store());
        let go = match &settings.direct {
            Some(direct) if may_fetch => Some(GoCommand::new(DirectSettings {
                metrics: settings.metrics.clone(),
                ..direct.clone()
            })?),
            _ => None,
        };
        let upstreams = match &settings.upstreams {
            Some(upstreams) if may_fetch => Some(Upstreams::new(UpstreamSettings {
                via: pseudonym.clone(),
                metrics: settings.metrics.clone(),
                direct: go.clone().map(|go| Arc::new(go) as Arc<dyn Direct>),
                ..upstreams.clone()
            })?),
            _ => None,
        };
        let sums = Arc::new(Sums::new(
            settings.checksum_databases.clone(),
            catalog.store(),
            upstreams.as_ref(),
            settings.metrics.clone(),
        ));
        let room = Arc::new(Room::new(catalog.store().clone(), settings.min_free));
        let janitor = match upstreams {
            Some(_) => start_janitor(&catalog, settings)?,
            None => {
                if settings.limits.is_any() {
                    tracing::warn!(
                        "nothing is removed to make room: there is nobody from whom it could be fetched again"
                    );
                }
                None
            }
        };
        let fetching = upstreams.map(|upstreams| {
            let housekeeping = FetchHousekeeping {
                room: Arc::clone(&room),
                janitor: janitor.clone(),
                keeps_fetched: settings.keeps_fetched,
            };
            Fetching::new(
                catalog.clone(),
                upstreams,
                Arc::clone(&sums),
                housekeeping,
                settings.fetch,
                settings.cache_size,
                settings.metrics.clone(),
            )
        });
        Ok(Arc::new(Self {
            catalog,
            metrics: settings.metrics.clone(),
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
            ages: Cache::new(AGES),
            pseudonym,
            room,
            janitor,
            changing: Locks::default(),
        }))
    }
}
