//! Reading one module's `@v` directory: which versions are there, which could be, and what is wrong with the rest.
//!
//! The listing decides, never an event: whatever wrote the files, in whatever order, two scans of the same directory
//! say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::report::Finding;
use super::soundness::{ModSum, Soundness, Verdict};
use crate::module::{EscapedVersion, ModulePath, ModuleVersion, Version};
use crate::store::{DirStore, EntryKind, EventKind, Identity, ModuleFile, StoreError, StoreKey};

/// How long the zip of a version must have been left alone before its missing `.info` and `.mod` are made from it: the
/// real ones may be on their way, copied one after the other.
pub(crate) const SETTLE: Duration = Duration::from_millis(400);

/// How long a version counts as one that has just come.
const FRESH: Duration = Duration::from_secs(600);

/// What a module's directory holds.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Versions whose three files are there and sound, in ascending order.
    pub(crate) complete: Vec<Version>,
    /// Versions whose zip is there and sound, and whose other files can be made from it.
    pub(crate) derivable: Vec<Derivable>,
    /// What cannot be served, and why.
    pub(crate) findings: Vec<Finding>,
    /// When something that is left out for being too young should be looked at again.
    pub(crate) look_again: Option<SystemTime>,
    /// The newest change of a file that is part of a listed version.
    pub(crate) changed: Option<SystemTime>,
    /// Complete versions that came or changed a short while ago.
    pub(crate) fresh: Vec<Version>,
    /// Whether a version came from here: it was published, dropped by hand, or deleted since.
    pub(crate) is_owned: bool,
    /// Sums of the go.mod files of servable versions, to tell those that have one of their own.
    mod_sums: BTreeMap<Version, ModSum>,
}

/// A version that lacks files which its zip can give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Derivable {
    pub(crate) version: Version,
    pub(crate) missing: Vec<ModuleFile>,
    /// When one of the files that are there changed last.
    pub(crate) changed: SystemTime,
}

/// The files of one version, as the listing has them.
#[derive(Debug, Default, Clone, Copy)]
struct Files {
    info: Option<Identity>,
    go_mod: Option<Identity>,
    zip: Option<Identity>,
}

impl Files {
    fn slot(&mut self, file: ModuleFile) -> &mut Option<Identity> {
        match file {
            ModuleFile::Info => &mut self.info,
            ModuleFile::Mod => &mut self.go_mod,
            ModuleFile::Zip => &mut self.zip,
        }
    }

    fn newest_change(&self) -> Option<SystemTime> {
        [self.info, self.go_mod, self.zip]
            .into_iter()
            .flatten()
            .map(|identity| identity.changed_at())
            .max()
    }
}

impl Scan {
    /// Every version that can be served whole, in ascending order: the complete ones and the derivable ones.
    pub(crate) fn servable(&self) -> Vec<Version> {
        let mut versions = self.complete.clone();
        versions.extend(
            self.derivable
                .iter()
                .map(|derivable| derivable.version.clone()),
        );
        versions.sort();
        versions
    }

    /// Counts versions as servable or not, whatever the cheap checks said: for those who know more.
    pub(crate) fn correct(&mut self, broken: &BTreeSet<Version>, mendable: &BTreeSet<Version>) {
        self.complete.retain(|version| !broken.contains(version));
        self.derivable
            .retain(|derivable| !broken.contains(&derivable.version));
        let known = self.servable();
        for version in mendable
            .iter()
            .filter(|version| !known.contains(version) && !broken.contains(version))
        {
            self.derivable.push(Derivable {
                version: version.clone(),
                missing: Vec::new(),
                changed: SystemTime::UNIX_EPOCH,
            });
        }
    }

    /// Leaves out, for now, versions that lack files and were changed within `quiet`; says when to look again.
    pub(crate) fn postpone_young(&mut self, quiet: Duration) {
        let young = |derivable: &Derivable| is_younger(derivable.changed, quiet);
        for derivable in self.derivable.iter().filter(|derivable| young(derivable)) {
            let at = derivable.changed + quiet;
            self.look_again = Some(self.look_again.map_or(at, |earlier| earlier.min(at)));
        }
        self.derivable.retain(|derivable| !young(derivable));
    }

    /// Whether a version has a go.mod that is not the synthesized one.
    pub(crate) fn has_go_mod(&self, version: &Version, synthesized: ModSum) -> bool {
        self.mod_sums
            .get(version)
            .is_some_and(|sum| *sum != synthesized)
    }
}

/// Scans the `@v` directory of `module`; `None` if there is none. Waits for the disk.
///
/// # Errors
/// If the directory or a file in it can not be read.
pub(crate) fn scan(
    store: &DirStore,
    soundness: &Soundness,
    module: &ModulePath,
) -> Result<Option<Scan>, StoreError> {
    let directory = StoreKey::directory(module);
    let Some(entries) = store.entries(&directory)? else {
        return Ok(None);
    };
    let mut scan = Scan::default();
    let mut deleted: BTreeSet<Version> = BTreeSet::new();
    let mut named: Vec<(String, Version, ModuleFile)> = Vec::new();
    for entry in entries {
        if let Some(escaped) = entry.name.strip_suffix(".deleted") {
            deleted.extend(version_of(module, escaped));
        }
        let Some((escaped, file)) = ModuleFile::split(&entry.name) else {
            continue;
        };
        // Editors, copy tools and file managers leave hidden files with any ending.
        if entry.name.starts_with('.') {
            continue;
        }
        match version_of(module, escaped) {
            Ok(version) if matches!(entry.kind, EntryKind::File | EntryKind::Link) => {
                named.push((entry.name, version, file));
            }
            Ok(_) => scan.findings.push(Finding::new(
                &directory,
                &entry.name,
                "is not a regular file",
            )),
            Err(why) => scan
                .findings
                .push(Finding::new(&directory, &entry.name, &why)),
        }
    }
    let names: Vec<&str> = named.iter().map(|(name, ..)| name.as_str()).collect();
    let identities = store.identities(&directory, &names)?;
    let mut versions: BTreeMap<Version, Files> = BTreeMap::new();
    for ((name, version, file), identity) in named.iter().zip(identities) {
        match identity {
            Some(identity) => {
                *versions.entry(version.clone()).or_default().slot(*file) = Some(identity)
            }
            None => scan.findings.push(Finding::new(
                &directory,
                name,
                "is gone again, or is a symbolic link that does not lead to a file below the root",
            )),
        }
    }
    scan.is_owned = !deleted.is_empty();
    for (version, files) in versions {
        if deleted.contains(&version) {
            let name = format!("{}.zip", version.escaped());
            if files.zip.is_some() {
                scan.findings.push(Finding::new(
                    &directory,
                    &name,
                    "was deleted from this server, and came back by hand",
                ));
            }
            continue;
        }
        // The version fits the path: `version_of` checked it.
        if let Ok(version) = ModuleVersion::new(module.clone(), version) {
            // Also of a zip that is no good, or not all here yet: whoever copies one means it.
            if files.zip.is_some() && !scan.is_owned {
                let came = store.provenance().of(&version)?;
                scan.is_owned = !came.is_some_and(EventKind::is_foreign);
            }
            Judge {
                store,
                soundness,
                version: &version,
                scan: &mut scan,
            }
            .judge(files)?;
        }
    }
    Ok(Some(scan))
}

/// The version that an escaped file name stands for, if it is one that this module can have.
pub(crate) fn version_of(module: &ModulePath, escaped: &str) -> Result<Version, String> {
    let unescaped: EscapedVersion = escaped.parse().map_err(|_| {
        "is not an escaped version: capital letters are written as '!' and the small letter"
            .to_owned()
    })?;
    let version: Version = unescaped
        .unescaped()
        .parse()
        .map_err(|_| "is not named by a canonical version".to_owned())?;
    ModuleVersion::new(module.clone(), version.clone())
        .map_err(|error| format!("does not fit its module: {error}"))?;
    Ok(version)
}

/// Decides on one version.
struct Judge<'a> {
    store: &'a DirStore,
    soundness: &'a Soundness,
    version: &'a ModuleVersion,
    scan: &'a mut Scan,
}

impl Judge<'_> {
    fn judge(mut self, files: Files) -> Result<(), StoreError> {
        // Without a zip it is what a module graph needs of a version: served by name, never listed.
        let Some(zip) = files.zip else { return Ok(()) };
        let Some(in_zip) = self.sound(ModuleFile::Zip, zip)? else {
            return Ok(());
        };
        let mut missing = Vec::new();
        match files.go_mod {
            None => missing.push(ModuleFile::Mod),
            Some(go_mod) => {
                let Some(beside) = self.sound(ModuleFile::Mod, go_mod)? else {
                    return Ok(());
                };
                if beside != in_zip {
                    self.find(
                        ModuleFile::Mod,
                        go_mod,
                        "is not the go.mod that the zip beside it holds",
                    );
                    return Ok(());
                }
            }
        }
        match files.info {
            None => missing.push(ModuleFile::Info),
            Some(info) => {
                if self.sound(ModuleFile::Info, info)?.is_none() {
                    return Ok(());
                }
            }
        }
        let version = self.version.version();
        if missing.is_empty() {
            self.scan.complete.push(version.clone());
            if files
                .newest_change()
                .is_some_and(|changed| is_younger(changed, FRESH))
            {
                self.scan.fresh.push(version.clone());
            }
        } else {
            let changed = files.newest_change().unwrap_or(SystemTime::UNIX_EPOCH);
            if is_younger(changed, SETTLE) {
                self.look_again(changed + SETTLE);
                return Ok(());
            }
            self.scan.derivable.push(Derivable {
                version: version.clone(),
                missing,
                changed,
            });
        }
        if let Some(sum) = in_zip {
            self.scan.mod_sums.insert(version.clone(), sum);
        }
        self.scan.changed = self.scan.changed.max(files.newest_change());
        Ok(())
    }

    /// `Some` with the go.mod sum if the file is sound; else `None`, with a finding.
    fn sound(
        &mut self,
        file: ModuleFile,
        identity: Identity,
    ) -> Result<Option<Option<ModSum>>, StoreError> {
        let verdict = match self.soundness.known(self.version, file, identity) {
            Some(verdict) => verdict,
            None => match self
                .store
                .read_blocking(&StoreKey::File(self.version, file))
            {
                Ok(Some(content)) => self.soundness.check(self.version, file, &content)?,
                // Deleted since it was listed.
                Ok(None) => return Ok(None),
                Err(StoreError::Refused { refusal, .. }) => {
                    Verdict::Unsound(Arc::from(refusal.to_string()))
                }
                Err(error) => return Err(error),
            },
        };
        match verdict {
            Verdict::Sound(sum) => Ok(Some(sum)),
            Verdict::Unsound(why) => {
                self.find(file, identity, &why);
                Ok(None)
            }
        }
    }

    /// Records a finding, unless the file is so young that it may still be on its way.
    fn find(&mut self, file: ModuleFile, identity: Identity, why: &str) {
        let changed = identity.changed_at();
        if is_younger(changed, SETTLE) {
            self.look_again(changed + SETTLE);
        } else {
            let key = StoreKey::File(self.version, file);
            self.scan
                .findings
                .push(Finding::of_file(key.relative_path(), why));
        }
    }

    fn look_again(&mut self, at: SystemTime) {
        self.scan.look_again = Some(self.scan.look_again.map_or(at, |earlier| earlier.min(at)));
    }
}

fn is_younger(changed: SystemTime, than: Duration) -> bool {
    SystemTime::now()
        .duration_since(changed)
        .is_ok_and(|age| age < than)
}
