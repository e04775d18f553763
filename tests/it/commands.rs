//! `athens list` and `athens reindex`: what they print, write and exit with.

use std::fs;
use std::path::Path;
use std::process::Output;

use athens::store::ModuleFile;

use crate::support::server::athens;
use crate::support::tools::{eventually, files_below};
use crate::support::tree::{Tree, info_of, version, zip_of};

fn run(root: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = athens()
        .args(arguments)
        .arg("--root")
        .arg(root)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// Files must have been left alone for a moment before what is wrong with them is said.
fn settled(root: &Path, arguments: &[&str], wanted: &str) -> (i32, String, String) {
    eventually(&format!("{arguments:?} says {wanted:?}"), || {
        let (code, out, err) = run(root, arguments);
        (out.contains(wanted) || err.contains(wanted)).then_some((code, out, err))
    })
}

#[test]
fn list_prints_a_table_or_json() {
    let tree = Tree::new();
    tree.add("example.com/Corp/m@v1.0.0")
        .add("example.com/Corp/m@v1.1.0-rc.1");
    tree.add("other.org/x@v0.0.0-20260102150405-abcdef123456");
    tree.write(
        &version("graph.org/only@v1.0.0"),
        ModuleFile::Mod,
        b"module graph.org/only\n",
    );
    let (code, out, err) = run(tree.root(), &["list"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(
        out,
        "MODULE              VERSIONS (* latest)\n\
         example.com/Corp/m  v1.0.0* v1.1.0-rc.1\n\
         other.org/x         v0.0.0-20260102150405-abcdef123456*\n"
    );
    let (code, out, _) = run(tree.root(), &["list", "*.org,corp.example", "--json"]);
    assert_eq!(code, 0);
    assert_eq!(
        out,
        "{\"Path\":\"other.org/x\",\"Latest\":\"v0.0.0-20260102150405-abcdef123456\",\
         \"Versions\":[\"v0.0.0-20260102150405-abcdef123456\"]}\n"
    );
    let (code, out, err) = run(tree.root(), &["list", "nothing.example"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(
        err.contains("holds no module that matches nothing.example"),
        "{err}"
    );
    let (code, _, err) = run(tree.root(), &["list", "[a"]);
    assert_eq!(code, 2);
    assert!(err.contains("[a"), "{err}");
    assert!(!tree.root().join(".athens").exists(), "list writes nothing");
}

#[test]
fn reindex_writes_what_a_static_server_needs() {
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0").add("example.com/m@v1.2.0");
    let lone = version("example.com/m@v1.1.0");
    tree.write(&lone, ModuleFile::Zip, &zip_of(&lone));
    tree.write_path("example.com/m/@v/list", b"v9.9.9\nv1.0.0\n");
    tree.write(
        &version("graph.org/only@v1.0.0"),
        ModuleFile::Mod,
        b"module graph.org/only\n",
    );
    tree.write_path("graph.org/only/@v/list", b"v1.0.0\n");

    let before = files_below(tree.root());
    let (code, out, _) = settled(tree.root(), &["reindex", "--dry-run"], "v1.1.0.mod");
    assert_eq!(code, 0);
    assert_eq!(
        out,
        "would write example.com/m/@v/v1.1.0.mod\n\
         would write example.com/m/@v/v1.1.0.info\n\
         would write example.com/m/@v/list\n\
         would write example.com/m/@latest\n\
         would remove graph.org/only/@v/list\n\
         1 module with 3 versions would be ready: 5 files to write or remove, 0 files that cannot be served\n"
    );
    assert_eq!(files_below(tree.root()), before);

    let (code, out, err) = run(tree.root(), &["reindex"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(
        out,
        "1 module with 3 versions ready: 5 files written or removed, 0 files that cannot be served\n"
    );
    let read = |path: &str| fs::read_to_string(tree.root().join(path)).unwrap();
    assert_eq!(read("example.com/m/@v/list"), "v1.0.0\nv1.1.0\nv1.2.0\n");
    assert_eq!(
        read("example.com/m/@latest"),
        info_of(&version("example.com/m@v1.2.0"))
    );
    assert_eq!(
        read("example.com/m/@v/v1.1.0.mod"),
        "module example.com/m\n\ngo 1.13\n"
    );
    assert!(!tree.root().join("graph.org/only/@v/list").exists());

    let (_, out, _) = run(tree.root(), &["reindex", "--json"]);
    assert_eq!(
        out,
        "{\"modules\":1,\"versions\":3,\"changes\":0,\"findings\":[]}\n"
    );
}

#[test]
fn reindex_says_what_cannot_be_served() {
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0").add("example.com/m@v1.1.0");
    tree.write(&version("example.com/m@v1.1.0"), ModuleFile::Zip, &[0; 100]);
    tree.write_path("Example.com/Unescaped/@v/v1.0.0.zip", b"x");
    let (code, out, err) = settled(tree.root(), &["reindex"], "v1.1.0.zip");
    assert_eq!(code, 1);
    assert!(out.starts_with("1 module with 1 version ready"), "{out}");
    assert!(out.ends_with("2 files that cannot be served\n"), "{out}");
    assert!(
        err.contains("example.com/m/@v/v1.1.0.zip can not be used by the go command"),
        "{err}"
    );
    assert!(
        err.contains("Example.com/Unescaped/@v is not the directory of a module"),
        "{err}"
    );
    let (code, out, err) = run(&tree.root().join("none"), &["reindex"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("--root must name a folder"), "{err}");
}
