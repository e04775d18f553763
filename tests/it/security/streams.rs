//! Many answers over one connection of HTTP/2, whose client takes none of them, or takes them back.

use std::fs;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use super::floods::{END_HEADERS, END_STREAM, HEADERS, RST_STREAM, frame, hello};
use crate::support::certificate::Certificate;
use crate::support::server::TestServer;
use crate::support::tools::{require_tool, until};
use crate::support::tree::one_module;

/// As many as the server allows at a time.
const STREAMS: u32 = 100;
/// What their answers may take in memory while nobody takes them, in KiB: two pieces of 64 KiB each, and 8 MiB for all
/// the rest.
const MEMORY: u64 = 100 * 2 * 64 + (8 << 10);

/// `GET` of a zip of `https://a`, in HPACK.
fn request() -> Vec<u8> {
    let path = "/example.com/m/@v/v1.0.0.zip";
    let length = u8::try_from(path.len()).unwrap();
    let path = [&[0x04, length], path.as_bytes()].concat();
    [&[0x82, 0x87, 0x41, 1, b'a'], &path[..]].concat()
}

fn numbers() -> impl Iterator<Item = u32> {
    (0..STREAMS).map(|number| 2 * number + 1)
}

/// A client that does what it is told, and takes nothing.
fn client(server: &TestServer) -> Child {
    let address = server.url().replace("https://", "");
    Command::new("openssl")
        .args(["s_client", "-quiet", "-alpn", "h2", "-connect", &address])
        .stdin(Stdio::piped())
        // Nobody reads it; the windows of HTTP/2 are full long before this pipe.
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// How often a server has the zip open.
fn open_zips(server: &TestServer) -> usize {
    let entries = fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
    let files = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    files
        .filter(|file| file.extension().is_some_and(|end| end == "zip"))
        .count()
}

#[test]
fn answers_that_nobody_takes_are_small_and_go_with_their_requests() {
    if require_tool("openssl").is_none() {
        return;
    }
    let Some(certificate) = Certificate::make() else {
        return;
    };
    let root = one_module(4 << 20);
    let (cert, key) = (certificate.path(), certificate.key_path());
    let files = [cert.to_str().unwrap(), key.to_str().unwrap()];
    let flags = ["--tls-cert", files[0], "--tls-key", files[1]];
    let server = TestServer::start(root.path(), &flags);

    let mut client = client(&server);
    let mut stdin = client.stdin.take().unwrap();
    let before = server.peak_rss_kib();
    stdin.write_all(&hello()).unwrap();
    for number in numbers() {
        let head = frame(HEADERS, END_STREAM | END_HEADERS, number, &request());
        stdin.write_all(&head).unwrap();
    }
    stdin.flush().unwrap();
    until("all are being answered", || open_zips(&server) == 100);
    let after = server.peak_rss_kib();
    println!("{before} KiB at most before, {after} KiB after");
    assert!(after < before + MEMORY, "{before} KiB, then {after} KiB");

    // Half of them are taken back, and go; the others stay. Few at a time: too many at once are a flood.
    for number in numbers().take(50) {
        let reset = frame(RST_STREAM, 0, number, &8u32.to_be_bytes());
        stdin.write_all(&reset).unwrap();
    }
    stdin.flush().unwrap();
    until("what was taken back is closed", || open_zips(&server) == 50);

    client.kill().unwrap();
    client.wait().unwrap();
    until("all of it is closed", || open_zips(&server) == 0);
    assert!(server.stop().success());
}
