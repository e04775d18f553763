//! What is wrong with a zip, told to people and to programs.

use warp::http::StatusCode;
use warp::reply::Response;

use super::error::text_reply;
use super::publish::json_reply;
use super::text::escape_to_ascii;
use crate::module::ModuleVersion;
use crate::proxy::{Report, ZipVerdict};

/// Longest finding, in bytes.
const LONGEST: usize = 1000;

/// The first line: which version, how many findings.
pub(super) fn headline(version: &ModuleVersion, report: &Report) -> String {
    ZipVerdict::new(version, report).headline()
}

/// All findings: a line each, or as JSON.
pub(super) fn reply(
    status: StatusCode,
    version: &ModuleVersion,
    report: &Report,
    as_json: bool,
) -> Response {
    let verdict = ZipVerdict::new(version, report);
    if as_json {
        return json_reply(status, &verdict);
    }
    let mut lines = vec![verdict.headline()];
    lines.extend(verdict.lines().map(|line| escape_to_ascii(&line, LONGEST)));
    text_reply(status, lines.join("\n"))
}
