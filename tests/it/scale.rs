//! A tree of 100,000 modules: what it costs to start over it, to ask it for the first time, and to keep asking.
//!
//! `tests/scale/run` runs it, and says what it measures. Everything is printed; what has a limit is checked.

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use crate::support::http::get;
use crate::support::server::TestServer;

const VERSIONS: usize = 5;
/// Of how many modules the list is read.
const LISTS: usize = 20_000;
/// How often what takes no time is repeated.
const REPEATS: usize = 11;
/// The most resident memory after the start, after the walk over the tree that follows it, and after reading.
const LIMIT_KIB: [u64; 3] = [30 << 10, 40 << 10, 60 << 10];

fn path(module: usize) -> String {
    format!("scale.example/g{:03}/m{:03}", module / 1000, module % 1000)
}

fn make_zip(path: &str, version: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    zip.start_file(format!("{path}@{version}/go.mod"), stored)
        .unwrap();
    zip.write_all(format!("module {path}\n").as_bytes())
        .unwrap();
    zip.start_file(format!("{path}@{version}/m.go"), stored)
        .unwrap();
    zip.write_all(b"package m\n").unwrap();
    zip.finish().unwrap().into_inner()
}

/// Makes a tree as athens leaves it: with `list` and `@latest`, so that nothing has to be written.
fn make_tree(root: &Path, modules: impl Iterator<Item = usize>) {
    for module in modules {
        let path = path(module);
        let dir = root.join(&path).join("@v");
        std::fs::create_dir_all(&dir).unwrap();
        let mut list = String::new();
        for minor in 0..VERSIONS {
            let version = format!("v1.{minor}.0");
            let day = minor + 1;
            let info = format!(r#"{{"Version":"{version}","Time":"2026-01-0{day}T09:00:00Z"}}"#);
            let file = |suffix| dir.join(format!("{version}.{suffix}"));
            std::fs::write(file("zip"), make_zip(&path, &version)).unwrap();
            std::fs::write(file("mod"), format!("module {path}\n")).unwrap();
            std::fs::write(file("info"), &info).unwrap();
            std::fs::write(root.join(&path).join("@latest"), &info).unwrap();
            list = format!("{list}{version}\n");
        }
        std::fs::write(dir.join("list"), list).unwrap();
    }
}

/// What `tests/scale/run` says in the environment.
pub(crate) fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: use tests/scale/run"))
}

fn start(root: &Path) -> TestServer {
    let mut command = Command::new(setting("SCALE_BINARY"));
    command
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--log-level",
            "warn",
            "--root",
        ])
        .arg(root);
    TestServer::start_command(command)
}

/// Least, middle and most.
fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    let [least, middle, most] = [times[0], times[times.len() / 2], times[times.len() - 1]]
        .map(|time| format!("{:.2}", time.as_secs_f64() * 1000.0));
    format!("{middle} ms ({least} to {most})")
}

fn time(what: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    what();
    begin.elapsed()
}

/// Waits until the server's page for people counts the modules, as it does once the walk over the tree has ended.
fn wait_for_walk(server: &TestServer) {
    // The walk rests most of the time: it may take minutes.
    let deadline = Instant::now() + Duration::from_secs(3600);
    while !get(&server.url(), "/").text().contains("This server has ") {
        assert!(Instant::now() < deadline, "the walk does not end");
        std::thread::sleep(Duration::from_millis(500));
    }
}

#[test]
#[ignore = "takes minutes; tests/scale/run runs it"]
fn a_large_tree_costs_what_a_small_one_costs() {
    let modules: usize = setting("SCALE_MODULES").parse().unwrap();
    let large = PathBuf::from(setting("SCALE_ROOT"));
    let (small, empty) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    make_tree(small.path(), 0..10);
    if !large.join("scale.example").exists() {
        let half = modules / 2;
        let took = time(|| {
            std::thread::scope(|scope| {
                scope.spawn(|| make_tree(&large, 0..half));
                scope.spawn(|| make_tree(&large, half..modules));
            });
        });
        println!(
            "made {modules} modules of {VERSIONS} versions in {:.0} s",
            took.as_secs_f64()
        );
    }

    let trees = [
        ("empty", empty.path()),
        ("small", small.path()),
        ("large", &large),
    ];
    for (name, root) in trees {
        let times = (0..REPEATS).map(|_| time(|| drop(start(root))));
        println!(
            "{name}: from start to ready line {}",
            spread(times.collect())
        );
    }

    for (name, root) in &trees[1..] {
        for file in ["list", "v1.2.0.info", "v1.2.0.zip"] {
            // Each time another server, and another module: the first answer, not one from memory.
            let times = (0..REPEATS).map(|repeat| {
                let server = start(root);
                let path = format!("/{}/@v/{file}", path(repeat % 10));
                time(|| assert_eq!(get(&server.url(), &path).status, 200, "{path}"))
            });
            println!(
                "{name}: first answer for {file} {}",
                spread(times.collect())
            );
        }
    }

    let server = start(&large);
    let started = server.rss_kib();
    let took = time(|| wait_for_walk(&server));
    let walked = server.rss_kib();
    println!(
        "large: {started} KiB after the start; {walked} KiB after the walk of {:.1} s",
        took.as_secs_f64()
    );
    let step = (modules / LISTS).max(1);
    let took = time(|| {
        for module in (0..modules).step_by(step).take(LISTS) {
            let path = format!("/{}/@v/list", path(module));
            assert_eq!(
                get(&server.url(), &path).body,
                b"v1.0.0\nv1.1.0\nv1.2.0\nv1.3.0\nv1.4.0\n"
            );
        }
    });
    let read = server.rss_kib();
    println!(
        "large: {read} KiB after {} lists in {:.1} s; {} KiB at most",
        LISTS.min(modules / step),
        took.as_secs_f64(),
        server.peak_rss_kib()
    );
    for ((what, used), limit) in [("start", started), ("walk", walked), ("lists", read)]
        .into_iter()
        .zip(LIMIT_KIB)
    {
        assert!(
            used < limit,
            "after the {what}: {used} KiB are more than {limit} KiB"
        );
    }
}
