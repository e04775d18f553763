//! Bundles that were cut, changed or made by somebody else, at the real door.

use std::fs;

use athens::store::ModuleFile;
use tempfile::TempDir;

use crate::support::carrier::{import, is_verified, run};
use crate::support::tools::files_below;
use crate::support::tree::{Tree, version, zip_of};

const GOOD: &str = "example.com/a@v1.0.0";
const BAD: &str = "example.com/b@v1.0.0";

/// A bundle with two versions and a tile, and the tree that it is of.
fn bundle() -> (Tree, Vec<u8>) {
    let tree = Tree::new();
    tree.add(GOOD).add(BAD);
    tree.write_path("sumdb/one.example/lookup/example.com/a@v1.0.0", b"1\n");
    tree.write_path("sumdb/one.example/tile/8/0/000.p/1", &[7; 32]);
    let told = run(tree.root(), &["export", "*", "-o", "-"]);
    assert_eq!(told.code, 0, "{told:?}");
    (tree, told.out)
}

/// Imports bytes as a bundle into an empty root.
fn import_bytes(bytes: &[u8]) -> (TempDir, i32, String, String) {
    let scratch = TempDir::new().unwrap();
    let (root, file) = (scratch.path().join("root"), scratch.path().join("b.tar"));
    fs::create_dir(&root).unwrap();
    fs::write(&file, bytes).unwrap();
    let told = run(&root, &["import", file.to_str().unwrap()]);
    let text = told.text().to_owned();
    (scratch, told.code, text, told.err)
}

#[test]
fn a_bundle_that_is_not_whole_brings_nothing() {
    let (_tree, bytes) = bundle();
    let name = bytes
        .windows(7)
        .position(|window| window == b"v1.0.0.")
        .unwrap();
    let mut renamed = bytes.clone();
    renamed[name + 5] = b'1';
    let mut longer = bytes.clone();
    longer.push(0);
    for (what, bytes, problem) in [
        ("cut", &bytes[..bytes.len() / 2], "ends in the middle"),
        (
            "cut at the end",
            &bytes[..bytes.len() - 1],
            "is refused as a bundle",
        ),
        ("renamed", &renamed, "the header at byte"),
        ("longer", &longer, "after its end"),
        ("empty", &[], "no bundle"),
    ] {
        let (scratch, code, out, err) = import_bytes(bytes);
        assert_eq!((code, out.as_str()), (1, ""), "{what}: {err}");
        assert!(err.contains(problem), "{what}: {err}");
        let there = files_below(&scratch.path().join("root"));
        assert!(there.is_empty(), "{what}: {there:?}");
    }
}

#[test]
fn what_was_changed_in_a_bundle_is_refused_and_the_rest_comes_in() {
    let (tree, bytes) = bundle();
    let at = |content: &[u8]| {
        bytes
            .windows(content.len())
            .position(|window| window == content)
            .unwrap()
    };
    let zip = at(&fs::read(tree.path_of(&version(BAD), ModuleFile::Zip)).unwrap());
    let go_mod = at(b"module example.com/b");
    let tile = at(&[7; 32]);
    // The last byte of a zip is that of the length of its comment: no sum of its contents sees it.
    let zip_end = zip + zip_of(&version(BAD)).len() - 1;
    for (what, place, line) in [
        ("zip", zip + 40, "is refused: it has a .zip that is damaged"),
        (
            "end of zip",
            zip_end,
            "is refused: it has a .zip that is damaged",
        ),
        ("mod", go_mod, "is refused: it has a .mod that is damaged"),
    ] {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        let (scratch, code, out, err) = import_bytes(&changed);
        assert_eq!((code, err.as_str()), (1, ""), "{what}");
        assert!(out.starts_with(&format!("{BAD} {line}")), "{what}: {out}");
        let root = scratch.path().join("root");
        assert!(root.join("example.com/a/@v/v1.0.0.info").exists());
        assert!(!root.join("example.com/b").exists(), "{what}");
        is_verified(&root);
        // A dry run sees it, too.
        let file = scratch.path().join("b.tar");
        let empty = TempDir::new().unwrap();
        let (_, outcomes) = import(empty.path(), &file, &["--dry-run"]);
        assert_eq!(outcomes[BAD].0, "refused", "{what}");
        assert_eq!(outcomes[GOOD].0, "imported", "{what}");
    }
    let mut changed = bytes.clone();
    changed[tile] ^= 1;
    let (scratch, _, out, _) = import_bytes(&changed);
    assert!(
        out.contains("sumdb/one.example/tile/8/0/000.p/1 is passed over"),
        "{out}"
    );
    let tiles = scratch.path().join("root/sumdb/one.example/tile");
    assert!(!tiles.exists());
}
