//! Real go commands, old and new, with the server as their only source of modules: they get from a copy of a module
//! cache what they get from the original over `file://`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use tempfile::TempDir;

use crate::support::cases::{Case, Expect, cases};
use crate::support::corpus::{Corpus, Module, corpus};
use crate::support::go::{Client, clients, installed};
use crate::support::server::TestServer;
use crate::support::tools::files_below;
use crate::support::workspace::Project;

/// Runs a case over both ways and says what is wrong with ours, if anything.
fn check(case: &Case, client: &Client, original: &str, ours: &str) -> Result<(), String> {
    let theirs = case.run(client, original);
    let ours = case.run(client, ours);
    match &case.expect {
        Expect::Same(text) => {
            ours.succeeded(text)?;
            ours.equals(&theirs)
        }
        Expect::Absent => {
            theirs.was_absent()?;
            ours.was_absent()
        }
        Expect::OnlyOurs(text) => {
            theirs.failed()?;
            ours.succeeded(text)
        }
    }
}

fn serve(corpus: &Corpus) -> (TempDir, TestServer) {
    let root = TempDir::new().unwrap();
    corpus.copy_into(root.path());
    let server = TestServer::start(root.path(), &["--log-level", "warn"]);
    (root, server)
}

#[test]
fn go_commands_old_and_new_get_what_they_get_from_files() {
    let Some(corpus) = corpus() else { return };
    let Some(clients) = clients(corpus) else {
        return;
    };
    let (_root, server) = serve(corpus);
    let (original, ours) = (corpus.file_url(), server.url());
    let cases = cases();

    // A thread for each client: their build caches, their modules and all else are their own.
    let results: Vec<Vec<Option<Result<(), String>>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = clients
            .iter()
            .map(|client| {
                let (cases, original, ours) = (&cases, &original, &ours);
                scope.spawn(move || {
                    cases
                        .iter()
                        .map(|case| {
                            let applies = case.is_for(client);
                            applies.then(|| check(case, client, original, ours))
                        })
                        .collect()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });

    let mut failures = String::new();
    let mut table = format!("{:50}", "");
    for client in &clients {
        write!(table, "{:>10}", client.version).unwrap();
    }
    for (row, case) in cases.iter().enumerate() {
        write!(table, "\n{:50}", case.name).unwrap();
        for (client, results) in clients.iter().zip(&results) {
            let word = match &results[row] {
                None => "-",
                Some(Ok(())) => "ok",
                Some(Err(failure)) => {
                    write!(
                        failures,
                        "\n{} with go {}: {failure}\n",
                        case.name, client.version
                    )
                    .unwrap();
                    "FAILED"
                }
            };
            write!(table, "{word:>10}").unwrap();
        }
    }
    println!("{table}");
    assert!(
        failures.is_empty(),
        "{failures}\nThe server said: {}",
        server.stderr()
    );
}

/// Of modules that are not whole in the cache, the original names versions that nobody can have, and the difference is
/// meant: what we list is computed from the files.
#[test]
fn the_go_command_sees_exactly_the_versions_that_are_whole() {
    let Some(corpus) = corpus() else { return };
    let Some(client) = installed() else {
        return;
    };
    let (_root, server) = serve(corpus);

    let modules = corpus.modules();
    assert!(
        modules.iter().any(|module| !module.is_whole()),
        "the corpus has gaps"
    );
    let with_versions = modules.iter().filter(|module| !module.listed().is_empty());
    let command = ["go", "list", "-m", "-versions", "-retracted"].map(str::to_owned);
    let command = command
        .into_iter()
        .chain(with_versions.clone().map(Module::path));
    let project = Project::Requires(Vec::new());
    let outcome = client.perform(&server.url(), &project, &[command.collect()]);
    outcome.succeeded("").unwrap();

    for (module, line) in with_versions.zip(outcome.said[0].stdout.lines()) {
        let mut words = line.split(' ').map(str::to_owned);
        assert_eq!(words.next(), Some(module.path()));
        assert_eq!(
            words.collect::<BTreeSet<_>>(),
            module.listed(),
            "{}",
            module.path()
        );
    }
}

/// What a GOPROXY may look like, and a root that cannot be written.
#[test]
fn a_base_path_a_query_and_a_read_only_root_make_no_difference() {
    let Some(corpus) = corpus() else { return };
    let Some(client) = installed() else { return };
    let root = TempDir::new().unwrap();
    corpus.copy_into(root.path());
    let before = files_below(root.path());
    let server = TestServer::start(root.path(), &["--path-prefix", "/go", "--read-only"]);
    let proxy = format!("http://{}/go/?team=a", server.addr());

    let project = Project::Requires(Vec::new());
    let command = "go get github.com/BurntSushi/toml@latest github.com/Azure/go-ansiterm@latest";
    let outcome = client.perform(&proxy, &project, &[command.split(' ').collect()]);
    outcome
        .succeeded("github.com/BurntSushi/toml v1.5.0")
        .unwrap();
    outcome
        .succeeded("github.com/Azure/go-ansiterm v0.0.0-20210617225240-d185dfc1b5a1")
        .unwrap();
    assert_eq!(files_below(root.path()), before);
}
