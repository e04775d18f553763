//! Clients that are slow, silent, greedy or many.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use super::wire::{connect, exchange, get, read_all, read_one, statuses};
use crate::support::server::{TestServer, state_directory};
use crate::support::tools::until;
use crate::support::tree::one_module as root;

#[test]
fn slow_headers_are_cut_and_idle_connections_are_not() {
    let root = root(10);
    let flags = ["--header-timeout", "200ms", "--idle-timeout", "1h"];
    let server = TestServer::start(root.path(), &flags);

    let mut kept = connect(server.addr());
    kept.write_all(&get("/healthz")).unwrap();
    read_one(&mut kept);

    // Opened later and told to speak by the same clock: when they are cut, the first one has been idle for longer.
    let mut silent = connect(server.addr());
    let mut partial = connect(server.addr());
    partial
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
        .unwrap();
    let mut dripping = connect(server.addr());
    dripping.write_all(b"GET / HTTP/1.1\r\nX: ").unwrap();
    // One byte at a time for as long as somebody takes them; the limit is for the whole head.
    while dripping.write_all(b"y").is_ok() {
        std::thread::yield_now();
        if matches!(dripping.peek(&mut [0]), Ok(0)) {
            break;
        }
    }
    for stream in [&mut silent, &mut partial, &mut dripping] {
        assert_eq!(statuses(&read_all(stream), false).unwrap(), "closed");
    }

    kept.write_all(&get("/version")).unwrap();
    assert_eq!(statuses(&read_one(&mut kept), false).unwrap(), "200");
}

#[test]
fn idle_connections_are_closed() {
    let root = root(10);
    let server = TestServer::start(root.path(), &["--idle-timeout", "100ms"]);
    let mut stream = connect(server.addr());
    stream.write_all(&get("/healthz")).unwrap();
    // Ends by itself, after one answer.
    assert_eq!(statuses(&read_all(&mut stream), false).unwrap(), "200");
}

#[test]
fn clients_that_take_nothing_are_cut() {
    // More than the sockets' buffers hold.
    let root = root(64 << 20);
    let server = TestServer::start(root.path(), &["--write-timeout", "200ms"]);
    let mut stream = connect(server.addr());
    stream
        .write_all(&get("/example.com/m/@v/v1.0.0.zip"))
        .unwrap();
    until("the download is cut", || {
        server.stderr().contains("v1.0.0.zip status=200")
            && server.stderr().contains("aborted=true")
    });
    // Neither was the file read into memory for a client that does not take it.
    assert!(
        server.peak_rss_kib() < 48 * 1024,
        "{}",
        server.peak_rss_kib()
    );
    // What was in the buffers still comes, and it is not all.
    let answer = read_all(&mut stream);
    assert!(
        statuses(&answer, false)
            .unwrap_err()
            .starts_with("half a body")
    );
}

#[test]
fn connections_beyond_the_limit_wait_while_all_are_answered() {
    // More than the sockets' buffers hold.
    let root = root(64 << 20);
    let server = TestServer::start(root.path(), &["--max-connections", "1"]);
    let mut first = connect(server.addr());
    first
        .write_all(&get("/example.com/m/@v/v1.0.0.zip"))
        .unwrap();
    first.read_exact(&mut [0; 12]).unwrap();

    let mut second = connect(server.addr());
    second.write_all(&get("/healthz")).unwrap();
    until("the limit is logged", || {
        server.stderr().contains("all connections are taken")
    });
    // The first one has all that it asked for, and the second one its answer after it.
    first.shutdown(std::net::Shutdown::Write).unwrap();
    let rest = read_all(&mut first);
    assert!(rest.len() > 64 << 20, "{}", rest.len());
    assert_eq!(statuses(&read_one(&mut second), false).unwrap(), "200");
}

#[test]
fn a_flood_of_connections_leaves_nothing_behind() {
    let root = root(10);
    let server = TestServer::start(root.path(), &["--header-timeout", "200ms"]);
    let flood = || {
        let streams: Vec<TcpStream> = (0..400)
            .map(|number| {
                let mut stream = connect(server.addr());
                let bytes = get("/example.com/m/@v/list");
                stream.write_all(&bytes[..number % bytes.len()]).unwrap();
                stream
            })
            .collect();
        for mut stream in streams {
            read_all(&mut stream);
        }
    };
    // The allocator keeps what it had at the busiest moment; after some rounds that does not grow any more.
    (0..8).for_each(|_| flood());
    let before = server.rss_kib();
    (0..4).for_each(|_| flood());
    let after = server.rss_kib();
    assert!(
        after < before + 6 * 1024,
        "memory grew from {before} to {after} KiB"
    );
    let answer = exchange(server.addr(), &get("/healthz"));
    assert!(answer.ends_with(b"\r\n\r\nok\n"));
}

#[test]
fn running_out_of_file_descriptors_is_survived() {
    let root = root(10);
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "ulimit -n 64; exec \"$0\" serve --listen 127.0.0.1:0 --root \"$1\"",
        ])
        .arg(env!("CARGO_BIN_EXE_athens"))
        .arg(root.path())
        .env("ATHENS_STATE", state_directory());
    let server = TestServer::start_command(command);
    let streams: Vec<TcpStream> = (0..100).map(|_| connect(server.addr())).collect();
    until("the failure is logged", || {
        server.stderr().contains("cannot accept connections")
    });
    drop(streams);
    // The server may not have seen yet that they are closed.
    until("files can be opened again", || {
        let answer = exchange(server.addr(), &get("/example.com/m/@v/list"));
        statuses(&answer, false).is_ok_and(|status| status == "200")
    });
    let complaints = server.stderr().matches("cannot accept").count();
    assert_eq!(complaints, 1, "{}", server.stderr());
}
