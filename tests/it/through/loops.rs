//! Servers that are upstreams of each other, or of themselves: one sentence, and no storm.

use std::net::TcpListener;

use super::site::{Site, path_of};
use crate::support::go;
use crate::support::http::{Request, get, read_answer};
use crate::support::operator::refused;
use crate::support::server::{TestServer, athens};
use crate::support::tools::until;
use crate::support::tree::Tree;
use crate::support::upstream::{Reply, Upstream};

const LOOP: &str = "this request has come through this server before";

/// An address at which nothing listens yet: that of a server that is named before it is there.
/// On a part of the loopback network where no other test takes ports.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.2:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Paths of which each is asked for once by each of the servers.
fn paths() -> [String; 4] {
    [
        "/example.com/m/@v/list".to_owned(),
        "/example.com/m/@v/main.info".to_owned(),
        path_of("example.com/m@v1.0.0", "mod"),
        path_of("example.com/m@v1.0.0", "zip"),
    ]
}

#[test]
fn a_server_that_is_its_own_upstream() {
    let address = free_address();
    let tree = Tree::new();
    let command = || {
        let mut command = athens();
        command
            .args(["serve", "--listen", &address, "--sumdb", "off", "--root"])
            .arg(tree.root());
        command
    };
    let own = format!("http://{address}");
    let mut named = command();
    named.args(["--upstream", &own]);
    let (code, said) = refused(named);
    assert_eq!(code, Some(2));
    assert!(
        said.contains(&own) && said.contains("is this server itself"),
        "{said}"
    );
    // Whoever has made this server the proxy of his go command has not said that it should ask itself.
    if go::installed().is_none() {
        return;
    }
    let mut of_go = command();
    of_go.env_remove("ATHENS_UPSTREAM").env("GOPROXY", &own);
    let server = TestServer::start_command(of_go);
    says(&server, " without upstream at ");
    // The log is written by a thread of its own.
    until("it is said", || {
        server.stderr().contains("is this server itself")
    });
    assert_eq!(get(&server.url(), "/example.com/m/@v/list").status, 404);
    // A server that asks nobody need not be told whom to ask.
    assert!(server.stop().success());
    let mut offline = command();
    offline.env_remove("ATHENS_UPSTREAM").env("GOPROXY", &own);
    offline.arg("--offline");
    let server = TestServer::start_command(offline);
    says(&server, " offline at ");
    let output = server.stop_and_collect();
    assert!(
        !output.stderr.contains("is this server itself"),
        "{}",
        output.stderr
    );
}

#[track_caller]
fn says(server: &TestServer, what: &str) {
    let line = server.ready_line();
    assert!(line.contains(what), "{line}");
}

#[test]
fn two_servers_that_ask_each_other() {
    let address = free_address();
    let first = Site::start(&format!("http://{address}"), &[]);
    let second = Site::start(&first.url(), &["--listen", &address]);
    for path in paths() {
        for site in [&first, &second] {
            let (status, text) = site.said(&path);
            assert_eq!(status, 508, "{path}: {text}");
            assert!(text.contains(LOOP), "{path}: {text}");
        }
    }
    assert!(first.stored().is_empty() && second.stored().is_empty());
}

#[test]
fn who_passed_a_request_on_is_said() {
    let upstream = Upstream::start();
    let site = Site::start(&upstream.url(), &[]);
    let via = |of: &Upstream| of.requests().last().unwrap().header("via").unwrap();
    site.get("/example.com/m/@v/list");
    let ours = via(&upstream);
    assert!(
        ours.starts_with("1.1 athens-") && !ours.contains(','),
        "{ours}"
    );
    let request = |path: &str, via: &str| {
        let answer = Request::new("GET", path)
            .header("Via", via)
            .send(&site.url());
        (answer.status, answer.text())
    };
    request("/example.com/n/@v/list", "1.1 other, 1.0 older (x)");
    assert_eq!(via(&upstream), format!("1.1 other, 1.0 older (x), {ours}"));

    // It has been here.
    let asked = upstream.requests().len();
    for path in paths() {
        let (status, text) = request(&path, &format!("1.1 other, {ours}"));
        assert_eq!(status, 508, "{path}: {text}");
        assert!(text.starts_with(LOOP), "{text}");
    }
    let long = "1.1 somebody, ".repeat(200);
    assert_eq!(request("/example.com/o/@v/list", &long).0, 400);
    assert_eq!(upstream.requests().len(), asked);

    // A name of a former life is nobody's.
    let site = site.restart(&upstream.url(), &[]);
    upstream.on("/example.com/m/@v/list", Reply::ok("v1.0.0\n"));
    let again = Request::new("GET", "/example.com/m/@v/list").header("Via", &ours);
    assert_eq!(again.send(&site.url()).status, 200);
    assert_ne!(via(&upstream), format!("{ours}, {ours}"));
}

/// Each is asked by a client and by the other one at the same time, for the same thing: neither waits for ever.
#[test]
fn two_servers_that_wait_for_each_other() {
    let address = free_address();
    let flags = ["--upstream-timeout", "1s"];
    let first = Site::start(&format!("http://{address}"), &flags);
    let second = Site::start(
        &first.url(),
        &["--listen", &address, "--upstream-timeout", "1s"],
    );
    for path in paths() {
        let begin = |site: &Site| Request::new("GET", &path).begin(&site.url()).unwrap();
        for mut client in [begin(&first), begin(&second)] {
            let answer = read_answer(&mut client).unwrap();
            assert!([504, 508].contains(&answer.status), "{}", answer.text());
        }
    }
}

/// A ring is ended where it is noticed: whoever is told so on the way does not try again, nor somebody else.
#[test]
fn a_ring_further_on_costs_one_request() {
    for separator in [",", "|"] {
        let (ring, other) = (Upstream::start(), Upstream::start());
        let list = format!("{}{separator}{}", ring.url(), other.url());
        let site = Site::start(&list, &[]);
        for path in paths() {
            ring.on(&path, Reply::status(508, "it leads back"));
        }
        ring.on("/example.com/m/@v/v1.0.0.info", Reply::status(508, ""));
        let path = path_of("example.com/m@v1.0.0", "mod");
        let (status, text) = site.said(&path);
        assert_eq!(status, 508, "{text}");
        assert_eq!(ring.count(&path), 1);
        assert_eq!(other.count(&path), usize::from(separator == "|"));
    }
}
