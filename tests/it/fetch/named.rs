//! Modules that were named, and what a go.sum names: what is fetched, what is said of what is not.

use athens::module::ModuleVersion;
use athens::modzip::{go_mod_sum, zip_sum};
use athens::store::ModuleFile;

use super::{fetch, outcomes};
use crate::support::carrier::{is_verified, journal, run};
use crate::support::go;
use crate::support::tools::files_below;
use crate::support::tree::{Tree, go_mod, version, zip_of};
use crate::support::upstream::{Reply, Upstream};
use crate::support::workspace::Project;

/// The files of versions below a root.
fn held(root: &Tree) -> Vec<String> {
    let files = files_below(root.root()).into_iter();
    files
        .filter(|file| {
            [".info", ".mod", ".zip"]
                .iter()
                .any(|end| file.ends_with(end))
        })
        .filter_map(|file| Some(file.rsplit_once("/@v/")?.1.to_owned()))
        .collect()
}

/// The two lines of a go.sum.
fn lines_of(version: &ModuleVersion) -> [String; 2] {
    let zip = zip_of(version);
    let sum = zip_sum(zip.as_slice(), zip.len() as u64, version).unwrap();
    let (path, word) = (version.path(), version.version());
    [
        format!("{path} {word} {sum}\n"),
        format!(
            "{path} {word}/go.mod {}\n",
            go_mod_sum(go_mod(version).as_bytes())
        ),
    ]
}

fn go_sum(dir: &tempfile::TempDir, lines: &[&str]) -> String {
    let path = dir.path().join("go.sum");
    std::fs::write(&path, lines.concat()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn latest_versions_and_branches() {
    let (theirs, root) = (Tree::new(), Tree::new());
    theirs
        .add("example.com/m@v1.0.0")
        .add("example.com/m@v1.1.0");
    theirs.add("example.com/n@v0.1.0");
    let upstream = Upstream::of_tree(theirs.root());
    upstream.on("/example.com/m/@v/list", Reply::ok("v1.0.0\nv1.1.0\n"));
    upstream.on(
        "/example.com/n/@v/main.info",
        Reply::ok(r#"{"Version":"v0.1.0","Time":"2026-01-02T15:04:05Z"}"#),
    );
    let modules = [
        "example.com/m",
        "example.com/m@v1.0.0",
        "example.com/n@main",
    ];
    let told = fetch(root.root(), &upstream.url(), &modules);
    assert_eq!(told.code, 0, "{told:?}");
    let there: Vec<String> = outcomes(&told)
        .into_iter()
        .map(|one| one.0 + " " + &one.1)
        .collect();
    assert_eq!(
        there,
        [
            "example.com/m@v1.0.0 fetched",
            "example.com/m@v1.1.0 fetched",
            "example.com/n@v0.1.0 fetched"
        ]
    );
    assert_eq!(told.summary()["fetched"], 3);
    let mut noted = journal(root.root());
    noted.sort();
    let want = there
        .iter()
        .map(|one| format!("import {}", one.trim_end_matches(" fetched")));
    assert_eq!(noted, want.collect::<Vec<_>>());
    is_verified(root.root());

    // Again: nothing is asked for but what the words stand for.
    upstream.forget();
    let told = fetch(root.root(), &upstream.url(), &modules);
    assert_eq!(
        (told.code, &told.summary()["already-there"]),
        (0, &3.into())
    );
    assert_eq!(
        upstream.count_ending(".zip") + upstream.count_ending(".mod"),
        0
    );

    let told = run(
        root.root(),
        &[
            "fetch",
            "example.com/m",
            "--upstream",
            &upstream.url(),
            "--sumdb",
            "off",
            "--private",
            "",
        ],
    );
    assert_eq!(
        told.text(),
        "example.com/m@latest is v1.1.0\n0 versions fetched (0 B of zips), 1 there already\n"
    );
}

/// An upstream that has no `@latest`, and commits in its lists: what the go command takes for the latest version there.
#[test]
fn the_latest_of_a_list_is_its_highest_release() {
    const COMMIT: &str = "v0.0.0-20201109021931-aaaaaaaaaaaa";
    for (listed, want) in [
        (&[COMMIT, "v1.0.0", "v1.1.0-rc.1"][..], "v1.0.0"),
        (&[COMMIT, "v1.1.0-rc.1"], "v1.1.0-rc.1"),
        (&[COMMIT], COMMIT),
    ] {
        let (theirs, root) = (Tree::new(), Tree::new());
        for version in listed {
            theirs.add(&format!("example.com/m@{version}"));
        }
        let upstream = Upstream::of_tree(theirs.root());
        upstream.on(
            "/example.com/m/@v/list",
            Reply::ok(listed.join("\n") + "\n"),
        );
        let told = fetch(root.root(), &upstream.url(), &["example.com/m"]);
        let versions: Vec<String> = outcomes(&told).into_iter().map(|one| one.0).collect();
        assert_eq!(versions, [format!("example.com/m@{want}")], "{told:?}");
        if let Some(go) = go::installed() {
            let asked = ["go", "list", "-m", "example.com/m@latest"].map(str::to_owned);
            let project = Project::Requires(Vec::new());
            let outcome = go.perform(&upstream.url(), &project, &[asked.to_vec()]);
            let said = outcome.said[0].stdout.trim();
            assert_eq!(said, format!("example.com/m {want}"));
        }
    }
}

/// Each writes the list that it has read, and the last one has to have read all.
#[test]
fn versions_that_come_at_the_same_time_are_all_listed() {
    let (theirs, root) = (Tree::new(), Tree::new());
    // Pairs: a third one would set right what the two have missed.
    let modules: Vec<String> = (0..80)
        .map(|n| format!("example.com/m{}@v1.{}.0", n / 2, n % 2))
        .collect();
    for module in &modules {
        theirs.add(module);
    }
    let upstream = Upstream::of_tree(theirs.root());
    let modules: Vec<&str> = modules.iter().map(String::as_str).collect();
    let told = fetch(root.root(), &upstream.url(), &modules);
    assert_eq!(told.code, 0, "{told:?}");
    is_verified(root.root());
}

#[test]
fn a_go_sum_brings_what_its_lines_name() {
    let (theirs, root) = (Tree::new(), Tree::new());
    let (whole, graph) = (
        version("example.com/m@v1.0.0"),
        version("example.com/n@v1.0.0"),
    );
    theirs
        .add("example.com/m@v1.0.0")
        .add("example.com/n@v1.0.0");
    let upstream = Upstream::of_tree(theirs.root());
    let dir = tempfile::tempdir().unwrap();
    let ([zip, go_mod], [_, graph]) = (lines_of(&whole), lines_of(&graph));
    let file = go_sum(&dir, &[&zip, &go_mod, &graph]);
    let told = fetch(root.root(), &upstream.url(), &["--from", &file]);
    assert_eq!(told.code, 0, "{told:?}");
    let summary = told.summary();
    assert_eq!(
        (&summary["fetched"], &summary["go-mods"]),
        (&1.into(), &1.into())
    );
    assert_eq!(
        held(&root),
        [
            "v1.0.0.info",
            "v1.0.0.mod",
            "v1.0.0.zip",
            "v1.0.0.info",
            "v1.0.0.mod"
        ]
    );
    assert_eq!(upstream.count_ending(".zip"), 1);
}

#[test]
fn other_sums_are_said_whether_fetched_or_there() {
    let (theirs, root) = (Tree::new(), Tree::new());
    let (there, new) = (
        version("example.com/m@v1.0.0"),
        version("example.com/n@v1.0.0"),
    );
    theirs
        .add("example.com/m@v1.0.0")
        .add("example.com/n@v1.0.0");
    root.add("example.com/m@v1.0.0");
    let upstream = Upstream::of_tree(theirs.root());
    let dir = tempfile::tempdir().unwrap();
    let other = "h1:ICeL3t2L30ljSPHHxDnR4fqVcBt/zR2zJAb9juavmQg=";
    let zip_line = format!("{} {} {other}\n", there.path(), there.version());
    let mod_line = format!("{} {}/go.mod {other}\n", new.path(), new.version());
    let file = go_sum(&dir, &[&zip_line, &mod_line]);
    let told = fetch(root.root(), &upstream.url(), &["--from", &file]);
    assert_eq!((told.code, &told.summary()["refused"]), (1, &2.into()));
    for (version, outcome, why) in outcomes(&told) {
        assert_eq!(outcome, "failed", "{version}");
        let file = if version.starts_with(there.path().as_str()) {
            ".zip"
        } else {
            ".mod"
        };
        assert!(
            why.starts_with(&format!("its {file} has the sum h1:")),
            "{why}"
        );
        assert!(
            why.ends_with(&format!(", and go.sum says {other}")),
            "{why}"
        );
    }
}

#[test]
fn every_failure_is_named_and_hinders_no_other() {
    let (theirs, root) = (Tree::new(), Tree::new());
    theirs
        .add("example.com/good@v1.0.0")
        .add("example.com/torn@v1.0.0");
    theirs.write(
        &version("example.com/torn@v1.0.0"),
        ModuleFile::Zip,
        b"PK, or not",
    );
    let upstream = Upstream::of_tree(theirs.root());
    upstream.on(
        "/example.com/secret/@v/v1.0.0.mod",
        Reply::status(403, "not for you"),
    );
    let modules = [
        "example.com/good@v1.0.0",
        "example.com/none@v1.0.0",
        "example.com/none",
        "example.com/secret@v1.0.0",
    ];
    let told = fetch(root.root(), &upstream.url(), &modules);
    assert_eq!(told.code, 1, "{told:?}");
    let summary = told.summary();
    assert_eq!(
        (&summary["fetched"], &summary["refused"]),
        (&1.into(), &3.into())
    );

    // A failure of the upstream weighs more than a refusal.
    let told = fetch(
        root.root(),
        &upstream.url(),
        &["example.com/torn@v1.0.0", "example.com/none@v1.0.0"],
    );
    assert_eq!(told.code, 2, "{told:?}");
    let [none, torn] = outcomes(&told).try_into().unwrap();
    assert_eq!((none.1.as_str(), torn.1.as_str()), ("failed", "failed"));
    assert!(none.2.contains("404"), "{none:?}");
    assert!(torn.2.contains("the .zip file from upstream"), "{torn:?}");
    assert_eq!(
        held(&root)
            .iter()
            .filter(|file| file.ends_with(".zip"))
            .count(),
        1
    );
}

#[test]
fn wrong_usage_is_said_before_anything_is_asked() {
    let root = Tree::new();
    let upstream = Upstream::start();
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (text, empty, broken) = (
        file("x.toml", ""),
        file("empty.sum", ""),
        file("broken.mod", "module example.com/m\nreplace x\n"),
    );
    for (arguments, said) in [
        (vec!["--from", &text], "is neither a go.mod nor a go.sum"),
        (vec!["--from", &empty], "name no module"),
        (vec!["--from", &broken], "malformed go.mod, line 2"),
        (vec!["--from", "no-such.mod"], "cannot read no-such.mod"),
        (vec![], "required"),
        (
            vec!["example.com/m", "--from", &text],
            "cannot be used with",
        ),
        (vec!["example.com/m@../x"], "malformed version or revision"),
    ] {
        let told = fetch(root.root(), &upstream.url(), &arguments);
        assert_eq!(told.code, 2, "{arguments:?}");
        assert!(told.err.contains(said), "{arguments:?}: {}", told.err);
    }
    assert!(upstream.requests().is_empty());
    let told = fetch(root.root(), "off", &["example.com/m"]);
    assert_eq!(told.code, 2);
    assert!(told.err.contains("nobody to fetch from"), "{}", told.err);
}
