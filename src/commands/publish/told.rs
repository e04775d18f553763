//! What is printed.

use std::path::Path;

use serde::Serialize;

use super::super::Printer;
use super::zip::ModuleZip;
use crate::client::ServerUrl;
use crate::http::escape_control;
use crate::modzip::Verdict;
use crate::modzip::create::{Omission, Omitted};

/// Longest path or sentence that is printed.
const LONGEST: usize = 1000;
/// How many of the files that were left out are told without being asked.
const MOST_SURPRISES: usize = 20;

/// A zip, as `--json` prints it: the names that the server uses, and what is in it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ZipJson<'a> {
    path: &'a str,
    version: &'a str,
    sum: String,
    go_mod_sum: String,
    size: u64,
    files: Option<&'a [String]>,
    omitted: Option<Vec<OmittedJson<'a>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OmittedJson<'a> {
    path: &'a str,
    why: String,
}

/// Everything that is wrong with a zip.
pub(super) fn findings(
    verdict: &Verdict,
    as_json: bool,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    if as_json {
        printer.line(&serde_json::to_string(verdict)?)?;
    }
    let headline = escape_control(&verdict.headline(), LONGEST);
    printer.error_line(&format!("athens: {headline}"))?;
    for line in verdict.lines() {
        printer.error_line(&escape_control(&line, LONGEST))?;
    }
    Ok(())
}

/// What would be sent.
pub(super) fn dry_run(
    zip: &ModuleZip,
    from: &str,
    as_json: bool,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    if as_json {
        return json(zip, printer);
    }
    printer.line(&format!("{}, from {from}", zip.version))?;
    let (files, size) = (zip.files, zip.size);
    printer.line(&format!("in the zip: {files} files, {size} bytes"))?;
    if let Some(created) = &zip.created {
        for file in &created.files {
            printer.line(&format!("  {}", escape_control(file, LONGEST)))?;
        }
        if !created.omitted.is_empty() {
            printer.line("left out:")?;
        }
        for omitted in &created.omitted {
            printer.line(&format!("  {}", omission(omitted)))?;
        }
    }
    printer.line("sums:")?;
    sums(zip, printer)?;
    printer.line("nothing was sent")?;
    Ok(())
}

/// That the zip is in a file.
pub(super) fn written(
    zip: &ModuleZip,
    output: &Path,
    as_json: bool,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    if as_json {
        return json(zip, printer);
    }
    printer.line(&format!("wrote {} to {}", zip.version, output.display()))?;
    sums(zip, printer)
}

/// That the version is on the server, and how to get it.
pub(super) fn published(
    zip: &ModuleZip,
    server: &ServerUrl,
    is_new: bool,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let version = &zip.version;
    if is_new {
        printer.line(&format!("published {version} to {server}"))?;
    } else {
        printer.line(&format!(
            "{version} is on {server} already, with the same content"
        ))?;
    }
    sums(zip, printer)?;
    printer.line("get it with:")?;
    printer.line(&format!("  {}", go_get(zip, server)))?;
    Ok(())
}

/// What was left out without anybody having asked for it, and is not the go command's business as usual.
pub(super) fn surprises(zip: &ModuleZip, printer: &mut Printer) -> anyhow::Result<()> {
    let Some(created) = &zip.created else {
        return Ok(());
    };
    let surprises = created.omitted.iter().filter(|omitted| {
        matches!(
            omitted.why,
            Omission::Litter | Omission::SymbolicLink | Omission::Irregular | Omission::Submodule
        )
    });
    let count = surprises.clone().count();
    for omitted in surprises.take(MOST_SURPRISES) {
        printer.error_line(&format!("athens: left out {}", omission(omitted)))?;
    }
    if count > MOST_SURPRISES {
        let more = count - MOST_SURPRISES;
        printer.error_line(&format!(
            "athens: left out {more} more; --dry-run shows all"
        ))?;
    }
    Ok(())
}

/// A command line for a shell. What the module requires need not be on this server, so the usual proxies come after it.
fn go_get(zip: &ModuleZip, server: &ServerUrl) -> String {
    let version = &zip.version;
    let proxy = if zip.has_requirements {
        format!("\"{server},$(go env GOPROXY)\"")
    } else {
        server.to_string()
    };
    // No checksum database knows a private module. A public one under the same name would be another.
    format!(
        "GOPROXY={proxy} GONOSUMDB={} go get {version}",
        version.path()
    )
}

fn omission(omitted: &Omitted) -> String {
    let path = escape_control(&omitted.path, LONGEST);
    format!("{path}: {}", omitted.why)
}

fn sums(zip: &ModuleZip, printer: &mut Printer) -> anyhow::Result<()> {
    printer.line(&format!("  zip     {} ({} bytes)", zip.sum, zip.len))?;
    printer.line(&format!("  go.mod  {}", zip.go_mod_sum))?;
    Ok(())
}

fn json(zip: &ModuleZip, printer: &mut Printer) -> anyhow::Result<()> {
    let created = zip.created.as_ref();
    let json = ZipJson {
        path: zip.version.path().as_str(),
        version: zip.version.version().as_str(),
        sum: zip.sum.to_string(),
        go_mod_sum: zip.go_mod_sum.to_string(),
        size: zip.len,
        files: created.map(|created| created.files.as_slice()),
        omitted: created.map(|created| {
            let omitted = created.omitted.iter();
            omitted
                .map(|omitted| OmittedJson {
                    path: &omitted.path,
                    why: omitted.why.to_string(),
                })
                .collect()
        }),
    };
    printer.line(&serde_json::to_string(&json)?)?;
    Ok(())
}
