//! A program through an empty server, with the checksum database on, and again with the server cut off.

use std::path::Path;

use tempfile::TempDir;

use super::{Machine, serve};
use crate::support::carrier::is_verified;
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
