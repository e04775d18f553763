//! The go command: its version, its settings, and a real fetch.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::super::facts::{GoFacts, TrialFacts};
use crate::client::{GoCommandError, GoSettings, run_go};
use crate::module::ModuleQuery;

pub(super) fn ask(exported: BTreeSet<String>, patience: Duration) -> GoFacts {
    // Of the command that is there, not of one that a setting would download.
    let version = match run_go(
        &["version"],
        Path::new("/"),
        &[("GOTOOLCHAIN", "local")],
        patience,
    ) {
        Ok(said) => said,
        Err(GoCommandError::Missing) => return GoFacts::Missing,
        Err(error) => return GoFacts::Silent(error.to_string()),
    };
    let version = version.stdout.split(' ').nth(2).unwrap_or_default();
    match GoSettings::ask(patience) {
        Ok(settings) => GoFacts::Found {
            version: version.to_owned(),
            settings,
            exported,
        },
        Err(error) => GoFacts::Silent(super::super::redact(&error.to_string())),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Downloaded {
    version: String,
    error: String,
}

/// Fetches a module into an empty module cache, which is removed, with the user's own settings.
pub(super) fn fetch(module: &ModuleQuery, settings: &GoSettings, patience: Duration) -> TrialFacts {
    TrialFacts {
        module: module.clone(),
        outcome: download(module, settings, patience),
    }
}

fn download(
    module: &ModuleQuery,
    settings: &GoSettings,
    patience: Duration,
) -> Result<String, String> {
    let scratch = tempfile::Builder::new()
        .prefix("athens-doctor-")
        .tempdir()
        .map_err(|error| format!("cannot make a directory for it: {error}"))?;
    let cache = scratch.path().join("mod");
    let cache = cache
        .to_str()
        .ok_or("the temporary directory has a strange name")?;
    // So that it can be removed: what go fetches is read-only.
    let flags = format!("{} -modcacherw", settings.get("GOFLAGS"));
    let variables = [
        ("GOMODCACHE", cache),
        // Before go 1.15 there is no GOMODCACHE.
        ("GOPATH", cache),
        ("GOFLAGS", flags.trim()),
        ("GOWORK", "off"),
        ("GIT_TERMINAL_PROMPT", "0"),
    ];
    let said = run_go(
        &["mod", "download", "-json", &module.to_string()],
        scratch.path(),
        &variables,
        patience,
    )
    .map_err(|error| error.to_string())?;
    let downloaded: Downloaded = serde_json::from_str(&said.stdout).unwrap_or_default();
    if said.status.success() && downloaded.error.is_empty() {
        Ok(downloaded.version)
    } else if downloaded.error.is_empty() {
        Err(said.stderr)
    } else {
        Err(downloaded.error)
    }
}
