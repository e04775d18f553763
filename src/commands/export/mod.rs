//! `athens export`: puts modules, and what proves them, into a bundle.

mod output;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use indicatif::HumanBytes;
use serde::Serialize;

use self::output::Output;
use super::{ExitStatus, Printer, count, progress};
use crate::carry::{ExportPlan, Exported, Selection, export, plan};
use crate::cli::ExportArgs;
use crate::http::escape_control;
use crate::module::{GoSum, GoSumLine};
use crate::store::{DirStore, OpenMode};

/// Longest line that is printed, in characters.
const LONGEST: usize = 2000;

/// Something that is missing, as `--json` prints it.
#[derive(Serialize)]
struct MissingJson<'a> {
    path: &'a str,
    version: &'a str,
    file: String,
    why: &'a str,
}

/// The last line of `--json`.
#[derive(Serialize)]
struct Last {
    summary: Summary,
}

/// The counts.
#[derive(Serialize, Default)]
#[serde(rename_all = "kebab-case")]
struct Summary {
    written: bool,
    versions: u64,
    go_mods: u64,
    lookups: u64,
    tiles: u64,
    sumdb_bytes: u64,
    bytes: u64,
    missing: u64,
}

pub(super) fn run(arguments: &ExportArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let output = Output::choose(&arguments.output)?;
    let selection = select(arguments)?;
    let store = DirStore::open(&arguments.root, OpenMode::ReadOnly)
        .context("the root must be a folder of modules that can be read")?;
    let looked_at = progress::counter("versions looked at");
    let plan = plan(&store, &selection, || looked_at.inc(1))?;
    looked_at.finish_and_clear();
    let to_stdout = output.is_stdout();
    let tell = |printer: &mut Printer, line: &str| match to_stdout {
        // Where the bundle goes, nothing else may.
        true => printer.error_line(line),
        false => printer.line(line),
    };
    for missing in plan.missing() {
        let line = if arguments.json {
            serde_json::to_string(&MissingJson {
                path: missing.version.path().as_str(),
                version: missing.version.version().as_str(),
                file: missing.file.to_string(),
                why: &missing.why,
            })?
        } else {
            escape_control(&missing.to_string(), LONGEST)
        };
        tell(printer, &line)?;
    }
    let missing = plan.missing().len() as u64;
    if plan.versions() == 0 && missing == 0 {
        printer.error_line(&format!(
            "athens: {} holds nothing of what is to be exported",
            arguments.root.display()
        ))?;
        return Ok(ExitStatus::Findings);
    }
    let exported = match missing > 0 && !arguments.allow_missing {
        true => None,
        false => Some(write(&store, &plan, output, printer)?),
    };
    let summary = Summary::new(exported, missing);
    let line = if arguments.json {
        serde_json::to_string(&Last { summary })?
    } else {
        summary.in_words()
    };
    tell(printer, &line)?;
    Ok(match missing {
        0 => ExitStatus::Success,
        _ => ExitStatus::Findings,
    })
}

fn write(
    store: &DirStore,
    plan: &ExportPlan,
    output: Output,
    printer: &mut Printer,
) -> anyhow::Result<Exported> {
    let progress = progress::bytes("writing", plan.zip_bytes());
    let exported = output.write(printer, |out| {
        Ok(export(store, plan, out, |bytes| progress.inc(bytes))?)
    });
    progress.finish_and_clear();
    exported
}

fn select(arguments: &ExportArgs) -> anyhow::Result<Selection> {
    if let Some(time) = arguments.since {
        return Ok(Selection::Since(time));
    }
    if arguments.from.is_empty() {
        return Ok(Selection::Matching(arguments.patterns.clone()));
    }
    let mut lines = Vec::new();
    for path in &arguments.from {
        lines.extend(read_go_sum(path)?);
    }
    Ok(Selection::GoSum(lines))
}

fn read_go_sum(path: &Path) -> anyhow::Result<Vec<GoSumLine>> {
    let failed = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(failed)?;
    let mut content = Vec::new();
    // One byte more, so that a file that is too long is seen as such.
    file.take(GoSum::MAX_LEN as u64 + 1)
        .read_to_end(&mut content)
        .with_context(failed)?;
    let parsed = GoSum::parse(&content).with_context(|| path.display().to_string())?;
    if parsed.lines().is_empty() {
        bail!("{} names no module", path.display());
    }
    Ok(parsed.lines().to_vec())
}

impl Summary {
    fn new(exported: Option<Exported>, missing: u64) -> Self {
        let written = exported.is_some();
        let exported = exported.unwrap_or_default();
        Self {
            written,
            versions: exported.versions,
            go_mods: exported.go_mods,
            lookups: exported.lookups,
            tiles: exported.tiles,
            sumdb_bytes: exported.sumdb_bytes,
            bytes: exported.bytes,
            missing,
        }
    }

    fn in_words(&self) -> String {
        if !self.written {
            return format!(
                "nothing written: {} missing; --allow-missing leaves out what is",
                count(self.missing, "version")
            );
        }
        let mut words = format!(
            "{} and {} written, {} with {} of checksum databases: {}",
            count(self.versions, "version"),
            count(self.go_mods, "go.mod file"),
            count(self.lookups, "lookup"),
            count(self.tiles, "tile"),
            HumanBytes(self.bytes),
        );
        if self.missing > 0 {
            words.push_str(&format!("; {} left out", count(self.missing, "version")));
        }
        words
    }
}
