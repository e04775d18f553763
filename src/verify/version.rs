//! Checking one version: its files by themselves, against each other, and against what is known of them.

use std::sync::Arc;

use super::finding::{Cure, Finding, Kind};
use super::ledger::Ledger;
use super::listing::Present;
use crate::catalog::{Soundness, Verdict, clause};
use crate::module::{ModuleVersion, Sum, synthesized_go_mod};
use crate::modzip::{self, Strictness};
use crate::store::{DirStore, FileContent, Identity, ModuleFile, StoreError, StoreKey};

/// The longest `.ziphash` that is read, in bytes.
const LONGEST_HASH: u64 = 128;

/// What was found out about a version.
#[derive(Debug, Clone, Default)]
pub(super) struct Checked {
    pub(super) findings: Vec<Finding>,
    /// The zip, if it is good.
    pub(super) zip: Option<(Sum, Identity)>,
    /// Bytes of zips that were read.
    pub(super) bytes: u64,
}

impl Checked {
    /// Whether nothing can be served of it until somebody does something.
    pub(super) fn is_broken(&self) -> bool {
        self.findings.iter().any(|finding| {
            matches!(
                finding.kind,
                Kind::Zip | Kind::Sum | Kind::Returned | Kind::Tombstone
            )
        })
    }
}

/// Checks versions.
pub(super) struct Checker {
    pub(super) store: DirStore,
    pub(super) ledger: Ledger,
    soundness: Soundness,
}

/// A file as it was found.
enum Found {
    Absent,
    Sound(FileContent),
    Unsound(Arc<str>),
}

impl Checker {
    pub(super) fn new(store: DirStore, ledger: Ledger) -> Self {
        Self {
            store,
            ledger,
            // Each file is looked at once: no verdict is worth keeping.
            soundness: Soundness::new(1),
        }
    }

    pub(super) fn soundness(&self) -> &Soundness {
        &self.soundness
    }

    /// Checks everything about a version that its own files show. Waits for the disk, and reads the zip.
    ///
    /// # Errors
    /// If a file can not be read, which says nothing about it.
    pub(super) fn check(
        &self,
        version: &ModuleVersion,
        present: Present,
    ) -> Result<Checked, StoreError> {
        if present.deleted {
            return Ok(Checked {
                findings: self.check_deleted(version, present)?,
                ..Checked::default()
            });
        }
        let mut checked = Checked::default();
        self.check_zip(version, &mut checked)?;
        self.check_go_mod(version, &mut checked)?;
        match self.find(version, ModuleFile::Info)? {
            Found::Sound(_) => {}
            Found::Absent => checked.add_missing(version, ModuleFile::Info),
            Found::Unsound(why) => checked.add(version, ModuleFile::Info, Kind::Info, &why),
        }
        Ok(checked)
    }

    fn check_deleted(
        &self,
        version: &ModuleVersion,
        present: Present,
    ) -> Result<Vec<Finding>, StoreError> {
        let key = StoreKey::Tombstone(version);
        let about_tombstone = |problem: String| {
            let advice = "restore it; until then the name can not be used";
            let (path, cure) = (key.relative_path(), Cure::ByHand(advice));
            vec![Finding::new(path, Kind::Tombstone, problem, cure)]
        };
        let tombstone = match self.store.tombstone(version) {
            Ok(Some(tombstone)) => tombstone,
            Ok(None) => return Ok(Vec::new()),
            Err(StoreError::Refused { refusal, .. }) => {
                return Ok(about_tombstone(refusal.to_string()));
            }
            Err(StoreError::Io { source, .. })
                if matches!(
                    source.kind(),
                    std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof
                ) =>
            {
                return Ok(about_tombstone(format!("can not be read: {source}")));
            }
            Err(error) => return Err(error),
        };
        let mut findings = Vec::new();
        if tombstone.version != version.version().as_str() {
            let other = format!("is about another version, {:?}", tombstone.version);
            findings.extend(about_tombstone(other));
        }
        if let Some(file) = present.first() {
            findings.push(Finding::new(
                StoreKey::File(version, file).relative_path(),
                Kind::Returned,
                "belongs to a version that was deleted from this server, and is here again",
                Cure::MoveVersion,
            ));
        }
        Ok(findings)
    }

    fn check_zip(&self, version: &ModuleVersion, checked: &mut Checked) -> Result<(), StoreError> {
        let key = StoreKey::File(version, ModuleFile::Zip);
        let zip = match self.store.read_blocking(&key) {
            Ok(Some(zip)) => zip,
            Ok(None) => return Ok(()),
            Err(StoreError::Refused { refusal, .. }) => {
                checked.add(version, ModuleFile::Zip, Kind::Zip, &refusal.to_string());
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let report = modzip::check(zip.file().as_ref(), zip.len(), version, Strictness::Fetched)
            .map_err(|error| StoreError::io("read", key.relative_path(), error))?;
        checked.bytes = zip.len();
        let Some(sum) = report.sum.filter(|_| report.is_sound()) else {
            checked.add(version, ModuleFile::Zip, Kind::Zip, &clause(&report));
            return Ok(());
        };
        let noted = self.ledger.sum(version);
        if let Some(noted) = noted.filter(|noted| *noted != sum) {
            let problem = format!("has the sum {sum}; the journal knows it as {noted}");
            checked.add(version, ModuleFile::Zip, Kind::Sum, &problem);
            return Ok(());
        }
        match self.read_hash(version)? {
            Hash::Absent => {}
            Hash::Is(kept) if kept == sum => {}
            // Of two witnesses and the zip, the one that stands alone is wrong.
            Hash::Is(kept) if noted.is_none() => {
                let problem = format!("has the sum {sum}; its .ziphash says {kept}");
                checked.add(version, ModuleFile::Zip, Kind::Sum, &problem);
                return Ok(());
            }
            Hash::Is(kept) => checked.add_hash(
                version,
                format!("says {kept}; the zip and the journal say {sum}"),
            ),
            Hash::Malformed(why) => checked.add_hash(version, why),
        }
        checked.zip = Some((sum, zip.identity()));
        let in_zip = report
            .go_mod
            .unwrap_or_else(|| synthesized_go_mod(version.path()).into_bytes());
        if let Found::Sound(go_mod) = self.find(version, ModuleFile::Mod)? {
            let beside = go_mod.read_all_blocking().map_err(|error| {
                let key = StoreKey::File(version, ModuleFile::Mod);
                StoreError::io("read", key.relative_path(), error)
            })?;
            if beside != in_zip {
                let problem = "is not the go.mod that the zip beside it holds";
                checked.add(version, ModuleFile::Mod, Kind::Mod, problem);
            }
        }
        Ok(())
    }

    fn check_go_mod(
        &self,
        version: &ModuleVersion,
        checked: &mut Checked,
    ) -> Result<(), StoreError> {
        match self.find(version, ModuleFile::Mod)? {
            // What it must be is compared with the zip.
            Found::Sound(_) => {}
            Found::Absent => checked.add_missing(version, ModuleFile::Mod),
            Found::Unsound(why) => checked.add(version, ModuleFile::Mod, Kind::Mod, &why),
        }
        Ok(())
    }

    fn find(&self, version: &ModuleVersion, file: ModuleFile) -> Result<Found, StoreError> {
        match self.store.read_blocking(&StoreKey::File(version, file)) {
            Ok(None) => Ok(Found::Absent),
            Ok(Some(content)) => match self.soundness.check(version, file, &content)? {
                Verdict::Sound(_) => Ok(Found::Sound(content)),
                Verdict::Unsound(why) => Ok(Found::Unsound(why)),
            },
            Err(StoreError::Refused { refusal, .. }) => {
                Ok(Found::Unsound(Arc::from(refusal.to_string())))
            }
            Err(error) => Err(error),
        }
    }

    fn read_hash(&self, version: &ModuleVersion) -> Result<Hash, StoreError> {
        let key = StoreKey::ZipHash(version);
        let file = match self.store.read_blocking(&key) {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(Hash::Absent),
            Err(StoreError::Refused { refusal, .. }) => {
                return Ok(Hash::Malformed(refusal.to_string()));
            }
            Err(error) => return Err(error),
        };
        if file.len() > LONGEST_HASH {
            return Ok(Hash::Malformed(format!(
                "is longer than {LONGEST_HASH} bytes"
            )));
        }
        let bytes = file
            .read_all_blocking()
            .map_err(|error| StoreError::io("read", key.relative_path(), error))?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text
            .trim_end()
            .parse()
            .map_or_else(|_| Hash::Malformed("is no h1: sum".to_owned()), Hash::Is))
    }
}

/// What a `.ziphash` says.
enum Hash {
    Absent,
    Is(Sum),
    Malformed(String),
}

impl Checked {
    fn add(&mut self, version: &ModuleVersion, file: ModuleFile, kind: Kind, problem: &str) {
        let cure = match file {
            ModuleFile::Zip => Cure::MoveVersion,
            ModuleFile::Mod | ModuleFile::Info => Cure::MoveFile,
        };
        let path = StoreKey::File(version, file).relative_path();
        self.findings.push(Finding::new(path, kind, problem, cure));
    }

    /// Without a good zip nothing is missing: a `.mod` and an `.info` alone are what a module graph needs.
    fn add_missing(&mut self, version: &ModuleVersion, file: ModuleFile) {
        if self.zip.is_some() {
            let path = StoreKey::File(version, file).relative_path();
            self.findings
                .push(Finding::new(path, Kind::Missing, "is missing", Cure::Make));
        }
    }

    fn add_hash(&mut self, version: &ModuleVersion, problem: String) {
        let path = StoreKey::ZipHash(version).relative_path();
        self.findings
            .push(Finding::new(path, Kind::ZipHash, problem, Cure::Make));
    }
}
