//! Connections beyond what a server, or one client, may have.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::http::Request;
use crate::support::server::TestServer;
use crate::support::tools::{eventually, until};
use crate::support::tree::one_module;

const ASK: &[u8] = b"GET /example.com/m/@v/list HTTP/1.1\r\nHost: a\r\n\r\n";

fn connect(server: &TestServer) -> TcpStream {
    let stream = TcpStream::connect(server.addr()).unwrap();
    // Only reached by a test that is about to fail.
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream
}

/// Whether this connection is served: asks on it.
fn is_served(stream: &mut TcpStream) -> bool {
    if stream.write_all(ASK).is_err() {
        return false;
    }
    let mut start = [0; 12];
    match stream.read_exact(&mut start) {
        Ok(()) => start == *b"HTTP/1.1 200",
        Err(error) => {
            assert_ne!(
                error.kind(),
                ErrorKind::WouldBlock,
                "neither served nor closed"
            );
            false
        }
    }
}

/// A counter, once there is a connection for whoever wants to know.
fn counted(server: &TestServer, name: &str) -> u64 {
    let text = eventually("the figures", || {
        let answer = Request::new("GET", "/metrics").try_send(&server.url());
        answer.ok().map(|answer| answer.text())
    });
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {text}"))
        .parse()
        .unwrap()
}

#[test]
fn a_client_has_so_many() {
    let root = one_module(10);
    let flags = ["--max-connections-per-client", "2"];
    let server = TestServer::start(root.path(), &flags);
    let mut kept = [connect(&server), connect(&server)];
    assert!(kept.iter_mut().all(is_served));
    assert!(!is_served(&mut connect(&server)));
    until("the limit is logged", || {
        server.stderr().contains("--max-connections-per-client")
    });
    let [first, second] = kept;
    drop(first);
    until("another one is served", || is_served(&mut connect(&server)));
    drop(second);
    assert!(counted(&server, "athens_http_connections_limited_total") > 0);
}

#[test]
fn a_proxy_that_is_trusted_may_have_any_number() {
    let root = one_module(10);
    let flags = [
        "--max-connections-per-client",
        "1",
        "--trust-proxy",
        "127.0.0.1",
    ];
    let server = TestServer::start(root.path(), &flags);
    let mut streams: Vec<TcpStream> = (0..20).map(|_| connect(&server)).collect();
    assert!(streams.iter_mut().all(is_served));
}
