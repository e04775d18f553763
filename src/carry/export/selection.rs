//! What goes into a bundle: a go.sum's versions, what came since a time, or what matches patterns.

use std::collections::{BTreeMap, BTreeSet};

use crate::carry::error::CarryError;
use crate::catalog::{Step, version_of, walk};
use crate::module::{GoSumLine, ModulePath, ModuleVersion, Sum, Time, VersionPattern};
use crate::store::{DirStore, EventKind, ModuleFile, StoreError, StoreKey};

/// What goes into a bundle.
#[derive(Debug, Clone)]
pub enum Selection {
    /// What builds with these go.sum lines need: zips for the lines of zips, the go.mod for each of them and for those
    /// of go.mods. Sums must be those of the lines.
    GoSum(Vec<GoSumLine>),
    /// What the journal says came at this time or later. Versions of which only a go.mod is there are in no journal.
    Since(Time),
    /// All that there is of what matches one of these.
    Matching(Vec<VersionPattern>),
}

/// What of a version is to go in.
#[derive(Debug, Clone, Default)]
pub(super) struct Want {
    /// Whether its zip.
    pub(super) zip: bool,
    /// The sums that the zip must have: one, or versions of go.sum files that disagree.
    pub(super) zip_sums: BTreeSet<Sum>,
    /// The sums that the go.mod must have.
    pub(super) go_mod_sums: BTreeSet<Sum>,
}

/// Versions in the order of the bundle: by their names as they are written there.
pub(super) type Wants = BTreeMap<(String, String), (ModuleVersion, Want)>;

/// Adds a version, and gives what is wanted of it.
fn want<'a>(wants: &'a mut Wants, version: &ModuleVersion) -> &'a mut Want {
    let (_, want) = wants
        .entry(order(version))
        .or_insert_with(|| (version.clone(), Want::default()));
    want
}

fn order(version: &ModuleVersion) -> (String, String) {
    (
        version.path().escaped().as_str().to_owned(),
        version.version().escaped().as_str().to_owned(),
    )
}

/// Finds the versions that are to go in. Memory grows with their number.
pub(super) fn find(store: &DirStore, selection: &Selection) -> Result<Wants, CarryError> {
    let mut wants = Wants::new();
    match selection {
        Selection::GoSum(lines) => {
            for line in lines {
                let want = want(&mut wants, &line.version);
                if line.is_go_mod {
                    want.go_mod_sums.insert(line.sum);
                } else {
                    want.zip = true;
                    want.zip_sums.insert(line.sum);
                }
            }
        }
        Selection::Since(time) => since(store, *time, &mut wants)?,
        Selection::Matching(patterns) => walk(store, |step| {
            if let Step::Module(module) = step
                && patterns
                    .iter()
                    .any(|pattern| pattern.matches_some_of(&module))
            {
                matching(store, &module, patterns, &mut wants)?;
            }
            Ok::<(), StoreError>(())
        })?,
    }
    Ok(wants)
}

fn since(store: &DirStore, time: Time, wants: &mut Wants) -> Result<(), StoreError> {
    store.journal().each_line(|line| {
        let Some(event) = line.event else {
            return Ok(());
        };
        let Some(version) = event.module_version() else {
            return Ok(());
        };
        match event.event {
            EventKind::Delete | EventKind::Evict => drop(wants.remove(&order(&version))),
            EventKind::Publish | EventKind::Fetch | EventKind::Import | EventKind::Adopt => {
                if Time::from(std::time::SystemTime::from(event.time)) >= time {
                    want(wants, &version).zip = true;
                }
            }
            EventKind::Repair | EventKind::Other => {}
        }
        Ok::<(), StoreError>(())
    })
}

fn matching(
    store: &DirStore,
    module: &ModulePath,
    patterns: &[VersionPattern],
    wants: &mut Wants,
) -> Result<(), StoreError> {
    let mut deleted = Vec::new();
    for entry in store
        .entries(&StoreKey::directory(module))?
        .unwrap_or_default()
    {
        let named = |escaped: &str| {
            let version = version_of(module, escaped).ok()?;
            ModuleVersion::new(module.clone(), version).ok()
        };
        if let Some(escaped) = entry.name.strip_suffix(".deleted") {
            deleted.extend(named(escaped));
        }
        let found = ModuleFile::split(&entry.name)
            .and_then(|(escaped, file)| Some((named(escaped)?, file)));
        if let Some((version, file)) = found
            && patterns.iter().any(|pattern| pattern.matches(&version))
        {
            want(wants, &version).zip |= file == ModuleFile::Zip;
        }
    }
    for version in deleted {
        wants.remove(&order(&version));
    }
    Ok(())
}
