//! Zips that were dropped into the folder by hand: read whole once, before they are first served.

use std::fs;

use athens::module::ModuleVersion;
use athens::store::ModuleFile;

use super::registry::{Registry, url_of};
use super::zips::{sum_of_files, zip_saying};
use crate::support::http::get;
use crate::support::tools::until;
use crate::support::tree::{Tree, go_mod, info_of, version, zip_with};

const MODULE: &str = "example.com/m";

/// Drops a version with these bytes as its zip.
pub(super) fn drop_in(tree: &Tree, version: &ModuleVersion, zip: &[u8]) {
    tree.write(version, ModuleFile::Zip, zip);
    tree.write(version, ModuleFile::Mod, go_mod(version).as_bytes());
    tree.write(version, ModuleFile::Info, info_of(version).as_bytes());
}

/// A zip whose directory is sound, and whose content is not what it says: one byte of it is another.
fn damaged(version: &ModuleVersion) -> Vec<u8> {
    let text = "The quick brown fox jumps over the lazy dog.".repeat(3);
    let (mut zip, _) = zip_saying(version, &text);
    // The second of the two local headers; its content follows the name.
    let name = b"/m.txt";
    let at = zip
        .windows(name.len())
        .position(|window| window == name)
        .unwrap();
    zip[at + name.len() + 12] ^= 0x55;
    zip
}

/// Waits until the list is this: before that, versions may be too young to be judged.
fn list_becomes(registry: &Registry, want: &str) {
    until(&format!("the list is {want:?}"), || {
        registry.list(MODULE).text() == want
    });
}

#[test]
fn damage_behind_a_sound_directory_is_never_served() {
    let tree = Tree::new();
    let (good, bad) = (
        version("example.com/m@v1.0.0"),
        version("example.com/m@v1.1.0"),
    );
    drop_in(&tree, &good, &zip_saying(&good, "").0);
    drop_in(&tree, &bad, &damaged(&bad));
    // What the go command would have written, if the zip were good: it proves nothing.
    tree.write_path(
        "example.com/m/@v/v1.1.0.ziphash",
        zip_saying(&bad, "").1.as_bytes(),
    );
    // Without a walk nobody reads it before it is asked for.
    let registry = Registry::over(tree, &["--watch", "off", "--poll-interval", "50ms"]);
    for _ in 0..3 {
        let answer = registry.file(&bad, ModuleFile::Zip);
        let text = answer.text();
        assert_eq!(answer.status, 404, "{text}");
        assert!(
            text.contains("can not be used by the go command in its entry"),
            "{text}"
        );
        assert!(text.contains("example.com/m@v1.1.0/m.txt"), "{text}");
    }
    list_becomes(&registry, "v1.0.0\n");
    assert!(
        registry
            .get("/example.com/m/@latest")
            .text()
            .contains("v1.0.0")
    );
    assert_eq!(registry.events("adopt", &bad), 0);
    assert_eq!(registry.file(&good, ModuleFile::Zip).status, 200);
    // What was dropped is not touched.
    assert!(registry.tree.path_of(&bad, ModuleFile::Zip).exists());

    // Mended, it is as good as any.
    let (zip, sum) = zip_saying(&bad, "");
    registry.tree.write(&bad, ModuleFile::Zip, &zip);
    list_becomes(&registry, "v1.0.0\nv1.1.0\n");
    assert_eq!(registry.file(&bad, ModuleFile::Zip).body, zip);
    assert_eq!(registry.events("adopt", &bad), 1);
    let hash = registry.tree.root().join("example.com/m/@v/v1.1.0.ziphash");
    assert_eq!(fs::read_to_string(hash).unwrap(), sum);
}

#[test]
fn damage_that_comes_while_the_server_runs() {
    let registry = Registry::start(&[]);
    let (good, bad) = (
        version("example.com/m@v1.0.0"),
        version("example.com/m@v1.1.0"),
    );
    drop_in(&registry.tree, &bad, &damaged(&bad));
    drop_in(&registry.tree, &good, &zip_saying(&good, "").0);
    list_becomes(&registry, "v1.0.0\n");
    assert_eq!(registry.file(&bad, ModuleFile::Zip).status, 404);
    assert_eq!(registry.file(&good, ModuleFile::Zip).status, 200);
    until("the good one is adopted", || {
        registry.events("adopt", &good) == 1
    });
    assert_eq!(registry.events("adopt", &bad), 0);
}

#[test]
fn read_once_in_its_life() {
    let tree = Tree::new();
    let version = version("example.com/m@v1.0.0");
    let (zip, sum) = zip_saying(&version, "");
    drop_in(&tree, &version, &zip);
    let hash = tree.versions_of(MODULE).join("v1.0.0.ziphash");
    // Copied with a module cache: right or wrong, it proves nothing.
    let wrong = zip_saying(&version, "other").1;
    fs::write(&hash, &wrong).unwrap();
    let registry = Registry::over(tree, &[]);
    assert_eq!(registry.file(&version, ModuleFile::Zip).body, zip);
    assert_eq!(fs::read_to_string(&hash).unwrap(), sum);
    assert_eq!(registry.events("adopt", &version), 1);
    let journal = registry.journal();
    assert_eq!(
        (&journal[0]["Sum"], &journal[0]["Size"]),
        (&sum.as_str().into(), &zip.len().into())
    );
    assert!(journal[0].get("Token").is_none());

    let stamp = |of: &std::path::Path| fs::metadata(of).unwrap();
    let before = stamp(&hash).modified().unwrap();
    let registry = registry.kill_and_restart();
    assert_eq!(registry.file(&version, ModuleFile::Zip).body, zip);
    assert_eq!(registry.events("adopt", &version), 1);
    assert_eq!(stamp(&hash).modified().unwrap(), before);

    // Written again with the same bytes, it is another file to us.
    registry.tree.write(&version, ModuleFile::Zip, &zip);
    until("it is read again", || {
        registry.file(&version, ModuleFile::Zip).status == 200
            && stamp(&hash).modified().unwrap() != before
    });
    assert_eq!(registry.events("adopt", &version), 2);
}

#[test]
fn many_who_ask_at_once_cause_one_reading() {
    let version = version("example.com/m@v1.0.0");
    let content = vec![b'x'; 8 << 20];
    let go_mod = go_mod(&version);
    let files: [(&str, &[u8]); 2] = [("go.mod", go_mod.as_bytes()), ("data", &content)];
    let tree = Tree::new();
    drop_in(&tree, &version, &zip_with(&version, &files));
    let sum = sum_of_files(&version, &files);
    let registry = Registry::over(tree, &[]);
    let (url, path) = (registry.url(), url_of(&version, ModuleFile::Zip));
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| assert_eq!(get(&url, &path).status, 200));
        }
    });
    assert_eq!(
        registry.events("adopt", &version),
        1,
        "{}",
        registry.journal_text()
    );
    assert_eq!(registry.journal()[0]["Sum"], sum);
}
