//! A program through an empty server, with the checksum database on, and again with the server cut off.

use std::collections::BTreeSet;
use std::path::Path;

use tempfile::TempDir;

use super::{Machine, serve};
use crate::support::carrier::{import, is_verified};
use crate::support::corpus::corpus;
use crate::support::server::athens;
use crate::support::tools::files_below;

fn count(root: &Path, end: &str) -> usize {
    let files = files_below(root);
    files.iter().filter(|file| file.ends_with(end)).count()
}

#[test]
fn the_same_sums_without_a_network() {
    let root = TempDir::new().unwrap();
    let server = serve(root.path(), &[]);
    let Some(online) = Machine::new(&server.url()) else {
        return;
    };
    assert!(
        server.ready_line().contains("(go env GOPROXY)"),
        "{}",
        server.ready_line()
    );
    let sums = online.read("go.sum");

    // The graph needs go.mod files only.
    let list = online.go("local", &["list", "-m", "all"]);
    assert!(list.lines().count() > 20, "{list}");
    assert!(count(root.path(), ".mod") > 20);
    assert_eq!(count(root.path(), ".zip"), 0);

    // Sums that nobody has are those of the checksum database.
    online.write("go.sum", "");
    let said = online.build_and_run("local");
    let added = online.read("go.sum");
    assert!(added.lines().count() > 20, "{added}");
    for line in added.lines() {
        assert!(sums.contains(line), "{line}");
    }
    assert!(count(root.path(), ".zip") > 15);
    assert!(server.stop().success());
    is_verified(root.path());

    let server = serve(root.path(), &["--offline"]);
    let offline = Machine::new(&server.url()).unwrap();
    assert_eq!(offline.go("local", &["list", "-m", "all"]), list);
    offline.write("go.sum", "");
    assert_eq!(offline.build_and_run("local"), said);
    assert_eq!(offline.read("go.sum"), added);
}

#[test]
fn records_come_for_what_was_there_before_but_not_for_what_is_private() {
    let root = TempDir::new().unwrap();
    let Some(machine) = Machine::new("off") else {
        return;
    };
    let cache = corpus().unwrap().download_dir();
    assert_eq!(import(root.path(), &cache, &[]).0.code, 0);
    let sumdb = root.path().join("sumdb");
    std::fs::remove_dir_all(&sumdb).unwrap();
    let output = athens()
        .args(["fetch", "--private", "github.com/pkg/*", "--root"])
        .arg(root.path())
        .arg("--from")
        .arg(machine.project("go.sum"))
        .env_remove("ATHENS_UPSTREAM")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let files = files_below(&sumdb);
    let lookups = files.iter().filter(|file| file.contains("/lookup/"));
    let found: BTreeSet<&str> = lookups
        .filter_map(|file| file.split_once("/lookup/"))
        .map(|(_, version)| version)
        .collect();
    let sums = machine.read("go.sum");
    let wanted: BTreeSet<String> = sums
        .lines()
        .filter(|line| !line.starts_with("github.com/pkg/"))
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let version = words[1].trim_end_matches("/go.mod");
            let version: athens::module::Version = version.parse().unwrap();
            let path: athens::module::ModulePath = words[0].parse().unwrap();
            format!("{}@{}", path.escaped(), version.escaped())
        })
        .collect();
    assert!(wanted.len() > 100 && wanted.len() < sums.lines().count());
    assert_eq!(found, wanted.iter().map(String::as_str).collect());
}
