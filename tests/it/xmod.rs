//! The types of `athens::module` against the real `golang.org/x/mod`.
//!
//! Every row is a request: an operation and its arguments. The Go program in `tests/xmod` says what x/mod thinks of it,
//! `ours.rs` what we think, and the two must be the same JSON value. Rows come from `testdata/xmod` (written by hand) and
//! from `generate.rs` (by rule and by chance, always the same).

mod generate;
mod ours;
mod table;

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;

use crate::support::oracle::{self, Request};

/// Where we differ on purpose. The reason stands in the documentation of the type.
fn is_allowed(request: &Request, ours: &Value, theirs: &Value) -> bool {
    let refused_by_us = ours.is_null() && !theirs.is_null();
    if !refused_by_us || request[0] != "info" {
        return false;
    }
    let bytes = ours::content(&request[1]);
    let Ok(text) = std::str::from_utf8(&bytes) else {
        // Go repairs broken UTF-8 in JSON, `Info` refuses it.
        return true;
    };
    // Go reads a bare null as an object without members.
    let bare_null = text.trim() == "null";
    // Go makes a lone surrogate in the version U+FFFD, `Info` refuses it.
    let version = theirs[0].as_str().unwrap_or_default();
    let lone_surrogate = version.contains(char::REPLACEMENT_CHARACTER);
    // `Time` has no instant before the year 0 or after 9999 in UTC.
    let year = theirs[1].as_str().and_then(|time| time.split('-').next());
    let beyond_the_calendar = year.is_some_and(|year| year.len() != 4);
    bare_null || lone_surrogate || beyond_the_calendar
}

#[test]
fn every_verdict_is_that_of_xmod() {
    let mut requests = table::requests();
    requests.extend(generate::requests());
    requests.sort();
    requests.dedup();

    let Some(verdicts) = oracle::ask("xmod", &requests) else {
        return;
    };
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut allowed = 0;
    let mut differences = Vec::new();
    for (request, theirs) in requests.iter().zip(&verdicts) {
        let ours = ours::verdict(request);
        let (rows, accepted) = counts.entry(&request[0]).or_default();
        *rows += 1;
        *accepted += usize::from(!matches!(theirs, Value::Null | Value::Bool(false)));
        if ours == *theirs {
            continue;
        }
        if is_allowed(request, &ours, theirs) {
            allowed += 1;
        } else {
            differences.push(format!(
                "{}: ours {ours}, x/mod {theirs}",
                ours::show(request)
            ));
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {} rows differ:\n{}",
        differences.len(),
        requests.len(),
        differences[..differences.len().min(50)].join("\n")
    );

    // What was compared belongs into the log of a run; the harness would swallow an ordinary print.
    let summary = format!(
        "xmod: {} rows, {allowed} allowed differences\n",
        requests.len()
    );
    let _ = std::io::stderr().write_all(summary.as_bytes());
    assert!(allowed * 1000 < requests.len(), "{allowed} allowed");
    // A table that is all valid or all invalid proves little.
    assert!(requests.len() > 50_000, "{} rows", requests.len());
    for operation in [
        "path",
        "unescape-path",
        "version",
        "check",
        "file",
        "info",
        "mod",
        "match",
    ] {
        let (rows, accepted) = counts[operation];
        assert!(
            accepted * 50 > rows,
            "{operation}: {accepted} of {rows} accepted"
        );
        assert!(accepted < rows, "{operation}: all accepted");
    }
}

/// File names and go.mod words may hold what Unicode calls a letter, or printable. Go's tables grow with its releases and
/// ours are those of Unicode 15.0: then they must be the same, later ours must lie within Go's.
#[test]
fn every_code_point_is_judged_as_go_does() {
    let requests = ["unicode", "file-runes", "mod-runes"].map(|op| vec![op.to_owned()]);
    let Some(verdicts) = oracle::ask("xmod", &requests) else {
        return;
    };
    let same_tables = verdicts[0] == "15.0.0";
    for (request, theirs) in requests.iter().zip(&verdicts).skip(1) {
        let theirs = ours::code_points(theirs);
        let ours = ours::allowed_code_points(&request[0]);
        assert!(ours.len() > 100_000, "{}: {}", request[0], ours.len());
        let extra: Vec<_> = ours.difference(&theirs).collect();
        assert!(extra.is_empty(), "{}: Go refuses {extra:X?}", request[0]);
        let missing: Vec<_> = theirs.difference(&ours).collect();
        assert!(
            missing.is_empty() || !same_tables,
            "{}: we refuse {missing:X?}",
            request[0]
        );
    }
}
