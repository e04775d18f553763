//! Version lists and what is latest: the tree's, and where a module is somebody else's, the upstreams' too.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;

use super::caller::Caller;
use super::fetch::{Answer, FetchFailure, Fetching, Memory, Question, best_of};
use super::route::{NotAsked, Route};
use super::{ModuleProxy, ProxyError};
use crate::module::{ModulePath, ModuleVersion, Revision, Version};
use crate::store::{Content, ModuleFile, Object};
use crate::trace::{self, Outcome};
use crate::upstream::Ask;

impl ModuleProxy {
    /// The versions of a module, one a line, ascending: those of the tree, and of the upstreams if the module is not
    /// ours. Empty if it has pseudo-versions only.
    ///
    /// # Errors
    /// [`ProxyError::UnknownModule`] if there is no such module; [`ProxyError::Forbidden`] if it is not to be served;
    /// [`ProxyError::Fetch`] if the upstreams fail and the tree has nothing of it.
    pub async fn list(&self, module: &ModulePath, caller: &Caller) -> Result<Object, ProxyError> {
        // Whatever is done for it beyond what is here says so later.
        trace::note_outcome(Outcome::Hit);
        if self.is_tree_alone(module) {
            // Whose it is makes no difference.
            return match self.catalog.module(module).await? {
                Some(index) => Ok(index.list.clone()),
                None => Err(self.not_in_tree(module)),
            };
        }
        let standing = self.admit_module(module).await?;
        let stored = self.catalog.module(module).await?;
        let (fetching, ask) = match self.route(module, &standing, caller) {
            Route::Ask(fetching, ask) => (fetching, ask),
            Route::Stored(why) => {
                let list = stored.ok_or_else(|| ProxyError::unknown_module(module, why))?;
                if !self.policy.sorts_out(module, standing.is_ours()) {
                    return Ok(list.list.clone());
                }
                let versions = versions_of(&list.list);
                let versions = self.sorted_out(module, &standing, versions, None).await?;
                return Ok(render(&versions, list.list.modified));
            }
        };
        let question = Question::List(module.clone());
        let asked = fetching.ask(question, &ask, stored.is_some()).await;
        let remote = remembered(module, asked, stored.is_some())?;
        if let Some(memory) = &remote {
            caller.found.note(memory.source);
        }
        let Some((theirs, changed)) = versions_in(remote) else {
            // The upstreams have no such module, or do not answer.
            let list = stored.ok_or_else(|| ProxyError::unknown_module(module, None))?;
            if !self.policy.sorts_out(module, standing.is_ours()) {
                return Ok(list.list.clone());
            }
            let versions = versions_of(&list.list);
            let wanted = Some((fetching, &ask));
            let versions = self.sorted_out(module, &standing, versions, wanted).await?;
            return Ok(render(&versions, list.list.modified));
        };
        let (ours, modified) = match &stored {
            Some(index) => (versions_of(&index.list), index.list.modified.max(changed)),
            None => (Vec::new(), changed),
        };
        let mut union: BTreeSet<Version> = ours.into_iter().collect();
        union.extend(theirs.iter().cloned());
        let union: Vec<Version> = union.into_iter().collect();
        let wanted = Some((fetching, &ask));
        let union = self.sorted_out(module, &standing, union, wanted).await?;
        Ok(render(&union, modified))
    }

    /// The `.info` of the latest version of a module: what the upstreams say, of those versions that are served; the
    /// tree's if the module is ours, or the upstreams have no word.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn latest(&self, module: &ModulePath, caller: &Caller) -> Result<Object, ProxyError> {
        trace::note_outcome(Outcome::Hit);
        let standing = self.admit_module(module).await?;
        let stored = self.catalog.module(module).await?;
        let tree = |why| {
            let latest = stored.as_ref().and_then(|index| index.latest.clone());
            latest.ok_or_else(|| ProxyError::unknown_module(module, why))
        };
        let (fetching, ask) = match self.route(module, &standing, caller) {
            Route::Ask(fetching, ask) => (fetching, ask),
            Route::Stored(why) => {
                if !self.policy.sorts_out(module, standing.is_ours()) {
                    return tree(why);
                }
                return self.highest_listed(module, caller).await;
            }
        };
        let question = Question::Latest(module.clone());
        let asked = fetching.ask(question, &ask, stored.is_some()).await;
        let remote = remembered(module, asked, stored.is_some())?;
        if let Some(memory) = &remote {
            caller.found.note(memory.source);
        }
        let version = match remote.map(|memory| memory.answer) {
            Some(Ok(Answer::Version(version))) => version,
            _ if self.policy.sorts_out(module, standing.is_ours()) => {
                return self.highest_listed(module, caller).await;
            }
            _ => return tree(None),
        };
        let version = module_version(module, &version)?;
        match self.file(&version, ModuleFile::Info, caller).await {
            // A rule leaves that one out.
            Err(ProxyError::Forbidden(_) | ProxyError::Deleted { .. }) => {
                self.highest_listed(module, caller).await
            }
            answer => answer,
        }
    }

    /// Whether nobody is asked about what the tree lacks, and no rule is about this module.
    fn is_tree_alone(&self, module: &ModulePath) -> bool {
        self.stored_only.is_some()
            && !self.policy.sorts_out(module, false)
            && self.policy.on_module(module, true).is_none()
    }

    /// What is said of a module that the tree lacks where nobody is asked.
    fn not_in_tree(&self, module: &ModulePath) -> ProxyError {
        let why = self.stored_only.and_then(NotAsked::of_server);
        ProxyError::unknown_module(module, why)
    }

    /// The `.info` of the highest release that the list has, else of the highest pre-release: what the go command takes for the
    /// latest version, unless that is retracted.
    ///
    /// # Errors
    /// As [`list`](Self::list); not found if the list is empty.
    pub async fn highest_listed(
        &self,
        module: &ModulePath,
        caller: &Caller,
    ) -> Result<Object, ProxyError> {
        let list = self.list(module, caller).await?;
        let versions = versions_of(&list);
        let best =
            best_of(versions.iter()).ok_or_else(|| ProxyError::unknown_module(module, None))?;
        let version = module_version(module, best)?;
        self.file(&version, ModuleFile::Info, caller).await
    }

    /// The `.info` of the version that a branch, tag or commit stands for.
    pub(super) async fn resolved(
        &self,
        module: &ModulePath,
        revision: &Revision,
        caller: &Caller,
    ) -> Result<Object, ProxyError> {
        let standing = self.admit_module(module).await?;
        let (fetching, ask) = match self.route(module, &standing, caller) {
            Route::Ask(fetching, ask) => (fetching, ask),
            Route::Stored(why) => {
                return Err(ProxyError::unknown_version(module, revision.as_str(), why));
            }
        };
        let question = Question::Revision(module.clone(), revision.clone());
        let memory = fetching.ask(question, &ask, false).await?;
        caller.found.note(memory.source);
        match memory.answer {
            Ok(Answer::Version(version)) => {
                let version = module_version(module, &version)?;
                self.file(&version, ModuleFile::Info, caller).await
            }
            Ok(_) => Err(ProxyError::unknown_version(module, revision.as_str(), None)),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Forgets what upstreams said of a module, reads its directory again and asks anew, so that the next list is that of
    /// now. Answers with that list.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn refresh(
        &self,
        module: &ModulePath,
        caller: &Caller,
    ) -> Result<Object, ProxyError> {
        self.catalog.forget(module);
        let standing = self.admit_module(module).await?;
        if let Route::Ask(fetching, ask) = self.route(module, &standing, caller) {
            fetching.forget(module);
            let asked = fetching
                .ask_anew(Question::List(module.clone()), &ask)
                .await;
            match asked {
                Err(failure) if !failure.is_absence() => return Err(failure.into()),
                _ => {}
            }
            // What others were answered meanwhile, from what was known before, is not to be given again.
            self.catalog.count_change();
        }
        self.list(module, caller).await
    }

    /// The versions that no rule leaves out.
    async fn sorted_out(
        &self,
        module: &ModulePath,
        standing: &super::standing::Standing,
        mut versions: Vec<Version>,
        wanted: Option<(&Arc<Fetching>, &Ask)>,
    ) -> Result<Vec<Version>, ProxyError> {
        let is_ours = standing.is_ours();
        if !self.policy.sorts_out(module, is_ours) {
            return Ok(versions);
        }
        versions.retain(|version| self.policy.on_version(module, version, is_ours).is_none());
        if is_ours || self.policy.min_age(module).is_zero() {
            return Ok(versions);
        }
        self.old_enough(module, versions, wanted).await
    }
}

/// What upstreams have said; `None` if they have no such thing, or fail and the tree has something.
fn remembered(
    module: &ModulePath,
    asked: Result<Memory, Arc<FetchFailure>>,
    has_other: bool,
) -> Result<Option<Memory>, ProxyError> {
    let failure = match asked {
        Ok(Memory {
            answer: Err(failure),
            ..
        })
        | Err(failure) => failure,
        Ok(memory) => return Ok(Some(memory)),
    };
    if failure.is_absence() && !has_other {
        return Err(failure.into());
    }
    if !failure.is_absence() {
        if !has_other {
            return Err(failure.into());
        }
        trace::note_outcome(Outcome::Stale);
        tracing::warn!("{module} is answered from the folder: {failure}");
    }
    Ok(None)
}

fn versions_in(memory: Option<Memory>) -> Option<(Arc<[Version]>, SystemTime)> {
    let memory = memory?;
    match memory.answer {
        Ok(Answer::Versions(versions)) => Some((versions, memory.changed)),
        _ => None,
    }
}

/// The versions of a list that we made.
fn versions_of(list: &Object) -> Vec<Version> {
    let Content::Memory(bytes) = &list.content else {
        return Vec::new();
    };
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

fn render(versions: &[Version], modified: SystemTime) -> Object {
    let mut list = String::new();
    for version in versions {
        list.push_str(version.as_str());
        list.push('\n');
    }
    Object::from_bytes(Bytes::from(list), modified)
}

fn module_version(module: &ModulePath, version: &Version) -> Result<ModuleVersion, ProxyError> {
    ModuleVersion::new(module.clone(), version.clone())
        .map_err(|_| ProxyError::unknown_version(module, version.as_str(), None))
}
