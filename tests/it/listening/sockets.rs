use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use super::{curl, shown, text};
use crate::support::http::get;
use crate::support::server::{TestServer, athens};
use crate::support::tools::{eventually, require_tool};
use crate::support::tree::Tree;

fn command(tree: &Tree, listen: &[&str]) -> Command {
    let mut command = athens();
    command.args(["serve", "--root"]).arg(tree.root());
    for place in listen {
        command.args(["--listen", place]);
    }
    command
}

#[test]
fn a_unix_socket_beside_a_port() {
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("athens.sock");
    let place = format!("unix:{}", socket.display());
    let server = TestServer::start_command(command(&tree, &["127.0.0.1:0", &place]));
    assert_eq!(server.urls()[1], place);
    let mode = fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    assert_eq!(get(&server.url(), "/healthz").status, 200);
    let Some(output) = curl(&[
        "--unix-socket",
        shown(&socket),
        "http://localhost/example.com/m/@v/list",
    ]) else {
        return;
    };
    assert_eq!(text(&output), "v1.0.0\n");
    eventually("it is in the log", || {
        server.stderr().contains("client=unix ").then_some(())
    });

    // Another server can not take it from a living one.
    let second = command(&tree, &[&place]).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(2));
    assert!(said.contains("another program does already"), "{said}");

    server.stop();
    assert!(!socket.exists(), "it went with the server");
}

#[test]
fn the_socket_of_a_dead_server_is_replaced_and_nothing_else_is() {
    let tree = Tree::new();
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("athens.sock");
    let place = format!("unix:{}", socket.display());
    // Its listener goes, and leaves the file.
    drop(UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    let server = TestServer::start_command(command(&tree, &[&place]));
    assert_eq!(server.urls()[0], place);
    server.stop();

    fs::write(&socket, "precious").unwrap();
    let output = command(&tree, &[&place]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("there is a file that is no socket"), "{said}");
    assert_eq!(fs::read_to_string(&socket).unwrap(), "precious");
}

/// What systemd does: binds, passes the sockets on as 3, 4 and so on, and says so in the environment.
const PASS_ON: &str = r#"
import os, socket, sys
tcp = socket.socket(); tcp.bind(("127.0.0.1", 0)); tcp.listen(16)
unix = socket.socket(socket.AF_UNIX); unix.bind(sys.argv[1]); unix.listen(16)
for number, passed in enumerate((tcp, unix)):
    os.dup2(passed.fileno(), 10 + number)
for number in range(2):
    os.dup2(10 + number, 3 + number)
    os.set_inheritable(3 + number, True)
os.environ["LISTEN_FDS"] = "2"
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"#;

#[test]
fn sockets_that_were_passed_on_are_used() {
    let Some(python) = require_tool("python3") else {
        return;
    };
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("athens.sock");
    let program = command(&tree, &[]);
    let mut parent = Command::new(python);
    parent
        .args(["-c", PASS_ON])
        .arg(&socket)
        .arg(program.get_program())
        .args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => parent.env(name, value),
            None => parent.env_remove(name),
        };
    }
    // Nothing is said about where to listen.
    let server = TestServer::start_command(parent);
    let urls = server.urls();
    assert_eq!(urls[1], format!("unix:{}", socket.display()));
    assert_eq!(get(&urls[0], "/example.com/m/@v/list").text(), "v1.0.0\n");
    if let Some(output) = curl(&["--unix-socket", shown(&socket), "http://a/healthz"]) {
        assert_eq!(text(&output), "ok\n");
    }
    server.stop();
    assert!(socket.exists(), "it belongs to who made it");
}

#[test]
fn sockets_that_were_not_passed_on_are_missed() {
    let tree = Tree::new();
    let output = command(&tree, &["systemd"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("no socket was passed on"), "{said}");
}
