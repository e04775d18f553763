//! The pieces that every request or every version passes: `cargo bench`, or `cargo bench -- list` for some of them.
//!
//! They tell where time goes within one of our functions. What a user sees is measured by `tests/bench/run`.
#![expect(clippy::unwrap_used, reason = "made here, of known text")]

use std::hint::black_box;
use std::io::{Cursor, Write as _};

use athens::catalog::render_list;
use athens::http::ProxyRequest;
use athens::module::{ModulePath, ModuleVersion, Version};
use athens::modzip::{Strictness, check, go_mod_sum, zip_sum};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use zip::write::SimpleFileOptions;

fn main() {
    divan::main();
}

/// Paths as the go command asks for them.
const PATHS: [&str; 4] = [
    "/golang.org/x/text/@v/v0.3.3.info",
    "/github.com/!azure/azure-sdk-for-go/sdk/azcore/@v/v1.11.1.zip",
    "/k8s.io/client-go/@v/list",
    "/github.com/google/pprof/@v/v0.0.0-20260402051712-545e8a4df936.mod",
];

#[divan::bench(args = PATHS)]
fn request_parse(path: &str) -> ProxyRequest {
    ProxyRequest::parse(black_box(path)).unwrap()
}

#[divan::bench(args = ["golang.org/x/text", "github.com/Azure/azure-sdk-for-go/sdk/azcore"])]
fn module_path_parse(path: &str) -> ModulePath {
    black_box(path).parse().unwrap()
}

#[divan::bench(args = ["v1.2.3", "v0.0.0-20260402051712-545e8a4df936"])]
fn version_parse(version: &str) -> Version {
    black_box(version).parse().unwrap()
}

/// Versions of a module with many of them, prereleases among them, in the order in which a directory might list them.
fn versions(many: usize) -> Vec<Version> {
    (0..many)
        .map(|number| {
            // 7919 is a prime: every number comes, and neighbours are far apart.
            let scattered = number * 7919 % many;
            let suffix = if scattered.is_multiple_of(5) {
                "-rc.1"
            } else {
                ""
            };
            format!("v1.{}.{}{suffix}", scattered / 10, scattered % 10)
                .parse()
                .unwrap()
        })
        .collect()
}

#[divan::bench(args = [10, 100, 1000])]
fn version_order(bencher: Bencher<'_, '_>, many: usize) {
    bencher
        .counter(ItemsCount::new(many))
        .with_inputs(|| versions(many))
        .bench_local_values(|mut versions| {
            versions.sort_unstable();
            versions
        });
}

#[divan::bench(args = [10, 100, 1000])]
fn list_render(bencher: Bencher<'_, '_>, many: usize) {
    let versions = versions(many);
    bencher
        .counter(ItemsCount::new(many))
        .bench_local(|| render_list(black_box(&versions)));
}

const KIB: usize = 1 << 10;

/// A module zip with files of 8 KiB, compressed as the go command does, of so many bytes unpacked.
fn module_zip(size: usize) -> (Vec<u8>, ModuleVersion) {
    let path: ModulePath = "bench.example/m".parse().unwrap();
    let version = ModuleVersion::new(path, "v1.0.0".parse().unwrap()).unwrap();
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default());
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bench.example/m@v1.0.0/go.mod", options)
        .unwrap();
    zip.write_all(b"module bench.example/m\n").unwrap();
    for file in 0..size / (8 * KIB) {
        zip.start_file(format!("bench.example/m@v1.0.0/f{file}.go"), options)
            .unwrap();
        zip.write_all(source(file).as_bytes()).unwrap();
    }
    (zip.finish().unwrap().into_inner(), version)
}

/// 8 KiB that compress about as Go source does.
fn source(seed: usize) -> String {
    let mut state = seed as u64 + 1;
    let mut text = String::with_capacity(9 * KIB);
    while text.len() < 8 * KIB {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        text.push_str(&format!(
            "\tif x{} := f({}); x != nil {{\n",
            state >> 50,
            state >> 40
        ));
    }
    text.truncate(8 * KIB);
    text
}

#[divan::bench(args = [64 * KIB, 1024 * KIB, 8192 * KIB])]
fn zip_check(bencher: Bencher<'_, '_>, size: usize) {
    let (zip, version) = module_zip(size);
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        let report = check(
            zip.as_slice(),
            zip.len() as u64,
            &version,
            Strictness::Published,
        )
        .unwrap();
        assert!(report.is_sound(), "{report:?}");
        report
    });
}

#[divan::bench(args = [64 * KIB, 1024 * KIB, 8192 * KIB])]
fn h1_of_zip(bencher: Bencher<'_, '_>, size: usize) {
    let (zip, version) = module_zip(size);
    bencher
        .counter(BytesCount::new(size))
        .bench_local(|| zip_sum(zip.as_slice(), zip.len() as u64, &version).unwrap());
}

#[divan::bench]
fn h1_of_go_mod() -> athens::module::Sum {
    go_mod_sum(black_box(b"module bench.example/m\n\ngo 1.21\n"))
}
