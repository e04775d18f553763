//! `/readyz`: what makes a server not ready, and what is worth a note only.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::http::{Request, get};
use crate::support::server::{TestServer, athens};
use crate::support::small_disk::{SmallDisk, fill};
use crate::support::tools::{eventually, until};
use crate::support::tree::Tree;

/// What a program is told, and the status.
fn json_of(server: &TestServer) -> (u16, Value) {
    let answer = Request::new("GET", "/readyz")
        .header("Accept", "application/json")
        .send(&server.url());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    (answer.status, serde_json::from_slice(&answer.body).unwrap())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

#[test]
fn ready() {
    let tree = Tree::new();
    let server = TestServer::start(tree.root(), &[]);
    assert_eq!(get(&server.url(), "/readyz").text(), "ready\n");
    assert_eq!(
        json_of(&server),
        (200, json!({"ready": true, "reasons": [], "notes": []}))
    );
    let staging = tree.root().join(".athens/staging");
    assert_eq!(fs::read_dir(staging).unwrap().count(), 0);
}

#[test]
fn read_only_is_worth_a_note() {
    let tree = Tree::new();
    let server = TestServer::start(tree.root(), &["--read-only"]);
    let answer = get(&server.url(), "/readyz");
    assert_eq!(answer.status, 200);
    let text = answer.text();
    assert!(
        text.starts_with("ready\nnote: the root is read-only"),
        "{text}"
    );
    let (status, json) = json_of(&server);
    assert_eq!((status, &json["ready"]), (200, &json!(true)));
    assert_eq!(json["notes"].as_array().unwrap().len(), 1, "{json}");
    assert!(!tree.root().join(".athens").exists());
}

/// Root may read everything: then the server runs as somebody who may not.
#[test]
fn a_root_that_can_not_be_read() {
    let (tree, binary) = (Tree::new(), Tree::new());
    let copy = binary.root().join("athens");
    fs::copy(athens().get_program(), &copy).unwrap();
    let state = binary.root().join("state");
    fs::create_dir(&state).unwrap();
    let set_mode = |mode| {
        fs::set_permissions(tree.root(), fs::Permissions::from_mode(mode)).unwrap();
    };
    set_mode(0o755);
    fs::set_permissions(binary.root(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = match is_root() {
        true => {
            for directory in [tree.root(), &state] {
                std::os::unix::fs::chown(directory, Some(65534), Some(65534)).unwrap();
            }
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
                .arg(&copy);
            command
        }
        false => Command::new(&copy),
    };
    command
        .env("ATHENS_STATE", &state)
        .env("ATHENS_UPSTREAM", "off")
        .args(["serve", "--listen", "127.0.0.1:0", "--root"])
        .arg(tree.root());
    let server = TestServer::start_command(command);
    assert_eq!(get(&server.url(), "/readyz").status, 200);
    set_mode(0o000);
    let text = eventually("it is not ready", || {
        let answer = get(&server.url(), "/readyz");
        (answer.status == 503).then(|| answer.text())
    });
    assert!(text.contains("cannot"), "{text}");
    assert_eq!(get(&server.url(), "/healthz").status, 200);
    set_mode(0o755);
    until("it is ready again", || {
        get(&server.url(), "/readyz").status == 200
    });
}

#[test]
fn a_full_disk() {
    let Some(disk) = SmallDisk::mount("1m") else {
        return;
    };
    let server = TestServer::start(disk.path(), &[]);
    assert_eq!(get(&server.url(), "/readyz").status, 200);
    let filler = disk.path().join(".filler");
    fill(&filler, 0);
    // Who reads is not hindered: a note, and no reason to ask others.
    let json = eventually("there is a note", || {
        let (status, json) = json_of(&server);
        assert_eq!(status, 200, "{json}");
        (json["notes"] != json!([])).then_some(json)
    });
    assert_eq!(json["ready"], json!(true));
    let reason = json["notes"][0].as_str().unwrap();
    assert!(
        reason.starts_with("only for reading: cannot write .athens/staging"),
        "{reason}"
    );
    fs::remove_file(&filler).unwrap();
    until("nothing is noted any more", || {
        get(&server.url(), "/readyz").text() == "ready\n"
    });
}

/// Counts what the server does in the folder by the time of its directory, which every new file changes.
#[test]
fn the_folder_is_looked_at_once_in_a_while() {
    let tree = Tree::new();
    let server = TestServer::start(tree.root(), &[]);
    let staging = tree.root().join(".athens/staging");
    let changed = || fs::metadata(&staging).unwrap().modified().unwrap();
    let mut seen = std::collections::BTreeSet::new();
    let began = std::time::Instant::now();
    for _ in 0..50 {
        assert_eq!(get(&server.url(), "/readyz").status, 200);
        seen.insert(changed());
    }
    // One look makes and removes a file; a loaded machine takes longer over the questions, and may look more often.
    let looks = usize::try_from(began.elapsed().as_secs()).unwrap() + 1;
    assert!(seen.len() <= looks + 1, "{} in {looks} s", seen.len());
}
