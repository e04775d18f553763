//! The sample module that `storage-root/` ships: sound, made from the sources under `testdata/sample`, and the first
//! thing that a fresh clone serves.
//!
//! `ATHENS_WRITE_SAMPLE=1 cargo test --test it sample` writes the files again after a change of the sources.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};
use std::path::PathBuf;

use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use crate::support::go::{Client, installed};
use crate::support::server::TestServer;
use crate::support::tools::{copy_tree, files_below, repository};
use crate::support::workspace::Project;

const MODULE: &str = "example.com/hello";

/// Version and commit time.
const VERSIONS: [(&str, &str); 2] = [
    ("v1.0.0", "2026-01-05T09:00:00Z"),
    ("v1.1.0-rc.1", "2026-02-02T09:00:00Z"),
];

fn root() -> PathBuf {
    repository().join("storage-root")
}

fn module_dir() -> PathBuf {
    root().join(MODULE)
}

/// The sources of a version: name within the module, content.
fn sources(version: &str) -> BTreeMap<String, Vec<u8>> {
    let dir = repository().join("tests/it/testdata/sample").join(version);
    let names = files_below(&dir).into_iter();
    names
        .map(|name| (name.clone(), std::fs::read(dir.join(name)).unwrap()))
        .collect()
}

fn info(version: &str, time: &str) -> String {
    format!(r#"{{"Version":"{version}","Time":"{time}"}}"#)
}

fn make_zip(version: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    // A fixed time, and no modes: what the go command's own zips look like.
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for (name, content) in sources(version) {
        zip.start_file(format!("{MODULE}@{version}/{name}"), options)
            .unwrap();
        zip.write_all(&content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn zip_contents(bytes: Vec<u8>, version: &str) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let prefix = format!("{MODULE}@{version}/");
    (0..archive.len())
        .map(|index| {
            let mut file = archive.by_index(index).unwrap();
            let name = file
                .name()
                .unwrap()
                .strip_prefix(&prefix)
                .unwrap()
                .to_owned();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            (name, content)
        })
        .collect()
}

#[test]
fn the_shipped_files_are_made_from_the_sources() {
    let versions = module_dir().join("@v");
    if std::env::var_os("ATHENS_WRITE_SAMPLE").is_some() {
        std::fs::create_dir_all(&versions).unwrap();
        for (version, time) in VERSIONS {
            std::fs::write(
                versions.join(format!("{version}.info")),
                info(version, time),
            )
            .unwrap();
            std::fs::write(
                versions.join(format!("{version}.mod")),
                &sources(version)["go.mod"],
            )
            .unwrap();
            std::fs::write(versions.join(format!("{version}.zip")), make_zip(version)).unwrap();
        }
        std::fs::write(versions.join("list"), "v1.0.0\nv1.1.0-rc.1\n").unwrap();
        std::fs::write(module_dir().join("@latest"), info("v1.0.0", VERSIONS[0].1)).unwrap();
    }

    for (version, time) in VERSIONS {
        let sources = sources(version);
        let read = |suffix| std::fs::read(versions.join(format!("{version}.{suffix}"))).unwrap();
        assert_eq!(
            String::from_utf8(read("info")).unwrap(),
            info(version, time)
        );
        assert_eq!(read("mod"), sources["go.mod"], "{version}.mod");
        assert_eq!(zip_contents(read("zip"), version), sources, "{version}.zip");
    }
}

/// What somebody does first with a fresh clone.
fn check_first_steps(client: &Client, proxy: &str) {
    let project = Project::Requires(Vec::new());
    let lines = [
        "go get example.com/hello",
        "go list -m -versions example.com/hello",
        "go run example.com/hello/cmd/hello@v1.1.0-rc.1 gopher",
        "go mod download -json example.com/hello@v1.1.0-rc.1",
        "go mod verify",
    ];
    let outcome = client.perform(
        proxy,
        &project,
        &lines.map(|line| line.split(' ').collect()),
    );
    for text in [
        "example.com/hello v1.0.0 // indirect",
        "example.com/hello v1.0.0 v1.1.0-rc.1\n",
        "Hello, gopher!\n",
        "all modules verified",
    ] {
        outcome.succeeded(text).unwrap();
    }
    for (version, _) in VERSIONS {
        let sum =
            std::fs::read_to_string(module_dir().join(format!("@v/{version}.ziphash"))).unwrap();
        outcome.succeeded(&sum).unwrap();
    }
}

#[test]
fn go_get_works_from_the_files_as_shipped() {
    let Some(client) = installed() else { return };
    check_first_steps(&client, &format!("file://{}", root().display()));
}

#[test]
fn go_get_works_from_a_server_over_the_files_as_shipped() {
    let Some(client) = installed() else { return };
    // A copy: a server writes below its root.
    let copy = TempDir::new().unwrap();
    copy_tree(&root(), copy.path());
    let server = TestServer::start(copy.path(), &[]);
    check_first_steps(&client, &server.url());
}
