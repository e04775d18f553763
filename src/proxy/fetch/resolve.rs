//! What "latest", a branch, a tag or a commit stands for.

use super::question::{Answer, Question};
use super::{FetchFailure, Fetching};
use bytes::Bytes;

use crate::module::{Info, ModulePath, ModuleVersion, Revision, Version, VersionQuery};
use crate::store::ModuleFile;
use crate::upstream::Ask;

impl Fetching {
    /// What upstreams call latest; those that do not say so are asked for their list, of which the highest release
    /// counts, else the highest pre-release (Go Modules Reference, "`$base/$module/@latest`": the endpoint is optional).
    pub(super) async fn latest(
        &self,
        module: &ModulePath,
        ask: &Ask,
    ) -> Result<Answer, FetchFailure> {
        let absence = match self.upstreams.latest(module, ask).await {
            Ok(info) => return self.keep_resolved(module, info).await,
            Err(error) => FetchFailure::from(error),
        };
        if !absence.is_absence() {
            return Err(absence);
        }
        let versions = self.upstreams.list(module, ask).await?;
        let best = best_of(versions.iter()).ok_or(absence)?;
        let Ok(version) = ModuleVersion::new(module.clone(), best.clone()) else {
            return Err(FetchFailure::Lost);
        };
        self.file(&version, ModuleFile::Info, ask).await?;
        Ok(Answer::Version(best.clone()))
    }

    pub(super) async fn revision(
        &self,
        module: &ModulePath,
        revision: &Revision,
        ask: &Ask,
    ) -> Result<Answer, FetchFailure> {
        let query = VersionQuery::Revision(revision.clone());
        let info = self.upstreams.query(module, &query, ask).await?;
        self.keep_resolved(module, info).await
    }

    /// Keeps the `.info` that a query gave, under its canonical version only: what a branch means changes.
    async fn keep_resolved(&self, module: &ModulePath, info: Info) -> Result<Answer, FetchFailure> {
        // The upstream client has checked that it is canonical and fits the path.
        let Ok(version) = info.module_version(module) else {
            return Err(FetchFailure::Lost);
        };
        let bytes = Bytes::from(info.to_json());
        self.keep_small(&version, ModuleFile::Info, bytes).await?;
        Ok(Answer::Version(version.version().clone()))
    }

    /// Has the `.info` of a version brought into the tree.
    pub(in crate::proxy) async fn info_of(
        &self,
        version: &ModuleVersion,
        ask: &Ask,
    ) -> Result<(), std::sync::Arc<FetchFailure>> {
        let question = Question::File(version.clone(), ModuleFile::Info);
        self.ask(question, ask, false).await?.answer.map(drop)
    }
}

/// The highest release, else the highest pre-release.
pub(in crate::proxy) fn best_of<'a>(
    versions: impl Iterator<Item = &'a Version>,
) -> Option<&'a Version> {
    versions.max_by_key(|version| (!version.is_prerelease(), *version))
}
