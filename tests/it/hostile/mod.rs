//! Requests that no friend sends, as raw bytes over a real socket: each has its answer, and the server stays as it is.
//!
//! A row is the bytes and what must come back: the status of each answer in order, or `closed` for a connection that
//! ends without one. The client closes its sending side after the bytes, so that the end of the answers is the end of
//! the connection and nothing has to be waited for.

mod cut_short;
mod framing;
mod limits;
mod messages;
mod paths;
mod shortcut;
mod wire;

use std::fs;

use self::framing::framing;
use self::messages::{fragments, headers, request_lines, with};
use self::paths::paths;
use self::wire::{exchange, get, statuses};
use crate::support::server::TestServer;
use crate::support::tree::one_module as root;

type Row = (Vec<u8>, &'static str);

#[test]
fn every_request_has_its_answer() {
    let root = root(10);
    let server = TestServer::start(root.path(), &[]);
    let rows: Vec<Row> = [paths(), request_lines(), headers(), framing(), fragments()].concat();
    assert!(rows.len() > 200, "{}", rows.len());

    let mut failures = Vec::new();
    let mut run = || {
        for (bytes, expected) in &rows {
            let answer = exchange(server.addr(), bytes);
            let heads_only = bytes.starts_with(b"HEAD ");
            let got = statuses(&answer, heads_only).unwrap_or_else(|error| error);
            if got != *expected {
                let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(120)]).into_owned();
                failures.push(format!("{shown:?}: {got}, not {expected}"));
            }
        }
    };
    (0..3).for_each(|_| run());
    let before = server.rss_kib();
    (0..3).for_each(|_| run());
    let after = server.rss_kib();

    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let answer = exchange(server.addr(), &get("/healthz"));
    assert!(answer.ends_with(b"\r\n\r\nok\n"));
    assert!(
        after < before + 4 * 1024,
        "memory grew from {before} to {after} KiB; {}",
        server.stderr()
    );
    let stderr = server.stderr();
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(server.stop().success());
}

#[test]
fn the_log_of_hostile_requests_is_clean() {
    let root = root(10);
    let server = TestServer::start(root.path(), &["--log-level", "debug"]);
    for (bytes, _) in [paths(), headers(), fragments()].concat() {
        exchange(server.addr(), &bytes);
    }
    let ended = server.stop_and_collect();
    let is_clean = |c: char| c == '\n' || !c.is_control();
    assert!(ended.stderr.chars().all(is_clean), "{:?}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("path=/../../../../etc/passwd status=400")
    );
}

#[test]
fn refusals_are_plain_text_and_close_what_must_be_closed() {
    let root = root(10);
    let server = TestServer::start(root.path(), &[]);
    let text = |bytes: &[u8]| String::from_utf8(exchange(server.addr(), bytes)).unwrap();

    let absent = text(&get("/example.com/%252e%3Cscript%3E/@v/list"));
    assert!(absent.starts_with("HTTP/1.1 404 "), "{absent}");
    assert!(
        absent.contains("\r\ncontent-type: text/plain; charset=utf-8\r\n"),
        "{absent}"
    );
    assert!(
        absent.contains("\r\nx-content-type-options: nosniff\r\n"),
        "{absent}"
    );
    assert!(
        absent.contains("\r\ncache-control: no-store\r\n"),
        "{absent}"
    );
    assert!(absent.contains("\r\n\r\nnot found: "), "{absent}");

    let method = text(b"POST / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(method.contains("\r\nallow: GET, HEAD\r\n"), "{method}");

    let smuggled = text(&with(
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "",
    ));
    assert!(smuggled.contains("\r\nconnection: close\r\n"), "{smuggled}");
}

#[test]
fn many_ranges_are_answered_with_the_whole_file() {
    let root = root(1000);
    let server = TestServer::start(root.path(), &[]);
    let ranges = vec!["0-"; 1000].join(",");
    let request = format!(
        "GET /example.com/m/@v/v1.0.0.zip HTTP/1.1\r\nHost: a\r\nRange: bytes={ranges}\r\n\r\n"
    );
    let answer = exchange(server.addr(), request.as_bytes());
    assert_eq!(statuses(&answer, false).unwrap(), "200");
    let zip = fs::read(root.path().join("example.com/m/@v/v1.0.0.zip")).unwrap();
    assert!(answer.ends_with(&zip));
}
