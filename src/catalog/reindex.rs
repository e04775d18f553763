//! Bringing derived files up to date without a server, for roots that only static servers read.

use super::derive;
use super::report::Finding;
use super::scan::scan;
use super::soundness::Soundness;
use crate::module::{ModulePath, Version};
use crate::store::{DirStore, StoreError, Written};

/// What was done, or would be, for one module.
#[derive(Debug, Clone)]
pub struct Reindexed {
    /// The versions that can be served whole, ascending, pseudo-versions among them.
    pub versions: Vec<Version>,
    /// The version that "latest" means.
    pub latest: Option<Version>,
    /// What was written or removed, for people.
    pub changes: Vec<String>,
    /// What can not be served, and why.
    pub findings: Vec<Finding>,
    /// Whether the changes were made.
    pub written: Written,
}

/// Brings the derived files of one module up to date, or only says what that would change. Waits for the disk.
///
/// # Errors
/// If the module's directory can not be read, or a file not be written.
pub fn reindex_module(
    store: &DirStore,
    soundness: &Soundness,
    module: &ModulePath,
    dry_run: bool,
) -> Result<Reindexed, StoreError> {
    let scan = scan(store, soundness, module)?.unwrap_or_default();
    let changes = derive::plan(store, soundness, module, &scan)?;
    let written = if dry_run || changes.is_empty() {
        Written::Existed
    } else {
        derive::apply(store, module, &changes)?
    };
    let versions = scan.servable();
    Ok(Reindexed {
        latest: derive::latest_version(module, &scan, &versions).cloned(),
        versions,
        changes: changes
            .iter()
            .map(|change| change.describe(module))
            .collect(),
        findings: scan.findings,
        written,
    })
}
