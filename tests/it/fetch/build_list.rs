//! The versions that `athens fetch --from go.mod` selects are those of `go list -m all`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use athens::store::{ModuleFile, StoreKey};

use super::{add, fetch, outcomes};
use crate::support::random::Random;
use crate::support::tools::{files_below, require_tool, target_dir};
use crate::support::tree::{Tree, version};
use crate::support::upstream::Upstream;

const MODULES: usize = 9;
const VERSIONS: usize = 3;
/// Go versions on both sides of where pruning begins.
const GO: [&str; 3] = ["1.16", "1.17", "1.20"];

fn path_of(module: usize) -> String {
    format!("example.com/m{module}")
}

/// A go.mod with some requirements of modules other than `own`.
fn random_go_mod(path: &str, own: usize, most: usize, random: &mut Random) -> String {
    let go = GO[random.below(GO.len())];
    let mut required = BTreeMap::new();
    for _ in 0..random.below(most + 1) {
        let module = random.below(MODULES);
        if module != own {
            required.insert(module, random.below(VERSIONS));
        }
    }
    let mut text = format!("module {path}\n\ngo {go}\n\n");
    for (module, minor) in required {
        writeln!(text, "require {} v1.{minor}.0", path_of(module)).unwrap();
    }
    text
}

/// What `go list -m all` says in a directory, without the main module; `None` where there is no go.
fn go_list(project: &Path, theirs: &Path) -> Option<BTreeSet<String>> {
    let go = require_tool("go")?;
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(go)
        .args(["list", "-mod=mod", "-m", "all"])
        .current_dir(project)
        .env_clear()
        .env("HOME", home.path())
        .env("GOPATH", home.path().join("go"))
        .env("GOCACHE", target_dir().join("go-build/list"))
        .env("GOPROXY", format!("file://{}", theirs.display()))
        .envs([
            ("GOFLAGS", "-modcacherw"),
            ("GOSUMDB", "off"),
            ("GOTOOLCHAIN", "local"),
            ("GOENV", "off"),
        ])
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{err}");
    let versions = out.lines().skip(1).map(|line| line.replace(' ', "@"));
    Some(versions.collect())
}

/// The versions of which there is a zip.
fn zips(root: &Path) -> BTreeSet<String> {
    files_below(root)
        .iter()
        .filter_map(|file| {
            let (path, version) = file.strip_suffix(".zip")?.split_once("/@v/")?;
            Some(format!("{path}@{version}"))
        })
        .collect()
}

#[test]
fn the_build_list_is_that_of_the_go_command() {
    let theirs = Tree::new();
    let mut random = Random::new(5);
    for module in 0..MODULES {
        let mut list = String::new();
        for minor in 0..VERSIONS {
            let path = path_of(module);
            let go_mod = random_go_mod(&path, module, 3, &mut random);
            add(&theirs, &format!("{path}@v1.{minor}.0"), &go_mod);
            writeln!(list, "v1.{minor}.0").unwrap();
        }
        theirs.write_path(&format!("{}/@v/list", path_of(module)), list.as_bytes());
    }
    let upstream = Upstream::of_tree(theirs.root());
    let mut sizes = BTreeSet::new();
    for _ in 0..40 {
        let project = tempfile::tempdir().unwrap();
        let root = Tree::new();
        let go_mod = project.path().join("go.mod");
        let text = random_go_mod("example.com/main", MODULES, 4, &mut random);
        std::fs::write(&go_mod, &text).unwrap();
        let told = fetch(
            root.root(),
            &upstream.url(),
            &["--from", go_mod.to_str().unwrap()],
        );
        assert_eq!(told.code, 0, "{text}: {told:?}");
        let Some(want) = go_list(project.path(), theirs.root()) else {
            return;
        };
        assert_eq!(zips(root.root()), want, "{text}");
        sizes.insert(want.len());
    }
    assert!(sizes.len() > 3, "{sizes:?}");
}

#[test]
fn replaced_excluded_and_local() {
    let (theirs, root) = (Tree::new(), Tree::new());
    add(
        &theirs,
        "example.com/a@v1.0.0",
        "module example.com/a\nrequire example.com/b v1.2.0\n",
    );
    add(&theirs, "example.com/b@v1.0.0", "module example.com/b\n");
    add(
        &theirs,
        "example.com/fork@v1.0.1",
        "module example.com/fork\nrequire example.com/d v1.0.0\n",
    );
    add(&theirs, "example.com/d@v1.0.0", "module example.com/d\n");
    add(&theirs, "example.com/e@v1.0.0", "module example.com/e\n");
    let upstream = Upstream::of_tree(theirs.root());
    let project = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| {
        let path = project.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    write(
        "local/go.mod",
        "module example.com/local\nrequire example.com/e v1.0.0\n",
    );
    write(
        "go.mod",
        "module example.com/main\n\nrequire (\n\texample.com/a v1.0.0\n\texample.com/b v1.0.0\n\
         \texample.com/c v1.0.0\n\texample.com/local v0.0.0\n)\n\nexclude example.com/b v1.2.0\n\
         replace example.com/c => example.com/fork v1.0.1\nreplace example.com/local => ./local\n",
    );
    let go_mod = project.path().join("go.mod");
    let told = fetch(
        root.root(),
        &upstream.url(),
        &["--from", go_mod.to_str().unwrap()],
    );
    assert_eq!(told.code, 0, "{told:?}");
    let want = [
        "a@v1.0.0",
        "b@v1.0.0",
        "d@v1.0.0",
        "e@v1.0.0",
        "fork@v1.0.1",
    ];
    assert_eq!(
        zips(root.root()),
        want.map(|one| format!("example.com/{one}")).into()
    );
    let passed = outcomes(&told)
        .into_iter()
        .find(|one| one.1 == "passed")
        .unwrap();
    assert_eq!(passed.0, "example.com/local@v0.0.0");
    assert_eq!(passed.2, "the directory ./local stands in its place");
    assert_eq!(
        upstream
            .paths()
            .iter()
            .filter(|path| path.contains("/c/"))
            .count(),
        0
    );
}

#[test]
fn the_go_mod_that_is_missing_is_named() {
    let (theirs, root) = (Tree::new(), Tree::new());
    add(
        &theirs,
        "example.com/a@v1.0.0",
        "module example.com/a\nrequire example.com/none v1.0.0\n",
    );
    let upstream = Upstream::of_tree(theirs.root());
    let project = tempfile::tempdir().unwrap();
    let go_mod = project.path().join("go.mod");
    std::fs::write(
        &go_mod,
        "module example.com/main\nrequire example.com/a v1.0.0\n",
    )
    .unwrap();
    let told = fetch(
        root.root(),
        &upstream.url(),
        &["--from", go_mod.to_str().unwrap()],
    );
    assert_eq!(told.code, 1, "{told:?}");
    let failed: Vec<_> = outcomes(&told)
        .into_iter()
        .filter(|one| one.1 == "failed")
        .collect();
    assert!(
        !failed.is_empty() && failed.iter().all(|one| one.0 == "example.com/none@v1.0.0"),
        "{failed:?}"
    );
}

#[test]
fn the_toolchain_of_a_go_mod() {
    let (theirs, root) = (Tree::new(), Tree::new());
    let toolchain = version("golang.org/toolchain@v0.0.1-go1.24.3.linux-amd64");
    add(
        &theirs,
        &toolchain.to_string(),
        "module golang.org/toolchain\n",
    );
    let upstream = Upstream::of_tree(theirs.root());
    let project = tempfile::tempdir().unwrap();
    let go_mod = project.path().join("go.mod");
    std::fs::write(
        &go_mod,
        "module example.com/main\ngo 1.24.0\ntoolchain go1.24.3\n",
    )
    .unwrap();
    let from = ["--from", go_mod.to_str().unwrap()];
    let told = fetch(
        root.root(),
        &upstream.url(),
        &[&from[..], &["--toolchain", "linux-amd64"]].concat(),
    );
    assert_eq!(told.code, 0, "{told:?}");
    let zip = StoreKey::File(&toolchain, ModuleFile::Zip).relative_path();
    assert!(root.root().join(zip).is_file());
    let told = fetch(
        root.root(),
        &upstream.url(),
        &[&from[..], &["--toolchain", "plan9-mips"]].concat(),
    );
    assert_eq!(told.code, 1, "{told:?}");
}
