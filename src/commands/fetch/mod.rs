//! `athens fetch`: brings modules into the folder before anybody asks for them.

mod list;
mod selection;
mod told;

use std::num::NonZeroUsize;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use tokio::runtime::Builder;

use self::selection::Selection;
use self::told::Told;
use super::signals::Signals;
use super::{ExitStatus, Printer, progress};
use crate::cli::FetchArgs;
use crate::config::GoEnvironment;
use crate::proxy::{ModuleProxy, ProxySettings};
use crate::store::{DirStore, OpenMode};
use crate::warm::{Wants, Warmer};

/// How many versions are fetched at once: enough to hide the way to an upstream, and polite to it.
const JOBS: NonZeroUsize = NonZeroUsize::new(8).unwrap();

pub(super) fn run(arguments: FetchArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    // Before anything is opened or asked: mistakes in what was named are the user's.
    let selection = Selection::read(&arguments)?;
    let settings = arguments
        .settings
        .resolve(arguments.config.as_deref(), GoEnvironment::ask)?;
    if settings.upstreams.is_none() || settings.offline {
        bail!("there is nobody to fetch from: name an upstream with --upstream");
    }
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .thread_name("athens")
        .build()
        .context("cannot start the threads that fetch")?;
    let mut told = Told::new(arguments.json);
    let work = Work {
        settings: &settings,
        jobs: arguments.jobs.unwrap_or(JOBS),
    };
    let status = runtime.block_on(work.run_until_signal(selection, &mut told, printer));
    // Nothing that is under way is waited for: what is not in its place yet is swept up by the next who starts.
    runtime.shutdown_background();
    status
}

struct Work<'a> {
    settings: &'a ProxySettings,
    jobs: NonZeroUsize,
}

impl Work<'_> {
    async fn run_until_signal(
        &self,
        selection: Selection,
        told: &mut Told,
        printer: &mut Printer,
    ) -> anyhow::Result<ExitStatus> {
        let mut signals = Signals::new().context("cannot listen for signals")?;
        let root = &self.settings.root;
        let failed = || format!("cannot fetch into {}", root.display());
        let store = DirStore::open(root, OpenMode::ReadWrite).with_context(failed)?;
        store.probe()?;
        if store.staging().is_read_only() {
            bail!(
                "{} can not be written, and what is fetched has to be kept",
                root.display()
            );
        }
        let proxy = ModuleProxy::open(self.settings).with_context(failed)?;
        let database = self.settings.checksum_databases.first();
        let warmer = Warmer::new(
            Arc::clone(&proxy),
            store.clone(),
            self.jobs,
            database.map(|database| database.name().as_str().to_owned()),
        );
        let ended = tokio::select! {
            ended = warm(&warmer, selection, told, printer) => ended.map(|()| None),
            number = signals.next() => Ok(Some(number)),
        };
        proxy.stop().await;
        match ended? {
            Some(number) => Ok(ExitStatus::Signal(number)),
            None => {
                // Nothing else runs that this could hold up.
                store.staging().flush()?;
                told.finish(printer)
            }
        }
    }
}

/// Finds out what is wanted, and fetches it.
async fn warm(
    warmer: &Warmer,
    selection: Selection,
    told: &mut Told,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let mut wants = Wants::default();
    let progress = progress::counter("versions");
    for query in &selection.queries {
        match warmer.resolve(query).await {
            Ok(version) => {
                progress.suspend(|| told.resolved(query, &version, printer))?;
                wants.add_zip(version);
            }
            Err(error) => progress.suspend(|| told.failed(&query.to_string(), &error, printer))?,
        }
    }
    for project in &selection.projects {
        let list = warmer.build_list(project).await;
        list.selected
            .into_iter()
            .for_each(|version| wants.add_zip(version));
        list.read
            .into_iter()
            .for_each(|version| wants.add_go_mod(version));
        for passed in &list.passed {
            progress.suspend(|| told.passed(passed, printer))?;
        }
        for (what, error) in &list.failures {
            progress.suspend(|| told.failed(what, error, printer))?;
        }
    }
    for line in &selection.lines {
        wants.add_line(line);
    }
    for version in selection.versions.into_iter().chain(selection.toolchains) {
        wants.add_zip(version);
    }
    progress.set_length(wants.len() as u64);
    warmer
        .fetch(wants, |version, want, fetched| {
            progress.inc(1);
            match told.prints(&fetched) {
                true => progress.suspend(|| told.version(&version, &want, fetched, printer)),
                false => told.version(&version, &want, fetched, printer),
            }
        })
        .await?;
    progress.finish_and_clear();
    Ok(())
}
