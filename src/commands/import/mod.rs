//! `athens import`: takes modules from module caches, GOPATHs, other roots and proxies, and bundles.

mod go_env;
mod sources;
mod told;

use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::{Context as _, bail};

use self::told::Told;
use super::{ExitStatus, Printer, progress};
use crate::carry::{CarryError, ImportOptions, ImportStep, import};
use crate::cli::ImportArgs;
use crate::store::{DirStore, OpenMode};

pub(super) fn run(arguments: &ImportArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let store = open(&arguments.root, arguments.dry_run)?;
    let sources = match sources::open(arguments, &store, printer) {
        Ok(sources) => sources,
        Err(error) => match error.downcast_ref::<CarryError>() {
            Some(refusal) if refusal.is_refusal() => {
                printer.error_line(&format!("athens: {refusal}"))?;
                return Ok(ExitStatus::Findings);
            }
            _ => return Err(error),
        },
    };
    let options = ImportOptions {
        jobs: arguments.jobs.unwrap_or_else(cores),
        is_dry: arguments.dry_run,
        only: arguments.only.clone(),
        owned: arguments.owned.clone(),
        is_gentle: false,
    };
    let progress = progress::counter("versions looked at");
    let mut told = Told::new(arguments);
    import(&store, &sources, &options, |step| {
        if let ImportStep::Version { .. } = step {
            progress.inc(1);
        }
        match told.prints(&step) {
            true => progress.suspend(|| told.step(step, printer)),
            false => told.step(step, printer),
        }
    })?;
    progress.finish_and_clear();
    if !options.is_dry {
        // Also of what was there already: a server that fetched it does not see to its name.
        store.staging().flush()?;
    }
    told.finish(printer)
}

fn open(root: &Path, is_dry: bool) -> anyhow::Result<DirStore> {
    let mode = if is_dry {
        OpenMode::ReadOnly
    } else {
        OpenMode::ReadWrite
    };
    let store = DirStore::open(root, mode)
        .context("the root must be a folder of modules, or an empty one")?;
    if !is_dry {
        store.probe()?;
        if store.staging().is_read_only() {
            bail!(
                "{} can not be written; run as a user who may write there, or with --dry-run",
                root.display()
            );
        }
    }
    Ok(store)
}

fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
