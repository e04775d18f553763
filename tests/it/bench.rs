//! That the benchmark works, in small. Its figures are for whoever reads them: nothing here depends on how fast anything is.

use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::tools::{repository, require_tool};

/// What [`benchmark`] runs, and the tables that come of it.
const TABLES: [(&str, &[&str]); 7] = [
    (
        "Small files, hot: requests/s",
        &[
            "`.info`, 16 connections",
            "`.mod`, 16 connections",
            "`@v/list`, 16 connections",
            "`@latest`, 16 connections",
            "`.info`, watched, 16 connections",
        ],
    ),
    ("Small files, hot: CPU of the server per request", &[]),
    ("Small files, hot: p50", &[]),
    ("Small files, hot: p99", &[]),
    (
        "Small files, hot: how much of its core the load took",
        &["`@v/list`, 16 connections"],
    ),
    (
        "20 clients at once on one cold zip of 1.0 MB (bench.example/zip1000000, made up)",
        &["requests to the upstream for the zip", "until all have it"],
    ),
    ("Publish", &["1 MB"]),
];

/// Standard output, and the report. `None` if the machine lacks what it drives.
fn benchmark() -> Option<(String, Value)> {
    for tool in ["python3", "nginx", "wrk", "go", "taskset"] {
        require_tool(tool)?;
    }
    let place = TempDir::new().unwrap();
    let report = place.path().join("report.json");
    let output = Command::new(repository().join("tests/bench/run"))
        .args(["--quick", "--rows", "small,crowd,publish"])
        .args(["--connections", "16", "--program"])
        .arg(env!("CARGO_BIN_EXE_athens"))
        .arg("--place")
        .arg(place.path().join("place"))
        .arg("--json")
        .arg(&report)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let report = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    Some((String::from_utf8(output.stdout).unwrap(), report))
}

#[test]
fn the_benchmark_fills_its_tables() {
    let Some((printed, report)) = benchmark() else {
        return;
    };

    let tables = report["tables"].as_array().unwrap();
    let titles: Vec<&str> = tables
        .iter()
        .map(|table| table["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, TABLES.map(|(title, _)| title));
    for (table, (title, names)) in tables.iter().zip(TABLES) {
        assert!(printed.contains(&format!("### {title}\n")), "{printed}");
        for name in names {
            let row = table["rows"]
                .as_array()
                .unwrap()
                .iter()
                .find(|row| row["row"] == **name)
                .unwrap_or_else(|| panic!("no row {name} in {table}"));
            for who in ["athens", table["base"].as_str().unwrap()] {
                assert!(row["medians"][who].as_f64() > Some(0.0), "{row}");
            }
            assert!(printed.contains(&format!("\n| {name} | ")), "{printed}");
        }
    }
    // 20 clients who want the same are one request.
    let crowd = tables
        .iter()
        .find(|table| table["title"].as_str().unwrap().starts_with("20 clients"));
    let crowd = &crowd.unwrap()["rows"][0];
    assert_eq!(crowd["medians"]["athens"], 1, "{crowd}");
}

#[test]
fn the_benchmark_refuses_rows_that_it_does_not_have() {
    if require_tool("python3").is_none() {
        return;
    }
    let output = Command::new(repository().join("tests/bench/run"))
        .args(["--rows", "small,smal"])
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        error.contains("there is no row smal; the rows are small, "),
        "{error}"
    );
}
