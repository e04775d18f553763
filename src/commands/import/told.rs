//! What is printed: findings as they come, and the counts.

use indicatif::HumanBytes;
use serde::Serialize;

use super::super::{ExitStatus, Printer, count};
use crate::carry::{ImportStep, Outcome};
use crate::cli::ImportArgs;
use crate::http::escape_control;

/// Longest line that is printed, in characters.
const LONGEST: usize = 2000;

/// A version, as `--json` prints it.
#[derive(Serialize)]
struct VersionJson<'a> {
    path: &'a str,
    version: &'a str,
    outcome: &'a str,
    /// Why it is refused or in conflict; `null` if it is not.
    why: Option<String>,
}

/// What was passed over, as `--json` prints it.
#[derive(Serialize)]
struct PassedJson<'a> {
    passed: &'a str,
    why: &'a str,
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
    dry_run: bool,
    imported: u64,
    imported_bytes: u64,
    already_there: u64,
    incomplete: u64,
    conflicts: u64,
    deleted: u64,
    refused: u64,
    sumdb_files: u64,
    sumdb_already_there: u64,
    passed_over: u64,
    failures: u64,
}

/// Tells what happens.
pub(super) struct Told {
    summary: Summary,
    as_json: bool,
}

impl Told {
    pub(super) fn new(arguments: &ImportArgs) -> Self {
        Self {
            summary: Summary {
                dry_run: arguments.dry_run,
                ..Summary::default()
            },
            as_json: arguments.json,
        }
    }

    /// Whether a step is printed, rather than only counted.
    pub(super) fn prints(&self, step: &ImportStep) -> bool {
        match step {
            ImportStep::Version { outcome, .. } => self.as_json || outcome.is_finding(),
            ImportStep::Sumdb { outcome, .. } => outcome.is_finding(),
            ImportStep::PassedOver { .. } | ImportStep::Failure(_) => true,
        }
    }

    pub(super) fn step(&mut self, step: ImportStep, printer: &mut Printer) -> anyhow::Result<()> {
        match step {
            ImportStep::Version {
                version,
                outcome,
                bytes,
            } => {
                self.count(&outcome, bytes);
                if self.as_json {
                    let json = VersionJson {
                        path: version.path().as_str(),
                        version: version.version().as_str(),
                        outcome: outcome.name(),
                        why: outcome.is_finding().then(|| outcome.to_string()),
                    };
                    printer.line(&serde_json::to_string(&json)?)?;
                } else if outcome.is_finding() {
                    printer.line(&shown(&format!("{version} {outcome}")))?;
                }
            }
            ImportStep::Sumdb { file, outcome } => match outcome {
                Outcome::Imported => self.summary.sumdb_files += 1,
                Outcome::Refused(reason) => {
                    self.pass(&file.to_string(), &reason.to_string(), printer)?
                }
                _ => self.summary.sumdb_already_there += 1,
            },
            ImportStep::PassedOver { path, why } => self.pass(&path, &why, printer)?,
            ImportStep::Failure(error) => {
                self.summary.failures += 1;
                printer.error_line(&shown(&format!("athens: {error}")))?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(self, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
        let summary = &self.summary;
        if self.as_json {
            printer.line(&serde_json::to_string(&Last { summary })?)?;
        } else {
            printer.line(&summary.in_words())?;
        }
        if summary.is_of_nothing() {
            printer.error_line("athens: there was nothing that could be imported")?;
        }
        let findings = summary.conflicts + summary.deleted + summary.refused;
        Ok(match (summary.failures, findings) {
            (0, 0) => ExitStatus::Success,
            (0, _) => ExitStatus::Findings,
            _ => ExitStatus::Failure,
        })
    }

    fn pass(&mut self, path: &str, why: &str, printer: &mut Printer) -> anyhow::Result<()> {
        self.summary.passed_over += 1;
        if self.as_json {
            let json = PassedJson { passed: path, why };
            printer.line(&serde_json::to_string(&json)?)?;
        } else {
            printer.line(&shown(&format!("{path} is passed over: it {why}")))?;
        }
        Ok(())
    }

    fn count(&mut self, outcome: &Outcome, bytes: u64) {
        let summary = &mut self.summary;
        match outcome {
            Outcome::Imported => {
                summary.imported += 1;
                summary.imported_bytes += bytes;
            }
            Outcome::AlreadyThere => summary.already_there += 1,
            Outcome::Incomplete => summary.incomplete += 1,
            Outcome::Conflict { .. } => summary.conflicts += 1,
            Outcome::Deleted => summary.deleted += 1,
            Outcome::Refused(_) => summary.refused += 1,
        }
    }
}

fn shown(line: &str) -> String {
    escape_control(line, LONGEST)
}

impl Summary {
    fn is_of_nothing(&self) -> bool {
        let versions = self.imported + self.already_there + self.incomplete;
        let findings = self.conflicts + self.deleted + self.refused + self.failures;
        versions + findings + self.sumdb_files + self.sumdb_already_there == 0
    }

    fn in_words(&self) -> String {
        let verb = if self.dry_run {
            "would be imported"
        } else {
            "imported"
        };
        let mut words = format!(
            "{} {verb} ({} of zips), {} there already",
            count(self.imported, "version"),
            HumanBytes(self.imported_bytes),
            self.already_there,
        );
        let mut add = |number: u64, what: &str| {
            if number > 0 {
                words.push_str(&format!(", {number} {what}"));
            }
        };
        add(self.incomplete, "without zip for module graphs");
        add(self.sumdb_files, "files of checksum databases");
        add(self.conflicts, "in conflict");
        add(self.deleted, "deleted here");
        add(self.refused, "refused");
        add(self.passed_over, "passed over");
        if self.failures > 0 {
            words.push_str(&format!("; {} could not be read or written", self.failures));
        }
        words
    }
}
