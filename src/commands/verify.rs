//! `athens verify`: reads everything in a folder and says what is wrong; mends it with `--fix`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use indicatif::HumanBytes;
use serde::Serialize;

use super::{ExitStatus, Printer, count, progress};
use crate::catalog::Recorded;
use crate::cli::VerifyArgs;
use crate::module::ModuleVersion;
use crate::store::{DirStore, OpenMode};
use crate::verify::{Finding, Options, Outcome, Selection, Step, verify};

/// A finding, as `--json` prints it: one object a line.
#[derive(Serialize)]
struct Found<'a> {
    path: &'a str,
    kind: &'a str,
    problem: &'a str,
    fix: String,
    /// `null` without `--fix`.
    fixed: Option<bool>,
    /// What was done, or why nothing was; `null` without `--fix`.
    outcome: Option<&'a str>,
}

/// The counts, the last object of `--json`.
#[derive(Serialize, Default)]
struct Summary {
    modules: u64,
    versions: u64,
    bytes: u64,
    findings: u64,
    fixed: u64,
    failures: u64,
    /// What the journal had lost, if anything; only with `--fix` of a whole root.
    #[serde(skip_serializing_if = "Option::is_none")]
    journal: Option<Recorded>,
}

/// The last line of `--json`.
#[derive(Serialize)]
struct Last<'a> {
    summary: &'a Summary,
}

pub(super) fn run(arguments: &VerifyArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let (root, selection) = select(arguments)?;
    let store = open(&root, arguments.fix)?;
    let is_root = selection == Selection::Root;
    let options = Options {
        selection,
        jobs: arguments.jobs.map_or_else(cores, usize::from),
        fix: arguments.fix,
    };
    let progress = progress::counter("versions checked");
    let mut summary = Summary::default();
    verify(&store, &options, |step| {
        match step {
            Step::Version { bytes } => {
                summary.versions += 1;
                summary.bytes += bytes;
                progress.inc(1);
            }
            Step::Module => summary.modules += 1,
            Step::Recorded(recorded) => {
                summary.journal = Some(recorded).filter(|recorded| !recorded.is_nothing());
            }
            Step::Finding(finding) => {
                summary.findings += 1;
                summary.fixed += u64::from(matches!(finding.outcome, Outcome::Mended(_)));
                let line = if arguments.json {
                    json(&finding)?
                } else {
                    finding.to_string()
                };
                progress.suspend(|| printer.line(&line))?;
            }
            Step::Failure(error) => {
                summary.failures += 1;
                progress.suspend(|| printer.error_line(&format!("athens: {error}")))?;
            }
        }
        anyhow::Ok(())
    })?;
    progress.finish_and_clear();
    if !is_root && summary.is_of_nothing() {
        let what = arguments.target.as_deref().unwrap_or_default();
        printer.error_line(&format!("athens: {} holds no {what}", root.display()))?;
        return Ok(ExitStatus::Findings);
    }
    if arguments.json {
        printer.line(&serde_json::to_string(&Last { summary: &summary })?)?;
    } else {
        if let Some(recorded) = summary.journal {
            printer.line(&recorded.to_string())?;
        }
        printer.line(&summary.in_words(arguments.fix))?;
    }
    Ok(match (summary.failures, summary.findings) {
        (0, 0) => ExitStatus::Success,
        (0, _) => ExitStatus::Findings,
        _ => ExitStatus::Failure,
    })
}

/// What was typed: a directory if there is one, or if it can be nothing else; else a module within `--root`.
fn select(arguments: &VerifyArgs) -> anyhow::Result<(PathBuf, Selection)> {
    let Some(target) = &arguments.target else {
        return Ok((arguments.root.clone(), Selection::Root));
    };
    let is_path = ["/", "./", "../"]
        .iter()
        .any(|start| target.starts_with(start));
    if is_path || Path::new(target).is_dir() {
        return Ok((PathBuf::from(target), Selection::Root));
    }
    let unusable = || format!("{target:?} is no directory, and no MODULE or MODULE@VERSION");
    let selection = match target.split_once('@') {
        None => Selection::Module(target.parse().with_context(unusable)?),
        Some((path, version)) => {
            let path = path.parse().with_context(unusable)?;
            let version = version.parse().with_context(unusable)?;
            Selection::Version(ModuleVersion::new(path, version).with_context(unusable)?)
        }
    };
    Ok((arguments.root.clone(), selection))
}

fn open(root: &Path, fix: bool) -> anyhow::Result<DirStore> {
    let mode = if fix {
        OpenMode::ReadWrite
    } else {
        OpenMode::ReadOnly
    };
    let store = DirStore::open(root, mode)
        .context("the root must be a folder of modules that can be read")?;
    if fix {
        store.probe()?;
        if store.staging().is_read_only() {
            bail!(
                "{} can not be written, so --fix can mend nothing; run as a user who may write there, or without --fix",
                root.display()
            );
        }
    }
    Ok(store)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn json(finding: &Finding) -> serde_json::Result<String> {
    let (fixed, outcome) = match &finding.outcome {
        Outcome::NotAsked => (None, None),
        Outcome::Mended(done) => (Some(true), Some(done.as_str())),
        Outcome::Left(why) => (Some(false), Some(why.as_str())),
    };
    serde_json::to_string(&Found {
        path: &finding.path,
        kind: finding.kind.name(),
        problem: &finding.problem,
        fix: finding.cure.to_string(),
        fixed,
        outcome,
    })
}

impl Summary {
    fn is_of_nothing(&self) -> bool {
        self.versions + self.findings + self.failures == 0
    }

    fn in_words(&self, fix: bool) -> String {
        let mut words = format!(
            "{} with {} checked, {} of zips: {}",
            count(self.modules, "module"),
            count(self.versions, "version"),
            HumanBytes(self.bytes),
            count(self.findings, "finding"),
        );
        if fix && self.findings > 0 {
            let left = self.findings - self.fixed;
            words.push_str(&format!(", {} mended, {left} left", self.fixed));
        }
        if self.failures > 0 {
            words.push_str(&format!("; {} not be read", could(self.failures)));
        }
        words
    }
}

fn could(failures: u64) -> String {
    format!("{} could", count(failures, "file"))
}
