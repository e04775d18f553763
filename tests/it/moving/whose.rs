use super::{on_athens_disk, write};
use crate::support::carrier::{import, is_verified, journal, run};
use crate::support::operator::ask;
use crate::support::server::TestServer;
use crate::support::tree::{Tree, go_mod, info_of, version, zip_of};
use crate::support::upstream::{Reply, Upstream};

const MODULES: [&str; 2] = ["corp.example/lib@v1.0.0", "example.com/m@v1.0.0"];

/// The disk storage of an Athens that had modules of a team and of others.
fn disk() -> Tree {
    let folder = Tree::new();
    for text in MODULES {
        let version = version(text);
        let names = on_athens_disk(version.path().as_str(), version.version().as_str());
        let contents = [
            info_of(&version).into_bytes(),
            go_mod(&version).into_bytes(),
            zip_of(&version),
        ];
        for (name, content) in names.iter().zip(contents) {
            write(&folder.root().join(name), content);
        }
    }
    folder
}

/// The modules, or paths below them, about which a server with this root asks its upstream.
fn asked_about(root: &Tree, flags: &[&str]) -> Vec<String> {
    let upstream = Upstream::start();
    for module in ["corp.example/lib", "corp.example/lib/sub", "example.com/m"] {
        upstream.on(&format!("/{module}/@v/list"), Reply::ok("v1.9.0\n"));
    }
    let url = upstream.url();
    let flags = [&["--upstream", &url, "--sumdb", "off"], flags].concat();
    let server = TestServer::start(root.root(), &flags);
    for module in ["corp.example/lib", "corp.example/lib/sub", "example.com/m"] {
        ask(server.addr(), &format!("/{module}/@v/list"));
    }
    let mut asked: Vec<String> = upstream
        .paths()
        .iter()
        .filter_map(|path| Some(path[1..].split_once("/@")?.0.to_owned()))
        .collect();
    asked.sort();
    asked.dedup();
    asked
}

/// A folder of Athens does not say whose a module is: all are somebody else's but those that the operator names. The name
/// of a private one never leaves, whether it was named to the import or to the server.
#[test]
fn owned_modules_are_never_asked_about() {
    let (old, private) = (disk(), ["--private", "corp.example"]);
    let others = ["corp.example/lib", "corp.example/lib/sub", "example.com/m"];

    let root = Tree::new();
    let (told, _) = import(root.root(), old.root(), &[]);
    assert_eq!(told.code, 0);
    assert_eq!(asked_about(&root, &["--private", ""]), others);
    assert_eq!(asked_about(&root, &private), ["example.com/m"]);

    let root = Tree::new();
    let (told, _) = import(root.root(), old.root(), &["--owned", "corp.example/*"]);
    assert_eq!(told.code, 0);
    let noted = [
        "import example.com/m@v1.0.0",
        "publish corp.example/lib@v1.0.0",
    ];
    let mut events = journal(root.root());
    events.sort();
    assert_eq!(events, noted);
    assert_eq!(asked_about(&root, &["--private", ""]), ["example.com/m"]);
}

/// Somebody imports, and finds out then what the flag is for.
#[test]
fn what_is_there_already_becomes_owned_too() {
    let (old, root) = (disk(), Tree::new());
    for (flags, count) in [
        (&[][..], 2),
        (&["--owned", "corp.example", "--dry-run"], 2),
        (&["--owned", "corp.example"], 3),
        (&["--owned", "corp.example"], 3),
        (&[], 3),
    ] {
        let (told, _) = import(root.root(), old.root(), flags);
        assert_eq!(told.code, 0);
        assert_eq!(journal(root.root()).len(), count, "{flags:?}");
    }
    assert_eq!(journal(root.root())[2], "publish corp.example/lib@v1.0.0");
    is_verified(root.root());
    assert_eq!(asked_about(&root, &["--private", ""]), ["example.com/m"]);
}

/// Through another root: a registry that can only be fetched from, whose modules are one's own.
#[test]
fn fetched_modules_become_owned_by_way_of_another_root() {
    let (theirs, way, root) = (Tree::new(), Tree::new(), Tree::new());
    theirs.add(MODULES[0]);
    let upstream = Upstream::of_tree(theirs.root());
    let url = upstream.url();
    let flags = ["--upstream", &url, "--sumdb", "off", "--private", ""];
    let told = run(way.root(), &[&["fetch", MODULES[0]], &flags[..]].concat());
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(journal(way.root()), [format!("import {}", MODULES[0])]);
    import(root.root(), way.root(), &["--owned", "corp.example"]);
    assert_eq!(journal(root.root()), [format!("publish {}", MODULES[0])]);
}

/// A folder in the layout of the protocol may be one's own or another proxy's: what is taken for granted is said.
#[test]
fn a_folder_without_a_journal_is_said_to_count_as_own() {
    let folder = Tree::new();
    folder.add(MODULES[1]);
    for (flags, is_said, event) in [
        (&[][..], true, "adopt"),
        (&["--from", "root"], false, "adopt"),
        (&["--from", "proxy-cache"], false, "import"),
        (&["--owned", "*"], true, "publish"),
    ] {
        let root = Tree::new();
        let (told, _) = import(root.root(), folder.root(), flags);
        assert_eq!(told.code, 0);
        assert_eq!(
            told.err.contains("--from proxy-cache"),
            is_said,
            "{flags:?}"
        );
        assert_eq!(told.err.is_empty(), !is_said, "{flags:?}");
        assert_eq!(journal(root.root()), [format!("{event} {}", MODULES[1])]);
    }
}
