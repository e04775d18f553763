//! Everything that can be wrong with a folder, and mending it.
//!
//! Unlike the catalog, which makes do with cheap checks while somebody waits, this reads every byte. It takes no part in
//! serving, and may run beside a server: what is found in a directory that changed a moment ago is looked at again when
//! that has come to rest. Nothing is ever deleted: what is broken moves to quarantine, what is made anew is kept there.

mod crew;
mod derived;
mod finding;
mod ledger;
mod listing;
mod mend;
mod module;
mod version;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

pub use finding::{Cure, Finding, Kind, Outcome};

use self::ledger::Ledger;
use self::mend::Mender;
use self::module::Job;
use self::version::Checker;
use crate::catalog::{Recorded, Recorder};
use crate::module::{ModulePath, ModuleVersion};
use crate::store::{Batch, DirStore, Event, StoreError};

/// How long a file in the staging area must have been left alone to count as left over.
const ABANDONED: Duration = Duration::from_secs(2);

/// What is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// The whole root, with its journal and its staging area.
    Root,
    /// One module.
    Module(ModulePath),
    /// One version.
    Version(ModuleVersion),
}

impl Selection {
    fn module(&self) -> Option<&ModulePath> {
        match self {
            Self::Root => None,
            Self::Module(module) => Some(module),
            Self::Version(version) => Some(version.path()),
        }
    }

    fn version(&self) -> Option<&ModuleVersion> {
        match self {
            Self::Version(version) => Some(version),
            Self::Root | Self::Module(_) => None,
        }
    }

    fn takes(&self, version: &ModuleVersion) -> bool {
        match self {
            Self::Root => true,
            Self::Module(module) => version.path() == module,
            Self::Version(only) => version == only,
        }
    }
}

/// How it is checked.
#[derive(Debug, Clone)]
pub struct Options {
    /// What.
    pub selection: Selection,
    /// With how many threads, at least one.
    pub jobs: usize,
    /// Whether to mend what is found.
    pub fix: bool,
}

/// What happens on the way.
#[derive(Debug)]
pub enum Step {
    /// A version was read.
    Version {
        /// The length of its zip.
        bytes: u64,
    },
    /// A module is done.
    Module,
    /// With `--fix` and the whole root: what the journal lacked was noted.
    Recorded(Recorded),
    /// Something is not as it should be.
    Finding(Finding),
    /// Something could not be read, which says nothing about it.
    Failure(StoreError),
}

/// Checks a folder, and shows what happens as it happens: findings about the journal first, then those of each module
/// together, in the order of its versions. Waits for the disk.
///
/// # Errors
/// If the journal can not be read and is to be mended, or what `visit` returns.
pub fn verify<E: From<StoreError>>(
    store: &DirStore,
    options: &Options,
    mut visit: impl FnMut(Step) -> Result<(), E>,
) -> Result<(), E> {
    let batch = options.fix.then(Batch::now);
    let is_root = options.selection == Selection::Root;
    let (ledger, of_lines) = match Ledger::read(store) {
        Ok(read) => read,
        // Without knowing what came, nothing may be moved or noted; looking is allowed.
        Err(error) if options.fix => return Err(error.into()),
        Err(error) => {
            visit(Step::Failure(error))?;
            Default::default()
        }
    };
    let checker = Checker::new(store.clone(), ledger);
    let mender = batch.as_ref().map(|batch| Mender {
        checker: &checker,
        batch,
    });
    if is_root {
        show_lines(of_lines, mender.as_ref(), &mut visit)?;
    }
    let recorder = match (is_root, options.fix) {
        (true, true) => Some(Mutex::new(Recorder::begin(store)?)),
        _ => None,
    };
    let job = Job {
        checker: &checker,
        selection: &options.selection,
        batch: batch.as_ref(),
        recorder: recorder.as_ref(),
    };
    crew::check_all(&job, options.jobs.max(1), &mut visit)?;
    if let Some(recorder) = recorder {
        let recorder = recorder
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        visit(Step::Recorded(recorder.finish()?))?;
    }
    let gone = if checker.ledger.is_empty() {
        Vec::new()
    } else {
        checker.ledger.find_gone(store, &options.selection)?
    };
    for (version, mut finding) in gone {
        if let Some(mender) = &mender {
            mender.note_gone(&version, &mut finding);
        }
        visit(Step::Finding(finding))?;
    }
    if is_root {
        show_leftovers(store, mender.as_ref(), &mut visit)?;
    }
    Ok(())
}

fn show_lines<E>(
    findings: Vec<Finding>,
    mender: Option<&Mender<'_>>,
    visit: &mut impl FnMut(Step) -> Result<(), E>,
) -> Result<(), E> {
    let mut noted = None;
    for mut finding in findings {
        if let Some(mender) = mender {
            // One event for all lines.
            match &noted {
                None => {
                    mender.note(Event::about_the_journal(), &mut finding);
                    noted = Some(finding.outcome.clone());
                }
                Some(outcome) => finding.outcome = outcome.clone(),
            }
        }
        visit(Step::Finding(finding))?;
    }
    Ok(())
}

fn show_leftovers<E: From<StoreError>>(
    store: &DirStore,
    mender: Option<&Mender<'_>>,
    visit: &mut impl FnMut(Step) -> Result<(), E>,
) -> Result<(), E> {
    let mut leftovers = match store.staging().leftovers() {
        Ok(leftovers) => leftovers,
        Err(error) => return visit(Step::Failure(error)),
    };
    let is_young = |changed: &SystemTime| {
        SystemTime::now()
            .duration_since(*changed)
            .is_ok_and(|age| age < ABANDONED)
    };
    if leftovers.iter().any(|(_, changed)| is_young(changed)) {
        // Perhaps a writer between making a file and locking it.
        std::thread::sleep(ABANDONED);
        leftovers = store.staging().leftovers()?;
    }
    for (path, _) in leftovers.iter().filter(|(_, changed)| !is_young(changed)) {
        let problem = "was left behind by a writer that was killed";
        let mut finding = Finding::new(path, Kind::Leftover, problem, Cure::MoveFile);
        if let Some(mender) = mender {
            match mender.move_file(path) {
                Ok(done) => finding.mended(done),
                Err(error) => finding.left(error.to_string()),
            }
        }
        visit(Step::Finding(finding))?;
    }
    Ok(())
}
