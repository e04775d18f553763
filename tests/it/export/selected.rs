//! What goes into a bundle, and what is said of what can not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use athens::modzip::{go_mod_sum, zip_sum};
use athens::store::{DirStore, Event, EventKind, OpenMode};

use crate::support::carrier::run;
use crate::support::tree::{Tree, go_mod, version, zip_of};

/// The names in a bundle, as tar sees them, without the first and the last.
fn names(bundle: &Path) -> Vec<String> {
    let output = Command::new("tar").arg("tf").arg(bundle).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let names = String::from_utf8(output.stdout).unwrap();
    let mut names: Vec<String> = names.lines().map(str::to_owned).collect();
    assert_eq!(names.remove(0), "athens-bundle.json");
    assert_eq!(names.pop().unwrap(), "athens-bundle-entries.jsonl");
    names
}

/// Three modules with four versions, two cached databases.
fn tree() -> Tree {
    let tree = Tree::new();
    tree.add("example.com/A/m@v1.0.0")
        .add("example.com/b@v1.0.0")
        .add("example.com/b@v1.1.0")
        .add("other.org/c@v0.1.0");
    tree.write_path("example.com/b/@v/v0.9.0.mod", b"module example.com/b\n");
    for name in ["one.example", "two.example"] {
        tree.write_path(&format!("sumdb/{name}/latest"), b"head\n");
        tree.write_path(&format!("sumdb/{name}/tile/8/0/000.p/1"), &[7; 32]);
    }
    tree.write_path("sumdb/one.example/lookup/example.com/b@v1.0.0", b"1\n");
    tree.write_path("sumdb/one.example/lookup/example.com/b@v1.1.0", b"2\n");
    tree.write_path("sumdb/one.example/tile/8/0/001", b"torn");
    tree
}

fn output(tree: &Tree) -> PathBuf {
    tree.root().join(".athens-bundle.tar")
}

fn files(version: &str) -> Vec<String> {
    let files = ["info", "mod", "zip", "ziphash"];
    files.map(|file| format!("{version}.{file}")).to_vec()
}

#[test]
fn patterns() {
    let tree = tree();
    let bundle = output(&tree);
    let of = |patterns: &[&str]| {
        let arguments = [&["export", "-o", bundle.to_str().unwrap()], patterns].concat();
        let told = run(tree.root(), &arguments);
        assert_eq!((told.code, told.err.as_str()), (0, ""), "{patterns:?}");
        names(&bundle)
    };
    assert_eq!(of(&["other.org"]), files("other.org/c/@v/v0.1.0"));
    assert_eq!(
        of(&["example.com/b@v1.0.0", "example.com/A"]),
        [
            files("example.com/!a/m/@v/v1.0.0"),
            files("example.com/b/@v/v1.0.0"),
            // The database that knows it, whole but for other lookups; no torn tile.
            vec![
                "sumdb/one.example/latest".to_owned(),
                "sumdb/one.example/lookup/example.com/b@v1.0.0".to_owned(),
                "sumdb/one.example/tile/8/0/000.p/1".to_owned(),
            ],
        ]
        .concat()
    );
    let all = of(&["*"]);
    assert!(all.contains(&"example.com/b/@v/v0.9.0.mod".to_owned()));
    assert_eq!(all.len(), 4 * 4 + 1 + 4, "{all:#?}");
}

#[test]
fn a_go_sum() {
    let tree = tree();
    let bundle = output(&tree);
    let line = |text: &str| {
        let version = version(text);
        let (zip, go_mod) = (zip_of(&version), go_mod(&version));
        let sum = zip_sum(zip.as_slice(), zip.len() as u64, &version).unwrap();
        let name = format!("{} {}", version.path(), version.version());
        [
            format!("{name} {sum}\n"),
            format!("{name}/go.mod {}\n", go_mod_sum(go_mod.as_bytes())),
        ]
    };
    let [a, b, c] = [
        "example.com/A/m@v1.0.0",
        "example.com/b@v1.1.0",
        "other.org/c@v0.1.0",
    ]
    .map(line);
    let export = |go_sum: &str, flags: &[&str]| {
        tree.write_path("go.sum", go_sum.as_bytes());
        let _ = fs::remove_file(&bundle);
        let go_sum = tree.root().join("go.sum");
        let arguments = ["export", "--from", go_sum.to_str().unwrap()];
        let output = ["--output", bundle.to_str().unwrap()];
        run(tree.root(), &[&arguments[..], &output[..], flags].concat())
    };
    // The zip where there is a line for it, else the go.mod alone.
    let told = export(&format!("{}{}{}", a.concat(), b[1], c[0]), &[]);
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(
        names(&bundle),
        [
            files("example.com/!a/m/@v/v1.0.0"),
            files("example.com/b/@v/v1.1.0")[..2].to_vec(),
            files("other.org/c/@v/v0.1.0"),
            vec![
                "sumdb/one.example/latest".to_owned(),
                "sumdb/one.example/lookup/example.com/b@v1.1.0".to_owned(),
                "sumdb/one.example/tile/8/0/000.p/1".to_owned(),
            ],
        ]
        .concat()
    );

    // Missing, and other sums: named, and nothing is written.
    let other = "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let bad = format!(
        "{}example.com/b v1.0.0 {other}\nexample.com/b v1.1.0/go.mod {other}\nno.such/m v1.0.0 {other}\n\
         no.such/m v1.1.0/go.mod {other}\n",
        a.concat()
    );
    let told = export(&bad, &[]);
    assert_eq!((told.code, told.err.as_str()), (1, ""));
    let lines: Vec<&str> = told.text().lines().collect();
    assert_eq!(lines.len(), 5, "{lines:#?}");
    for (line, problem) in lines.iter().zip([
        "example.com/b@v1.0.0.zip has the sum ",
        "example.com/b@v1.1.0.mod has the sum ",
        "no.such/m@v1.0.0.zip is not there",
        "no.such/m@v1.1.0.mod is not there",
        "nothing written: 4 versions missing",
    ]) {
        assert!(line.starts_with(problem), "{line}");
    }
    assert!(!bundle.exists());
    let told = export(&bad, &["--allow-missing", "--json"]);
    assert_eq!(told.code, 1);
    assert_eq!(told.summary()["missing"], 4);
    assert_eq!(names(&bundle), files("example.com/!a/m/@v/v1.0.0"));

    for (content, problem) in [("a.b/c v1.0.0\n", "line 1"), ("", "names no module")] {
        let told = export(content, &[]);
        assert_eq!(told.code, 2);
        assert!(told.err.contains(problem), "{told:?}");
    }
}

#[test]
fn since_a_time() {
    let tree = tree();
    let bundle = output(&tree);
    let store = DirStore::open(tree.root(), OpenMode::ReadWrite).unwrap();
    let append = |kind, text: &str| {
        let mut event = Event::new(kind, &version(text));
        store.journal().append(&mut event).unwrap();
        event.time
    };
    append(EventKind::Publish, "example.com/A/m@v1.0.0");
    append(EventKind::Fetch, "example.com/b@v1.0.0");
    let time = append(EventKind::Publish, "example.com/b@v1.1.0").to_string();
    append(EventKind::Adopt, "other.org/c@v0.1.0");
    append(EventKind::Publish, "example.com/gone@v0.1.0");
    append(EventKind::Delete, "example.com/gone@v0.1.0");
    let since = |time: &str| {
        let arguments = ["export", "--since", time, "-o", bundle.to_str().unwrap()];
        run(tree.root(), &arguments)
    };
    assert_eq!(since(&time).code, 0);
    let versions = [
        files("example.com/b/@v/v1.1.0"),
        files("other.org/c/@v/v0.1.0"),
    ]
    .concat();
    assert_eq!(names(&bundle)[..8], versions);
    let told = since("2001-01-01");
    assert_eq!(told.code, 0);
    assert!(
        told.text().starts_with("4 versions and 0 go.mod files"),
        "{}",
        told.text()
    );
    let told = since("2999-01-01");
    assert_eq!(told.code, 1);
    assert!(told.err.contains("holds nothing of what is to be exported"));
}

#[test]
fn wrong_usage() {
    let tree = tree();
    let bundle = output(&tree);
    let output = bundle.to_str().unwrap();
    let cases: &[(&[&str], &str)] = &[
        (&["export", "-o", output], "required"),
        (&["export", "*"], "--output"),
        (
            &["export", "*", "--since", "2026-01-01", "-o", output],
            "cannot be used with",
        ),
        (
            &["export", "--since", "yesterday", "-o", output],
            "malformed time",
        ),
        (&["export", "a.b/[c", "-o", output], "malformed pattern"),
        (
            &["export", "*", "-o", "/no/such/dir/b.tar"],
            "cannot write /no/such/dir/b.tar",
        ),
        (&["export", "*", "-o", "/dev/null"], "is no file"),
        (
            &["export", "--from", "/no/such/go.sum", "-o", output],
            "cannot read /no/such/go.sum",
        ),
    ];
    for (arguments, problem) in cases {
        let told = run(tree.root(), arguments);
        assert_eq!(told.code, 2, "{arguments:?}: {told:?}");
        assert!(told.err.contains(problem), "{arguments:?}: {told:?}");
        assert!(!bundle.exists());
    }
}

#[test]
fn what_is_damaged_does_not_go_in() {
    let tree = tree();
    tree.write_path("other.org/c/@v/v0.1.0.info", b"{}");
    tree.write_path("example.com/b/@v/v1.0.0.zip", b"PK");
    let bundle = output(&tree);
    let told = run(
        tree.root(),
        &["export", "*", "-o", bundle.to_str().unwrap()],
    );
    assert_eq!(told.code, 1);
    let text = told.text();
    assert!(
        text.contains("example.com/b@v1.0.0.zip can not be used"),
        "{text}"
    );
    assert!(
        text.contains("other.org/c@v0.1.0.info is not what the go command takes"),
        "{text}"
    );
    assert!(!bundle.exists());
}
