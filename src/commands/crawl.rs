//! Importing in the background of `athens serve`, from the sources that the operator named.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};

use super::count;
use crate::carry::{ImportOptions, ImportStep, Outcome, Source, import};
use crate::catalog::in_background;
use crate::housekeeping::Room;
use crate::proxy::ProxySettings;
use crate::store::{DirStore, OpenMode, StoreError};

/// A crawler at work. Dropped, it ends: in the middle of a pass, after the version that it has in hands.
#[derive(Debug)]
pub(super) struct Crawler {
    _alive: Sender<Infallible>,
}

/// Starts to import from all sources, now and whenever `interval` has passed since the last look (zero: never again).
///
/// # Errors
/// If nothing can be written below the root, a source is the root itself, or no thread can be started. What can not be
/// read is said in the log each time: a disk may be mounted later.
pub(super) fn start(
    sources: &[PathBuf],
    proxy: &ProxySettings,
    interval: Duration,
) -> anyhow::Result<Crawler> {
    check(sources, proxy)?;
    let root = proxy.root.display();
    let store = DirStore::open(&proxy.root, OpenMode::ReadWrite)
        .with_context(|| format!("cannot crawl into {root}"))?;
    if store.staging().is_read_only() {
        return Err(read_only(&proxy.root));
    }
    let sources = sources.to_vec();
    let room = Room::new(store.clone(), proxy.min_free);
    let (alive, stop) = channel();
    in_background("athens-crawl", move || {
        let mut is_first = true;
        loop {
            for source in &sources {
                if let Err(Stopped) = crawl(&store, &room, source, is_first, &stop) {
                    return;
                }
            }
            is_first = false;
            if interval.is_zero() || !passes(interval, &stop) {
                return;
            }
        }
    })
    .context("cannot start the thread that crawls")?;
    Ok(Crawler { _alive: alive })
}

/// Whether one could crawl, as far as that can be told without writing anything.
///
/// # Errors
/// If the root is not to be written, or is a source itself.
pub(super) fn check(sources: &[PathBuf], proxy: &ProxySettings) -> anyhow::Result<()> {
    if sources.is_empty() {
        return Ok(());
    }
    if proxy.read_only {
        return Err(read_only(&proxy.root));
    }
    let root = proxy.root.canonicalize().ok();
    let is_root = |source: &&PathBuf| root.is_some() && source.canonicalize().ok() == root;
    if let Some(source) = sources.iter().find(is_root) {
        bail!("--crawl names the root itself: {}", source.display());
    }
    Ok(())
}

fn read_only(root: &Path) -> anyhow::Error {
    let root = root.display();
    anyhow!("--crawl brings versions into the folder, and {root} is read-only")
}

/// The server ends.
struct Stopped;

/// Waits; false if the server ended before.
fn passes(interval: Duration, stop: &Receiver<Infallible>) -> bool {
    matches!(stop.recv_timeout(interval), Err(RecvTimeoutError::Timeout))
}

/// Takes what one source has, and logs what came of it.
fn crawl(
    store: &DirStore,
    room: &Room,
    path: &Path,
    is_first: bool,
    stop: &Receiver<Infallible>,
) -> Result<(), Stopped> {
    if let Err(error) = room.admit(0) {
        tracing::warn!("nothing is imported from {}: {error}", path.display());
        return Ok(());
    }
    let source = match Source::open(path) {
        Ok(source) => source,
        Err(error) => {
            tracing::warn!("nothing is imported: {error}");
            return Ok(());
        }
    };
    if is_first && source.is_own_by_default() {
        tracing::info!(
            "{} has no journal: all its modules count as one's own, and no upstream is asked about them",
            path.display()
        );
    }
    let options = ImportOptions {
        jobs: NonZeroUsize::MIN,
        is_dry: false,
        only: None,
        owned: None,
        is_gentle: true,
    };
    let mut counts = Counts::default();
    let imported = import(store, &[source], &options, |step| {
        counts.add(step);
        match stop.try_recv() {
            Err(TryRecvError::Disconnected) => Err(End::Stopped),
            _ => Ok(room.admit(0)?),
        }
    });
    // Refusals are the same each time.
    if counts.imported + counts.failures > 0 || (is_first && counts.refused > 0) {
        tracing::info!("{}", counts.in_words(path));
    }
    match imported {
        Ok(()) => Ok(()),
        Err(End::Stopped) => Err(Stopped),
        Err(End::Failed(error)) => {
            tracing::warn!("nothing is imported from {}: {error}", path.display());
            Ok(())
        }
    }
}

/// Why a pass ended early.
enum End {
    Stopped,
    Failed(StoreError),
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// What came of a pass.
#[derive(Default)]
struct Counts {
    imported: u64,
    already_there: u64,
    refused: u64,
    failures: u64,
}

impl Counts {
    fn add(&mut self, step: ImportStep) {
        match step {
            ImportStep::Version {
                version, outcome, ..
            } => match outcome {
                Outcome::Imported => self.imported += 1,
                Outcome::AlreadyThere | Outcome::Incomplete => self.already_there += 1,
                refused => {
                    tracing::debug!("{version} {refused}");
                    self.refused += 1;
                }
            },
            ImportStep::Failure(error) => {
                tracing::warn!("{error}");
                self.failures += 1;
            }
            ImportStep::Sumdb { .. } | ImportStep::PassedOver { .. } => {}
        }
    }

    fn in_words(&self, path: &Path) -> String {
        let mut words = format!(
            "{} imported from {}, {} there already",
            count(self.imported, "version"),
            path.display(),
            self.already_there
        );
        for (number, what) in [
            (self.refused, "refused or in conflict"),
            (self.failures, "that could not be read or written"),
        ] {
            if number > 0 {
                words.push_str(&format!(", {number} {what}"));
            }
        }
        words
    }
}
