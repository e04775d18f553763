//! Memory does not grow with the size of what is served, nor with who reads it how slowly.

use std::io::{Cursor, Read as _, Write as _};
use std::net::TcpStream;

use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use crate::support::server::TestServer;

const READERS: usize = 64;
/// What each reader takes in its turn.
const TURN: usize = 1 << 20;
const LIMIT_KIB: u64 = 100 << 10;

/// A sound module zip of 100 MB that does not compress, and is not compressed.
fn large_zip() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    zip.start_file("example.com/large@v1.0.0/go.mod", stored)
        .unwrap();
    zip.write_all(b"module example.com/large\n").unwrap();
    // Any generator whose numbers do not repeat will do.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for file in 0..10 {
        let mut content = Vec::with_capacity(10_000_000);
        while content.len() < 10_000_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            content.extend_from_slice(&state.to_le_bytes());
        }
        zip.start_file(format!("example.com/large@v1.0.0/data{file}.bin"), stored)
            .unwrap();
        zip.write_all(&content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Reads the header of an answer and no more.
fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

#[test]
fn slow_readers_of_a_large_zip_cost_no_memory() {
    let zip = large_zip();
    let root = TempDir::new().unwrap();
    let versions = root.path().join("example.com/large/@v");
    std::fs::create_dir_all(&versions).unwrap();
    let info = r#"{"Version":"v1.0.0","Time":"2026-01-05T09:00:00Z"}"#;
    std::fs::write(versions.join("v1.0.0.info"), info).unwrap();
    std::fs::write(versions.join("v1.0.0.mod"), "module example.com/large\n").unwrap();
    std::fs::write(versions.join("v1.0.0.zip"), &zip).unwrap();

    let server = TestServer::start(root.path(), &[]);
    let at_start = server.rss_kib();
    let mut readers: Vec<TcpStream> = (0..READERS)
        .map(|_| {
            let mut stream = TcpStream::connect(server.addr()).unwrap();
            stream
                .write_all(
                    b"GET /example.com/large/@v/v1.0.0.zip HTTP/1.1\r\nHost: localhost\r\n\r\n",
                )
                .unwrap();
            stream
        })
        .collect();
    for reader in &mut readers {
        let head = read_head(reader).to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200 "), "{head}");
        let length = format!("\r\ncontent-length: {}\r\n", zip.len());
        assert!(head.contains(&length), "{head}");
    }

    // In lockstep: all of them are in the middle of the body all the time, and each waits for all the others.
    let mut buffer = vec![0; TURN];
    for expected in zip.chunks(TURN) {
        for reader in &mut readers {
            let got = &mut buffer[..expected.len()];
            reader.read_exact(got).unwrap();
            assert!(got == expected, "the bytes of the zip");
        }
    }

    let peak = server.peak_rss_kib();
    let report = format!(
        "{READERS} readers of {} MB: {at_start} KiB at start, {peak} KiB at most",
        zip.len() / 1_000_000
    );
    println!("{report}");
    assert!(peak < LIMIT_KIB, "{report}");
}
