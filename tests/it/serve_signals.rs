//! How `athens serve` ends: gently, with a limit, or at once.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::support::operator::PATIENCE;
use crate::support::server::TestServer;
use crate::support::tools::until;
use crate::support::tree::one_module as root;

#[test]
fn both_signals_end_well() {
    for signal in ["TERM", "INT"] {
        let root = root(10);
        let server = TestServer::start(root.path(), &[]);
        // An idle connection does not hold the server up.
        let mut idle = TcpStream::connect(server.addr()).unwrap();
        idle.set_read_timeout(Some(PATIENCE)).unwrap();
        idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        idle.read_exact(&mut [0]).unwrap();
        let silent = TcpStream::connect(server.addr()).unwrap();
        server.signal(signal);
        let ended = server.wait();
        assert_eq!(ended.status.code(), Some(0), "{signal}: {ended:?}");
        drop((idle, silent));
    }
}

/// More than the sockets' buffers hold: who does not read keeps the answer running.
const LARGE: usize = 64 << 20;

/// A server that was told to stop while it sends a large file.
fn stopping(flags: &[&str]) -> (tempfile::TempDir, TestServer, TcpStream) {
    let root = root(LARGE);
    let server = TestServer::start(root.path(), flags);
    let mut running = TcpStream::connect(server.addr()).unwrap();
    running.set_read_timeout(Some(PATIENCE)).unwrap();
    running
        .write_all(b"GET /example.com/m/@v/v1.0.0.zip HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    running.read_exact(&mut [0]).unwrap();
    server.signal("TERM");
    until("the server stops", || server.stderr().contains("stopping:"));
    (root, server, running)
}

#[test]
fn running_answers_finish() {
    let (_root, server, mut running) = stopping(&[]);
    let address = server.addr();
    until("no new connections", || {
        TcpStream::connect(address).is_err()
    });
    let mut answer = Vec::new();
    running.read_to_end(&mut answer).unwrap();
    assert!(answer.len() > LARGE, "{}", answer.len());
    let ended = server.wait();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("aborted"), "{}", ended.stderr);
}

#[test]
fn what_does_not_finish_is_cut() {
    let (_root, server, mut running) = stopping(&["--shutdown-timeout", "100ms"]);
    let ended = server.wait();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.stderr.contains("were cut"), "{}", ended.stderr);
    assert!(ended.stderr.contains("aborted=true"), "{}", ended.stderr);
    let _ = running.read_to_end(&mut Vec::new());
}

#[test]
fn a_second_signal_ends_at_once() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let (_root, server, running) = stopping(&["--shutdown-timeout", "1h"]);
        server.signal(signal);
        assert_eq!(server.wait().status.code(), Some(code));
        drop(running);
    }
}
