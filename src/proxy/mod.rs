//! The decisions: what is answered for a module, and why not. Knows no HTTP.

mod ages;
mod caller;
mod checksums;
mod database_file;
mod error;
mod fetch;
mod lists;
mod policy;
mod publish;
mod publish_error;
mod route;
mod standing;
mod sums;

use std::hash::{BuildHasher as _, RandomState};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;

pub use caller::{Caller, StoredOnly};
pub use database_file::DatabaseFile;
pub use error::{ErrorKind, Forbidden, ProxyError};
pub use fetch::{FetchFailure, FetchSettings, SumMismatch};
pub use policy::{InvalidRule, InvalidVersionRange, MinAge, Policy, Rule, VersionRange};
pub use publish::{Published, Upload};
pub use publish_error::{Conflict, PublishError};
pub use route::NotAsked;

pub use crate::catalog::{TreeSize, WatchMode};
pub use crate::modzip::{Finding, Report, Verdict as ZipVerdict};

use crate::catalog::{Catalog, CatalogSettings, Verdict, check_go_mod, check_info};
use crate::module::{ModulePath, ModuleVersion, Time, VersionQuery};
use crate::store::{
    Content, DirStore, FileContent, Locks, ModuleFile, Object, OpenMode, StoreError, StoreKey,
};
use crate::sumdb::Database;
use crate::upstream::direct::{DirectSettings, GoCommand, GoUnavailable, ScratchError};
use crate::upstream::{Direct, UpstreamSettings, UpstreamSetupError, Upstreams};

use self::fetch::{Fetching, Question};
use self::route::Route;
use self::sums::Sums;

/// How a [`ModuleProxy`] works.
#[derive(Debug, Clone)]
pub struct ProxySettings {
    /// The folder that holds the modules.
    pub root: PathBuf,
    /// Whether nothing below the root is written, whatever the file system allows.
    pub read_only: bool,
    /// How changes below the root are noticed.
    pub watch: WatchMode,
    /// How long a version list is believed that is not watched.
    pub poll_interval: Duration,
    /// How many directories are watched at most.
    pub max_watches: usize,
    /// How much memory version lists may take, in bytes.
    pub cache_size: u64,
    /// How often the tree is walked in the background; zero for once, at start.
    pub scan_interval: Duration,
    /// The largest zip that is taken for publishing, in bytes.
    pub max_zip_size: u64,
    /// What may be served and fetched.
    pub policy: Policy,
    /// Whom to ask for what is not there; `None` for nobody.
    pub upstreams: Option<UpstreamSettings>,
    /// How modules are fetched from version control; `None` if they are not.
    pub direct: Option<DirectSettings>,
    /// How answers of upstreams are waited for and kept.
    pub fetch: FetchSettings,
    /// Checksum databases: the first verifies what is fetched, all are passed on.
    pub checksum_databases: Vec<Database>,
    /// Whether nothing is fetched, for the whole server.
    pub offline: bool,
}

impl ProxySettings {
    /// A folder by itself: watched, written, nobody asked about what it lacks, nothing verified with anybody.
    #[must_use]
    pub fn of_folder(root: PathBuf) -> Self {
        Self {
            root,
            read_only: false,
            watch: WatchMode::Native,
            poll_interval: Duration::from_millis(500),
            max_watches: 8192,
            cache_size: 16 << 20,
            scan_interval: Duration::from_secs(3600),
            max_zip_size: crate::modzip::MAX_ZIP_SIZE,
            policy: Policy::default(),
            upstreams: None,
            direct: None,
            fetch: FetchSettings {
                fetch_timeout: Duration::from_secs(300),
                list_ttl: Duration::from_secs(60),
                negative_ttl: Duration::from_secs(60),
            },
            checksum_databases: Vec::new(),
            offline: false,
        }
    }
}

/// A Go module proxy over a folder.
#[derive(Debug)]
pub struct ModuleProxy {
    catalog: Catalog,
    max_zip_size: u64,
    policy: Policy,
    /// Why nothing is fetched at all, if so.
    stored_only: Option<StoredOnly>,
    fetching: Option<Arc<Fetching>>,
    sums: Arc<Sums>,
    /// Who fetches from version control.
    go: Option<GoCommand>,
    /// When versions of somebody else's were made, for `--min-age`.
    ages: Cache<ModuleVersion, Time>,
    /// What we are called in `Via` headers.
    pseudonym: String,
    /// Held by who publishes or deletes a version, until the journal has it.
    changing: Locks,
}

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

/// A name for this server that no other has, for as long as it runs (RFC 9110, 7.6.3: a pseudonym).
fn pseudonym() -> String {
    // Keyed anew in each process, from the system's random numbers.
    let number = RandomState::new().hash_one(std::process::id());
    format!("athens-{number:016x}")
}

/// A `.mod` up to this length is checked and sent from memory; a longer one is checked where that may take its time.
const SMALL: u64 = 64 << 10;

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
        };
        let catalog = Catalog::start(store, catalog)
            .map_err(|error| StoreError::io("watch", settings.root.display().to_string(), error))?;
        let pseudonym = pseudonym();
        let is_asking = settings.upstreams.is_some() && !settings.offline;
        let may_fetch = is_asking && can_keep(catalog.store());
        let go = match &settings.direct {
            Some(direct) if may_fetch => Some(GoCommand::new(direct.clone())?),
            _ => None,
        };
        let upstreams = match &settings.upstreams {
            Some(upstreams) if may_fetch => Some(Upstreams::new(UpstreamSettings {
                via: pseudonym.clone(),
                direct: go.clone().map(|go| Arc::new(go) as Arc<dyn Direct>),
                ..upstreams.clone()
            })?),
            _ => None,
        };
        let sums = Arc::new(Sums::new(
            settings.checksum_databases.clone(),
            catalog.store(),
            upstreams.as_ref(),
        ));
        let fetching = upstreams.map(|upstreams| {
            Fetching::new(
                catalog.clone(),
                upstreams,
                Arc::clone(&sums),
                settings.fetch,
                settings.cache_size,
            )
        });
        Ok(Arc::new(Self {
            catalog,
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
            changing: Locks::default(),
        }))
    }

    /// The `.info` that a query stands for: a version, or what upstreams call a branch, a tag or a commit.
    ///
    /// # Errors
    /// As [`file`](Self::file).
    pub async fn info(
        &self,
        module: &ModulePath,
        query: &VersionQuery,
        caller: &Caller,
    ) -> Result<Object, ProxyError> {
        match query {
            VersionQuery::Revision(revision) => self.resolved(module, revision, caller).await,
            VersionQuery::Version(version) => {
                let version = ModuleVersion::new(module.clone(), version.clone())
                    .map_err(|_| ProxyError::unknown_version(module, version.as_str(), None))?;
                self.file(&version, ModuleFile::Info, caller).await
            }
        }
    }

    /// A file of a version: from the tree, made from the zip beside it, or fetched into the tree.
    ///
    /// # Errors
    /// [`ProxyError::UnknownVersion`] if it is not there and nobody else may be asked, [`ProxyError::Fetch`] if it could
    /// not be fetched, [`ProxyError::Unservable`] if it is there and must not be served, [`ProxyError::Forbidden`] if a
    /// rule says so, [`ProxyError::Store`] if it can not be read.
    pub async fn file(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
        caller: &Caller,
    ) -> Result<Object, ProxyError> {
        let module = version.path();
        // What nobody has a rule about is served without a look at whose it is.
        if self.policy.sorts_out(module, false) {
            let standing = self.admit_module(module).await?;
            let is_ours = standing.is_ours();
            let verdict = self.policy.on_version(module, version.version(), is_ours);
            if let Some(verdict) = verdict {
                return Err(ProxyError::forbidden(&version.to_string(), verdict));
            }
            if !is_ours {
                match self.route(module, &standing, caller) {
                    Route::Ask(fetching, ask) => {
                        self.admit_age(version, Some((fetching, &ask))).await?;
                    }
                    Route::Stored(_) => self.admit_age(version, None).await?,
                }
            }
        }
        if let Some(object) = self.stored(version, file).await? {
            return Ok(object);
        }
        let standing = self.standing(module).await?;
        let (fetching, ask) = match self.route(module, &standing, caller) {
            Route::Ask(fetching, ask) => (fetching, ask),
            Route::Stored(why) => {
                return Err(ProxyError::unknown_version(
                    module,
                    version.version().as_str(),
                    why,
                ));
            }
        };
        let question = Question::File(version.clone(), file);
        fetching.ask(question, &ask, false).await?.answer?;
        self.stored(version, file).await?.ok_or_else(|| {
            // Taken away again in this moment.
            ProxyError::unknown_version(module, version.version().as_str(), None)
        })
    }

    /// A file of a version from the tree, or made from the zip beside it; `None` if it is not there.
    async fn stored(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
    ) -> Result<Option<Object>, ProxyError> {
        let key = StoreKey::File(version, file);
        let found = match self.catalog.store().read(&key).await {
            Ok(found) => found,
            Err(StoreError::Refused { refusal, .. }) => {
                return Err(self.unservable(version, file, &refusal.to_string()));
            }
            Err(error) => return Err(error.into()),
        };
        match found {
            Some(content) => self.checked(version, file, content).await.map(Some),
            None => self.derived(version, file).await,
        }
    }

    /// Serves an open file if it passes the cheap check for what it is.
    async fn checked(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
        content: FileContent,
    ) -> Result<Object, ProxyError> {
        let failed =
            |error| StoreError::io("read", StoreKey::File(version, file).relative_path(), error);
        let modified = content.modified();
        let etag = crate::store::ETag::of_file(&content.identity());
        if content.len() <= SMALL && file != ModuleFile::Zip {
            let len = usize::try_from(content.len()).unwrap_or(usize::MAX);
            let bytes = content.read_at(0, len).await.map_err(failed)?;
            let verdict = match file {
                ModuleFile::Info => check_info(version, &bytes),
                _ => check_go_mod(&bytes),
            };
            return match verdict {
                Verdict::Sound(_) => Ok(Object {
                    len: bytes.len() as u64,
                    content: Content::Memory(bytes),
                    modified,
                    etag,
                }),
                Verdict::Unsound(why) => Err(self.unservable(version, file, &why)),
            };
        }
        let verdict = if file == ModuleFile::Zip {
            self.catalog.whole(version, &content).await?
        } else {
            self.checked_apart(version, file, &content).await?
        };
        match verdict {
            Verdict::Sound(_) => Ok(Object {
                len: content.len(),
                content: Content::File(content),
                modified,
                etag,
            }),
            Verdict::Unsound(why) => Err(self.unservable(version, file, &why)),
        }
    }

    /// The verdict on a large `.mod` or `.info`, made where it may take its time.
    async fn checked_apart(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
        content: &FileContent,
    ) -> Result<Verdict, StoreError> {
        let soundness = self.catalog.soundness();
        if let Some(verdict) = soundness.known(version, file, content.identity()) {
            return Ok(verdict);
        }
        let path = StoreKey::File(version, file).relative_path();
        let (catalog, version, content) = (self.catalog.clone(), version.clone(), content.clone());
        let check = tokio::task::spawn_blocking(move || {
            catalog.soundness().check(&version, file, &content)
        });
        check
            .await
            .map_err(|error| StoreError::io("read", path, std::io::Error::other(error)))?
    }

    /// What there is instead of a file that is not there: one that is made from the zip, the word that the version was
    /// deleted, or nothing.
    async fn derived(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
    ) -> Result<Option<Object>, ProxyError> {
        let store = self.catalog.store();
        // Most questions about what is not there end here, without a thread that may wait.
        if file != ModuleFile::Zip {
            match store.read(&StoreKey::File(version, ModuleFile::Zip)).await {
                Ok(Some(_)) => {
                    if let Some(object) = self.catalog.derived(version, file).await? {
                        return Ok(Some(object));
                    }
                }
                Ok(None) | Err(StoreError::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        match store.read(&StoreKey::Tombstone(version)).await {
            Ok(Some(_)) => Err(ProxyError::Deleted {
                version: version.clone(),
            }),
            Ok(None) | Err(StoreError::Refused { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn unservable(&self, version: &ModuleVersion, file: ModuleFile, why: &str) -> ProxyError {
        self.catalog.report(version, file, why);
        ProxyError::Unservable {
            version: version.clone(),
            file,
            why: why.to_owned(),
        }
    }

    /// What this server is called in `Via` headers.
    pub fn pseudonym(&self) -> &str {
        &self.pseudonym
    }

    /// Why modules can not be fetched from version control, if they are to be.
    pub async fn direct_fault(&self) -> Option<GoUnavailable> {
        self.go.as_ref()?.probe().await.err()
    }

    /// Ends what runs for fetches from version control, and waits until it is gone.
    pub async fn stop(&self) {
        if let Some(go) = &self.go {
            go.stop().await;
        }
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

    /// Whether requests can be answered: the root can be read, and written unless it is read-only.
    ///
    /// # Errors
    /// The reasons why not, a sentence each.
    pub async fn readiness(&self) -> Result<(), Vec<String>> {
        let store = self.catalog.store().clone();
        match tokio::task::spawn_blocking(move || store.probe()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(vec![error.to_string()]),
            Err(error) => Err(vec![format!("the root could not be looked at: {error}")]),
        }
    }
}
