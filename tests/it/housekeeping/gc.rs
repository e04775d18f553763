//! `athens gc`.

use std::fs;
use std::path::Path;

use super::{House, fetch, numbered, path_of};
use crate::support::carrier::{Told, is_verified, journal, run};
use crate::support::http::{Request, get};
use crate::support::tools::{files_below, until};
use crate::support::tree::{version, zip_of};

/// What was fetched by a server that is gone, a while ago.
fn fetched(count: usize) -> (House, Vec<String>) {
    let versions = numbered(count);
    let house = House::new(&versions);
    let server = house.serve(&[]);
    for text in &versions {
        fetch(&server, text, "zip");
    }
    assert!(server.stop().success());
    settle(house.root());
    (house, versions)
}

/// Waits until nothing counts as in use any more.
fn settle(root: &Path) {
    until("it is old enough", || {
        let told = run(root, &["gc", "--max-size", "0", "--dry-run", "--json"]);
        let summary = told.summary();
        summary["bytes"] == summary["evictable"]
    });
}

fn named(told: &Told) -> Vec<String> {
    let lines = told.json();
    lines
        .iter()
        .filter_map(|line| {
            let text = |name: &str| line[name].as_str().map(str::to_owned);
            Some(format!("{}@{}", text("path")?, text("version")?))
        })
        .collect()
}

#[test]
fn does_what_a_dry_run_says() {
    let (house, versions) = fetched(6);
    let root = house.root();
    let staging = root.join(".athens/staging/1-1");
    fs::write(&staging, "left by somebody who was killed").unwrap();
    let before = files_below(root);
    let arguments = ["gc", "--max-size", "400KiB", "--json"];
    let dry = run(root, &[&arguments[..], &["--dry-run"]].concat());
    assert_eq!(dry.code, 0, "{dry:?}");
    assert_eq!(files_below(root), before);
    let table = run(root, &["gc", "--max-size", "400KiB", "--dry-run"]);
    assert_eq!(table.text().lines().count(), 2 + named(&dry).len());
    assert!(
        table.text().starts_with("      SIZE  LAST USE"),
        "{table:?}"
    );

    let done = run(root, &arguments);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(named(&done), named(&dry));
    assert!(!staging.exists());
    for text in &versions {
        assert_eq!(house.has(text), !named(&done).contains(text), "{text}");
    }
    let (said, did) = (dry.summary(), done.summary());
    for field in ["versions", "bytes", "size", "evictable", "unfinished_files"] {
        assert_eq!(said[field], did[field], "{field}");
    }
    assert_eq!(did["unfinished_files"], 1);
    let after = run(root, &["gc", "--json"]).summary();
    let bytes = |summary: &serde_json::Value, field: &str| summary[field].as_u64().unwrap();
    assert!(bytes(&after, "size") <= 400 << 10, "{after}");
    assert!(bytes(&after, "size") + bytes(&did, "bytes") <= bytes(&did, "size") + (64 << 10));
    assert_eq!(house.events("evict"), named(&done).len());
    is_verified(root);
    // And once more: there is nothing to do.
    let again = run(root, &arguments);
    assert_eq!((again.code, named(&again).len()), (0, 0));
}

#[test]
fn beside_a_running_server() {
    let (house, versions) = fetched(5);
    let server = house.serve(&["--max-age", "10h"]);
    fetch(&server, &versions[0], "zip");
    let told = run(house.root(), &["gc", "--max-size", "0"]);
    // There are the journal, and directories.
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.err.contains("may not be removed"), "{told:?}");
    assert!(!versions.iter().any(|text| house.has(text)));
    house.upstream.forget();
    for text in &versions {
        for ending in ["info", "mod", "zip"] {
            fetch(&server, text, ending);
        }
    }
    assert_eq!(house.upstream.count_ending(".zip"), versions.len());
    assert!(server.stop().success());
    is_verified(house.root());
}

#[test]
fn what_is_ones_own_by_now_has_nobody_to_come_from() {
    let versions = ["m", "m/below", "other"].map(|path| format!("example.com/{path}@v1.0.0"));
    let house = House::new(&versions);
    let server = house.serve(&[]);
    for text in &versions {
        fetch(&server, text, "zip");
    }
    let own = version("example.com/m@v1.1.0");
    let put = Request::new("PUT", &path_of(&own, "zip")).body(&zip_of(&own));
    assert_eq!(house.send(&server, put).status, 201);
    assert!(server.stop().success());
    settle(house.root());
    let told = run(house.root(), &["gc", "--max-age", "1s", "--json"]);
    assert_eq!(named(&told), versions[2..]);
    assert!(house.has(&versions[0]) && house.has(&versions[1]));
}

#[test]
fn by_age() {
    let (house, versions) = fetched(2);
    let told = run(house.root(), &["gc", "--max-age", "1h", "--json"]);
    assert_eq!((told.code, named(&told).len()), (0, 0));
    let told = run(house.root(), &["gc", "--max-age", "1s", "--json"]);
    assert_eq!((told.code, named(&told)), (0, versions));
}

#[test]
fn what_the_journal_does_not_know_stays() {
    let (house, versions) = fetched(3);
    let path = house.root().join(".athens/journal.jsonl");
    let whole = fs::read_to_string(&path).unwrap();
    let gc = || run(house.root(), &["gc", "--max-size", "0", "--json"]);

    // A line that nobody can read may have said anything.
    fs::write(&path, format!("{whole}nothing that makes sense\n")).unwrap();
    let told = gc();
    assert_eq!((told.code, named(&told).len()), (1, 0), "{told:?}");
    assert!(told.err.contains("can not be read"), "{told:?}");

    // All is lost: what is made up for is not known to be fetched only.
    fs::remove_file(&path).unwrap();
    assert_eq!(named(&gc()).len(), 0);
    assert_eq!(run(house.root(), &["reindex"]).code, 0);
    assert_eq!(named(&gc()).len(), 0);

    // One that was put there by hand under the name of a fetched one.
    fs::write(&path, &whole).unwrap();
    let zip = house
        .root()
        .join(&path_of(&version(&versions[0]), "zip")[1..]);
    let content = fs::read(&zip).unwrap();
    fs::remove_file(&zip).unwrap();
    fs::write(&zip, content).unwrap();
    let server = house.serve(&[]);
    fetch(&server, &versions[0], "zip");
    until("it is noted", || house.events("adopt") > 0);
    assert!(server.stop().success());
    settle(house.root());
    assert_eq!(named(&gc()), versions[1..]);
    assert!(house.has(&versions[0]));
    is_verified(house.root());
}

#[test]
fn an_older_journal_is_understood() {
    let (house, versions) = fetched(1);
    let lines = journal(house.root());
    assert_eq!(lines, [format!("fetch {}", versions[0])]);
    let told = run(house.root(), &["gc", "--max-size", "0"]);
    assert!(told.text().contains("1 version with"), "{told:?}");
}

#[test]
fn wrong_usage() {
    let house = House::new(&[]);
    for arguments in [
        &["gc", "--max-size", "much"][..],
        &["gc", "--max-age", "90"],
    ] {
        assert_eq!(run(house.root(), arguments).code, 2, "{arguments:?}");
    }
    let missing = house.root().join("missing");
    assert_eq!(run(&missing, &["gc"]).code, 2);
    let told = run(house.root(), &["gc"]);
    assert_eq!(told.code, 0, "{told:?}");
    let server = house.serve(&[]);
    assert_eq!(get(&server.url(), "/readyz").text(), "ready\n");
}
