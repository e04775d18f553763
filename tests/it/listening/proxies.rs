use super::{curl, shown};
use crate::support::http::Request;
use crate::support::server::TestServer;
use crate::support::tools::eventually;
use crate::support::tree::Tree;

/// The client of the access log's line about a path.
fn client_of(server: &TestServer, path: &str) -> String {
    eventually("it is in the log", || {
        let log = server.stderr();
        let line = log
            .lines()
            .find(|line| line.contains(&format!("path={path} ")))?;
        let (_, rest) = line.split_once("client=")?;
        Some(rest.split(' ').next()?.to_owned())
    })
}

#[test]
fn the_address_behind_a_trusted_proxy() {
    let tree = Tree::new();
    let server = TestServer::start(
        tree.root(),
        &["--trust-proxy", "127.0.0.0/8,10.0.0.0/8,unix"],
    );
    for (path, name, value, client) in [
        ("/1", "X-Forwarded-For", "192.0.2.7", "192.0.2.7"),
        (
            "/2",
            "X-Forwarded-For",
            "198.51.100.1, 192.0.2.7, 10.1.1.1",
            "192.0.2.7",
        ),
        ("/3", "Forwarded", "for=192.0.2.9;proto=https", "192.0.2.9"),
        (
            "/4",
            "Forwarded",
            "for=\"[2001:db8::7]:4711\"",
            "2001:db8::7",
        ),
        ("/5", "X-Forwarded-For", "nonsense", "127.0.0.1"),
        ("/6", "X-Forwarded-For", "192.0.2.7\u{e9}", "127.0.0.1"),
    ] {
        Request::new("GET", path)
            .header(name, value)
            .send(&server.url());
        let logged = client_of(&server, path);
        let logged = logged
            .split(':')
            .next()
            .filter(|_| client == "127.0.0.1")
            .unwrap_or(&logged);
        assert_eq!(logged, client, "{value}");
    }
}

#[test]
fn nobody_else_is_believed() {
    let tree = Tree::new();
    let server = TestServer::start(tree.root(), &[]);
    Request::new("GET", "/1")
        .header("X-Forwarded-For", "192.0.2.7")
        .header("Forwarded", "for=192.0.2.7")
        .send(&server.url());
    assert!(client_of(&server, "/1").starts_with("127.0.0.1:"));
}

#[test]
fn unix_sockets_are_a_proxys_too() {
    let tree = Tree::new();
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("athens.sock");
    let place = format!("unix:{}", socket.display());
    let flags = ["--listen", &place, "--trust-proxy", "unix"];
    let server = TestServer::start(tree.root(), &flags);
    let output = curl(&[
        "--unix-socket",
        shown(&socket),
        "-H",
        "X-Forwarded-For: 192.0.2.7",
        "http://a/1",
    ]);
    if output.is_some() {
        assert_eq!(client_of(&server, "/1"), "192.0.2.7");
    }
}

/// One client that guesses tokens behind a proxy is slowed down, and the others behind it are not.
#[test]
fn who_guesses_tokens_is_told_apart_from_others_behind_the_proxy() {
    let tree = Tree::new();
    let server = TestServer::start(tree.root(), &["--trust-proxy", "127.0.0.1", "--read-auth"]);
    let ask = |client: &str| {
        Request::new("GET", "/example.com/m/@v/list")
            .header("X-Forwarded-For", client)
            .bearer("wrong")
            .send(&server.url())
            .status
    };
    let refused = (0..200).any(|_| ask("192.0.2.1") == 429);
    assert!(refused, "guessing goes on for ever");
    assert_eq!(ask("192.0.2.2"), 401);
}

#[test]
fn what_is_no_network_is_refused_with_what_is_meant() {
    let output = crate::support::server::athens()
        .args(["serve", "--trust-proxy", "10.1.2.3/8"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("write `10.0.0.0/8` for all of it"), "{said}");
}
