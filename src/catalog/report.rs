//! Findings: what lies in the tree and can not be served, said once each.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::module::ModulePath;
use crate::store::{DirStore, StoreError};

/// How many different findings are remembered; past that, no more are logged.
const REMEMBERED: usize = 10_000;

/// A file or directory that can not be served, and why.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Finding {
    /// The path below the root.
    pub path: String,
    /// Why, as a clause that follows the path.
    pub why: String,
}

impl Finding {
    pub(crate) fn new(directory: &str, name: &str, why: &str) -> Self {
        Self::of_file(format!("{directory}/{name}"), why)
    }

    pub(crate) fn of_file(path: String, why: &str) -> Self {
        Self {
            path,
            why: why.to_owned(),
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A file name may hold anything, also what a terminal would obey.
        write!(f, "{} {}", self.path.escape_debug(), self.why)
    }
}

/// Logs each finding once in the life of the process.
#[derive(Debug, Default)]
pub(crate) struct Reporter {
    said: Mutex<HashSet<Finding>>,
    said_read_only: AtomicBool,
}

impl Reporter {
    /// Logs those of `findings` that were not logged before.
    pub(crate) fn report(&self, findings: &[Finding]) {
        if findings.is_empty() {
            return;
        }
        // A poisoned set is still a set: at worst a finding is said twice.
        let mut said = self
            .said
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for finding in findings {
            if said.len() < REMEMBERED && said.insert(finding.clone()) {
                tracing::warn!("not listed: {finding}");
                if said.len() == REMEMBERED {
                    tracing::warn!(
                        "{REMEMBERED} findings were logged; further ones are not, `athens reindex --dry-run` shows them all"
                    );
                }
            }
        }
    }

    /// Logs that a module's directory could not be read, or its derived files not be written.
    pub(crate) fn report_failure(&self, module: &ModulePath, error: &StoreError) {
        self.report(&[Finding::of_file(
            module.to_string(),
            &format!("is not up to date: {error}"),
        )]);
    }

    /// Logs that the root turned out to be read-only.
    pub(crate) fn report_read_only(&self, store: &DirStore) {
        if store.staging().found_read_only() && !self.said_read_only.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "{} is read-only: derived files (list, @latest, missing .info and .mod) are kept in memory",
                store.path().display()
            );
        }
    }
}
