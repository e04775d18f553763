//! The decisions: what is answered for a module, and why not. Knows no HTTP.

mod ages;
mod caller;
mod checksums;
mod database_file;
mod error;
mod feeds;
mod fetch;
mod files;
mod freshness;
mod lists;
mod open;
mod policy;
mod publish;
mod publish_error;
mod readiness;
mod route;
mod sampled;
mod settings;
mod standing;
mod sums;

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;
use quick_cache::sync::Cache;

pub use caller::{Caller, Found, StoredOnly};
pub use database_file::DatabaseFile;
pub use error::{ErrorKind, Forbidden, ProxyError};
pub use feeds::{CatalogPage, CatalogPosition, IndexEntry, IndexQuery, InvalidPosition, Visible};
pub use fetch::{FetchFailure, FetchSettings, SumMismatch};
pub use open::OpenError;
pub use policy::{InvalidRule, InvalidVersionRange, MinAge, Policy, Rule, VersionRange};
pub use publish::{Published, Upload};
pub use publish_error::{Conflict, PublishError};
pub use readiness::Readiness;
pub use route::NotAsked;
pub use settings::ProxySettings;

pub use crate::catalog::{TreeSize, WatchMode};
pub use crate::modzip::{Finding, Report, Verdict as ZipVerdict};

use crate::catalog::Catalog;
use crate::housekeeping::{Janitor, Room};
use crate::metrics::Metrics;
use crate::module::{ModulePath, ModuleVersion, Time};
use crate::store::Locks;
use crate::upstream::direct::{GoCommand, GoUnavailable, JobsAtWork};

use self::fetch::Fetching;
use self::readiness::Probe;
use self::sums::Sums;

/// A Go module proxy over a folder, with settings that stay as they are: other ones make another proxy over the same folder
/// (see [`with`](Self::with)), so that whoever began with one ends with it.
#[derive(Debug)]
pub struct ModuleProxy {
    catalog: Catalog,
    metrics: Metrics,
    max_zip_size: u64,
    policy: Policy,
    /// Why nothing is fetched at all, if so.
    stored_only: Option<StoredOnly>,
    fetching: Option<Arc<Fetching>>,
    sums: Arc<Sums>,
    /// Who fetches from version control.
    go: Option<GoCommand>,
    /// When versions of somebody else's were made, for `--min-age`.
    ages: Arc<Cache<ModuleVersion, Time>>,
    /// What we are called in `Via` headers.
    pseudonym: Arc<str>,
    room: Arc<Room>,
    /// Who removes fetched versions to make room, if anybody does.
    janitor: Option<Arc<Janitor>>,
    /// Whether requests can be answered.
    probe: Probe,
    /// Held by who publishes or deletes a version, until the journal has it.
    changing: Arc<Locks>,
    /// The fetches from version control that run, also those begun by a proxy that this one took the place of.
    jobs: Arc<Mutex<Vec<JobsAtWork>>>,
}

impl ModuleProxy {
    /// What this server is called in `Via` headers.
    pub fn pseudonym(&self) -> &str {
        &self.pseudonym
    }

    /// Whether this one and another ask upstreams, and each its own: nothing that one learns from them, or of how they are to
    /// be asked, is known to the other.
    pub fn asks_apart_from(&self, other: &Self) -> bool {
        match (&self.fetching, &other.fetching) {
            (Some(ours), Some(theirs)) => ours.upstreams() != theirs.upstreams(),
            _ => false,
        }
    }

    /// Why modules can not be fetched from version control, if they are to be.
    pub async fn direct_fault(&self) -> Option<GoUnavailable> {
        self.go.as_ref()?.probe().await.err()
    }

    /// Ends what runs for fetches from version control, and waits until it is gone; writes down what a next start is to know.
    pub async fn stop(&self) {
        let jobs = {
            let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            jobs.clone()
        };
        join_all(jobs.iter().map(JobsAtWork::stop)).await;
        if let Some(janitor) = &self.janitor {
            let janitor = Arc::clone(janitor);
            let finished = tokio::task::spawn_blocking(move || janitor.finish()).await;
            if let Ok(Err(error)) = finished {
                tracing::warn!("when versions were last used is not written down: {error}");
            }
        }
    }

    /// What the disk of the folder has left, in bytes; `None` if it does not say.
    pub fn disk_free(&self) -> Option<u64> {
        self.room.free()
    }

    /// Who removes fetched versions to make room, if anybody does.
    pub fn janitor(&self) -> Option<&Janitor> {
        self.janitor.as_deref()
    }

    /// Whether a module is private or owned: nobody else is asked about it.
    ///
    /// # Errors
    /// If the folder can not be read.
    pub async fn is_ours(&self, module: &ModulePath) -> Result<bool, ProxyError> {
        Ok(self.standing(module).await?.is_ours())
    }

    /// The largest zip that is taken for publishing, in bytes.
    pub fn max_zip_size(&self) -> u64 {
        self.max_zip_size
    }

    /// How much the tree holds, as of the last walk; `None` until the first one has ended.
    pub fn tree_size(&self) -> Option<TreeSize> {
        self.catalog.size()
    }
}
