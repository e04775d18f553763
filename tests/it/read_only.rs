//! Roots that cannot be written, or are not to be.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use athens::store::ModuleFile;

use crate::support::http::get;
use crate::support::server::{TestServer, athens};
use crate::support::tools::{eventually, files_below};
use crate::support::tree::{Tree, info_of, version, zip_of};

/// A tree with a complete version, and one that lacks all but its zip.
fn tree() -> Tree {
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    let lone = version("example.com/m@v1.1.0");
    tree.write(&lone, ModuleFile::Zip, &zip_of(&lone));
    tree
}

fn serves_all_and_writes_nothing(tree: &Tree, server: TestServer) -> String {
    let before = files_below(tree.root());
    let ask = |path: &str| get(&server.url(), &format!("/example.com/m/{path}"));
    eventually("both versions are listed", || {
        (ask("@v/list").text() == "v1.0.0\nv1.1.0\n").then_some(())
    });
    assert_eq!(
        ask("@v/v1.0.0.info").text(),
        info_of(&version("example.com/m@v1.0.0"))
    );
    assert_eq!(
        ask("@v/v1.1.0.mod").text(),
        "module example.com/m\n\ngo 1.13\n"
    );
    assert_eq!(ask("@latest").text(), ask("@v/v1.1.0.info").text());
    assert_eq!(ask("@v/v1.1.0.zip").status, 200);
    assert_eq!(get(&server.url(), "/readyz").status, 200);
    let stderr = if server.stderr().contains("read-only") {
        server.stderr()
    } else {
        // What is derived would have been written by the end of a walk.
        eventually("the walk has ended", || {
            get(&server.url(), "/")
                .text()
                .contains("1 module")
                .then_some(())
        });
        server.stderr()
    };
    assert_eq!(files_below(tree.root()), before);
    assert!(server.stop().success());
    stderr
}

#[test]
fn by_request() {
    let tree = tree();
    let server = TestServer::start(tree.root(), &["--read-only"]);
    let log = serves_all_and_writes_nothing(&tree, server);
    assert!(
        !log.contains("is read-only"),
        "what was asked for needs no warning: {log}"
    );
}

#[test]
fn by_the_file_system() {
    let tree = tree();
    let binary = Tree::new();
    let copy = binary.root().join("athens");
    fs::copy(athens().get_program(), &copy).unwrap();
    for directory in [tree.root(), binary.root()] {
        fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
    }
    // Root may write everywhere: then the server runs as somebody who may not.
    let is_root =
        fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let state = binary.root().join("state");
    fs::create_dir(&state).unwrap();
    if is_root {
        std::os::unix::fs::chown(&state, Some(65534), Some(65534)).unwrap();
    }
    let mut command = if is_root {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(&copy);
        command
    } else {
        for directory in ["", "example.com", "example.com/m", "example.com/m/@v"] {
            fs::set_permissions(
                tree.root().join(directory),
                fs::Permissions::from_mode(0o555),
            )
            .unwrap();
        }
        Command::new(&copy)
    };
    command
        .env("ATHENS_STATE", &state)
        .args(["serve", "--listen", "127.0.0.1:0", "--root"])
        .arg(tree.root());
    let server = TestServer::start_command(command);
    eventually("the log says that the root is read-only", || {
        get(&server.url(), "/example.com/m/@v/list");
        server
            .stderr()
            .contains("is read-only: derived files")
            .then_some(())
    });
    let log = serves_all_and_writes_nothing(&tree, server);
    assert_eq!(log.matches("is read-only").count(), 1, "once: {log}");
    for directory in ["", "example.com", "example.com/m", "example.com/m/@v"] {
        fs::set_permissions(
            tree.root().join(directory),
            fs::Permissions::from_mode(0o755),
        )
        .unwrap();
    }
}
