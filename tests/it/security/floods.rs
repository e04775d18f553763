//! Floods of HTTP/2 frames, as an attacker writes them, over TLS.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use crate::support::certificate::Certificate;
use crate::support::server::TestServer;
use crate::support::tools::{eventually, require_tool};
use crate::support::tree::Tree;

const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

const ENHANCE_YOUR_CALM: u32 = 11;

/// `GET /` of `https://a`, in HPACK.
const REQUEST: [u8; 6] = [0x82, 0x84, 0x87, 0x41, 1, b'a'];

/// What no flood may take, in KiB.
const MEMORY: u64 = 24 << 10;

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// What a client says first.
pub(super) fn hello() -> Vec<u8> {
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(SETTINGS, 0, 0, &[]),
    ]
    .concat()
}

/// What came back: frames with their payload, and whether the server let us say all.
struct Heard {
    frames: Vec<(u8, Vec<u8>)>,
    was_taken_whole: bool,
}

/// Says all of it to a server and reads what comes until the server ends it.
fn say(server: &TestServer, what: Vec<u8>) -> Heard {
    let address = server.url().replace("https://", "");
    let mut client = Command::new("openssl")
        .args(["s_client", "-quiet", "-alpn", "h2", "-connect", &address])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = client.stdin.take().unwrap();
    let mut stdout = client.stdout.take().unwrap();
    // A server that has had enough does not read the rest.
    let writer = std::thread::spawn(move || {
        let was_taken_whole = stdin.write_all(&what).is_ok();
        (stdin, was_taken_whole)
    });
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stdout.read_to_end(&mut bytes).unwrap();
        bytes
    });
    eventually("the server ends the connection", || {
        client.try_wait().unwrap()
    });
    let (_stdin, was_taken_whole) = writer.join().unwrap();
    let mut bytes = &reader.join().unwrap()[..];
    let mut frames = Vec::new();
    while let Some((head, rest)) = bytes.split_at_checked(9) {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let Some((payload, rest)) = rest.split_at_checked(length) else {
            break;
        };
        frames.push((head[3], payload.to_vec()));
        bytes = rest;
    }
    Heard {
        frames,
        was_taken_whole,
    }
}

/// The reason of the server's last word.
fn reason(frames: &[(u8, Vec<u8>)]) -> Option<u32> {
    let (_, payload) = frames.iter().rfind(|(kind, _)| *kind == GOAWAY)?;
    let code = payload.get(4..8)?;
    Some(u32::from_be_bytes(code.try_into().unwrap()))
}

#[test]
fn floods_end_the_connection_and_cost_little() {
    if require_tool("openssl").is_none() {
        return;
    }
    let Some(certificate) = Certificate::make() else {
        return;
    };
    let tree = Tree::new();
    let (cert, key) = (certificate.path(), certificate.key_path());
    let flags = [
        "--tls-cert",
        cert.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
        "--idle-timeout",
        "20s",
    ];
    let server = TestServer::start(tree.root(), &flags);

    // An honest client, so that what is refused is the flood: it is answered, and goes.
    let goodbye = frame(GOAWAY, 0, 0, &[0; 8]);
    let honest = [
        hello(),
        frame(HEADERS, END_STREAM | END_HEADERS, 1, &REQUEST),
        goodbye.clone(),
    ]
    .concat();
    let frames = say(&server, honest).frames;
    assert!(frames.iter().any(|(kind, _)| *kind == DATA), "{frames:?}");
    assert_ne!(reason(&frames), Some(ENHANCE_YOUR_CALM));

    // CVE-2023-44487.
    let mut resets = hello();
    for stream in (1..20_000).step_by(2) {
        resets.extend(frame(HEADERS, END_STREAM | END_HEADERS, stream, &REQUEST));
        resets.extend(frame(RST_STREAM, 0, stream, &8u32.to_be_bytes()));
    }
    // A header that never ends, in few large frames and in many empty ones.
    let endless = |size: usize| {
        let mut flood = hello();
        flood.extend(frame(HEADERS, END_STREAM, 1, &REQUEST));
        // Fields `x` without a value, each literal.
        let piece = [0x00, 0x01, b'x', 0x00].repeat(size / 4);
        let count = if size == 0 { 100_000 } else { 4_000 };
        for _ in 0..count {
            flood.extend(frame(CONTINUATION, 0, 1, &piece));
        }
        flood
    };
    let before = server.peak_rss_kib();
    for (name, flood) in [
        ("resets", resets),
        ("large continuations", endless(16_000)),
        ("empty continuations", endless(0)),
    ] {
        let heard = say(&server, flood);
        let reason = reason(&heard.frames);
        println!(
            "{name}: GOAWAY {reason:?}, {} KiB at most",
            server.peak_rss_kib()
        );
        // Who talks on against a closed door may be cut off before he hears why.
        let is_cut = reason.is_none() && !heard.was_taken_whole;
        assert!(
            reason == Some(ENHANCE_YOUR_CALM) || is_cut,
            "{name}: {reason:?}"
        );
    }
    let after = server.peak_rss_kib();
    assert!(after < before + MEMORY, "{before} KiB, then {after} KiB");
    let frames = say(
        &server,
        [
            hello(),
            frame(HEADERS, END_STREAM | END_HEADERS, 1, &REQUEST),
            goodbye,
        ]
        .concat(),
    )
    .frames;
    assert!(frames.iter().any(|(kind, _)| *kind == DATA), "{frames:?}");
}
