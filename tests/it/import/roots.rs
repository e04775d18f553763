//! Other roots, and roots with a server on them.

use std::fs;
use std::path::Path;

use athens::store::{DirStore, Event, EventKind, OpenMode, Tombstone};

use crate::support::carrier::{import, is_verified, journal, run};
use crate::support::operator::ask;
use crate::support::server::TestServer;
use crate::support::tools::until;
use crate::support::tree::{Tree, version};

#[test]
fn how_versions_came_comes_along() {
    let (source, root) = (Tree::new(), Tree::new());
    let store = DirStore::open(source.root(), OpenMode::ReadWrite).unwrap();
    for (name, event) in [
        ("v1.0.0", Some(EventKind::Publish)),
        ("v1.0.1", Some(EventKind::Fetch)),
        ("v1.0.2", Some(EventKind::Adopt)),
        ("v1.0.3", None),
        ("v1.0.4", Some(EventKind::Publish)),
    ] {
        let text = format!("example.com/m@{name}");
        source.add(&text);
        if let Some(event) = event {
            let mut event = Event::new(event, &version(&text));
            store.journal().append(&mut event).unwrap();
        }
    }
    let gone = version("example.com/m@v1.0.4");
    let tombstone = Tombstone::new(&gone, athens::module::Sum::new([1; 32]), "ci");
    store.staging().bury(&gone, &tombstone).unwrap();
    let (told, outcomes) = import(root.root(), source.root(), &[]);
    assert_eq!(told.code, 0);
    assert_eq!(outcomes.len(), 4);
    let mut noted = journal(root.root());
    noted.sort();
    assert_eq!(
        noted,
        [
            "adopt example.com/m@v1.0.2",
            "adopt example.com/m@v1.0.3",
            "import example.com/m@v1.0.1",
            "publish example.com/m@v1.0.0"
        ]
    );
    is_verified(root.root());
}

#[test]
fn a_running_server_lists_what_comes_in() {
    let (source, root) = (Tree::new(), Tree::new());
    source.add("example.com/m@v1.1.0");
    root.add("example.com/m@v1.0.0");
    let server = TestServer::start(root.root(), &[]);
    let list = || ask(server.addr(), "/example.com/m/@v/list");
    assert!(list().ends_with("\r\n\r\nv1.0.0\n"));
    let (told, _) = import(root.root(), source.root(), &[]);
    assert_eq!(told.code, 0);
    until("the new version is listed", || {
        list().ends_with("\r\n\r\nv1.0.0\nv1.1.0\n")
    });
    drop(server);
}

#[test]
fn what_is_carried_for_others_is_no_module() {
    let root = Tree::new();
    root.add("example.com/m@v1.0.0");
    let name = "sumdb/sum.example/lookup/example.com/@v/v1.0.0.zip";
    root.write_path(name, b"not a zip");
    root.write_path("sumdb/sum.example/latest", b"head\n");
    let told = run(root.root(), &["reindex"]);
    assert_eq!(told.code, 0, "{told:?}");
    is_verified(root.root());
    let told = run(root.root(), &["list", "--json"]);
    assert!(!told.text().contains("sum.example"));
}

#[test]
fn a_root_that_can_not_be_written() {
    let (source, scratch) = (Tree::new(), Tree::new());
    source.add("example.com/m@v1.0.0");
    let missing = scratch.root().join("missing");
    let told = run(&missing, &["import", path(source.root())]);
    assert_eq!(told.code, 2);
    assert!(told.err.contains("the root must be a folder"), "{told:?}");
    assert!(!missing.exists());
    // A file where the staging area should be.
    fs::write(scratch.root().join(".athens"), "").unwrap();
    let told = run(scratch.root(), &["import", path(source.root())]);
    assert_eq!(told.code, 2, "{told:?}");
    assert!(!scratch.root().join("example.com").exists());
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
