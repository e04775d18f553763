//! `athens gc`: removes fetched versions that nobody uses, and what was left lying about.

use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, bail};
use indicatif::HumanBytes;
use serde::Serialize;

use super::{ExitStatus, Printer, count, progress};
use crate::catalog::{Soundness, reindex_module};
use crate::cli::GcArgs;
use crate::housekeeping::{Limits, Sweep, Swept, Victim};
use crate::module::Time;
use crate::store::{DirStore, OpenMode};

/// How many verdicts on files are kept while lists are brought up to date, of some 100 bytes each.
const VERDICTS: usize = 32_768;

/// A version that went, or would, as `--json` prints it.
#[derive(Serialize)]
struct Gone<'a> {
    path: &'a str,
    version: &'a str,
    size: u64,
    last_use: String,
}

/// The last line of `--json`.
#[derive(Serialize)]
struct Last {
    summary: Summary,
}

#[derive(Serialize, Default)]
struct Summary {
    dry_run: bool,
    /// What the folder took before, in bytes.
    size: u64,
    /// What of it may ever go.
    evictable: u64,
    versions: u64,
    bytes: u64,
    /// By how much it is too large still.
    excess: u64,
    unreadable_lines: u64,
    unfinished_files: u64,
    empty_directories: u64,
}

pub(super) fn run(arguments: &GcArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let root = arguments.root.display();
    let mode = if arguments.dry_run {
        OpenMode::ReadOnly
    } else {
        OpenMode::ReadWrite
    };
    let store = DirStore::open(&arguments.root, mode)
        .context("--root must name a folder of modules that can be read")?;
    let soundness = Soundness::new(VERDICTS);
    let progress = progress::counter("versions removed");
    let mut has_heading = false;
    let swept = Sweep {
        store: &store,
        limits: Limits {
            max_size: arguments.max_size.map(|size| size.0),
            max_age: arguments.max_age.map(|age| age.0),
        },
        is_dry: arguments.dry_run,
        is_gentle: false,
        removes_empty: true,
        stop: &AtomicBool::new(false),
        recent: None,
        relist: &|module| reindex_module(&store, &soundness, module, false).map(drop),
    }
    .run(|victim| {
        progress.inc(1);
        if arguments.json {
            let line = json_line(victim)?;
            progress.suspend(|| printer.line(&line))?;
        } else if arguments.dry_run {
            progress.suspend(|| {
                if !std::mem::replace(&mut has_heading, true) {
                    printer.line("      SIZE  LAST USE              VERSION")?;
                }
                printer.line(&row(victim))
            })?;
        }
        anyhow::Ok(())
    })
    .with_context(|| format!("cannot make room in {root}"))?;
    progress.finish_and_clear();
    let Some(swept) = swept else {
        bail!("it was stopped");
    };
    let unfinished = match arguments.dry_run {
        true => store.staging().leftovers()?.len(),
        false => store.staging().sweep()?,
    };
    if arguments.json {
        let summary = Summary {
            dry_run: arguments.dry_run,
            size: swept.size,
            evictable: swept.evictable,
            versions: swept.versions,
            bytes: swept.bytes,
            excess: swept.excess,
            unreadable_lines: swept.unreadable_lines,
            unfinished_files: unfinished as u64,
            empty_directories: swept.empty_directories,
        };
        printer.line(&serde_json::to_string(&Last { summary })?)?;
    } else {
        printer.line(&in_words(&swept, unfinished as u64, arguments.dry_run))?;
    }
    let complaint = complaint(&swept);
    if let Some(complaint) = &complaint {
        printer.error_line(&format!("athens: {complaint}"))?;
    }
    Ok(match complaint {
        None => ExitStatus::Success,
        Some(_) => ExitStatus::Findings,
    })
}

fn json_line(victim: &Victim) -> anyhow::Result<String> {
    Ok(serde_json::to_string(&Gone {
        path: victim.version.path().as_str(),
        version: victim.version.version().as_str(),
        size: victim.size,
        last_use: time(victim),
    })?)
}

fn row(victim: &Victim) -> String {
    // Padding is for text.
    let size = HumanBytes(victim.size).to_string();
    format!("{size:>10}  {}  {}", time(victim), victim.version)
}

fn time(victim: &Victim) -> String {
    Time::from_unix(i64::from(victim.used)).to_string()
}

fn in_words(swept: &Swept, unfinished: u64, is_dry: bool) -> String {
    let verb = if is_dry {
        "would be removed"
    } else {
        "removed"
    };
    let mut words = format!(
        "{} with {} {verb}; the folder took {}, of which {} may go",
        count(swept.versions, "version"),
        HumanBytes(swept.bytes),
        HumanBytes(swept.size),
        HumanBytes(swept.evictable),
    );
    for (number, one, many) in [
        (unfinished, "unfinished file", "unfinished files"),
        (
            swept.empty_directories,
            "empty directory",
            "empty directories",
        ),
    ] {
        if number > 0 {
            let what = if number == 1 { one } else { many };
            words.push_str(&format!("; {number} {what} {verb}"));
        }
    }
    words
}

/// What is not as it was asked for.
fn complaint(swept: &Swept) -> Option<String> {
    if swept.unreadable_lines > 0 {
        return Some(format!(
            "nothing is removed: {} of the journal can not be read, and may say that something is to stay; \
             `athens reindex` makes up for that",
            count(swept.unreadable_lines, "line")
        ));
    }
    if swept.excess == 0 {
        return None;
    }
    let why = if swept.is_waiting {
        "what is left was used in the last seconds, or may not be removed"
    } else {
        "what is left was published, put there by hand or brought there on purpose, and may not be removed"
    };
    Some(format!(
        "the folder still takes {} too much: {why}",
        HumanBytes(swept.excess)
    ))
}
