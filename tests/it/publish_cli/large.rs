//! Memory does not grow with what is published.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::process::Command;
use std::time::Instant;

use zip::write::SimpleFileOptions;

use super::Publisher;
use crate::scale;
use crate::support::random::Random;
use crate::support::server::TestServer;
use crate::support::tools::require_tool;

const SIZE: u64 = 150_000_000;
const LIMIT_KIB: u64 = 64 << 10;

/// The most resident memory that `athens publish …` had, in KiB, as the shell's `time` is told by the kernel.
fn peak_kib(publisher: &Publisher, arguments: &[&str]) -> Option<u64> {
    peak_kib_of(env!("CARGO_BIN_EXE_athens").as_ref(), publisher, arguments)
}

/// As [`peak_kib`], of a program that may be another build.
#[track_caller]
fn peak_kib_of(program: &OsStr, publisher: &Publisher, arguments: &[&str]) -> Option<u64> {
    let time = require_tool("time")?;
    let athens = publisher.command(arguments);
    let mut command = Command::new(time);
    command
        .args(["-f", "%M", "-o"])
        .arg(publisher.path("peak"))
        .arg(program)
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

/// What a module of just under the limit of 500 MiB costs the one who publishes it and the server, with a release build.
#[test]
#[ignore = "takes gigabytes of disk; tests/scale/run runs it"]
fn just_under_the_limit() {
    const MIB: usize = 499;
    let publisher = Publisher::new();
    publisher.write("m/go.mod", "module a.example/large\n");
    let mut data = BufWriter::new(File::create(publisher.path("m/data")).unwrap());
    let mut random = Random::new(1);
    for _ in 0..(MIB << 20) / 8 {
        // Nothing that could be packed.
        let word = random.below(usize::MAX).to_le_bytes();
        data.write_all(&word).unwrap();
    }
    data.into_inner().unwrap();
    let binary = scale::setting("SCALE_BINARY");
    let publish = |arguments: &[&str]| peak_kib_of(binary.as_ref(), &publisher, arguments).unwrap();
    let state = publisher.path("state");
    let serve = || {
        let mut command = Command::new(&binary);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--root"])
            .arg(publisher.path("root"))
            .arg("--state")
            .arg(&state);
        TestServer::start_command(command)
    };
    publish(&["m", "--version", "v1.0.1", "--output", "m.zip"]);
    for (what, arguments) in [
        ("a directory", &["m", "--version", "v1.0.0"][..]),
        ("a zip", &["m.zip"]),
    ] {
        let server = serve();
        let begin = Instant::now();
        let client = publish(&[arguments, &["--server", &server.url()]].concat());
        let server = server.peak_rss_kib();
        println!(
            "publishing {what} of {MIB} MiB: {client} KiB at most by the client, {server} KiB by the server, in {:.1} s",
            begin.elapsed().as_secs_f64()
        );
        assert!(client.max(server) < LIMIT_KIB, "{client} {server}");
    }
}
