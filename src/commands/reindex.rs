//! `athens reindex`: makes a folder ready for a static server or `file://`.

use anyhow::{Context as _, bail};
use serde::Serialize;

use super::{ExitStatus, Printer, count, progress};
use crate::catalog::{Finding, Recorded, Recorder, Soundness, Step, reindex_module, walk};
use crate::cli::ReindexArgs;
use crate::store::{DirStore, OpenMode, Written};

/// The outcome, as `--json` prints it.
#[derive(Serialize, Default)]
struct Summary {
    modules: u64,
    versions: u64,
    changes: u64,
    findings: Vec<Found>,
    /// What the journal had lost, if anything; nothing is noted with `--dry-run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    journal: Option<Recorded>,
}

#[derive(Serialize)]
struct Found {
    path: String,
    why: String,
}

pub(super) fn run(arguments: &ReindexArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let mode = if arguments.dry_run {
        OpenMode::ReadOnly
    } else {
        OpenMode::ReadWrite
    };
    let store = DirStore::open(&arguments.root, mode)
        .context("--root must name a folder of modules that can be read")?;
    let soundness = Soundness::new(1);
    let progress = progress::counter("modules read");
    let mut summary = Summary::default();
    let mut recorder = match arguments.dry_run {
        true => None,
        false => Some(Recorder::begin(&store)?),
    };
    walk(&store, |step| {
        let module = match step {
            Step::Module(module) => module,
            Step::Finding(finding) => {
                progress.suspend(|| printer.error_line(&format!("athens: {finding}")))?;
                summary.add(finding);
                return Ok(());
            }
        };
        progress.inc(1);
        let done = reindex_module(&store, &soundness, &module, arguments.dry_run)?;
        if done.written == Written::ReadOnly {
            bail!(
                "{} can not be written; run as a user who may write there",
                arguments.root.display()
            );
        }
        summary.modules += u64::from(!done.versions.is_empty());
        summary.versions += done.versions.len() as u64;
        summary.changes += done.changes.len() as u64;
        if arguments.dry_run && !arguments.json {
            for change in &done.changes {
                progress.suspend(|| printer.line(&format!("would {change}")))?;
            }
        }
        if let Some(recorder) = &mut recorder {
            recorder.module_of(&module)?;
        }
        for finding in done.findings {
            progress.suspend(|| printer.error_line(&format!("athens: not listed: {finding}")))?;
            summary.add(finding);
        }
        Ok(())
    })?;
    progress.finish_and_clear();
    summary.journal = recorder
        .map(Recorder::finish)
        .transpose()?
        .filter(|recorded| !recorded.is_nothing());
    if !arguments.dry_run {
        store.staging().flush()?;
    }
    if arguments.json {
        printer.line(&serde_json::to_string(&summary)?)?;
    } else {
        if let Some(recorded) = summary.journal {
            printer.line(&recorded.to_string())?;
        }
        let (done, files) = if arguments.dry_run {
            ("would be ", "to write or remove")
        } else {
            ("", "written or removed")
        };
        printer.line(&format!(
            "{} with {} {done}ready: {} {files}, {} that cannot be served",
            count(summary.modules, "module"),
            count(summary.versions, "version"),
            count(summary.changes, "file"),
            count(summary.findings.len() as u64, "file"),
        ))?;
    }
    Ok(if summary.findings.is_empty() {
        ExitStatus::Success
    } else {
        ExitStatus::Findings
    })
}

impl Summary {
    fn add(&mut self, finding: Finding) {
        self.findings.push(Found {
            path: finding.path,
            why: finding.why,
        });
    }
}
