//! What the whole folder has, page by page: by time ([`index`]) and by name ([`catalog`]).
//!
//! Neither walks the tree nor reads the journal for a page, only what the page needs of them. Everything here waits for
//! the disk, on a thread that may. Lists that are kept in memory are left alone: who reads all of a feed would else push
//! out what is in use.

mod catalog;
mod index;

use std::sync::Arc;

pub use catalog::{CatalogPage, CatalogPosition, InvalidPosition};
pub use index::{IndexEntry, IndexQuery};

use super::ages::available_at;
use super::standing::at_and_above;
use super::{ModuleProxy, ProxyError};
use crate::module::{Info, ModulePath, ModuleVersion, PathPatterns, Time, Version};
use crate::store::{ModuleFile, StoreError, StoreKey};

/// Whose modules a caller may see; `None`: everybody's.
pub type Visible = Option<PathPatterns>;

fn sees(visible: &Visible, module: &ModulePath) -> bool {
    visible
        .as_ref()
        .is_none_or(|patterns| patterns.matches(module))
}

impl ModuleProxy {
    /// Runs a feed's work where it may wait. The turn is held until that is done, also if nobody waits for it any more.
    async fn feed<T: Send + 'static>(
        self: &Arc<Self>,
        turn: impl Send + 'static,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, ProxyError> {
        let proxy = Arc::clone(self);
        let work = move || {
            let result = work(&proxy);
            drop(turn);
            result
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| StoreError::task_failed("make a page of", error))?
            .map_err(ProxyError::from)
    }
}

/// What the operator's word is on the versions of a module, found out once for all of them.
struct Judgement<'a> {
    proxy: &'a ModuleProxy,
    module: &'a ModulePath,
    /// Whether there is a word on it at all; then whether it is ours.
    is_ours: Option<bool>,
    is_refused: bool,
}

impl<'a> Judgement<'a> {
    fn on(proxy: &'a ModuleProxy, module: &'a ModulePath) -> Result<Self, StoreError> {
        let mut judgement = Self {
            proxy,
            module,
            is_ours: None,
            is_refused: false,
        };
        if proxy.policy.sorts_out(module, false) {
            let is_ours = proxy.looks_ours(module)?;
            judgement.is_ours = Some(is_ours);
            judgement.is_refused = proxy.policy.on_module(module, is_ours).is_some();
        }
        Ok(judgement)
    }

    /// Whether a version is served, if it is there.
    fn admits(&self, version: &Version) -> Result<bool, StoreError> {
        if self.is_refused {
            return Ok(false);
        }
        let Some(is_ours) = self.is_ours else {
            return Ok(true);
        };
        let policy = &self.proxy.policy;
        if policy.on_version(self.module, version, is_ours).is_some() {
            return Ok(false);
        }
        let age = policy.min_age(self.module);
        if is_ours || age.is_zero() {
            return Ok(true);
        }
        let Ok(version) = ModuleVersion::new(self.module.clone(), version.clone()) else {
            return Ok(false);
        };
        let time = self.proxy.time_said(&version)?;
        Ok(time.is_none_or(|time| available_at(time, age).is_none()))
    }
}

impl ModuleProxy {
    /// As [`standing`](Self::standing), by a look at the tree.
    fn looks_ours(&self, module: &ModulePath) -> Result<bool, StoreError> {
        if self.policy.private.matches(module) {
            return Ok(true);
        }
        let paths: Vec<ModulePath> = at_and_above(module).collect();
        for path in &paths {
            if self.catalog.look(path)?.is_owned {
                return Ok(true);
            }
        }
        let known = self.catalog.store().provenance().published_among(&paths)?;
        Ok(known.is_some())
    }

    /// The time in a version's `.info`, as [`super::ages`] has it.
    fn time_said(&self, version: &ModuleVersion) -> Result<Option<Time>, StoreError> {
        let key = StoreKey::File(version, ModuleFile::Info);
        let Some(file) = self.catalog.store().read_blocking(&key)? else {
            return Ok(None);
        };
        if file.len() > Info::MAX_LEN as u64 {
            return Ok(None);
        }
        let bytes = file
            .read_all_blocking()
            .map_err(|error| StoreError::io("read", key.relative_path(), error))?;
        Ok(Info::parse(&bytes).ok().and_then(|info| info.time()))
    }
}
