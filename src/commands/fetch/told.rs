//! What is printed: failures as they come, and the counts.

use indicatif::HumanBytes;
use serde::Serialize;

use super::super::{ExitStatus, Printer, count};
use crate::http::escape_control;
use crate::module::{ModuleQuery, ModuleVersion};
use crate::warm::{Fetched, Passed, Want, WarmError};

/// Longest line that is printed, in characters.
const LONGEST: usize = 2000;

/// A version, as `--json` prints it.
#[derive(Serialize)]
struct VersionJson<'a> {
    path: &'a str,
    /// What was asked for, where no version is known.
    version: &'a str,
    outcome: &'a str,
    /// Why it failed or is passed over; `null` if it is there.
    why: Option<String>,
}

/// The last line of `--json`.
#[derive(Serialize)]
struct Last<'a> {
    summary: &'a Summary,
}

/// The counts.
#[derive(Serialize, Default)]
#[serde(rename_all = "kebab-case")]
struct Summary {
    /// Versions of which something was fetched, with their zips.
    fetched: u64,
    fetched_bytes: u64,
    /// Versions of which something was fetched, for graphs only.
    go_mods: u64,
    already_there: u64,
    passed: u64,
    /// What does not exist, is refused or has another sum.
    refused: u64,
    /// What could not be reached, read or written.
    failures: u64,
}

/// Tells what happens.
pub(super) struct Told {
    summary: Summary,
    as_json: bool,
}

impl Told {
    pub(super) fn new(as_json: bool) -> Self {
        Self {
            summary: Summary::default(),
            as_json,
        }
    }

    /// Whether a version will be printed.
    pub(super) fn prints(&self, fetched: &Result<Fetched, WarmError>) -> bool {
        self.as_json || fetched.is_err()
    }

    /// What a word stands for: whoever asked for the latest wants to know which one that is.
    pub(super) fn resolved(
        &self,
        query: &ModuleQuery,
        version: &ModuleVersion,
        printer: &mut Printer,
    ) -> anyhow::Result<()> {
        let (asked, found) = (query.to_string(), version.to_string());
        if !self.as_json && asked != found {
            printer.line(&shown(&format!("{asked} is {}", version.version())))?;
        }
        Ok(())
    }

    /// Something, as `MODULE@VERSION`, can not be had.
    pub(super) fn failed(
        &mut self,
        what: &str,
        error: &WarmError,
        printer: &mut Printer,
    ) -> anyhow::Result<()> {
        match error.is_refusal() {
            true => self.summary.refused += 1,
            false => self.summary.failures += 1,
        }
        self.print(what, "failed", &error.to_string(), printer)
    }

    pub(super) fn passed(&mut self, passed: &Passed, printer: &mut Printer) -> anyhow::Result<()> {
        self.summary.passed += 1;
        let why = format!("the directory {} stands in its place", passed.directory);
        self.print(&passed.module, "passed", &why, printer)
    }

    pub(super) fn version(
        &mut self,
        version: &ModuleVersion,
        want: &Want,
        fetched: Result<Fetched, WarmError>,
        printer: &mut Printer,
    ) -> anyhow::Result<()> {
        let fetched = match fetched {
            Ok(fetched) => fetched,
            Err(error) => return self.failed(&version.to_string(), &error, printer),
        };
        let summary = &mut self.summary;
        match (fetched.is_new, want.zip) {
            (false, _) => summary.already_there += 1,
            (true, false) => summary.go_mods += 1,
            (true, true) => {
                summary.fetched += 1;
                summary.fetched_bytes += fetched.zip_bytes.unwrap_or_default();
            }
        }
        if self.as_json {
            let json = VersionJson {
                path: version.path().as_str(),
                version: version.version().as_str(),
                outcome: match fetched.is_new {
                    true => "fetched",
                    false => "already-there",
                },
                why: None,
            };
            printer.line(&serde_json::to_string(&json)?)?;
        }
        Ok(())
    }

    pub(super) fn finish(&self, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
        let summary = &self.summary;
        if self.as_json {
            printer.line(&serde_json::to_string(&Last { summary })?)?;
        } else {
            printer.line(&summary.in_words())?;
        }
        Ok(match (summary.failures, summary.refused) {
            (0, 0) => ExitStatus::Success,
            (0, _) => ExitStatus::Findings,
            _ => ExitStatus::Failure,
        })
    }

    fn print(
        &self,
        what: &str,
        outcome: &str,
        why: &str,
        printer: &mut Printer,
    ) -> anyhow::Result<()> {
        if self.as_json {
            let (path, version) = what.split_once('@').unwrap_or((what, ""));
            let json = VersionJson {
                path,
                version,
                outcome,
                why: Some(why.to_owned()),
            };
            printer.line(&serde_json::to_string(&json)?)?;
        } else {
            printer.line(&shown(&format!("{what} {outcome}: {why}")))?;
        }
        Ok(())
    }
}

fn shown(line: &str) -> String {
    escape_control(line, LONGEST)
}

impl Summary {
    fn in_words(&self) -> String {
        let mut words = format!(
            "{} fetched ({} of zips), {} there already",
            count(self.fetched, "version"),
            HumanBytes(self.fetched_bytes),
            self.already_there,
        );
        let mut add = |number: u64, what: &str| {
            if number > 0 {
                words.push_str(&format!(", {number} {what}"));
            }
        };
        add(self.go_mods, "without zip for module graphs");
        add(self.passed, "passed");
        add(self.refused, "refused or not to be had");
        if self.failures > 0 {
            words.push_str(&format!(
                "; {} could not be fetched, read or written",
                self.failures
            ));
        }
        words
    }
}
