//! The whole check of a dropped zip, before it is first served.
//!
//! A dropped version is listed after the cheap checks, so that a list costs no reading of zips; before anybody is given
//! its zip, every entry is read and judged by the same rules as that of a published one, less what only a publisher can
//! mend. The verdict survives in the `.ziphash` ([`DirStore::proven_sum`]), so each zip is read once in its life here.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::soundness::{RACY, Soundness, Verdict};
use crate::metrics::Occasion;
use crate::module::{ModuleVersion, Sum};
use crate::modzip::{self, Report, Strictness};
use crate::store::{
    DirStore, Event, EventKind, FileContent, Identity, ModuleFile, StoreError, StoreKey, Written,
};

impl Soundness {
    /// The verdict on a zip in this state, if all that there is to know about it is known.
    pub fn known_whole(&self, version: &ModuleVersion, zip: Identity) -> Option<Verdict> {
        let key = Self::key(version, ModuleFile::Zip, zip);
        match self.known(version, ModuleFile::Zip, zip) {
            Some(Verdict::Sound(_)) if self.whole.get(&key).is_none() => None,
            known => known,
        }
    }

    /// Checks a zip whole, unless that was done before. Waits for the disk, and reads the zip.
    ///
    /// # Errors
    /// If the zip or its tombstone can not be read; that says nothing about the zip.
    pub fn check_whole(
        &self,
        store: &DirStore,
        version: &ModuleVersion,
        zip: &FileContent,
    ) -> Result<Verdict, StoreError> {
        let identity = zip.identity();
        if let Some(verdict) = self.known_whole(version, identity) {
            return Ok(verdict);
        }
        let cheap = self.check(version, ModuleFile::Zip, zip)?;
        if let Verdict::Unsound(_) = cheap {
            return Ok(cheap);
        }
        let _turn = self.reading.lock(version);
        if let Some(verdict) = self.known_whole(version, identity) {
            return Ok(verdict);
        }
        let verdict = if store.tombstone(version)?.is_some() {
            Verdict::Unsound(Arc::from(
                "was deleted from this server, and only the same content may be published again",
            ))
        } else if store.proven_sum(version, &identity)?.is_some() {
            cheap
        } else {
            let failed = |error| {
                let path = StoreKey::File(version, ModuleFile::Zip).relative_path();
                StoreError::io("read", path, error)
            };
            let began = Instant::now();
            let report =
                modzip::check(zip.file().as_ref(), zip.len(), version, Strictness::Fetched)
                    .map_err(failed)?;
            let checks = &self.metrics.checks;
            checks.ended(Occasion::Dropped, began, &report);
            match report.sum.filter(|_| report.is_sound()) {
                Some(sum) => {
                    if let Err(error) = adopt(store, version, &sum, &identity) {
                        // A full disk is no reason not to serve: the zip is read once more another time.
                        tracing::warn!("the verdict on {version} is not kept: {error}");
                    }
                    cheap
                }
                None => Verdict::Unsound(Arc::from(clause(&report))),
            }
        };
        let settled = SystemTime::now()
            .duration_since(identity.changed_at())
            .is_ok_and(|age| age > RACY);
        if settled {
            let key = Self::key(version, ModuleFile::Zip, identity);
            if matches!(verdict, Verdict::Sound(_)) {
                self.whole.insert(key, ());
            }
            self.verdicts.insert(key, verdict.clone());
        }
        Ok(verdict)
    }
}

/// Keeps the verdict beside the zip, and notes in the journal that the version is ours now.
fn adopt(
    store: &DirStore,
    version: &ModuleVersion,
    sum: &Sum,
    zip: &Identity,
) -> Result<(), StoreError> {
    // A server that publishes it may have proven it meanwhile, and notes that itself.
    if store.proven_sum(version, zip)?.is_none()
        && store.staging().prove(version, sum, zip)? == Written::Done
    {
        let mut event = Event::new(EventKind::Adopt, version).zip(sum, zip.len);
        store.journal().append(&mut event)?;
    }
    Ok(())
}

/// What is wrong, as a clause after the name of the file.
pub(crate) fn clause(report: &Report) -> String {
    let Some(finding) = report.findings.first() else {
        return "can not be used by the go command".to_owned();
    };
    let entry = finding
        .entry
        .as_ref()
        .map_or_else(String::new, |entry| format!(" in its entry {entry:?}"));
    let more = match report.findings.len() as u64 - 1 + report.more_findings {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    format!(
        "can not be used by the go command{entry}: {}{more}",
        finding.sentence
    )
}
