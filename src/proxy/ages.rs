//! Versions that are too young: a release that was stolen or broken is often found out within days (`--min-age`).
//!
//! The age is that of the `.info`'s time, which is the commit's. Whoever tags an old commit anew gets past it: it is a
//! delay that catches accidents and the usual attack, not a proof.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::task::JoinSet;

use super::error::Forbidden;
use super::fetch::Fetching;
use super::{ModuleProxy, ProxyError};
use crate::module::{Info, ModulePath, ModuleVersion, Time, Version};
use crate::store::{ModuleFile, StoreError, StoreKey};
use crate::upstream::Ask;

/// How many `.info` files of a list are fetched at once.
const AT_ONCE: usize = 16;

impl ModuleProxy {
    /// Refuses a version of somebody else's that is too young.
    ///
    /// # Errors
    /// [`ProxyError::Forbidden`] with the time at which it becomes available; if its `.info` can not be had.
    pub(super) async fn admit_age(
        &self,
        version: &ModuleVersion,
        wanted: Option<(&Arc<Fetching>, &Ask)>,
    ) -> Result<(), ProxyError> {
        let age = self.policy.min_age(version.path());
        if age.is_zero() {
            return Ok(());
        }
        if let Some((fetching, ask)) = wanted
            && self.ages.get(version).is_none()
            && self.time_in_tree(version).await?.is_none()
        {
            fetching.info_of(version, ask).await?;
        }
        let Some(time) = self.time_of(version).await? else {
            // Nobody says how old it is, and nobody can be asked.
            return Ok(());
        };
        match available_at(time, age) {
            Some(at) => Err(ProxyError::Forbidden(Forbidden::TooYoung {
                version: version.clone(),
                at,
            })),
            None => Ok(()),
        }
    }

    /// Those versions of a list that are old enough. Where the age of one can not be found out, the list can not be had.
    pub(super) async fn old_enough(
        &self,
        module: &ModulePath,
        versions: Vec<Version>,
        wanted: Option<(&Arc<Fetching>, &Ask)>,
    ) -> Result<Vec<Version>, ProxyError> {
        let versions: Vec<ModuleVersion> = versions
            .into_iter()
            .filter_map(|version| ModuleVersion::new(module.clone(), version).ok())
            .collect();
        if let Some((fetching, ask)) = wanted {
            self.fetch_infos(&versions, fetching, ask).await?;
        }
        let age = self.policy.min_age(module);
        let mut old = Vec::new();
        for version in versions {
            let time = self.time_of(&version).await?;
            if time.is_none_or(|time| available_at(time, age).is_none()) {
                old.push(version.version().clone());
            }
        }
        Ok(old)
    }

    async fn fetch_infos(
        &self,
        versions: &[ModuleVersion],
        fetching: &Arc<Fetching>,
        ask: &Ask,
    ) -> Result<(), ProxyError> {
        let mut fetches = JoinSet::new();
        for version in versions {
            if self.time_of(version).await?.is_some() {
                continue;
            }
            if fetches.len() >= AT_ONCE {
                finished(fetches.join_next().await)?;
            }
            let (fetching, ask, version) = (Arc::clone(fetching), ask.clone(), version.clone());
            fetches.spawn(async move { fetching.info_of(&version, &ask).await });
        }
        while let Some(done) = fetches.join_next().await {
            finished(Some(done))?;
        }
        Ok(())
    }

    async fn time_of(&self, version: &ModuleVersion) -> Result<Option<Time>, StoreError> {
        if let Some(time) = self.ages.get(version) {
            return Ok(Some(time));
        }
        let time = self.time_in_tree(version).await?;
        if let Some(time) = time {
            self.ages.insert(version.clone(), time);
        }
        Ok(time)
    }

    /// The time in the `.info` of the tree.
    async fn time_in_tree(&self, version: &ModuleVersion) -> Result<Option<Time>, StoreError> {
        let key = StoreKey::File(version, ModuleFile::Info);
        let Some(file) = self.catalog.store().read(&key).await? else {
            return Ok(None);
        };
        let len = usize::try_from(file.len())
            .unwrap_or(usize::MAX)
            .min(Info::MAX_LEN);
        let bytes = file
            .read_at(0, len)
            .await
            .map_err(|error| StoreError::io("read", key.relative_path(), error))?;
        Ok(Info::parse(&bytes).ok().and_then(|info| info.time()))
    }
}

type Fetched = Result<Result<(), Arc<super::FetchFailure>>, tokio::task::JoinError>;

/// An upstream that lists a version and has no `.info` of it leaves its age open.
fn finished(done: Option<Fetched>) -> Result<(), ProxyError> {
    match done {
        Some(Ok(Err(failure))) if !failure.is_absence() => Err(failure.into()),
        _ => Ok(()),
    }
}

/// When something of this time is old enough; `None` if it is.
pub(super) fn available_at(time: Time, age: Duration) -> Option<Time> {
    let now = Time::from(SystemTime::now()).unix();
    let age = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
    let at = time.unix().saturating_add(age);
    (at > now).then(|| Time::from_unix(at))
}
