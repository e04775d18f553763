//! Moving here from other proxies: their folders, what a list names, and what docs/moving.md says.

/// The disk storage of Athens, and its buckets.
mod athens_storage;
/// The page, and each command in it.
mod page;
/// Folders of other proxies in the layout of the protocol.
mod proxy_caches;
/// What is broken, hostile or foreign in a folder.
mod refused;
/// The settings of Athens: what the page says of them, and what the program does.
mod settings;
/// Whose the modules are.
mod whose;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::corpus::{Corpus, Module};

/// How a proxy names what it keeps: from a module's path and version to the names of `.info`, `.mod` and `.zip`.
type Naming = fn(&str, &str) -> [String; 3];

/// `<module>/<version>/{<version>.info,go.mod,source.zip}`, with plain names.
fn on_athens_disk(module: &str, version: &str) -> [String; 3] {
    let directory = format!("{module}/{version}");
    [
        format!("{directory}/{version}.info"),
        format!("{directory}/go.mod"),
        format!("{directory}/source.zip"),
    ]
}

/// `<module>/@v/<version>.{info,mod,zip}`, with plain names.
fn in_an_athens_bucket(module: &str, version: &str) -> [String; 3] {
    ["info", "mod", "zip"].map(|suffix| format!("{module}/@v/{version}.{suffix}"))
}

/// The names of the protocol.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        if letter.is_ascii_uppercase() {
            escaped.push('!');
        }
        escaped.push(letter.to_ascii_lowercase());
    }
    escaped
}

/// `<module>/@v/<version>.{info,mod,zip}`, with capitals escaped.
fn as_in_the_protocol(module: &str, version: &str) -> [String; 3] {
    in_an_athens_bucket(&escaped(module), &escaped(version))
}

fn write(path: &Path, content: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// Lays out every whole version of the corpus as another proxy would. What it wrote, by the path that each file has in
/// the protocol.
fn lay_out(corpus: &Corpus, folder: &Path, naming: Naming) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for module in corpus.modules() {
        for version in module.whole() {
            let path = module.path();
            let [theirs, ours] = [naming, as_in_the_protocol].map(|name| name(&path, version));
            for (theirs, ours) in theirs.iter().zip(ours) {
                let content = fs::read(corpus.download_dir().join(&ours)).unwrap();
                write(&folder.join(theirs), &content);
                files.insert(ours, content);
            }
        }
    }
    assert!(files.len() > 600, "{}", files.len());
    files
}

/// Fails unless a root holds these files.
#[track_caller]
fn holds(root: &Path, files: &BTreeMap<String, Vec<u8>>) {
    for (name, content) in files {
        let here = fs::read(root.join(name)).unwrap_or_default();
        assert!(here == *content, "{name} is another one, or not there");
    }
}

/// Modules with a tagged version, as arguments for the go command.
fn with_latest(modules: &[Module], count: usize) -> Vec<String> {
    let tagged = modules.iter().filter(|module| !module.listed().is_empty());
    let of_interest = |module: &&Module| module.escaped.contains('!');
    let (first, rest): (Vec<_>, Vec<_>) = tagged.partition(of_interest);
    let modules = first.into_iter().chain(rest).take(count);
    modules
        .map(|module| {
            let version = module.listed().last().cloned().unwrap();
            format!("{}@{version}", module.path())
        })
        .collect()
}
