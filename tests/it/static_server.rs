//! The root as a static file server and `file://` serve it after `athens reindex`: the same bytes as ours, and the same
//! results for the go command.

use std::collections::BTreeSet;
use std::path::Path;

use tempfile::TempDir;

use crate::support::cases::{Case, Expect, cases};
use crate::support::corpus::{Corpus, Module, corpus, modules_below};
use crate::support::go::installed;
use crate::support::http::{Answer, get};
use crate::support::nginx::Nginx;
use crate::support::server::{TestServer, athens};
use crate::support::tools::{copy_tree, files_below, repository, sha256};
use crate::support::workspace::Project;

fn reindex(root: &Path) {
    let output = athens()
        .args(["reindex", "--root"])
        .arg(root)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// The corpus in a root, after `reindex`.
fn indexed(corpus: &Corpus) -> TempDir {
    let root = TempDir::new().unwrap();
    corpus.copy_into(root.path());
    reindex(root.path());
    root
}

/// What may be asked of a server over a root, as paths in the tree. A module may lack its `list` and `@latest`.
fn paths(root: &Path) -> Vec<String> {
    let is_version = |name: &String| {
        let suffixes = [".info", ".mod", ".zip"];
        name.contains("/@v/") && suffixes.iter().any(|suffix| name.ends_with(suffix))
    };
    let derived =
        |module: &Module| ["@v/list", "@latest"].map(|name| format!("{}/{name}", module.escaped));
    let versions = files_below(root).into_iter().filter(is_version);
    versions
        .chain(modules_below(root).iter().flat_map(derived))
        .collect()
}

fn status_and_sum(answer: &Answer) -> (u16, String) {
    match answer.status {
        200 => (200, sha256(&answer.body)),
        // The sentences are everybody's own.
        status => (status, String::new()),
    }
}

#[test]
fn after_reindex_every_byte_is_the_same_from_us_from_nginx_and_from_the_files() {
    let Some(corpus) = corpus() else { return };
    let root = indexed(corpus);
    let Some(nginx) = Nginx::start(root.path()) else {
        return;
    };
    let server = TestServer::start(root.path(), &["--log-level", "warn"]);

    let mut differences = Vec::new();
    let mut compared = 0;
    for path in paths(root.path()) {
        let file = match std::fs::read(root.path().join(&path)) {
            Ok(content) => (200, sha256(&content)),
            Err(_) => (404, String::new()),
        };
        let [ours, theirs] = [server.url(), nginx.url()]
            .map(|base| status_and_sum(&get(&base, &format!("/{path}"))));
        compared += 1;
        if ours != file || theirs != file {
            differences.push(format!(
                "{path}: file {file:?}, nginx {theirs:?}, ours {ours:?}"
            ));
        }
    }
    println!("{compared} files compared");
    assert!(
        differences.is_empty(),
        "{} of {compared} differ:\n{}\nnginx said: {}",
        differences.len(),
        differences.join("\n"),
        nginx.log()
    );
    for path in ["/.athens", "/.athens/staging", "/.athens/staging/@v/list"] {
        for base in [server.url(), nginx.url()] {
            assert_eq!(get(&base, path).status, 404, "{path}");
        }
    }
}

#[test]
fn a_raw_module_cache_is_served_as_reindex_would_have_it() {
    let Some(corpus) = corpus() else { return };
    let (raw, indexed) = (TempDir::new().unwrap(), indexed(corpus));
    corpus.copy_into(raw.path());
    let server = TestServer::start(raw.path(), &["--log-level", "warn"]);

    for module in corpus.modules() {
        for name in ["@v/list", "@latest"] {
            let path = format!("{}/{name}", module.escaped);
            let answer = get(&server.url(), &format!("/{path}"));
            let in_tree = std::fs::read(indexed.path().join(&path)).ok();
            // Of which only a go.mod or an .info is there: somebody else may have the module.
            let status = if module.whole().next().is_some() {
                200
            } else {
                404
            };
            assert_eq!(answer.status, status, "{path}: {}", answer.text());
            let served = (answer.status == 200).then_some(answer.body);
            assert_eq!(served, in_tree, "{path}");
        }
        let list = get(&server.url(), &format!("/{}/@v/list", module.escaped));
        if list.status == 200 {
            let listed: BTreeSet<_> = list.text().lines().map(str::to_owned).collect();
            assert_eq!(listed, module.listed(), "{}", module.path());
        }
    }
}

#[test]
fn reindex_changes_nothing_the_second_time() {
    let Some(corpus) = corpus() else { return };
    let root = TempDir::new().unwrap();
    corpus.copy_into(root.path());
    let content = || -> Vec<(String, String)> {
        files_below(root.path())
            .into_iter()
            .filter(|name| !name.starts_with(".athens/"))
            .map(|name| {
                let sum = sha256(&std::fs::read(root.path().join(&name)).unwrap());
                (name, sum)
            })
            .collect()
    };
    reindex(root.path());
    let once = content();
    reindex(root.path());
    assert_eq!(once, content());
}

/// And so the same as from us, by the bytes above and by `go_client.rs`.
#[test]
fn the_go_command_gets_the_same_from_nginx_and_from_files() {
    let Some(corpus) = corpus() else { return };
    let Some(client) = installed() else {
        return;
    };
    let root = indexed(corpus);
    let Some(nginx) = Nginx::start(root.path()) else {
        return;
    };
    let files = format!("file://{}", root.path().display());

    let check = |case: &Case| {
        let [nginx, files] = [&nginx.url(), &files].map(|proxy| case.run(&client, proxy));
        match &case.expect {
            Expect::Absent => {
                files.was_absent()?;
                nginx.was_absent()
            }
            // That the raw cache had gaps is of no matter any more.
            Expect::Same(text) | Expect::OnlyOurs(text) => {
                files.succeeded(text)?;
                nginx.equals(&files)
            }
        }
    };
    for case in cases().iter().filter(|case| case.is_for(&client)) {
        check(case).unwrap_or_else(|problem| panic!("{}: {problem}", case.name));
    }
}

#[test]
fn latest_is_what_the_go_command_calls_latest() {
    let Some(corpus) = corpus() else { return };
    let Some(client) = installed() else { return };
    let root = indexed(corpus);

    let modules = corpus.modules();
    let modules = modules
        .iter()
        .filter(|module| module.whole().next().is_some());
    let command = ["go", "list", "-m"].map(str::to_owned).into_iter();
    let command = command.chain(
        modules
            .clone()
            .map(|module| format!("{}@latest", module.path())),
    );
    let project = Project::Requires(Vec::new());
    let files = format!("file://{}", root.path().display());
    let outcome = client.perform(&files, &project, &[command.collect()]);
    outcome.succeeded("").unwrap();
    for (module, line) in modules.zip(outcome.said[0].stdout.lines()) {
        let latest = std::fs::read(root.path().join(&module.escaped).join("@latest")).unwrap();
        let latest: serde_json::Value = serde_json::from_slice(&latest).unwrap();
        assert_eq!(
            format!("{} {}", module.path(), latest["Version"].as_str().unwrap()),
            line
        );
    }
}

/// The root that a fresh clone serves is as `reindex` leaves it.
#[test]
fn the_sample_needs_no_reindex() {
    let shipped = repository().join("storage-root/example.com");
    let root = TempDir::new().unwrap();
    copy_tree(&shipped, &root.path().join("example.com"));
    reindex(root.path());
    for file in files_below(&shipped) {
        let there = std::fs::read(root.path().join("example.com").join(&file)).unwrap();
        assert_eq!(there, std::fs::read(shipped.join(&file)).unwrap(), "{file}");
    }
}
