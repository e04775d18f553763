//! The background walk: counts what the tree holds, and brings derived files and the journal up to date where nobody
//! asked yet.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::latest::latest;
use super::walk::{Step, walk};
use super::{Inner, Recorder, TreeSize, in_background, keeper};
use crate::metrics::WalkOutcome;
use crate::module::{EscapedVersion, Info, ModulePath, ModuleVersion, Version};
use crate::store::{DirEntry, DirStore, ModuleFile, StoreError, StoreKey};

/// The walk rests three times as long as it works, so that it takes a quarter of one core at the most.
const REST: u32 = 3;
/// Work that is saved up before a rest. Where there is one processor only, whoever asks meanwhile waits as long; shorter rests
/// would cost more than they spare.
const STINT: Duration = Duration::from_micros(250);

enum Stop {
    CatalogGone,
    Failed(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// Starts the thread that walks once at start and then every `interval` (zero: never again).
pub(crate) fn start(catalog: &Arc<Inner>, interval: Duration) -> std::io::Result<()> {
    let catalog = Arc::downgrade(catalog);
    in_background("athens-walk", move || {
        loop {
            match walk_once(&catalog) {
                Err(Stop::CatalogGone) => return,
                Err(Stop::Failed(error)) => {
                    if let Some(catalog) = catalog.upgrade() {
                        catalog.settings.metrics.tree.walks[WalkOutcome::Failed].add_one();
                    }
                    tracing::warn!("the walk of the tree ended early: {error}")
                }
                Ok(()) => {}
            }
            if interval.is_zero() {
                return;
            }
            std::thread::sleep(interval);
        }
    })
}

fn walk_once(catalog: &Weak<Inner>) -> Result<(), Stop> {
    let store = catalog.upgrade().ok_or(Stop::CatalogGone)?.store.clone();
    let mut size = TreeSize::default();
    let mut zip_bytes = 0;
    let began = Instant::now();
    let mut since = began;
    let mut lacking = Lacking::begin(&store);
    walk(&store, |step| {
        let catalog = catalog.upgrade().ok_or(Stop::CatalogGone)?;
        match step {
            Step::Finding(finding) => catalog.reporter.report(&[finding]),
            Step::Module(module) => match visit(&catalog, &module, &mut lacking) {
                Ok(found) => {
                    size.modules += u64::from(found.versions > 0);
                    size.versions += found.versions;
                    zip_bytes += found.zip_bytes;
                }
                Err(error) => catalog.reporter.report_failure(&module, &error),
            },
        }
        drop(catalog);
        let worked = since.elapsed();
        if worked > STINT {
            std::thread::sleep(worked * REST);
            since = Instant::now();
        }
        Ok::<(), Stop>(())
    })?;
    lacking.finish();
    let catalog = catalog.upgrade().ok_or(Stop::CatalogGone)?;
    tracing::debug!(
        "the tree holds {} modules with {} versions",
        size.modules,
        size.versions
    );
    let tree = &catalog.settings.metrics.tree;
    tree.walks[WalkOutcome::Ok].add_one();
    tree.modules.set(Some(size.modules));
    tree.versions.set(Some(size.versions));
    tree.zip_bytes.set(Some(zip_bytes));
    let took = u64::try_from(began.elapsed().as_millis()).ok();
    tree.walk_duration.set_milliseconds(took);
    catalog.size.store(Some(Arc::new(size)));
    Ok(())
}

/// Makes up for what the journal lacks, until that fails: it hinders nothing else, and the next walk tries again.
struct Lacking(Option<Recorder>);

impl Lacking {
    fn begin(store: &DirStore) -> Self {
        let is_read_only = store.staging().is_read_only();
        Self(
            (!is_read_only)
                .then(|| Recorder::begin(store))
                .and_then(told),
        )
    }

    fn module(&mut self, module: &ModulePath, entries: &[DirEntry]) {
        if let Some(recorder) = &mut self.0
            && told(recorder.module(module, entries)).is_none()
        {
            self.0 = None;
        }
    }

    fn finish(self) {
        let recorded = self.0.map(Recorder::finish).and_then(told);
        if let Some(recorded) = recorded.filter(|recorded| !recorded.is_nothing()) {
            tracing::warn!("{recorded}");
        }
    }
}

fn told<T>(result: Result<T, StoreError>) -> Option<T> {
    result
        .inspect_err(|error| {
            // That the root can not be written is said where derived files are.
            if !error.is_read_only() {
                tracing::warn!("what the journal lacks is not made up for: {error}");
            }
        })
        .ok()
}

/// What a module's directory holds.
#[derive(Debug, Default)]
struct Found {
    /// Versions that have all of their files.
    versions: u64,
    /// Bytes of zips.
    zip_bytes: u64,
}

/// The bytes of the zips in a directory.
fn zip_bytes(store: &DirStore, directory: &str, entries: &[DirEntry]) -> Result<u64, StoreError> {
    let is_zip = |name: &&str| matches!(ModuleFile::split(name), Some((_, ModuleFile::Zip)));
    let names = entries.iter().map(|entry| entry.name.as_str());
    let zips: Vec<&str> = names.filter(is_zip).collect();
    if zips.is_empty() {
        return Ok(0);
    }
    let identities = store.identities(directory, &zips)?;
    Ok(identities.iter().flatten().map(|zip| zip.len).sum())
}

/// Counts a module's versions by their names, and has its derived files made when the names and the list disagree.
fn visit(catalog: &Inner, module: &ModulePath, lacking: &mut Lacking) -> Result<Found, StoreError> {
    let directory = StoreKey::directory(module);
    let Some(entries) = catalog.store.entries(&directory)? else {
        return Ok(Found::default());
    };
    lacking.module(module, &entries);
    let mut found: Vec<(&str, u8)> = entries
        .iter()
        .filter_map(|entry| ModuleFile::split(&entry.name))
        .map(|(version, file)| (version, 1 << file as u8))
        .collect();
    found.sort_unstable();
    let mut complete: Vec<Version> = found
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|files| files.iter().fold(0, |all, file| all | file.1) == 0b111)
        .filter_map(|files| {
            files[0]
                .0
                .parse::<EscapedVersion>()
                .ok()?
                .unescaped()
                .parse()
                .ok()
        })
        .collect();
    complete.sort();
    let has_zip_alone = found.chunk_by(|a, b| a.0 == b.0).any(|files| {
        let all = files.iter().fold(0, |all, file| all | file.1);
        all & (1 << ModuleFile::Zip as u8) != 0 && all != 0b111
    });
    let list = super::derive::render_list(&complete);
    let says = |key: &StoreKey<'_>| said(&catalog.store, key);
    let up_to_date = !has_zip_alone
        && (if complete.is_empty() {
            says(&StoreKey::List(module))?.is_none() && says(&StoreKey::Latest(module))?.is_none()
        } else {
            says(&StoreKey::List(module))?.is_some_and(|said| said == list)
                && is_latest(&catalog.store, module, &complete)?
        });
    if !up_to_date {
        keeper::keep(catalog, module)?;
    }
    Ok(Found {
        versions: complete.len() as u64,
        zip_bytes: zip_bytes(&catalog.store, &directory, &entries)?,
    })
}

fn said(store: &DirStore, key: &StoreKey<'_>) -> Result<Option<bytes::Bytes>, StoreError> {
    let file = store.read_blocking(key)?;
    Ok(file.and_then(|file| file.read_all_blocking().ok()))
}

/// Whether `@latest` is the `.info` of the version that it should be: a power cut may have left an empty file, and whoever was
/// to write it after the list may have been stopped between the two.
fn is_latest(
    store: &DirStore,
    module: &ModulePath,
    complete: &[Version],
) -> Result<bool, StoreError> {
    let Some(said_now) = said(store, &StoreKey::Latest(module))? else {
        return Ok(false);
    };
    let is_info_of = |version: &Version| {
        let Ok(version) = ModuleVersion::new(module.clone(), version.clone()) else {
            return Ok(false);
        };
        let info = said(store, &StoreKey::File(&version, ModuleFile::Info))?;
        Ok(info.is_some_and(|info| info == said_now))
    };
    let mut asks = false;
    let newest = latest(complete, |_| {
        asks = true;
        true
    });
    let expected = match newest {
        Some(newest) if !asks => Some(newest),
        // Which one it is depends on a go.mod, which a walk does not read: it is one of them at the least.
        _ => Info::parse(&said_now).ok().and_then(|info| {
            let mut complete = complete.iter();
            complete.find(|version| version.as_str() == info.version())
        }),
    };
    expected.map_or(Ok(false), is_info_of)
}
