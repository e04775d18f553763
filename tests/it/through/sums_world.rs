//! An upstream with modules, and the checksum database that they are in.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use athens::modzip::{go_mod_sum, zip_sum};
use tempfile::TempDir;

use super::site::origin;
use crate::support::go;
use crate::support::oracle;
use crate::support::tools::copy_tree;
use crate::support::tree::{Tree, go_mod, version, zip_of};
use crate::support::upstream::{Reply, Upstream};

/// The name of the database.
pub(super) const NAME: &str = "sum.example";

/// Modules that the upstream has, of which the last is in no database.
pub(super) const GOOD: &str = "example.com/m@v1.0.0";
pub(super) const UPPER: &str = "example.com/Upper@v1.0.0";
pub(super) const LATER: &str = "example.com/later@v1.0.0";
pub(super) const UNKNOWN: &str = "example.com/unknown@v1.0.0";

/// The upstream, which passes the database on.
pub(super) struct World {
    pub(super) upstream: Upstream,
    tree: Tree,
    /// What the database answers at several times, and a fork of it.
    databases: TempDir,
    /// Its key.
    pub(super) key: String,
}

/// Times of the database, by the names of their directories.
const TIMES: [(&str, &[&str], bool); 4] = [
    ("small", &[GOOD], false),
    ("first", &[GOOD, UPPER], false),
    ("grown", &[GOOD, UPPER, LATER], false),
    ("forked", &[GOOD, UPPER, LATER], true),
];

impl World {
    /// With the database as of "first"; `None` where there is no go.
    pub(super) fn new() -> Option<Self> {
        let (tree, databases) = (
            origin(&[GOOD, UPPER, LATER, UNKNOWN]),
            TempDir::new().unwrap(),
        );
        let requests: Vec<_> = TIMES
            .iter()
            .map(|(time, records, is_forked)| {
                let directory = databases.path().join(time);
                let mut request = vec!["database of".to_owned()];
                request.extend([directory.to_str().unwrap().to_owned(), NAME.to_owned()]);
                for text in *records {
                    // A fork tells another story of the first record.
                    let of = if *is_forked && *text == GOOD {
                        LATER
                    } else {
                        *text
                    };
                    request.extend(text.split('@').map(str::to_owned));
                    request.extend(sums(of));
                }
                request
            })
            .collect();
        let keys = oracle::ask("sumdb", &requests)?;
        let world = Self {
            upstream: Upstream::of_tree(tree.root()),
            tree,
            databases,
            key: keys[0].as_str().unwrap().to_owned(),
        };
        world
            .upstream
            .on(&format!("/sumdb/{NAME}/supported"), Reply::ok(""));
        world.at("first");
        Some(world)
    }

    /// Has the database answer as of this time.
    pub(super) fn at(&self, time: &str) {
        let sumdb = self.tree.root().join("sumdb");
        if sumdb.exists() {
            std::fs::remove_dir_all(&sumdb).unwrap();
        }
        copy_tree(&self.databases.path().join(time), &sumdb.join(NAME));
    }

    /// How many requests for the database there were that have this in their path.
    pub(super) fn asked(&self, what: &str) -> usize {
        let paths = self.upstream.paths();
        paths
            .iter()
            .filter(|path| path.starts_with("/sumdb/") && path.contains(what))
            .count()
    }
}

/// The sums of the zip and the go.mod of a version.
fn sums(text: &str) -> [String; 2] {
    let version = version(text);
    let zip = zip_of(&version);
    let sum = zip_sum(zip.as_slice(), zip.len() as u64, &version).unwrap();
    [
        sum.to_string(),
        go_mod_sum(go_mod(&version).as_bytes()).to_string(),
    ]
}

/// `go mod download MODULE…` with an empty module cache: whether it succeeded, and what it said.
pub(super) fn download(
    proxy: &str,
    variables: &[(&str, &str)],
    modules: &[&str],
) -> Option<(bool, BTreeSet<String>)> {
    let client = go::installed()?;
    let home = TempDir::new().unwrap();
    let path = |name: &str| home.path().join(name);
    std::fs::create_dir(path("empty")).unwrap();
    let output = Command::new(client.program())
        .args(["mod", "download"])
        .args(modules)
        .current_dir(path("empty"))
        .env_clear()
        .envs([("HOME", path("home")), ("GOPATH", path("gopath"))])
        .env("GOCACHE", client.build_cache())
        .env("GOPROXY", proxy)
        .envs([
            ("GOENV", "off"),
            ("GOTOOLCHAIN", "local"),
            ("GOFLAGS", "-modcacherw"),
        ])
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    Some((
        output.status.success(),
        said.lines().map(str::to_owned).collect(),
    ))
}

/// Everything below `sumdb` in a folder.
pub(super) fn kept(root: &Path) -> Vec<String> {
    crate::support::tools::files_below(&root.join("sumdb"))
}
