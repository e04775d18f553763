use std::fs;

use athens::store::ModuleFile;

use crate::publish::registry::{State, delete, put};
use crate::publish::zips::zip_saying;
use crate::support::carrier::journal;
use crate::support::http::get;
use crate::support::tools::until;
use crate::support::tree::{Tree, version};

#[test]
fn an_empty_latest_is_made_anew() {
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    tree.add("example.com/m@v1.1.0");
    let state = State::new();
    let latest = tree.root().join("example.com/m/@latest");
    let info = tree.path_of(&version("example.com/m@v1.1.0"), ModuleFile::Info);
    let older = tree.path_of(&version("example.com/m@v1.0.0"), ModuleFile::Info);
    // As a power cut leaves it, and as whoever was stopped after the list does.
    for left in [Vec::new(), fs::read(older).unwrap()] {
        let server = state.serve(tree.root(), &[]);
        assert_eq!(get(&server.url(), "/example.com/m/@latest").status, 200);
        until("all is derived", || latest.exists());
        assert!(server.stop().success());
        fs::write(&latest, left).unwrap();
        let server = state.serve(tree.root(), &[]);
        until("it is right again", || {
            fs::read(&latest).unwrap() == fs::read(&info).unwrap()
        });
        assert!(server.stop().success());
    }
}

#[test]
fn a_deletion_that_the_journal_lacks_is_noted_when_it_is_asked_for_again() {
    let (tree, state) = (Tree::new(), State::new());
    let server = state.serve(tree.root(), &["--scan-interval", "0"]);
    let (token, gone) = (state.local_token(), version("example.com/m@v1.0.0"));
    let (zip, _) = zip_saying(&gone, "");
    let publish = put(&gone, &zip).bearer(&token);
    assert_eq!(publish.send(&server.url()).status, 201);
    let path = tree.root().join(".athens/journal.jsonl");
    let before = fs::read(&path).unwrap();
    let delete = delete(&gone).bearer(&token);
    assert_eq!(delete.send(&server.url()).status, 200);
    server.signal("KILL");
    server.wait();
    fs::write(&path, before).unwrap();
    let server = state.serve(tree.root(), &["--scan-interval", "0"]);
    for _ in 0..2 {
        assert_eq!(delete.send(&server.url()).status, 410);
        let noted = journal(tree.root());
        let expected = ["publish", "delete"].map(|event| format!("{event} {gone}"));
        assert_eq!(noted, expected);
    }
}
