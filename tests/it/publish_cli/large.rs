//! Memory does not grow with what is published.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use zip::write::SimpleFileOptions;

use super::Publisher;
use crate::support::tools::require_tool;

const SIZE: u64 = 150_000_000;
const LIMIT_KIB: u64 = 64 << 10;

/// The most resident memory that a command had, in KiB, as the shell's `time` is told by the kernel.
#[track_caller]
fn peak_kib(publisher: &Publisher, arguments: &[&str]) -> Option<u64> {
    let time = require_tool("time")?;
    let athens = publisher.command(arguments);
    let mut command = std::process::Command::new(time);
    command
        .args(["-f", "%M", "-o"])
        .arg(publisher.path("peak"))
        .arg(athens.get_program())
        .args(athens.get_args())
        .current_dir(publisher.path(""));
    for (name, value) in athens.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let peak = std::fs::read_to_string(publisher.path("peak")).unwrap();
    Some(peak.trim().parse().unwrap())
}

#[test]
fn a_large_zip_costs_no_memory() {
    let publisher = Publisher::new();
    let server = publisher.server();
    let mut zip = zip::ZipWriter::new(BufWriter::new(
        File::create(publisher.path("m.zip")).unwrap(),
    ));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("a.example/large@v1.0.0/go.mod", stored)
        .unwrap();
    zip.write_all(b"module a.example/large\n").unwrap();
    zip.start_file("a.example/large@v1.0.0/data", stored)
        .unwrap();
    let block = vec![7; 1_000_000];
    for _ in 0..SIZE / 1_000_000 {
        zip.write_all(&block).unwrap();
    }
    zip.finish().unwrap().flush().unwrap();
    let Some(of_zip) = peak_kib(&publisher, &["m.zip", "--server", &server.url()]) else {
        return;
    };

    // Holes cost no disk; the zip is made of all of it.
    publisher.write("m/go.mod", "module a.example/large\n");
    let holes = File::create(publisher.path("m/data")).unwrap();
    holes.set_len(SIZE).unwrap();
    let of_directory = peak_kib(&publisher, &["m", "--version", "v1.0.1", "--dry-run"]).unwrap();
    println!(
        "publishing {SIZE} bytes: {of_zip} KiB from a zip, {of_directory} KiB from a directory"
    );
    assert!(
        of_zip.max(of_directory) < LIMIT_KIB,
        "{of_zip} {of_directory}"
    );
    assert!(
        server.peak_rss_kib() < LIMIT_KIB,
        "{}",
        server.peak_rss_kib()
    );
}
