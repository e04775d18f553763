use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
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
    os.dup2(passed.fileno(), 10 + number, inheritable=False)
for number in range(2):
    os.dup2(10 + number, 3 + number)
    os.set_inheritable(3 + number, True)
os.environ["LISTEN_FDS"] = "2"
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"#;

/// Runs a program as systemd would, with a TCP socket and a Unix one.
fn passing_on(python: &Path, socket: &Path, program: &Command) -> Command {
    let mut parent = Command::new(python);
    parent
        .args(["-c", PASS_ON])
        .arg(socket)
        .arg(program.get_program())
        .args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => parent.env(name, value),
            None => parent.env_remove(name),
        };
    }
    parent
}

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
    let parent = passing_on(&python, &socket, &program);
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

/// What systemd does, for a server that is told to listen elsewhere; its child writes down what it has inherited.
#[test]
fn sockets_that_are_not_used_are_closed() {
    let Some(python) = require_tool("python3") else {
        return;
    };
    let tree = Tree::new();
    let folder = tempfile::tempdir().unwrap();
    let mut program = command(&tree, &["127.0.0.1:0"]);
    program.arg("--offline");
    // The first child: asked how the go command is set.
    let go = folder.path().join("go");
    let list = folder.path().join("descriptors");
    let script = format!("#!/bin/sh\nls -l /proc/self/fd > {}\n", shown(&list));
    fs::write(&go, script).unwrap();
    fs::set_permissions(&go, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut parent = passing_on(&python, &folder.path().join("athens.sock"), &program);
    parent
        .env("PATH", format!("{}:{path}", folder.path().display()))
        .env_remove("ATHENS_UPSTREAM");
    let server = TestServer::start_command(parent);
    let inherited = fs::read_to_string(&list).unwrap();
    assert!(!inherited.contains("socket:"), "{inherited}");
    let said = "sockets were passed on, and --listen does not name systemd";
    eventually("it is said", || {
        server.stderr().contains(said).then_some(())
    });
    let own = fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
    let sockets = own
        .filter_map(|entry| fs::read_link(entry.unwrap().path()).ok())
        .filter(|to| shown(to).starts_with("socket:"));
    // Its own, and those between the handler of signals and who reads of them; not the two.
    assert!(sockets.count() <= 4);
    server.stop();
}

#[test]
fn systemd_is_said_once() {
    let Some(python) = require_tool("python3") else {
        return;
    };
    let tree = Tree::new();
    let folder = tempfile::tempdir().unwrap();
    let program = command(&tree, &["systemd", "systemd"]);
    let mut parent = passing_on(&python, &folder.path().join("athens.sock"), &program);
    let output = parent.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("--listen says systemd twice"), "{said}");
}

/// A program that is stopped, or hangs, still has its socket.
#[test]
fn a_socket_whose_queue_is_full_is_somebody_elses() {
    let tree = Tree::new();
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("athens.sock");
    let _listener = UnixListener::bind(&socket).unwrap();
    let Some(python) = require_tool("python3") else {
        return;
    };
    // Nobody accepts: until the queue takes no more.
    let mut filling = Command::new(python)
        .args(["-c", FILL])
        .arg(&socket)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let stdout = filling.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    assert_eq!(line, "full\n");
    let place = format!("unix:{}", socket.display());
    let output = command(&tree, &[&place]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("another program does already"), "{said}");
    assert!(socket.exists());
    drop(filling.stdin.take());
    filling.wait().unwrap();
}

const FILL: &str = r#"
import socket, sys
held = []
while True:
    client = socket.socket(socket.AF_UNIX)
    client.setblocking(False)
    try:
        client.connect(sys.argv[1])
    except BlockingIOError:
        break
    held.append(client)
print("full", flush=True)
sys.stdin.read()
"#;

#[test]
fn the_ready_line_is_one_line() {
    let tree = Tree::new();
    let folder = tempfile::tempdir().unwrap();
    let place = format!("unix:{}/a\nb.sock", folder.path().display());
    let server = TestServer::start_command(command(&tree, &[&place]));
    let line = server.ready_line();
    assert!(line.ends_with(r"/a\nb.sock"), "{line}");
    server.stop();
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
