//! Which files of a version can be served, by the cheap checks: complete, not torn, about the right version.
//!
//! Verdicts are kept by the identity of the file (inode, length, change time), so that a directory of thousands of
//! versions is read once and afterwards only looked at.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use crate::metrics::Metrics;
use crate::module::{Info, ModuleVersion, synthesized_go_mod};
use crate::modzip::{self, MAX_GO_MOD_SIZE, ZipError};
use crate::store::{FileContent, Identity, Locks, ModuleFile, Refusal, StoreError, StoreKey};

/// A file that changed less than this ago may change again without its change time moving on: clocks of file systems
/// tick every few milliseconds. Its verdict is not kept.
pub(super) const RACY: Duration = Duration::from_millis(100);

/// The largest `.info` that is read, in bytes; real ones are below one kilobyte.
pub const MAX_INFO_SIZE: u64 = 1 << 20;

/// SHA-256 of a go.mod.
pub(crate) type ModSum = [u8; 32];

/// What was found out about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It can be served. For a `.mod` and a `.zip` with the sum of the go.mod it is or holds; a zip without a go.mod
    /// counts as holding the synthesized one.
    Sound(Option<ModSum>),
    /// It can not be served, and why: a clause that follows the name of the file.
    Unsound(Arc<str>),
}

impl Verdict {
    fn unsound(why: impl Into<Arc<str>>) -> Self {
        Self::Unsound(why.into())
    }
}

/// Verdicts on files.
#[derive(Debug)]
pub struct Soundness {
    pub(super) verdicts: Cache<(Identity, u64), Verdict>,
    /// Zips that were read whole, in the state in which they were.
    pub(super) whole: Cache<(Identity, u64), ()>,
    /// Held while a zip is read whole: who else wants that one waits for the verdict.
    pub(super) reading: Locks,
    /// Where checks of whole zips are counted.
    pub(super) metrics: Metrics,
}

impl Soundness {
    /// Keeps at most `capacity` verdicts, of some 100 bytes each.
    pub fn new(capacity: usize) -> Self {
        Self {
            verdicts: Cache::new(capacity),
            whole: Cache::new(capacity),
            reading: Locks::default(),
            metrics: Metrics::default(),
        }
    }

    /// The same, with its checks counted there.
    pub(super) fn counted_in(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    /// The verdict on a file in this state, if it is known.
    pub fn known(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
        identity: Identity,
    ) -> Option<Verdict> {
        self.verdicts.get(&Self::key(version, file, identity))
    }

    /// Checks an open file. Waits for the disk.
    ///
    /// # Errors
    /// If the file can not be read, which says nothing about it.
    pub fn check(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
        content: &FileContent,
    ) -> Result<Verdict, StoreError> {
        let identity = content.identity();
        if let Some(verdict) = self.known(version, file, identity) {
            return Ok(verdict);
        }
        let failed = |error: std::io::Error| {
            StoreError::io("read", StoreKey::File(version, file).relative_path(), error)
        };
        let verdict = match file {
            ModuleFile::Zip => check_zip(version, content).map_err(failed)?,
            ModuleFile::Mod if content.len() > MAX_GO_MOD_SIZE => too_large(MAX_GO_MOD_SIZE),
            ModuleFile::Info if content.len() > MAX_INFO_SIZE => too_large(MAX_INFO_SIZE),
            ModuleFile::Mod => check_go_mod(&content.read_all_blocking().map_err(failed)?),
            ModuleFile::Info => check_info(version, &content.read_all_blocking().map_err(failed)?),
        };
        let settled = SystemTime::now()
            .duration_since(identity.changed_at())
            .is_ok_and(|age| age > RACY);
        if settled {
            self.verdicts
                .insert(Self::key(version, file, identity), verdict.clone());
        }
        Ok(verdict)
    }

    /// The name is part of the key: the same file may be linked under several.
    pub(super) fn key(
        version: &ModuleVersion,
        file: ModuleFile,
        identity: Identity,
    ) -> (Identity, u64) {
        let mut hasher = DefaultHasher::new();
        (version, file).hash(&mut hasher);
        (identity, hasher.finish())
    }
}

fn too_large(limit: u64) -> Verdict {
    Verdict::unsound(Refusal::TooLarge(limit).to_string())
}

/// Whether these bytes can be served as the `.info` of `version`.
pub fn check_info(version: &ModuleVersion, content: &[u8]) -> Verdict {
    if content.is_empty() {
        return Verdict::unsound("is empty");
    }
    if content.contains(&0) {
        return Verdict::unsound("holds NUL bytes, as files do after a crash");
    }
    let unusable = |error: &dyn std::fmt::Display| {
        Verdict::unsound(format!("is not what the go command takes: {error}"))
    };
    match Info::parse(content) {
        Err(error) => unusable(&error),
        Ok(info) => match info.check_for(version) {
            Err(error) => unusable(&error),
            Ok(()) => Verdict::Sound(None),
        },
    }
}

/// Whether these bytes can be served as a `.mod`.
///
/// The module line is not looked at: a fork that is used through a replace directive keeps its original's, and a mirror
/// must serve it.
pub fn check_go_mod(content: &[u8]) -> Verdict {
    if content.is_empty() {
        return Verdict::unsound("is empty");
    }
    if content.contains(&0) {
        return Verdict::unsound("holds NUL bytes, as files do after a crash");
    }
    // The experiment before modules left these in caches; the go command makes them anew.
    if content.starts_with(b"//vgo 0.0.") {
        return Verdict::unsound(
            "was made by an experimental go command of 2018 and is not the module's own",
        );
    }
    Verdict::Sound(Some(Sha256::digest(content).into()))
}

fn check_zip(version: &ModuleVersion, content: &FileContent) -> Result<Verdict, std::io::Error> {
    match modzip::read_directory(content.file().as_ref(), content.len(), version) {
        Ok(directory) => Ok(Verdict::Sound(Some(match directory.go_mod {
            Some(go_mod) => Sha256::digest(go_mod).into(),
            None => Sha256::digest(synthesized_go_mod(version.path())).into(),
        }))),
        Err(ZipError::Unsound(why)) => Ok(Verdict::unsound(format!(
            "can not be used by the go command: {why}"
        ))),
        Err(ZipError::Io(error)) => Err(error),
    }
}
