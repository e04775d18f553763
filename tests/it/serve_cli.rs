//! `athens serve` as its operator meets it: the ready line, addresses, exit codes and sentences, the log.

use std::io::{Read as _, Write as _};
use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Output;

use crate::support::operator::{PATIENCE, ask, refused, status};
use crate::support::server::{TestServer, athens};

fn empty_root() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Runs `athens` to its end: only for what does not serve.
fn run(arguments: &[&str]) -> Output {
    athens().args(arguments).output().unwrap()
}

fn addresses(server: &TestServer) -> Vec<SocketAddr> {
    let authority = |url: &String| url.trim_start_matches("http://").parse().unwrap();
    server.urls().iter().map(authority).collect()
}

#[test]
fn the_ready_line_is_all_of_standard_output() {
    let root = empty_root();
    let server = TestServer::start(root.path(), &[]);
    let expected = format!(
        "athens {} serving {} without upstream at http://127.0.0.1:{}",
        env!("CARGO_PKG_VERSION"),
        root.path().display(),
        server.addr().port()
    );
    assert_eq!(server.ready_line(), expected);
    assert_ne!(server.addr().port(), 0);
    assert!(ask(server.addr(), "/healthz").ends_with("\r\n\r\nok\n"));
    assert!(ask(server.addr(), "/readyz").ends_with("\r\n\r\nready\n"));
    let version = format!(
        "{{\"name\":\"athens\",\"version\":\"{}\"}}\n",
        env!("CARGO_PKG_VERSION")
    );
    assert!(ask(server.addr(), "/version").ends_with(&version));
    let ended = server.stop_and_collect();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(ended.stdout, "");
}

#[test]
fn several_addresses() {
    let root = empty_root();
    let server = TestServer::start(root.path(), &["--listen", "127.0.0.1:0"]);
    let addresses = addresses(&server);
    assert_eq!(addresses.len(), 2);
    assert_ne!(addresses[0], addresses[1]);
    for address in addresses {
        assert_eq!(status(address, "/healthz"), 200);
    }
}

#[test]
fn ipv6() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        // A container without IPv6: nothing to see.
        return;
    }
    let root = empty_root();
    let mut command = athens();
    command
        .args(["serve", "--listen", "[::1]:0", "--root"])
        .arg(root.path());
    let server = TestServer::start_command(command);
    assert!(
        server.url().starts_with("http://[::1]:"),
        "{}",
        server.url()
    );
    assert_eq!(status(server.addr(), "/healthz"), 200);
}

#[test]
fn a_path_prefix() {
    let root = empty_root();
    let server = TestServer::start(root.path(), &["--path-prefix", "/build/go/"]);
    assert!(server.url().ends_with("/build/go"), "{}", server.url());
    for (path, expected) in [
        ("/build/go", 200),
        ("/build/go/", 200),
        ("/build/go/healthz", 200),
        ("/build/go/version", 200),
        ("/healthz", 200),
        ("/readyz", 200),
        ("/version", 200),
        ("/", 404),
        ("/build", 404),
        ("/build/gone", 404),
        ("/example.com/m/@v/list", 404),
        ("/build/go/example.com/m/@v/list", 404),
        ("/build/go//healthz", 400),
        ("/build/go/../healthz", 400),
    ] {
        assert_eq!(status(server.addr(), path), expected, "{path}");
    }
    assert!(ask(server.addr(), "/build/go/").contains("GOPROXY=http://a/build/go\n"));
    let inside = ask(server.addr(), "/build/go/example.com/m/@v/list");
    assert!(inside.contains("example.com/m"), "{inside}");
    let outside = ask(server.addr(), "/example.com/m/@v/list");
    assert!(
        outside.contains("nothing is served at this path"),
        "{outside}"
    );
}

#[test]
fn the_page_for_people() {
    let root = empty_root();
    let server = TestServer::start(root.path(), &[]);
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
        .write_all(
            b"GET / HTTP/1.1\r\nHost: go.example.com\r\nAccept: text/html,*/*;q=0.8\r\nConnection: close\r\n\r\n",
        )
        .unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    assert!(
        page.contains("\r\ncontent-type: text/html; charset=utf-8\r\n"),
        "{page}"
    );
    assert!(
        page.contains("\r\ncontent-security-policy: default-src 'none';"),
        "{page}"
    );
    assert!(
        page.contains("go env -w GOPROXY=http://go.example.com</code>"),
        "{page}"
    );
}

#[test]
fn a_root_that_is_not_there() {
    let folder = empty_root();
    let missing = folder.path().join("nothing");
    let mut command = athens();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--root"])
        .arg(&missing);
    let (code, stderr) = refused(command);
    assert_eq!(code, Some(2));
    let shown = missing.display();
    assert_eq!(
        stderr,
        format!(
            "athens: the root {shown} does not exist; create it with `mkdir {shown}`, or name another folder with --root\n"
        )
    );
}

#[test]
fn a_root_that_is_a_file() {
    let folder = empty_root();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let mut command = athens();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--root"])
        .arg(&file);
    let (code, stderr) = refused(command);
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("is not a directory; name the folder"),
        "{stderr}"
    );
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn a_port_that_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let root = empty_root();
    let mut command = athens();
    command
        .args(["serve", "--listen", &address, "--root"])
        .arg(root.path());
    let (code, stderr) = refused(command);
    assert_eq!(code, Some(2));
    assert!(
        stderr.starts_with(&format!(
            "athens: cannot listen on {address}: the port is taken; stop the program"
        )),
        "{stderr}"
    );
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn a_second_server_on_the_same_port_is_refused() {
    let root = empty_root();
    let server = TestServer::start(root.path(), &[]);
    let mut command = athens();
    command
        .args(["serve", "--listen", &server.addr().to_string(), "--root"])
        .arg(root.path());
    let (code, stderr) = refused(command);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("the port is taken"), "{stderr}");
    assert_eq!(status(server.addr(), "/healthz"), 200);
}

#[test]
fn wrong_usage() {
    for (arguments, said) in [
        (
            &["serve", "--listen", ":3000"][..],
            "`:3000` is not an address with a port",
        ),
        (
            &["serve", "--listen", "localhost:3000"],
            "is not an address with a port",
        ),
        (&["serve", "--header-timeout", "10"], "`10` is not a time"),
        (&["serve", "--cache-size", "lots"], "`lots` is not a size"),
        (&["serve", "--watch", "hard"], "native, poll, off"),
        (
            &["serve", "--max-header-size", "1KiB"],
            "`max-header-size`: 1KiB is too small; the least is 8KiB",
        ),
        (
            &["serve", "--path-prefix", "/a b"],
            "`/a b` is not a path prefix",
        ),
        (
            &["serve", "--log-level", "wran"],
            "`wran` is not a log level",
        ),
        (&["serve", "--lisen", "x"], "--listen"),
        (
            &["serve", "--config", "no-such.toml"],
            "cannot read the configuration file no-such.toml",
        ),
        (&["sevre"], "serve"),
        (&[], "Usage"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_no_errors() {
    for (arguments, said) in [
        (
            &["--version"][..],
            concat!("athens ", env!("CARGO_PKG_VERSION"), "\n"),
        ),
        (&["--help"], "Examples:\n"),
        (&["serve", "--help"], "athens serve --root /srv/modules"),
        (&["list", "--help"], "Examples:\n"),
        (&["reindex", "--help"], "--dry-run"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(stdout.contains(said), "{arguments:?}: {stdout}");
        assert!(!stdout.contains('\x1b'), "{stdout}");
    }
}

#[test]
fn the_log() {
    let root = empty_root();
    let server = TestServer::start(root.path(), &["--log-format", "json"]);
    ask(server.addr(), "/example.com/a%0ab/@v/list?x=y");
    let ended = server.stop_and_collect();
    let access = ended
        .stderr
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .find(|event| event["target"] == "athens::access")
        .unwrap_or_else(|| panic!("no access event: {}", ended.stderr));
    assert_eq!(access["level"], "INFO");
    assert_eq!(access["method"], "GET");
    assert_eq!(access["path"], "/example.com/a%0ab/@v/list?x=y");
    assert_eq!(access["status"], 400);
    assert!(access["bytes"].as_u64().unwrap() > 0);
    assert!(access["ms"].as_f64().unwrap() >= 0.0);
    assert!(access["client"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert!(access.get("aborted").is_none());

    let server = TestServer::start(root.path(), &["--log-level", "warn"]);
    ask(server.addr(), "/");
    let ended = server.stop_and_collect();
    assert!(!ended.stderr.contains("athens::access"), "{}", ended.stderr);

    let server = TestServer::start(root.path(), &["--log-level", "off,athens::access=info"]);
    ask(server.addr(), "/version");
    let ended = server.stop_and_collect();
    // A pipe is no terminal: no colours.
    assert!(
        ended
            .stderr
            .contains("method=GET path=/version status=200 bytes="),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
}

#[test]
fn a_reader_that_left_is_no_error() {
    for argument in ["--help", "--version"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let status = athens().arg(argument).stdout(writer).status().unwrap();
        assert_eq!(status.code(), Some(0), "{argument}");
    }
}
