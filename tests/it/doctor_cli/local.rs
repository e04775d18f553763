//! The folder of a server on this machine.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::{findings, said};
use crate::support::publisher::{Ended, Publisher};
use crate::support::server::athens;

fn doctor(publisher: &Publisher) -> Vec<serde_json::Value> {
    let mut command: Command = athens();
    command
        .args(["doctor", "--json", "--root"])
        .arg(publisher.path("root"))
        .arg("--state")
        .arg(publisher.path("state"))
        // No go command: this is about the folder.
        .env("PATH", "/nowhere")
        .env("HOME", publisher.path("home"));
    let ended: Ended = command.output().unwrap().into();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    findings(&ended)
}

#[test]
fn a_root_its_journal_and_its_state() {
    let publisher = Publisher::new();
    let server = publisher.server();
    publisher.write("m/go.mod", "module corp.example/m\n");
    let ended = publisher.run(&["m", "--version", "v1.0.0", "--server", &server.url()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let found = doctor(&publisher);
    assert!(
        said(&found, "root").contains("can be read and written"),
        "{found:#?}"
    );
    assert!(
        said(&found, "journal").starts_with("ok: the journal is whole, with "),
        "{found:#?}"
    );
    assert!(said(&found, "state").starts_with("ok: "), "{found:#?}");

    let journal = publisher.path("root/.athens/journal.jsonl");
    let mut journal = fs::OpenOptions::new().append(true).open(journal).unwrap();
    journal.write_all(b"nonsense\n{\"torn").unwrap();
    let token = publisher.path("state/local-token");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
    let found = doctor(&publisher);
    assert!(
        said(&found, "journal").starts_with("warning: 1 line of the journal is none"),
        "{found:#?}"
    );
    assert!(said(&found, "state").starts_with("error: "), "{found:#?}");

    fs::remove_dir_all(publisher.path("root")).unwrap();
    let found = doctor(&publisher);
    assert!(
        said(&found, "root").starts_with("error: the root "),
        "{found:#?}"
    );
}
