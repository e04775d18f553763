//! Bundles of real modules, carried to another root.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::support::carrier::{import, is_verified, journal, run, run_with_input};
use crate::support::corpus::{Corpus, corpus};
use crate::support::go::clients;
use crate::support::server::TestServer;
use crate::support::tools::{files_below, repository};
use crate::support::workspace::Project;

/// A root with all of the corpus, made once.
fn whole(corpus: &Corpus) -> &'static Path {
    static ROOT: OnceLock<TempDir> = OnceLock::new();
    let root = ROOT.get_or_init(|| {
        let root = TempDir::new().unwrap();
        let (told, _) = import(root.path(), &corpus.download_dir(), &[]);
        assert_eq!(told.code, 0, "{told:?}");
        root
    });
    root.path()
}

struct Elsewhere {
    scratch: TempDir,
}

impl Elsewhere {
    fn new() -> Self {
        let scratch = TempDir::new().unwrap();
        fs::create_dir(scratch.path().join("root")).unwrap();
        Self { scratch }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }
}

#[test]
fn out_in_and_out_again_is_the_same() {
    let Some(corpus) = corpus() else { return };
    let (from, to) = (whole(corpus), Elsewhere::new());
    let [first, second] = ["first.tar", "second.tar"].map(|name| to.path(name));
    let told = run(from, &["export", "*", "--json", "-o", path(&first)]);
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    let summary = told.summary();
    assert_eq!(summary["bytes"], fs::metadata(&first).unwrap().len());
    assert!(summary["lookups"].as_u64().unwrap() > 100, "{summary}");

    let root = to.path("root");
    let (told, outcomes) = import(&root, &first, &[]);
    assert_eq!(told.code, 0, "{told:?}");
    let of = |wanted: &str| outcomes.values().filter(|(name, _)| name == wanted).count();
    assert_eq!(summary["versions"], of("imported"));
    assert_eq!(summary["go-mods"], of("incomplete"));
    is_verified(&root);
    // All but what only this machine says.
    let files = |root: &Path| -> Vec<String> {
        let mut files = files_below(root);
        files.retain(|name| !name.starts_with(".athens/"));
        files
    };
    assert_eq!(files(from), files(&root));
    let sorted = |root: &Path| {
        let mut journal = journal(root);
        journal.sort();
        journal
    };
    assert_eq!(sorted(from), sorted(&root));

    // By way of a pipe, it is the same.
    let told = run(&root, &["export", "*", "-o", "-"]);
    assert_eq!(told.code, 0);
    assert!(told.err.contains("versions and "), "{}", told.err);
    assert!(fs::read(&first).unwrap() == told.out);
    let again = Elsewhere::new();
    let told = run_with_input(&again.path("root"), &["import", "-"], &told.out);
    assert_eq!(told.code, 0, "{told:?}");
    let told = run(&again.path("root"), &["export", "*", "-o", path(&second)]);
    assert_eq!(told.code, 0);
    assert!(fs::read(&first).unwrap() == fs::read(&second).unwrap());
}

#[test]
fn a_project_builds_from_the_bundle_of_its_go_sum() {
    let Some(corpus) = corpus() else { return };
    let Some(clients) = clients(corpus) else {
        return;
    };
    let (from, to) = (whole(corpus), Elsewhere::new());
    let bundle = to.path("bundle.tar");
    let go_sum = repository().join("tests/corpus/program/go.sum");
    let told = run(
        from,
        &["export", "--from", path(&go_sum), "-o", path(&bundle)],
    );
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{}", told.text());
    let root = to.path("root");
    let (told, _) = import(&root, &bundle, &[]);
    assert_eq!(told.code, 0);
    is_verified(&root);
    let server = TestServer::start(&root, &["--log-level", "warn"]);
    // Not `go mod download`: that wants zips which the build does not need, and go.sum does not name.
    let commands: [&[&str]; 2] = [&["go", "mod", "graph"], &["go", "build", "./..."]];
    let commands = commands.map(<[&str]>::to_vec);
    for client in &clients {
        let ours = client.perform(&server.url(), &Project::Program, &commands);
        assert!(
            ours.said.iter().all(|said| said.success),
            "{}: {ours:#?}",
            client.version
        );
        let theirs = client.perform(&corpus.file_url(), &Project::Program, &commands);
        if let Err(difference) = ours.equals(&theirs) {
            panic!("{}: {difference}", client.version);
        }
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
