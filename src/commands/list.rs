//! `athens list`: what a folder holds.

use anyhow::Context as _;
use serde::Serialize;

use super::{ExitStatus, Printer, progress};
use crate::catalog::{Soundness, Step, reindex_module, walk};
use crate::cli::ListArgs;
use crate::module::PathPatterns;
use crate::store::{DirStore, OpenMode};

/// A module, as `--json` prints it: one object a line, named as the go command names these things.
#[derive(Serialize)]
struct Listed {
    #[serde(rename = "Path")]
    path: String,
    #[serde(rename = "Latest")]
    latest: Option<String>,
    #[serde(rename = "Versions")]
    versions: Vec<String>,
}

pub(super) fn run(arguments: &ListArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let patterns = match &arguments.pattern {
        Some(pattern) => Some(
            pattern
                .parse::<PathPatterns>()
                .context("PATTERN is not usable")?,
        ),
        None => None,
    };
    let store = DirStore::open(&arguments.root, OpenMode::ReadOnly)
        .context("--root must name a folder of modules that can be read")?;
    // Each file is looked at once: no verdict is worth keeping.
    let soundness = Soundness::new(1);
    let progress = progress::counter("modules read");
    let mut table = Vec::new();
    let mut matched = false;
    walk(&store, |step| {
        let module = match step {
            Step::Module(module) => module,
            Step::Finding(finding) => {
                progress.suspend(|| printer.error_line(&format!("athens: {finding}")))?;
                return Ok(());
            }
        };
        progress.inc(1);
        if printer.is_closed()
            || patterns
                .as_ref()
                .is_some_and(|patterns| !patterns.matches(&module))
        {
            return Ok(());
        }
        let found = reindex_module(&store, &soundness, &module, true)?;
        if found.versions.is_empty() {
            return Ok(());
        }
        let listed = Listed {
            path: module.to_string(),
            latest: found.latest.map(|version| version.to_string()),
            versions: found.versions.iter().map(ToString::to_string).collect(),
        };
        matched = true;
        if arguments.json {
            // As it is found: a large tree is not held in memory.
            printer.line(&serde_json::to_string(&listed)?)?;
        } else {
            table.push(listed);
        }
        anyhow::Ok(())
    })?;
    progress.finish_and_clear();
    if !matched {
        let what = arguments
            .pattern
            .as_ref()
            .map_or_else(String::new, |pattern| format!(" that matches {pattern}"));
        printer.error_line(&format!(
            "athens: {} holds no module{what}",
            arguments.root.display()
        ))?;
        return Ok(ExitStatus::Findings);
    }
    print_table(&table, printer)?;
    Ok(ExitStatus::Success)
}

/// Two columns with a heading, the first as wide as its longest path; the versions ascending, the latest one marked.
fn print_table(modules: &[Listed], printer: &mut Printer) -> std::io::Result<()> {
    if modules.is_empty() {
        return Ok(());
    }
    let heading = "MODULE";
    let paths = modules.iter().map(|module| module.path.len());
    let width = paths.max().unwrap_or_default().max(heading.len());
    printer.line(&format!("{heading:width$}  VERSIONS (* latest)"))?;
    for module in modules {
        let mut line = format!("{:width$} ", module.path);
        for version in &module.versions {
            let mark = if module.latest.as_ref() == Some(version) {
                "*"
            } else {
                ""
            };
            line.push_str(&format!(" {version}{mark}"));
        }
        printer.line(&line)?;
    }
    Ok(())
}
