//! `athens fetch`, from an upstream that does as it is told.

/// Build lists, against the go command.
mod build_list;
/// What was named, and what a go.sum names.
mod named;

use std::path::Path;

use athens::store::ModuleFile;

use crate::support::carrier::{Told, run};
use crate::support::tree::{Tree, info_of, version, zip_with};

/// Runs `athens fetch … --json` with this upstream and without a checksum database.
fn fetch(root: &Path, upstream: &str, arguments: &[&str]) -> Told {
    let flags = ["--upstream", upstream, "--sumdb", "off", "--private", ""];
    run(root, &[&["fetch"], arguments, &flags, &["--json"]].concat())
}

/// Adds a version with this go.mod.
fn add(tree: &Tree, text: &str, go_mod: &str) {
    let version = version(text);
    let files: [(&str, &[u8]); 2] = [("go.mod", go_mod.as_bytes()), ("m.go", b"package m\n")];
    tree.write(&version, ModuleFile::Zip, &zip_with(&version, &files));
    tree.write(&version, ModuleFile::Mod, go_mod.as_bytes());
    tree.write(&version, ModuleFile::Info, info_of(&version).as_bytes());
}

/// The outcomes of `--json` by `path@version`, with their reasons; ascending.
fn outcomes(told: &Told) -> Vec<(String, String, String)> {
    let mut outcomes: Vec<_> = told
        .json()
        .iter()
        .filter_map(|line| {
            let text = |name: &str| line[name].as_str().map(str::to_owned);
            let version = format!("{}@{}", text("path")?, text("version")?);
            Some((version, text("outcome")?, text("why").unwrap_or_default()))
        })
        .collect();
    outcomes.sort();
    outcomes
}
