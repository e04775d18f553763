//! Requests beyond what is answered at a time, or to one client.

use std::io::Read as _;
use std::net::TcpStream;

use crate::support::http::{Answer, Request, get};
use crate::support::server::TestServer;
use crate::support::tools::until;
use crate::support::tree::one_module;

const LIST: &str = "/example.com/m/@v/list";
/// More than the buffers of sockets hold: an answer that is under way until its client leaves.
const LARGE: usize = 64 << 20;

/// A download that has begun, and that nobody takes.
fn held(server: &TestServer, client: &str) -> TcpStream {
    let request = Request::new("GET", "/example.com/m/@v/v1.0.0.zip");
    let request = request.header("X-Forwarded-For", client);
    let mut stream = request.begin(&server.url()).unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(start, *b"HTTP/1.1 200");
    stream
}

fn ask(server: &TestServer, client: &str, path: &str) -> Answer {
    Request::new("GET", path)
        .header("X-Forwarded-For", client)
        .send(&server.url())
}

#[track_caller]
fn is_counted(server: &TestServer, limit: &str, count: usize) {
    let metrics = get(&server.url(), "/metrics").text();
    let line = format!("athens_http_requests_limited_total{{limit=\"{limit}\"}} {count}\n");
    assert!(metrics.contains(&line), "no {line} in {metrics}");
}

#[test]
fn a_full_server_says_so_at_once_and_is_alive() {
    let root = one_module(LARGE);
    let server = TestServer::start(root.path(), &["--max-requests", "1"]);
    let download = held(&server, "192.0.2.1");

    let answer = get(&server.url(), LIST);
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let says = "this server answers as many requests as it can; try again";
    assert!(answer.text().starts_with(says), "{}", answer.text());
    // Nothing of an upload is waited for.
    let upload = Request::new("PUT", "/example.com/m/@v/v1.1.0.zip")
        .header("Content-Length", "100000000")
        .head_only(&server.url());
    assert!(upload.starts_with("HTTP/1.1 503 "), "{upload}");
    // Who watches the server sees it alive.
    for path in ["/healthz", "/readyz", "/version", "/metrics"] {
        assert_eq!(get(&server.url(), path).status, 200, "{path}");
    }
    is_counted(&server, "max_requests", 2);
    until("the limit is logged, and how the request ended", || {
        let log = server.stderr();
        log.contains("as many requests as --max-requests allows")
            && log.contains("outcome=overloaded")
    });
    assert!(!server.stderr().contains("ERROR"), "{}", server.stderr());

    drop(download);
    until("the place is free again", || {
        get(&server.url(), LIST).status == 200
    });
}

#[test]
fn one_client_does_not_keep_others_out() {
    let root = one_module(LARGE);
    let flags = [
        "--trust-proxy",
        "127.0.0.1",
        "--max-requests-per-client",
        "2",
    ];
    let server = TestServer::start(root.path(), &flags);
    let one = held(&server, "2001:db8::1");
    let other = held(&server, "2001:db8::2");

    let answer = ask(&server, "2001:db8::3", LIST);
    assert_eq!(answer.status, 429, "the same /64");
    assert_eq!(answer.header("retry-after"), Some("1"));
    for client in ["2001:db8:0:1::1", "192.0.2.1"] {
        assert_eq!(ask(&server, client, LIST).status, 200, "{client}");
    }
    assert_eq!(ask(&server, "2001:db8::3", "/healthz").status, 200);
    is_counted(&server, "max_requests_per_client", 1);
    until("how it ended is logged", || {
        server.stderr().contains("outcome=limited")
    });

    drop(one);
    until("a place is free again", || {
        ask(&server, "2001:db8::1", LIST).status == 200
    });
    drop(other);
}

#[test]
fn who_asks_too_often_is_told_when_to_come_again() {
    let root = one_module(10);
    let flags = ["--trust-proxy", "127.0.0.1", "--rate-limit", "1/s:3"];
    let server = TestServer::start(root.path(), &flags);
    let mut answers = Vec::new();
    until("a request is refused", || {
        answers.push(ask(&server, "192.0.2.1", LIST));
        answers.last().is_some_and(|answer| answer.status == 429)
    });
    assert!(answers.len() > 3, "the burst: {answers:?}");
    let refused = answers.last().unwrap();
    assert_eq!(refused.header("retry-after"), Some("1"));
    let says = "this client asks more often than it may; try again in 1 seconds";
    assert!(refused.text().starts_with(says), "{}", refused.text());
    assert_eq!(ask(&server, "192.0.2.2", LIST).status, 200);
    assert_eq!(ask(&server, "192.0.2.1", "/healthz").status, 200);
    until("it is made up for", || {
        ask(&server, "192.0.2.1", LIST).status == 200
    });
}
