//! One module: its versions, checked by several threads, and then the module as a whole by the one that ends last.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::derived::compare;
use super::finding::Finding;
use super::listing::{Listing, Present, list, unrest};
use super::mend::{Mender, sort_out};
use super::version::{Checked, Checker};
use super::{Selection, Step};
use crate::catalog::Recorder;
use crate::module::{ModulePath, ModuleVersion, Version};
use crate::store::{Batch, StoreError};

/// How often a module that changes while it is checked is looked at again.
const MOST_LOOKS: u32 = 3;

/// What is known of a module so far.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) names: Vec<Finding>,
    pub(super) checked: BTreeMap<Version, Checked>,
    pub(super) derived: Vec<Finding>,
    failures: Vec<StoreError>,
}

impl State {
    fn findings(self) -> Vec<Finding> {
        let of_versions = self
            .checked
            .into_values()
            .flat_map(|checked| checked.findings);
        self.names
            .into_iter()
            .chain(of_versions)
            .chain(self.derived)
            .collect()
    }
}

/// A module that is being checked.
pub(super) struct Open {
    pub(super) module: ModulePath,
    pub(super) versions: Vec<(ModuleVersion, Present)>,
    left: AtomicUsize,
    state: Mutex<State>,
}

/// What every thread needs.
pub(super) struct Job<'a> {
    pub(super) checker: &'a Checker,
    pub(super) selection: &'a Selection,
    /// With `--fix`.
    pub(super) batch: Option<&'a Batch>,
    /// With `--fix` and the whole root.
    pub(super) recorder: Option<&'a Mutex<Recorder>>,
}

impl Open {
    pub(super) fn new(module: ModulePath, listing: Listing) -> Self {
        let versions: Vec<_> = listing
            .versions
            .into_iter()
            .filter_map(|(version, present)| {
                Some((ModuleVersion::new(module.clone(), version).ok()?, present))
            })
            .collect();
        Self {
            // One more, for the module itself: a module without versions has to end, too.
            left: AtomicUsize::new(versions.len() + 1),
            state: Mutex::new(State {
                names: listing.findings,
                ..State::default()
            }),
            module,
            versions,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Results are put in whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks one version; answers with its size.
    pub(super) fn check(&self, job: &Job<'_>, index: usize) -> Step {
        let (version, present) = &self.versions[index];
        let result = job.checker.check(version, *present);
        let mut bytes = 0;
        let mut state = self.lock();
        match result {
            Ok(checked) => {
                bytes = checked.bytes;
                state.checked.insert(version.version().clone(), checked);
            }
            Err(error) => state.failures.push(error),
        }
        Step::Version { bytes }
    }

    /// Whether this was the last part of it.
    pub(super) fn is_done(&self) -> bool {
        self.left.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Ends a module whose versions are checked: what changed meanwhile is looked at again, `list` and `@latest` are
    /// compared, and what is wrong is mended if that was asked for. Answers with what there is to show.
    pub(super) fn finish(&self, job: &Job<'_>) -> Vec<Step> {
        let mut state = std::mem::take(&mut *self.lock());
        if let Err(error) = self.settle_and_mend(job, &mut state) {
            state.failures.push(error);
        }
        if let Err(error) = self.record(job, &state) {
            state.failures.push(error);
        }
        // In one piece: those of two modules do not mix.
        let failures = std::mem::take(&mut state.failures);
        failures
            .into_iter()
            .map(Step::Failure)
            .chain(state.findings().into_iter().map(Step::Finding))
            .chain([Step::Module])
            .collect()
    }

    fn settle_and_mend(&self, job: &Job<'_>, state: &mut State) -> Result<(), StoreError> {
        let mut is_settled = false;
        for _ in 0..MOST_LOOKS {
            self.compare(job, state)?;
            if !state.has_findings() {
                return Ok(());
            }
            let wait = unrest(&job.checker.store, &self.module)?;
            if wait == Duration::ZERO {
                is_settled = true;
                break;
            }
            std::thread::sleep(wait);
            self.look_again(job, state)?;
        }
        let Some(batch) = job.batch else {
            return Ok(());
        };
        if is_settled {
            let mender = Mender {
                checker: job.checker,
                batch,
            };
            return mender.mend(&self.module, state);
        }
        let of_versions = state.checked.values_mut().flat_map(|one| &mut one.findings);
        for finding in of_versions
            .chain(&mut state.names)
            .chain(&mut state.derived)
        {
            finding.left("its directory keeps changing; try again later");
        }
        Ok(())
    }

    /// Makes up for what the journal lacks about the module.
    fn record(&self, job: &Job<'_>, state: &State) -> Result<(), StoreError> {
        let Some(recorder) = job.recorder else {
            return Ok(());
        };
        // Lines wait in it whole.
        let mut recorder = recorder.lock().unwrap_or_else(PoisonError::into_inner);
        for (version, present) in &self.versions {
            if present.deleted {
                recorder.tombstone(version)?;
            } else if let Some(checked) = state.checked.get(version.version())
                && let Some((sum, zip)) = checked.zip.filter(|_| !checked.is_broken())
            {
                recorder.sound(version, sum, &zip)?;
            }
        }
        Ok(())
    }

    fn compare(&self, job: &Job<'_>, state: &mut State) -> Result<(), StoreError> {
        // With one version only, what the others are is not known.
        if job.selection.version().is_none() {
            let (broken, mendable) = sort_out(&state.checked);
            state.derived = compare(job.checker, &self.module, &broken, &mendable)?.findings;
        }
        Ok(())
    }

    /// Checks again, by a new listing, the versions of which something was found.
    fn look_again(&self, job: &Job<'_>, state: &mut State) -> Result<(), StoreError> {
        let listing = list(&job.checker.store, &self.module, job.selection)?;
        state.names = listing.findings;
        for (version, checked) in &mut state.checked {
            if checked.findings.is_empty() {
                continue;
            }
            let present = listing.versions.get(version).copied();
            let version = ModuleVersion::new(self.module.clone(), version.clone());
            *checked = match (present, version) {
                (Some(present), Ok(version)) => job.checker.check(&version, present)?,
                _ => Checked::default(),
            };
        }
        Ok(())
    }
}

impl State {
    fn has_findings(&self) -> bool {
        !self.names.is_empty()
            || !self.derived.is_empty()
            || self
                .checked
                .values()
                .any(|checked| !checked.findings.is_empty())
    }
}
