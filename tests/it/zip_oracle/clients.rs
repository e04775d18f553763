//! What is let be published, in real use: served by athens, downloaded, verified and built by go commands old and new.

use athens::module::synthesized_go_mod;
use athens::modzip::Strictness;
use athens::store::ModuleFile;

use super::case::Case;
use super::{mutate, report, written};
use crate::support::corpus::corpus;
use crate::support::go::{Client, clients};
use crate::support::server::TestServer;
use crate::support::tree::{Tree, info_of};
use crate::support::workspace::Project;

/// The modules of all cases.
const PACKAGES: [&str; 2] = ["example.com/...", "gopkg.in/..."];

/// The cases that may be published, each in the root as a version with three files.
fn published() -> (Tree, Vec<Case>) {
    let tree = Tree::new();
    let mut cases = written();
    cases.extend(mutate::cases());
    cases.retain(|case| {
        let report = report(case, Strictness::Published);
        if !report.is_sound() {
            return false;
        }
        let synthesized = synthesized_go_mod(case.version.path());
        let go_mod = report.go_mod.as_deref().unwrap_or(synthesized.as_bytes());
        tree.write(&case.version, ModuleFile::Zip, &case.bytes);
        tree.write(&case.version, ModuleFile::Mod, go_mod);
        tree.write(
            &case.version,
            ModuleFile::Info,
            info_of(&case.version).as_bytes(),
        );
        true
    });
    (tree, cases)
}

/// Uses all modules that a client knows how to.
fn use_them(client: &Client, cases: &[Case], proxy: &str) -> Result<usize, String> {
    let modules: Vec<String> = cases
        .iter()
        .filter(|case| case.since <= client.minor)
        .map(|case| format!("{} {}", case.version.path(), case.version.version()))
        .collect();
    let count = modules.len();
    let words = |line: &[&str]| line.iter().map(|&word| word.to_owned()).collect();
    let on_packages = |line: &[&str]| -> Vec<String> {
        let mut words: Vec<String> = words(line);
        if client.minor >= 14 {
            // To write go.sum, which was so by itself before.
            words.push("-mod=mod".to_owned());
        }
        words.extend(PACKAGES.map(str::to_owned));
        words
    };
    let commands = [
        words(&["go", "mod", "download"]),
        on_packages(&["go", "build"]),
        on_packages(&["go", "list"]),
        words(&["go", "mod", "verify"]),
    ];
    let outcome = client.perform(proxy, &Project::Requires(modules), &commands);
    for (command, said) in commands.iter().zip(&outcome.said) {
        if !said.success {
            return Err(format!("{command:?}: {:#?}", said.stderr));
        }
    }
    let [_, _, listed, verified] = &outcome.said[..] else {
        return Err("not all commands ran".to_owned());
    };
    let packages = listed.stdout.lines().count();
    if verified.stdout != "all modules verified\n" {
        return Err(verified.stdout.clone());
    }
    // Some have no package, and some mutated ones have it under another name.
    if packages * 10 < count * 9 {
        return Err(format!("{packages} packages in {count} modules"));
    }
    Ok(count)
}

#[test]
fn go_commands_old_and_new_use_what_may_be_published() {
    let Some(corpus) = corpus() else { return };
    let Some(clients) = clients(corpus) else {
        return;
    };
    let (tree, cases) = published();
    assert!(cases.len() > 300, "{}", cases.len());
    let server = TestServer::start(tree.root(), &["--log-level", "warn"]);
    let proxy = server.url();
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = clients
            .iter()
            .map(|client| scope.spawn(|| use_them(client, &cases, &proxy)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for (client, result) in clients.iter().zip(results) {
        match result {
            Ok(count) => println!("zip_oracle: go {} uses {count} zips", client.version),
            Err(error) => panic!("go {}: {error}", client.version),
        }
    }
}
