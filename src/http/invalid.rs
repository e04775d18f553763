//! What is wrong with a zip, told to people and to programs.

use serde::Serialize;
use warp::http::StatusCode;
use warp::reply::Response;

use super::error::text_reply;
use super::publish::json_reply;
use super::text::escape_to_ascii;
use crate::module::ModuleVersion;
use crate::proxy::{Finding, Report};

/// Longest finding, in bytes.
const LONGEST: usize = 1000;

/// The first line: which version, how many findings.
pub(super) fn headline(version: &ModuleVersion, report: &Report) -> String {
    match report.findings.len() as u64 + report.more_findings {
        1 => format!("{version} is refused: one thing is wrong with the zip"),
        many => format!("{version} is refused: {many} things are wrong with the zip"),
    }
}

/// All findings: a line each, or as JSON.
pub(super) fn reply(
    status: StatusCode,
    version: &ModuleVersion,
    report: &Report,
    as_json: bool,
) -> Response {
    if as_json {
        let json = InvalidJson {
            path: version.path().as_str(),
            version: version.version().as_str(),
            findings: report.findings.iter().map(FindingJson::of).collect(),
            more_findings: report.more_findings,
        };
        return json_reply(status, &json);
    }
    let mut lines = vec![headline(version, report)];
    lines.extend(report.findings.iter().map(finding_line));
    if report.more_findings > 0 {
        lines.push(format!("and {} more", report.more_findings));
    }
    text_reply(status, lines.join("\n"))
}

fn finding_line(finding: &Finding) -> String {
    let line = match &finding.entry {
        Some(entry) => format!("- {entry}: {} [{}]", finding.sentence, finding.rule.name()),
        None => format!(
            "- the archive: {} [{}]",
            finding.sentence,
            finding.rule.name()
        ),
    };
    escape_to_ascii(&line, LONGEST)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InvalidJson<'a> {
    path: &'a str,
    version: &'a str,
    findings: Vec<FindingJson<'a>>,
    more_findings: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct FindingJson<'a> {
    entry: Option<&'a str>,
    rule: &'a str,
    sentence: &'a str,
}

impl<'a> FindingJson<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self {
            entry: finding.entry.as_deref(),
            rule: finding.rule.name(),
            sentence: &finding.sentence,
        }
    }
}
