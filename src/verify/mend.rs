//! Mending: what can be made anew is made, what is broken moves to quarantine. Nothing is lost.

use std::collections::{BTreeMap, BTreeSet};

use super::derived::compare;
use super::finding::{Cure, Finding, Outcome};
use super::module::State;
use super::version::{Checked, Checker};
use crate::catalog::{Change, apply};
use crate::module::{ModulePath, ModuleVersion, Sum, Version};
use crate::store::{Batch, Event, EventKind, Identity, ModuleFile, StoreError, StoreKey, Written};

/// Mends what was found.
pub(super) struct Mender<'a> {
    pub(super) checker: &'a Checker,
    pub(super) batch: &'a Batch,
}

impl Mender<'_> {
    /// Mends a module, and notes at each finding what became of it. What fails is left as it is and said.
    ///
    /// # Errors
    /// If the module can not be read afterwards.
    pub(super) fn mend(&self, module: &ModulePath, state: &mut State) -> Result<(), StoreError> {
        for finding in &mut state.names {
            finding.by_hand();
        }
        let mut noted = BTreeMap::new();
        for (version, checked) in &mut state.checked {
            let Ok(version) = ModuleVersion::new(module.clone(), version.clone()) else {
                continue;
            };
            if self.move_broken(&version, checked) {
                noted.insert(version.version().clone(), checked.zip);
            }
        }
        // What is left is what the derived files must say.
        let left = still_broken(&state.checked);
        let derived = compare(self.checker, module, &left, &BTreeSet::new())?;
        state.derived = derived.findings;
        let made = self.make(module, &derived.changes);
        for finding in state.derived.iter_mut().chain(
            state
                .checked
                .values_mut()
                .flat_map(|checked| &mut checked.findings),
        ) {
            if let (Cure::MoveFile, Outcome::Mended(done), Some(Ok(made))) =
                (finding.cure, &finding.outcome, made.get(&finding.path))
            {
                finding.outcome = Outcome::Mended(format!("{done}, and {made}"));
            }
            if finding.cure != Cure::Make || finding.outcome != Outcome::NotAsked {
                continue;
            }
            match made.get(&finding.path) {
                Some(Ok(done)) => finding.mended(*done),
                Some(Err(why)) => finding.left(why.clone()),
                None => finding.left("its zip can not give it"),
            }
        }
        for (version, zip) in noted {
            let version = ModuleVersion::new(module.clone(), version);
            if let Ok(version) = version {
                let event = Event::new(EventKind::Repair, &version);
                let mut event = match zip {
                    Some((sum, identity)) => event.zip(sum, identity.len),
                    None => event,
                };
                self.checker.store.journal().append(&mut event)?;
            }
        }
        Ok(())
    }

    /// Moves what is broken of a version, and mends its `.ziphash`; says whether the journal has to know of it.
    fn move_broken(&self, version: &ModuleVersion, checked: &mut Checked) -> bool {
        let mut is_noted = false;
        let zip = checked.zip;
        for finding in &mut checked.findings {
            let result = match finding.cure {
                Cure::MoveVersion => self.move_version(version),
                Cure::MoveFile => self.move_file(&finding.path),
                Cure::Make if finding.path.ends_with(".ziphash") => {
                    self.prove(version, &finding.path, zip)
                }
                Cure::Make => {
                    is_noted = true;
                    continue;
                }
                Cure::Note | Cure::ByHand(_) => {
                    finding.by_hand();
                    continue;
                }
            };
            match result {
                Ok(done) => {
                    is_noted = true;
                    finding.mended(done);
                }
                Err(error) => finding.left(error.to_string()),
            }
        }
        is_noted
    }

    fn move_version(&self, version: &ModuleVersion) -> Result<String, StoreError> {
        // The .info first, as in a deletion: a static server's clients then find nothing rather than a half.
        let keys = [ModuleFile::Info, ModuleFile::Mod, ModuleFile::Zip]
            .map(|file| StoreKey::File(version, file))
            .into_iter()
            .chain([StoreKey::ZipHash(version)]);
        let mut moved = 0;
        for key in keys {
            let staging = self.checker.store.staging();
            let to = staging.quarantine(self.batch, &key.relative_path())?;
            moved += u64::from(to.is_some());
        }
        let files = if moved == 1 { "file" } else { "files" };
        Ok(format!(
            "moved {moved} {files} of the version to {}/{}",
            self.batch.folder(),
            StoreKey::directory(version.path())
        ))
    }

    pub(super) fn move_file(&self, path: &str) -> Result<String, StoreError> {
        let to = self.checker.store.staging().quarantine(self.batch, path)?;
        Ok(to.map_or_else(|| "is gone".to_owned(), |to| format!("moved to {to}")))
    }

    fn prove(
        &self,
        version: &ModuleVersion,
        path: &str,
        zip: Option<(Sum, Identity)>,
    ) -> Result<String, StoreError> {
        let staging = self.checker.store.staging();
        staging.keep(self.batch, path)?;
        if let Some((sum, identity)) = zip {
            staging.prove(version, &sum, &identity)?;
        }
        Ok("made anew".to_owned())
    }

    /// Writes what is derived; answers for each path with what was done, or why not.
    fn make(
        &self,
        module: &ModulePath,
        changes: &[Change],
    ) -> BTreeMap<String, Result<&'static str, String>> {
        let store = &self.checker.store;
        changes
            .iter()
            .map(|change| {
                let path = change.key(module).relative_path();
                let done = store
                    .staging()
                    .keep(self.batch, &path)
                    .and_then(|_| apply(store, module, std::slice::from_ref(change)));
                let done = match done {
                    Ok(Written::ReadOnly) => Err("the root can not be written".to_owned()),
                    Ok(_) if change.content().is_some() => Ok("made anew"),
                    Ok(_) => Ok("taken away"),
                    Err(error) => Err(error.to_string()),
                };
                (path, done)
            })
            .collect()
    }

    /// Notes that a published version is known to be gone.
    pub(super) fn note_gone(&self, version: &ModuleVersion, finding: &mut Finding) {
        self.note(Event::new(EventKind::Repair, version), finding);
    }

    /// Appends an event to the journal.
    pub(super) fn note(&self, mut event: Event, finding: &mut Finding) {
        match self.checker.store.journal().append(&mut event) {
            Ok(()) => finding.mended("noted in the journal that it is known"),
            Err(error) => finding.left(error.to_string()),
        }
    }
}

/// Versions that could not be moved away.
fn still_broken(checked: &BTreeMap<Version, Checked>) -> BTreeSet<Version> {
    let is_left = |checked: &Checked| {
        let mut findings = checked.findings.iter();
        checked.is_broken() && findings.any(|one| matches!(one.outcome, Outcome::Left(_)))
    };
    checked
        .iter()
        .filter(|(_, checked)| is_left(checked))
        .map(|(version, _)| version.clone())
        .collect()
}

/// The versions that must not be listed, and those that are mended by what --fix would do.
pub(super) fn sort_out(
    checked: &BTreeMap<Version, Checked>,
) -> (BTreeSet<Version>, BTreeSet<Version>) {
    let versions = |wanted: fn(&Checked) -> bool| {
        checked
            .iter()
            .filter(|(_, checked)| wanted(checked))
            .map(|(version, _)| version.clone())
            .collect()
    };
    (
        versions(Checked::is_broken),
        versions(|checked| {
            checked.zip.is_some() && !checked.findings.is_empty() && !checked.is_broken()
        }),
    )
}
