//! `list` and `@latest` against the versions that are there.

use std::collections::BTreeSet;

use super::finding::{Cure, Finding, Kind};
use super::version::Checker;
use crate::catalog::{Change, latest_version, plan, scan};
use crate::module::{ModulePath, Version};
use crate::store::{DirStore, StoreError, StoreKey};

/// How many versions a sentence names.
const NAMED: usize = 5;

/// What is to be written for a module, and what is wrong with what is there.
pub(super) struct Derived {
    pub(super) changes: Vec<Change>,
    pub(super) findings: Vec<Finding>,
}

/// Compares the derived files of a module with what its versions demand. `broken` ones are not to be listed, `mendable`
/// ones are, whatever a cheap look at them says.
///
/// # Errors
/// If the directory or a file in it can not be read.
pub(super) fn compare(
    checker: &Checker,
    module: &ModulePath,
    broken: &BTreeSet<Version>,
    mendable: &BTreeSet<Version>,
) -> Result<Derived, StoreError> {
    let store = &checker.store;
    let mut scan = scan(store, checker.soundness(), module)?.unwrap_or_default();
    scan.correct(broken, mendable);
    let changes = plan(store, checker.soundness(), module, &scan)?;
    let servable = scan.servable();
    let latest_is_to_be_mended =
        latest_version(module, &scan, &servable).is_some_and(|latest| mendable.contains(latest));
    let mut findings = Vec::new();
    for change in &changes {
        let key = change.key(module);
        let (kind, problem) = match (key, change.content()) {
            (StoreKey::List(_), wanted) => (
                Kind::List,
                wrong_list(store, &key, wanted.unwrap_or_default())?,
            ),
            (StoreKey::Latest(_), _) if latest_is_to_be_mended => continue,
            (StoreKey::Latest(_), Some(_)) => (Kind::Latest, wrong_latest(store, &key)),
            (StoreKey::Latest(_), None) => (
                Kind::Latest,
                "is here, and the module has no version that can be served".to_owned(),
            ),
            // Said of the version.
            _ => continue,
        };
        findings.push(Finding::new(key.relative_path(), kind, problem, Cure::Make));
    }
    Ok(Derived { changes, findings })
}

fn wrong_latest(store: &DirStore, key: &StoreKey<'_>) -> String {
    match store.read_blocking(key) {
        Ok(None) => "is missing".to_owned(),
        Ok(Some(_)) | Err(_) => "is not the .info of the latest version".to_owned(),
    }
}

/// What is wrong with a list, as a clause.
fn wrong_list(store: &DirStore, key: &StoreKey<'_>, wanted: &[u8]) -> Result<String, StoreError> {
    /// The longest list that is read to name what is wrong with it, in bytes.
    const LONGEST: u64 = 16 << 20;
    let found = match store.read_blocking(key) {
        Ok(Some(file)) if file.len() <= LONGEST => file
            .read_all_blocking()
            .map_err(|error| StoreError::io("read", key.relative_path(), error))?,
        Ok(Some(_)) => return Ok("is no list of the versions that are here".to_owned()),
        Ok(None) => return Ok("is missing".to_owned()),
        Err(StoreError::Refused { refusal, .. }) => return Ok(refusal.to_string()),
        Err(error) => return Err(error),
    };
    let lines = |text: &[u8]| -> BTreeSet<String> {
        String::from_utf8_lossy(text)
            .lines()
            .map(|line| line.escape_debug().to_string())
            .collect()
    };
    let (found, wanted) = (lines(&found), lines(wanted));
    let mut clauses = Vec::new();
    if let Some(extra) = name_some(found.difference(&wanted)) {
        clauses.push(format!("names {extra}, which must not be listed"));
    }
    if let Some(lacking) = name_some(wanted.difference(&found)) {
        clauses.push(format!("lacks {lacking}"));
    }
    Ok(if clauses.is_empty() {
        "is not in order".to_owned()
    } else {
        clauses.join(", and ")
    })
}

fn name_some<'a>(versions: impl Iterator<Item = &'a String>) -> Option<String> {
    let versions: Vec<&str> = versions.map(String::as_str).collect();
    let more = versions.len().saturating_sub(NAMED);
    let named = versions.get(..NAMED).unwrap_or(&versions).join(", ");
    match (versions.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(named),
        (false, more) => Some(format!("{named} and {more} more")),
    }
}
