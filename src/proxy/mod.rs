//! The decisions: what is answered for a module, and why not. Knows no HTTP.

mod error;
mod publish;
mod publish_error;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use error::{ErrorKind, ProxyError};
pub use publish::{Published, Upload};
pub use publish_error::{Conflict, PublishError};

pub use crate::catalog::{TreeSize, WatchMode};
pub use crate::modzip::{Finding, Report, Verdict as ZipVerdict};

use crate::catalog::{Catalog, CatalogSettings, Verdict, check_go_mod, check_info};
use crate::module::{ModulePath, ModuleVersion, VersionQuery};
use crate::store::{
    Content, DirStore, FileContent, Locks, ModuleFile, Object, OpenMode, StoreError, StoreKey,
};

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
}

/// A Go module proxy over a folder.
#[derive(Debug)]
pub struct ModuleProxy {
    catalog: Catalog,
    max_zip_size: u64,
    /// Held by who publishes or deletes a version, until the journal has it.
    changing: Locks,
}

/// A `.mod` up to this length is checked and sent from memory; a longer one is checked where that may take its time.
const SMALL: u64 = 64 << 10;

impl ModuleProxy {
    /// Opens the folder and starts what keeps it in view. Reads nothing of it yet, so it takes the same time for every
    /// size of tree.
    ///
    /// # Errors
    /// If the root is missing, is no directory or can not be read, or a thread can not be started.
    pub fn open(settings: &ProxySettings) -> Result<Arc<Self>, StoreError> {
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
        Ok(Arc::new(Self {
            catalog,
            max_zip_size: settings.max_zip_size,
            changing: Locks::default(),
        }))
    }

    /// The versions of a module, one a line: empty if it has pseudo-versions only.
    ///
    /// # Errors
    /// [`ProxyError::UnknownModule`] if the tree holds no version of it that can be served whole.
    pub async fn list(&self, module: &ModulePath) -> Result<Object, ProxyError> {
        match self.catalog.module(module).await? {
            Some(index) => Ok(index.list.clone()),
            None => Err(ProxyError::UnknownModule {
                module: module.clone(),
            }),
        }
    }

    /// The `.info` of the latest version of a module.
    ///
    /// # Errors
    /// [`ProxyError::UnknownModule`] if the tree holds no version of it that can be served whole.
    pub async fn latest(&self, module: &ModulePath) -> Result<Object, ProxyError> {
        match self
            .catalog
            .module(module)
            .await?
            .and_then(|index| index.latest.clone())
        {
            Some(latest) => Ok(latest),
            None => Err(ProxyError::UnknownModule {
                module: module.clone(),
            }),
        }
    }

    /// The `.info` that a query stands for. Branches, tags and commits are not resolved from a folder.
    ///
    /// # Errors
    /// [`ProxyError::UnknownVersion`] if it is not there, or not a version at all; else as [`file`](Self::file).
    pub async fn info(
        &self,
        module: &ModulePath,
        query: &VersionQuery,
    ) -> Result<Object, ProxyError> {
        let unknown = || ProxyError::UnknownVersion {
            module: module.clone(),
            version: query.as_str().to_owned(),
        };
        let VersionQuery::Version(version) = query else {
            return Err(unknown());
        };
        let version = ModuleVersion::new(module.clone(), version.clone()).map_err(|_| unknown())?;
        self.file(&version, ModuleFile::Info).await
    }

    /// A file of a version: from the tree, or made from the zip beside it.
    ///
    /// # Errors
    /// [`ProxyError::UnknownVersion`] if it is not there, [`ProxyError::Unservable`] if it is and must not be served,
    /// [`ProxyError::Store`] if it can not be read.
    pub async fn file(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
    ) -> Result<Object, ProxyError> {
        let key = StoreKey::File(version, file);
        let found = match self.catalog.store().read(&key).await {
            Ok(found) => found,
            Err(StoreError::Refused { refusal, .. }) => {
                return Err(self.unservable(version, file, &refusal.to_string()));
            }
            Err(error) => return Err(error.into()),
        };
        match found {
            Some(content) => self.checked(version, file, content).await,
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

    /// What there is instead of a file that is not there: one that is made from the zip, or the word that the version was
    /// deleted.
    async fn derived(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
    ) -> Result<Object, ProxyError> {
        let store = self.catalog.store();
        // Most questions about what is not there end here, without a thread that may wait.
        if file != ModuleFile::Zip {
            match store.read(&StoreKey::File(version, ModuleFile::Zip)).await {
                Ok(Some(_)) => {
                    if let Some(object) = self.catalog.derived(version, file).await? {
                        return Ok(object);
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
            Ok(None) | Err(StoreError::Refused { .. }) => Err(ProxyError::UnknownVersion {
                module: version.path().clone(),
                version: version.version().to_string(),
            }),
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
