//! Files that follow from others: a version's `.info` and `.mod` from its zip, a module's `list` and `@latest` from its
//! versions.
//!
//! A static server or `GOPROXY=file://` reads the files, we answer from memory: both come from here, so they agree.

use std::time::SystemTime;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::latest::latest;
use super::scan::Scan;
use super::soundness::{Soundness, Verdict};
use crate::module::{Info, ModulePath, ModuleVersion, Time, Version, synthesized_go_mod};
use crate::modzip::{self, ZipError};
use crate::store::{DirStore, FileContent, ModuleFile, Object, StoreError, StoreKey, Written};

/// Content that exists in memory, and the time that goes with it.
pub(crate) struct Made {
    pub(crate) bytes: Bytes,
    pub(crate) modified: SystemTime,
}

impl Made {
    pub(crate) fn into_object(self) -> Object {
        Object::from_bytes(self.bytes, self.modified)
    }
}

/// The version list as the protocol has it: tagged versions, ascending, a line each. Pseudo-versions are served but
/// never listed ("`$base/$module/@v/list`" in the Go Modules Reference).
pub fn render_list(versions: &[Version]) -> Vec<u8> {
    let mut list = Vec::new();
    for version in versions.iter().filter(|version| !version.is_pseudo()) {
        list.extend_from_slice(version.as_str().as_bytes());
        list.push(b'\n');
    }
    list
}

/// The `.info` or `.mod` of a version that has a sound zip and lacks the file; `None` if there is no such zip. Waits for
/// the disk.
///
/// # Errors
/// If the zip can not be read.
pub(crate) fn derived_file(
    store: &DirStore,
    soundness: &Soundness,
    version: &ModuleVersion,
    file: ModuleFile,
) -> Result<Option<Made>, StoreError> {
    let key = StoreKey::File(version, ModuleFile::Zip);
    let Some(zip) = store.read_blocking(&key)? else {
        return Ok(None);
    };
    if let Verdict::Unsound(_) = soundness.check(version, ModuleFile::Zip, &zip)? {
        return Ok(None);
    }
    let content = match file {
        ModuleFile::Zip => return Ok(None),
        ModuleFile::Info => derived_info(version, &zip).to_json().into_bytes(),
        ModuleFile::Mod => match modzip::read_directory(zip.file().as_ref(), zip.len(), version) {
            Ok(directory) => directory
                .go_mod
                .unwrap_or_else(|| synthesized_go_mod(version.path()).into_bytes()),
            // Changed since it was found sound a moment ago.
            Err(ZipError::Unsound(_)) => return Ok(None),
            Err(ZipError::Io(error)) => {
                return Err(StoreError::io("read", key.relative_path(), error));
            }
        },
    };
    Ok(Some(Made {
        bytes: Bytes::from(content),
        modified: zip.modified(),
    }))
}

/// The time of a version whose `.info` is missing: what a pseudo-version says itself, else when the zip was last
/// modified. Archives and package builders set that to zero or to the first day of the zip format, 1980; then the time
/// is left out, which the go command takes as "not known".
fn derived_info(version: &ModuleVersion, zip: &FileContent) -> Info {
    let time = version.version().pseudo_time().or_else(|| {
        let seconds = zip
            .modified()
            .duration_since(SystemTime::UNIX_EPOCH)
            .ok()?
            .as_secs();
        let days = seconds / 86_400;
        const FIRST_DAYS_OF_1980: u64 = 3_654;
        (days > FIRST_DAYS_OF_1980)
            .then(|| Time::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX)))
    });
    Info::new(version.version(), time)
}

/// A file that is to be written, or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    target: Target,
    /// `None`: the file is to be removed.
    content: Option<Bytes>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    List,
    Latest,
    File(ModuleVersion, ModuleFile),
}

impl Change {
    /// The file.
    pub(crate) fn key<'a>(&'a self, module: &'a ModulePath) -> StoreKey<'a> {
        match &self.target {
            Target::List => StoreKey::List(module),
            Target::Latest => StoreKey::Latest(module),
            Target::File(version, file) => StoreKey::File(version, *file),
        }
    }

    /// What the file is to hold; `None` if it is to be removed.
    pub(crate) fn content(&self) -> Option<&[u8]> {
        self.content.as_deref()
    }

    /// What it does, for people: `write example.com/m/@v/list`.
    pub(crate) fn describe(&self, module: &ModulePath) -> String {
        let verb = if self.content.is_some() {
            "write"
        } else {
            "remove"
        };
        format!("{verb} {}", self.key(module).relative_path())
    }
}

/// What must be written for the derived files of `module` to say what `scan` found. In the order in which to write it:
/// a version's own files come before the list that names it. Waits for the disk.
///
/// # Errors
/// If a file that decides can not be read.
pub(crate) fn plan(
    store: &DirStore,
    soundness: &Soundness,
    module: &ModulePath,
    scan: &Scan,
) -> Result<Vec<Change>, StoreError> {
    let mut changes = Vec::new();
    for derivable in &scan.derivable {
        let Ok(version) = ModuleVersion::new(module.clone(), derivable.version.clone()) else {
            continue;
        };
        for &file in ModuleFile::ALL
            .iter()
            .filter(|file| derivable.missing.contains(file))
        {
            if let Some(made) = derived_file(store, soundness, &version, file)? {
                changes.push(Change {
                    target: Target::File(version.clone(), file),
                    content: Some(made.bytes),
                });
            }
        }
    }
    let servable = scan.servable();
    let list = (!servable.is_empty()).then(|| Bytes::from(render_list(&servable)));
    if !file_says(store, &StoreKey::List(module), list.as_deref())? {
        changes.push(Change {
            target: Target::List,
            content: list,
        });
    }
    let latest = latest_info(store, soundness, module, scan, &servable)?.map(|made| made.bytes);
    if !file_says(store, &StoreKey::Latest(module), latest.as_deref())? {
        changes.push(Change {
            target: Target::Latest,
            content: latest,
        });
    }
    Ok(changes)
}

/// Carries out a plan, change by change; ends early when the root turns out to be read-only. Waits for the disk.
///
/// # Errors
/// The first change that failed; those before it stand, and a new plan continues from there.
pub(crate) fn apply(
    store: &DirStore,
    module: &ModulePath,
    changes: &[Change],
) -> Result<Written, StoreError> {
    for change in changes {
        let key = change.key(module);
        let written = match (&change.target, &change.content) {
            (Target::File(..), Some(content)) => store.staging().create(&key, content)?,
            (_, Some(content)) => store.staging().replace(&key, content)?,
            (_, None) => store.staging().remove(&key)?,
        };
        if written == Written::ReadOnly {
            return Ok(Written::ReadOnly);
        }
    }
    Ok(Written::Done)
}

/// The version that "latest" means.
pub(crate) fn latest_version<'a>(
    module: &ModulePath,
    scan: &Scan,
    servable: &'a [Version],
) -> Option<&'a Version> {
    let synthesized = Sha256::digest(synthesized_go_mod(module)).into();
    latest(servable, |version| scan.has_go_mod(version, synthesized))
}

/// The `.info` of the version that "latest" means. One that has gone since the scan gives way to the next.
pub(crate) fn latest_info(
    store: &DirStore,
    soundness: &Soundness,
    module: &ModulePath,
    scan: &Scan,
    servable: &[Version],
) -> Result<Option<Made>, StoreError> {
    let mut there = servable.to_vec();
    while let Some(version) = latest_version(module, scan, &there).cloned() {
        if let Ok(version) = ModuleVersion::new(module.clone(), version.clone())
            && let Some(made) = info_of(store, soundness, &version)?
        {
            return Ok(Some(made));
        }
        there.retain(|other| *other != version);
    }
    Ok(None)
}

fn info_of(
    store: &DirStore,
    soundness: &Soundness,
    version: &ModuleVersion,
) -> Result<Option<Made>, StoreError> {
    let key = StoreKey::File(version, ModuleFile::Info);
    match store.read_blocking(&key)? {
        Some(info) => {
            let bytes = info
                .read_all_blocking()
                .map_err(|error| StoreError::io("read", key.relative_path(), error))?;
            Ok(Some(Made {
                bytes,
                modified: info.modified(),
            }))
        }
        None => derived_file(store, soundness, version, ModuleFile::Info),
    }
}

/// Whether the file of `key` has just this content, or is absent if `want` is.
fn file_says(
    store: &DirStore,
    key: &StoreKey<'_>,
    want: Option<&[u8]>,
) -> Result<bool, StoreError> {
    let found = match store.read_blocking(key) {
        Ok(found) => found,
        // A link or a directory in the place of a derived file: whatever it leads to, it is not what we wrote.
        Err(StoreError::Refused { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    match (found, want) {
        (None, None) => Ok(true),
        (Some(file), Some(want)) if file.len() == want.len() as u64 => {
            // A list that is being replaced at this moment reads short; then it does not say it yet.
            Ok(file
                .read_all_blocking()
                .is_ok_and(|content| content == want))
        }
        _ => Ok(false),
    }
}
