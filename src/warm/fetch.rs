//! Asking for everything that is wanted, several at a time.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinSet;

use super::error::WarmError;
use super::wants::{Want, Wants};
use crate::module::{Info, ModuleQuery, ModuleVersion, Sum};
use crate::modzip::{ZipError, go_mod_sum, zip_sum};
use crate::proxy::{Caller, DatabaseFile, ErrorKind, ModuleProxy, ProxyError, StoredOnly};
use crate::store::{
    Content, DirStore, FileContent, ModuleFile, Object, Pinned, StoreError, StoreKey,
};

/// The longest `.mod` or `.info` that is read into memory, in bytes: the go command takes no longer go.mod.
const LONGEST: u64 = 16 << 20;

/// Fetches into a tree.
#[derive(Debug, Clone)]
pub struct Warmer {
    pub(super) proxy: Arc<ModuleProxy>,
    store: DirStore,
    pub(super) jobs: NonZeroUsize,
    /// The name of the checksum database whose records are to be in the tree, too.
    database: Option<String>,
}

/// A version that is in the tree as it was wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Whether something of it was fetched; else it was all there.
    pub is_new: bool,
    /// The length of its zip in bytes, if that was wanted.
    pub zip_bytes: Option<u64>,
}

impl Warmer {
    /// Fetches by way of `proxy` into its folder, which `store` reads, with so many versions at a time. For each version
    /// that is not private, the record of `database` is asked for, too.
    pub fn new(
        proxy: Arc<ModuleProxy>,
        store: DirStore,
        jobs: NonZeroUsize,
        database: Option<String>,
    ) -> Self {
        Self {
            proxy,
            store,
            jobs,
            database,
        }
    }

    /// The version that a query stands for now.
    ///
    /// # Errors
    /// As [`ModuleProxy::latest`] and [`ModuleProxy::info`].
    pub async fn resolve(&self, query: &ModuleQuery) -> Result<ModuleVersion, WarmError> {
        let caller = Caller::default();
        let path = query.path();
        if let Some(version) = query.version() {
            let info = self.proxy.info(path, version, &caller).await?;
            return self.version_in(&info, query).await;
        }
        let latest = self.proxy.latest(path, &caller).await?;
        let latest = self.version_in(&latest, query).await?;
        // An upstream without `@latest` is asked for its list, and the newest commit in it counts, also where there are
        // releases: the go command does not ask then, but takes the highest of them.
        if latest.version().is_pseudo() {
            match self.proxy.highest_listed(path, &caller).await {
                Ok(info) => return self.version_in(&info, query).await,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(latest)
    }

    /// The version that an `.info` names.
    async fn version_in(
        &self,
        info: &Object,
        query: &ModuleQuery,
    ) -> Result<ModuleVersion, WarmError> {
        let bytes = self.bytes(info).await?;
        let version = Info::parse(&bytes)
            .ok()
            .and_then(|info| info.module_version(query.path()).ok());
        version.ok_or_else(|| WarmError::NoModule(query.to_string()))
    }

    /// Brings everything that is wanted into the tree, and shows what becomes of each version as it becomes of it, in no
    /// order. Dropped, it asks for nothing more; what is under way comes to its end.
    ///
    /// # Errors
    /// What `visit` returns.
    pub async fn fetch<E>(
        &self,
        wants: Wants,
        mut visit: impl FnMut(ModuleVersion, Want, Result<Fetched, WarmError>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut wants = wants.into_iter();
        let mut running = JoinSet::new();
        // What each task is for: one that panics takes its own knowledge along.
        let mut begun = HashMap::new();
        loop {
            while running.len() < self.jobs.get()
                && let Some((version, want)) = wants.next()
            {
                let (this, of) = (self.clone(), (version.clone(), want.clone()));
                let task = running.spawn(async move { this.bring(&version, &want).await });
                begun.insert(task.id(), of);
            }
            let (id, fetched) = match running.join_next_with_id().await {
                None => {
                    self.move_head().await;
                    return Ok(());
                }
                Some(Ok((id, fetched))) => (id, fetched),
                Some(Err(error)) => (error.id(), Err(WarmError::Lost)),
            };
            if let Some((version, want)) = begun.remove(&id) {
                visit(version, want, fetched)?;
            }
        }
    }

    /// Moves on to the newest tree of the checksum database: a go command that remembers a newer one than we know, from
    /// elsewhere, can not verify offline. All that was wanted is there already, so a failure is not one of this fetch.
    async fn move_head(&self) {
        let Some(database) = &self.database else {
            return;
        };
        let Ok(file) = DatabaseFile::parse(&format!("{database}/latest")) else {
            return;
        };
        let caller = Caller::default();
        if let Err(error) = self.proxy.checksum_database(&file, &caller).await {
            tracing::debug!("the newest tree of {database} is not known: {error}");
        }
    }

    /// Brings what is wanted of a version.
    async fn bring(&self, version: &ModuleVersion, want: &Want) -> Result<Fetched, WarmError> {
        let mut fetched = Fetched::default();
        if want.zip {
            let (zip, is_new) = self.zip_to_stay(version).await?;
            fetched.is_new |= is_new;
            fetched.zip_bytes = Some(zip.len);
            if !want.zip_sums.is_empty()
                && let Content::File(content) = zip.content
            {
                let sum = self.zip_sum(version, content).await?;
                expect(ModuleFile::Zip, sum, want.zip_sums.iter())?;
            }
        }
        let (go_mod, is_new) = self.go_mod(version).await?;
        fetched.is_new |= is_new;
        expect(
            ModuleFile::Mod,
            go_mod_sum(&go_mod),
            want.go_mod_sums.iter(),
        )?;
        match self.file(version, ModuleFile::Info).await {
            Ok((_, is_new)) => fetched.is_new |= is_new,
            // Go commands do without it where only the graph is concerned.
            Err(error) if !want.zip && error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        self.record(version).await?;
        Ok(fetched)
    }

    /// The zip of a version, and whether it was fetched for this. It is here on purpose, and is not removed to make room.
    async fn zip_to_stay(&self, version: &ModuleVersion) -> Result<(Object, bool), WarmError> {
        loop {
            let zip = self.file(version, ModuleFile::Zip).await?;
            let (store, of) = (self.store.clone(), version.clone());
            let pinned = tokio::task::spawn_blocking(move || store.staging().pin(&of));
            match pinned.await {
                Ok(Ok(Pinned::Stays)) => return Ok(zip),
                // Removed in this moment, to make room.
                Ok(Ok(Pinned::Gone)) => {}
                Ok(Err(error)) => return Err(error.into()),
                Err(_) => return Err(WarmError::Lost),
            }
        }
    }

    /// The `.mod` of a version, and whether it was fetched for this.
    pub(super) async fn go_mod(&self, version: &ModuleVersion) -> Result<(Bytes, bool), WarmError> {
        let (object, is_new) = self.file(version, ModuleFile::Mod).await?;
        Ok((self.bytes(&object).await?, is_new))
    }

    /// A file of a version, and whether it was fetched for this.
    async fn file(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
    ) -> Result<(Object, bool), ProxyError> {
        let stored = Caller {
            stored_only: Some(StoredOnly::Header),
            ..Caller::default()
        };
        match self.proxy.file(version, file, &stored).await {
            Err(ProxyError::UnknownVersion { .. }) => {}
            there => return Ok((there?, false)),
        }
        let caller = Caller::default();
        Ok((self.proxy.file(version, file, &caller).await?, true))
    }

    /// Has the record of the checksum database kept, with the tiles that prove it, so that clients verify offline. Asked
    /// also for what was in the tree already. Of names that are ours the database hears nothing.
    async fn record(&self, version: &ModuleVersion) -> Result<(), WarmError> {
        let Some(database) = &self.database else {
            return Ok(());
        };
        if self.proxy.is_ours(version.path()).await? {
            return Ok(());
        }
        let path = format!(
            "{database}/lookup/{}@{}",
            version.path().escaped(),
            version.version().escaped()
        );
        let file =
            DatabaseFile::parse(&path).map_err(|_| WarmError::NoModule(version.to_string()))?;
        let caller = Caller::default();
        let record = self.proxy.checksum_database(&file, &caller).await;
        record.map(drop).map_err(WarmError::Record)
    }

    async fn bytes(&self, object: &Object) -> Result<Bytes, WarmError> {
        let content = match &object.content {
            Content::Memory(bytes) => return Ok(bytes.clone()),
            Content::File(content) => content,
        };
        let failed = |error| StoreError::io("read", "a file of the tree", error);
        let Some(len) = usize::try_from(object.len.min(LONGEST + 1))
            .ok()
            .filter(|_| object.len <= LONGEST)
        else {
            return Err(failed(std::io::ErrorKind::FileTooLarge.into()).into());
        };
        Ok(content.read_at(0, len).await.map_err(failed)?)
    }

    /// The sum of a zip in the tree, by its proof, or by reading it.
    async fn zip_sum(&self, version: &ModuleVersion, zip: FileContent) -> Result<Sum, WarmError> {
        let (store, version) = (self.store.clone(), version.clone());
        let sum = tokio::task::spawn_blocking(move || {
            if let Some(sum) = store.proven_sum(&version, &zip.identity())? {
                return Ok(sum);
            }
            zip_sum(zip.file().as_ref(), zip.len(), &version).map_err(|error| {
                let error = match error {
                    ZipError::Io(error) => error,
                    ZipError::Unsound(why) => std::io::Error::other(why.to_string()),
                };
                let path = StoreKey::File(&version, ModuleFile::Zip).relative_path();
                WarmError::from(StoreError::io("read", path, error))
            })
        });
        sum.await.unwrap_or(Err(WarmError::Lost))
    }
}

fn expect<'a>(
    file: ModuleFile,
    found: Sum,
    mut expected: impl Iterator<Item = &'a Sum>,
) -> Result<(), WarmError> {
    match expected.find(|expected| **expected != found) {
        Some(expected) => Err(WarmError::OtherSum {
            file,
            found,
            expected: *expected,
        }),
        None => Ok(()),
    }
}
