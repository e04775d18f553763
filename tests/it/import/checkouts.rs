//! A GOPATH: its module cache, and the git checkouts in it.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::support::carrier::{import, is_verified, journal};
use crate::support::publisher::Publisher;
use crate::support::tree::{go_mod, info_of, version, zip_of};

const M: &str = "gopath/src/example.com/m";

/// A GOPATH with a repository of two modules, and what must not be taken for one.
fn gopath() -> Publisher {
    let gopath = Publisher::new();
    let m = |name: &str, content: &str| gopath.write(&format!("{M}/{name}"), content);
    m("go.mod", "module example.com/m\n");
    m("m.go", "package m\n");
    gopath.git(M, &["init", "--quiet"]);
    let commit = |tags: &[&str]| {
        gopath.git(M, &["add", "."]);
        gopath.git(M, &["commit", "--quiet", "-m", "x"]);
        for tag in tags {
            gopath.git(M, &["tag", tag]);
        }
    };
    // When the module had another name; tags that are no versions, and such that do not fit.
    m("go.mod", "module example.com/old\n");
    commit(&["v0.9.0"]);
    m("go.mod", "module example.com/m\n");
    commit(&["v1.0.0", "v1.0", "release", "v2.0.0"]);
    m("tools/go.mod", "module example.com/m/tools\n");
    m("tools/t.go", "package tools\n");
    m("a/deep/go.mod", "module example.com/m/a/deep\n");
    m("nameless/go.mod", "go 1.20\n");
    commit(&["tools/v0.1.0", "a/deep/v0.1.0"]);
    gopath.git(M, &["tag", "-m", "annotated", "v1.1.0"]);
    gopath.git(M, &["tag", "v1.1.1", "HEAD:go.mod"]);
    gopath.git(
        M,
        &[
            "remote",
            "add",
            "origin",
            "https://user:secret@example.com/m",
        ],
    );
    // Not committed: no version has it.
    m("new.go", "package m\n");
    gopath.write(
        "gopath/src/example.com/plain/go.mod",
        "module example.com/plain\n",
    );
    symlink(gopath.path(M), gopath.path("gopath/src/example.com/linked")).unwrap();
    gopath
}

#[test]
fn each_version_tag_of_a_checkout_is_a_version() {
    let gopath = gopath();
    let (root, source) = (gopath.path("root"), gopath.path("gopath"));
    let (told, outcomes) = import(&root, &source, &[]);
    assert_eq!(told.err, "");
    let imported: Vec<&str> = outcomes
        .iter()
        .filter(|(_, (name, _))| name == "imported")
        .map(|(version, _)| version.as_str())
        .collect();
    assert_eq!(
        imported,
        [
            "example.com/m/tools@v0.1.0",
            "example.com/m@v1.0.0",
            "example.com/m@v1.1.0"
        ]
    );
    // Refused, and why.
    assert_eq!(outcomes.len(), 5, "{outcomes:#?}");
    for (version, problem) in [
        ("example.com/m@v0.9.0", "names the module example.com/old"),
        ("example.com/m@v1.1.1", "is on no commit"),
    ] {
        let (outcome, why) = &outcomes[version];
        assert_eq!(outcome, "refused");
        assert!(why.contains(problem), "{why}");
    }
    assert_eq!(told.code, 1);
    is_verified(&root);
    let mut noted = journal(&root);
    noted.sort();
    assert_eq!(
        noted,
        [
            "adopt example.com/m/tools@v0.1.0",
            "adopt example.com/m@v1.0.0",
            "adopt example.com/m@v1.1.0"
        ]
    );

    // As publishing the tag would have it.
    let info = fs::read_to_string(root.join("example.com/m/tools/@v/v0.1.0.info")).unwrap();
    let info: Value = serde_json::from_str(&info).unwrap();
    let origin = &info["Origin"];
    assert_eq!(origin["VCS"], "git");
    assert_eq!(origin["URL"], "https://example.com/m");
    assert_eq!(origin["Subdir"], "tools");
    assert_eq!(origin["Ref"], "refs/tags/tools/v0.1.0");
    let server = gopath.server();
    gopath.git(M, &["checkout", "--quiet", "v1.0.0"]);
    fs::remove_file(gopath.path(M).join("new.go")).unwrap();
    let published = gopath.run(&[M, "--server", &server.url(), "--json"]);
    assert_eq!(published.code, Some(0), "{published:?}");
    drop(server);
    // Nothing came: it was there, with the same sum.
    assert_eq!(journal(&root).len(), 3);

    // Again; which modules there are is what is checked out.
    gopath.git(M, &["checkout", "--quiet", "v1.1.0"]);
    let (_, outcomes) = import(&root, &source, &["--only", "example.com/m"]);
    for version in imported {
        assert_eq!(outcomes[version].0, "already-there", "{version}");
    }
    // A tag that was moved to the same files is no matter; to others, it is a conflict.
    let m = "example.com/m@v1.0.0";
    gopath.git(M, &["tag", "--force", "v1.0.0"]);
    let (_, outcomes) = import(&root, &source, &["--only", "example.com/m"]);
    assert_eq!(outcomes[m].0, "already-there");
    gopath.write(&format!("{M}/m.go"), "package m // changed\n");
    gopath.git(M, &["commit", "--quiet", "--all", "-m", "x"]);
    gopath.git(M, &["tag", "--force", "v1.0.0"]);
    let (told, outcomes) = import(&root, &source, &["--only", "example.com/m"]);
    assert_eq!(told.code, 1);
    let (outcome, why) = &outcomes[m];
    assert_eq!(outcome, "conflict");
    assert_eq!(why.matches("h1:").count(), 2, "{why}");
}

#[test]
fn the_cache_and_the_heads_of_a_gopath() {
    let gopath = Publisher::new();
    let cached = version("example.com/cached@v1.0.0");
    let download = "gopath/pkg/mod/cache/download";
    let put = |name: &str, content: &[u8]| {
        gopath.write(&format!("{download}/{name}"), content);
    };
    put("example.com/cached/@v/v1.0.0.zip", &zip_of(&cached));
    put(
        "example.com/cached/@v/v1.0.0.mod",
        go_mod(&cached).as_bytes(),
    );
    put(
        "example.com/cached/@v/v1.0.0.info",
        info_of(&cached).as_bytes(),
    );
    put(
        "sumdb/sum.example/lookup/example.com/cached@v1.0.0",
        b"1\nrecord\n",
    );
    put("sumdb/sum.example/tile/8/0/000.p/2", &[7; 64]);
    put("sumdb/sum.example/tile/8/0/001", b"torn");
    put("sumdb/sum.example/tile/8/0/000.p/2.tmp", b"x");
    gopath.write("gopath/pkg/sumdb/sum.example/latest", "head\n");
    gopath.write("root/sumdb/sum.example/tile/8/0/002", "stays");

    let root = gopath.path("root");
    let (told, outcomes) = import(&root, &gopath.path("gopath"), &[]);
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(outcomes["example.com/cached@v1.0.0"].0, "imported");
    let summary = told.summary();
    assert_eq!(
        (&summary["sumdb-files"], &summary["passed-over"]),
        (&3.into(), &1.into())
    );
    let read = |name: &str| fs::read(root.join("sumdb/sum.example").join(name)).ok();
    assert_eq!(read("latest").as_deref(), Some(&b"head\n"[..]));
    assert_eq!(read("tile/8/0/000.p/2").as_deref(), Some(&[7; 64][..]));
    assert_eq!(read("tile/8/0/001"), None);
    assert!(read("lookup/example.com/cached@v1.0.0").is_some());
    is_verified(&root);

    // What is there stays, also of a database.
    gopath.write("gopath/pkg/sumdb/sum.example/latest", "another\n");
    let (told, _) = import(&root, &gopath.path("gopath/pkg/mod"), &[]);
    assert_eq!(told.summary()["sumdb-files"], 0);
    assert_eq!(read("latest").as_deref(), Some(&b"head\n"[..]));
}
