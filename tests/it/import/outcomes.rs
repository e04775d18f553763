//! What the door says to versions that are there, were there, or are not what they should be.

use std::fs;

use athens::module::Sum;
use athens::store::{DirStore, ModuleFile, OpenMode, Tombstone};

use crate::support::carrier::{import, is_verified, journal};
use crate::support::tools::files_below;
use crate::support::tree::{Tree, go_mod, info_of, version, zip_of, zip_with};

const V: &str = "example.com/m@v1.0.0";

#[test]
fn a_table_of_outcomes() {
    let v = version(V);
    let sound = zip_of(&v);
    let other = zip_with(
        &v,
        &[("go.mod", go_mod(&v).as_bytes()), ("x.go", b"package x\n")],
    );
    let forked = zip_with(&v, &[("go.mod", b"module example.com/fork\n")]);
    let wrong = zip_with(
        &version("example.com/m@v1.0.1"),
        &[("go.mod", b"module x\n")],
    );
    let no_mod = zip_with(&v, &[("m.go", b"package m\n")]);
    let torn_mod = zip_with(&v, &[("go.mod", b"")]);
    let (mod_here, info_here) = (go_mod(&v), info_of(&v));
    struct Case<'a> {
        name: &'a str,
        /// Zip, .mod and .info that come.
        comes: [Option<&'a [u8]>; 3],
        /// Those that are there.
        here: [Option<&'a [u8]>; 3],
        outcome: &'a str,
        why: &'a str,
    }
    let (zip, go_mod, info) = (
        Some(sound.as_slice()),
        Some(mod_here.as_bytes()),
        Some(info_here.as_bytes()),
    );
    let none = [None, None, None];
    let case = |name, comes, here, outcome, why| Case {
        name,
        comes,
        here,
        outcome,
        why,
    };
    let cases = [
        case("whole", [zip, go_mod, info], none, "imported", ""),
        case("a zip alone", [zip, None, None], none, "imported", ""),
        case(
            "no go.mod in it",
            [Some(&no_mod), None, info],
            none,
            "imported",
            "",
        ),
        case(
            "a go.mod where the zip has none",
            [Some(&no_mod), go_mod, info],
            none,
            "refused",
            "not the go.mod of its zip",
        ),
        case(
            "a fork, which keeps the module line",
            [Some(&forked), Some(b"module example.com/fork\n"), info],
            none,
            "imported",
            "",
        ),
        case(
            "an empty go.mod",
            [Some(&torn_mod), None, info],
            none,
            "refused",
            "is empty",
        ),
        case(
            "of another version",
            [Some(&wrong), go_mod, info],
            none,
            "refused",
            "can not use",
        ),
        case(
            "no zip at all",
            [Some(b"PK"), go_mod, info],
            none,
            "refused",
            "can not use",
        ),
        case(
            "the .mod alone",
            [None, go_mod, None],
            none,
            "incomplete",
            "",
        ),
        case(
            "the .info alone",
            [None, None, info],
            none,
            "incomplete",
            "",
        ),
        case(
            "the .mod, which is there",
            [None, go_mod, None],
            [None, go_mod, None],
            "already-there",
            "",
        ),
        case(
            "another .mod",
            [None, go_mod, None],
            [None, Some(b"module x\n"), None],
            "conflict",
            "its go.mod has the sum h1:",
        ),
        case(
            "the zip after another .mod",
            [zip, go_mod, info],
            [None, Some(b"module x\n"), None],
            "conflict",
            "its go.mod has the sum h1:",
        ),
        case(
            "the zip after its .mod",
            [zip, go_mod, info],
            [None, go_mod, info],
            "imported",
            "",
        ),
        case(
            "the same",
            [zip, go_mod, info],
            [zip, go_mod, info],
            "already-there",
            "",
        ),
        case(
            "the rest of a killed import",
            [zip, go_mod, info],
            [zip, None, None],
            "already-there",
            "",
        ),
        case(
            "another zip",
            [Some(&other), go_mod, info],
            [zip, go_mod, info],
            "conflict",
            "the one that is here has h1:",
        ),
        case(
            "in the place of a torn one",
            [zip, go_mod, info],
            [Some(b"PK"), go_mod, info],
            "conflict",
            "the one that is here can not be used",
        ),
        case(
            "a .mod that is not that of the zip here",
            [None, Some(b"module x\n"), None],
            [zip, None, None],
            "refused",
            "not the go.mod of its zip",
        ),
    ];
    for Case {
        name,
        comes,
        here,
        outcome,
        why,
    } in cases
    {
        let (source, root) = (Tree::new(), Tree::new());
        fs::create_dir(source.root().join(".athens")).unwrap();
        for (tree, files) in [(&source, comes), (&root, here)] {
            let order = [ModuleFile::Zip, ModuleFile::Mod, ModuleFile::Info];
            for (file, content) in order.into_iter().zip(files) {
                if let Some(content) = content {
                    tree.write(&v, file, content);
                }
            }
        }
        let (dry, dry_outcomes) = import(root.root(), source.root(), &["--dry-run"]);
        let (told, outcomes) = import(root.root(), source.root(), &[]);
        assert_eq!(dry_outcomes, outcomes, "{name}");
        assert_eq!(dry.code, told.code, "{name}");
        let (found, reason) = &outcomes[V];
        assert_eq!(found, outcome, "{name}: {reason}");
        assert!(reason.contains(why), "{name}: {reason}");
        let is_finding = ["refused", "conflict"].contains(&outcome);
        assert_eq!(told.code, i32::from(is_finding), "{name}: {told:?}");
        if !is_finding {
            is_verified(root.root());
        } else if here.iter().all(Option::is_none) {
            assert!(!root.root().join("example.com").exists(), "{name}");
        }
        for (file, content) in [ModuleFile::Zip, ModuleFile::Mod, ModuleFile::Info]
            .into_iter()
            .zip(here)
        {
            if let Some(content) = content {
                let now = fs::read(root.path_of(&v, file)).unwrap();
                assert!(now == content, "{name}: {file} was replaced");
            }
        }
    }
}

#[test]
fn what_was_deleted_stays_away() {
    let (source, root) = (Tree::new(), Tree::new());
    source.add(V);
    let v = version(V);
    let store = DirStore::open(root.root(), OpenMode::ReadWrite).unwrap();
    let tombstone = Tombstone::new(&v, Sum::new([7; 32]), "ci");
    store.staging().bury(&v, &tombstone).unwrap();
    let before = files_below(root.root());
    let (told, outcomes) = import(root.root(), source.root(), &[]);
    assert_eq!(told.code, 1);
    assert_eq!(outcomes[V].0, "deleted");
    assert_eq!(files_below(root.root()), before);
    assert_eq!(journal(root.root()), [""; 0]);
}

/// The go command's cache has what it was served by us, also what was put into the folder by hand.
#[test]
fn what_was_dropped_here_stays_our_own() {
    let (v, root, cache) = (version(V), Tree::new(), Tree::new());
    for tree in [&root, &cache] {
        tree.write(&v, ModuleFile::Zip, &zip_of(&v));
        tree.write(&v, ModuleFile::Mod, go_mod(&v).as_bytes());
        tree.write(&v, ModuleFile::Info, info_of(&v).as_bytes());
    }
    let download = cache.root().join("cache/download");
    fs::create_dir_all(&download).unwrap();
    fs::rename(
        cache.root().join("example.com"),
        download.join("example.com"),
    )
    .unwrap();
    let (told, outcomes) = import(root.root(), cache.root(), &[]);
    assert_eq!(told.code, 0, "{}", told.err);
    assert_eq!(outcomes[V].0, "already-there");
    assert_eq!(journal(root.root()), [format!("adopt {V}")]);
}
