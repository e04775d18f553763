//! Modules against a checksum database: what is tampered with is not kept and not served, and what was verified once is
//! verified by clients without the database.

use std::path::Path;

use super::site::{Site, path_of};
use super::sums_world::{GOOD, LATER, NAME, UNKNOWN, UPPER, World, download, kept};
use crate::support::http::get;
use crate::support::server::athens;
use crate::support::tools::until;
use crate::support::tree::{Tree, version, zip_of, zip_with};
use crate::support::upstream::{Reply, Upstream};

fn flags(key: &str) -> [&str; 4] {
    ["--sumdb", key, "--negative-ttl", "0"]
}

/// The path of an answer of the database.
fn lookup(text: &str) -> String {
    let version = version(text);
    let (path, version) = (version.path().escaped(), version.version().escaped());
    format!("/sumdb/{NAME}/lookup/{path}@{version}")
}

/// A zip with the go.mod that it should have, and something else.
fn tampered_zip() -> Vec<u8> {
    let files = [
        ("go.mod", b"module example.com/m\n\ngo 1.13\n".as_slice()),
        ("m.go", b"package m\n\nfunc init() { panic(0) }\n"),
    ];
    zip_with(&version(GOOD), &files)
}

#[test]
fn what_the_database_has_is_kept() {
    let Some(world) = World::new() else { return };
    let site = Site::start(&world.upstream.url(), &flags(&world.key));
    for text in [GOOD, UPPER] {
        assert_eq!(site.get(&path_of(text, "mod")).status, 200);
        assert_eq!(site.get(&path_of(text, "zip")).status, 200);
        assert_eq!(site.stored_of(text), ["info", "mod", "zip"]);
        assert_eq!(world.asked(&lookup(text)), 1, "{text}");
    }
    // A private one is in no database, and none is asked.
    let mut private = flags(&world.key).to_vec();
    private.extend(["--private", "example.com/unknown"]);
    world.upstream.forget();
    let site = site.restart(&world.upstream.url(), &private);
    assert_eq!(site.get(&path_of(UNKNOWN, "zip")).status, 404);
    assert_eq!(world.upstream.paths(), [""; 0]);
}

#[test]
fn what_is_tampered_with_is_refused() {
    let Some(world) = World::new() else { return };
    for (file, content, sums) in [
        (
            "zip",
            tampered_zip(),
            "the zip from upstream has the sum h1:",
        ),
        (
            "mod",
            b"module example.com/m\n".to_vec(),
            "the go.mod from upstream has the sum h1:",
        ),
    ] {
        world.upstream.on(&path_of(GOOD, file), Reply::ok(content));
        let site = Site::start(&world.upstream.url(), &flags(&world.key));
        let (status, text) = site.said(&path_of(GOOD, file));
        assert_eq!(status, 403, "{text}");
        let theirs = format!("the checksum database {NAME} has h1:");
        for words in [sums, theirs.as_str(), "it was not kept", "do not use it"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(!site.stored_of(GOOD).contains(&file));
        assert_eq!(site.said(&path_of(GOOD, "zip")).0, 403);
        assert!(!site.stored_of(GOOD).contains(&"zip"));
        site.until_logged(&["example.com/m@v1.0.0: ", sums]);
        site.nothing_staged();
        // A client that verifies nothing is not served it either.
        for (name, value) in [("GONOSUMDB", "*"), ("GOSUMDB", "off")] {
            let Some((is_success, said)) = download(&site.url(), &[(name, value)], &[GOOD]) else {
                return;
            };
            assert!(!is_success, "{said:?}");
            assert!(format!("{said:?}").contains(sums), "{said:?}");
        }
        // In the hands of an honest upstream the same server serves it.
        let good = match file {
            "zip" => zip_of(&version(GOOD)),
            _ => crate::support::tree::go_mod(&version(GOOD)).into_bytes(),
        };
        world.upstream.on(&path_of(GOOD, file), Reply::ok(good));
        assert_eq!(site.get(&path_of(GOOD, "zip")).status, 200, "{file}");
    }
}

#[test]
fn what_the_database_does_not_know_is_refused() {
    let Some(world) = World::new() else { return };
    let site = Site::start(&world.upstream.url(), &flags(&world.key));
    for ending in ["mod", "zip"] {
        let (status, text) = site.said(&path_of(UNKNOWN, ending));
        assert_eq!(status, 403, "{text}");
        assert!(text.contains("does not know it; it was not kept"), "{text}");
    }
    assert_eq!(site.stored_of(UNKNOWN), ["info"]);
    // A database that can not be asked is no answer at all.
    world
        .upstream
        .on(&lookup(UPPER), Reply::status(500, "my disk"));
    let (status, text) = site.said(&path_of(UPPER, "zip"));
    assert_eq!(status, 502, "{text}");
    assert!(
        text.contains("can not be verified with the checksum database sum.example"),
        "{text}"
    );
    assert!(!site.stored_of(UPPER).contains(&"zip"));
}

#[test]
fn a_database_that_lies_is_noticed() {
    let Some(world) = World::new() else { return };
    let site = Site::start(&world.upstream.url(), &flags(&world.key));
    assert_eq!(site.get(&path_of(GOOD, "zip")).status, 200);
    assert_eq!(site.get(&path_of(UPPER, "mod")).status, 200);
    let head = std::fs::read(site.tree.root().join(format!("sumdb/{NAME}/latest"))).unwrap();
    // With another past than it had, also to a server that remembers it from its folder only.
    world.at("forked");
    let mut site = site;
    for round in 0..2 {
        let (status, text) = site.said(&path_of(LATER, "zip"));
        assert_eq!(status, 502, "{text}");
        assert!(!site.stored_of(LATER).contains(&"zip"), "{round}");
        site.until_logged(&["ERROR", NAME]);
        let remembered = std::fs::read(site.tree.root().join(format!("sumdb/{NAME}/latest")));
        assert_eq!(remembered.unwrap(), head);
        site = site.restart(&world.upstream.url(), &flags(&world.key));
    }
    // Honest and grown.
    world.at("grown");
    assert_eq!(site.get(&path_of(LATER, "zip")).status, 200);
    let site = site.restart(&world.upstream.url(), &flags(&world.key));
    // Shrunken: its newest tree is older than what is known, and stays unknown to clients.
    world.at("small");
    let latest = site.text(&format!("/sumdb/{NAME}/latest"));
    assert!(latest.starts_with("go.sum database tree\n3\n"), "{latest}");
}

#[test]
fn passed_on_online_and_offline() {
    let Some(mut world) = World::new() else {
        return;
    };
    let key = world.key.clone();
    let site = Site::start(&world.upstream.url(), &flags(&key));
    assert_eq!(site.text(&format!("/sumdb/{NAME}/supported")), "");
    let (status, text) = site.said("/sumdb/sum.other/supported");
    assert_eq!(status, 404);
    assert_eq!(
        text,
        "the checksum database sum.other is not passed on by this server"
    );
    let variables = [("GOSUMDB", key.as_str())];
    let Some((is_success, said)) = download(&site.url(), &variables, &[GOOD, UPPER]) else {
        return;
    };
    assert!(is_success, "{said:?}");
    let latest = site.text(&format!("/sumdb/{NAME}/latest"));
    assert!(latest.starts_with("go.sum database tree\n2\n"), "{latest}");
    assert_eq!(
        site.get(&format!("/sumdb/{NAME}/tile/8/0/000.p/2"))
            .body
            .len(),
        64
    );
    let data = site.text(&format!("/sumdb/{NAME}/tile/8/data/000.p/2"));
    assert!(data.contains("example.com/Upper v1.0.0 h1:"), "{data}");
    for path in [
        "lookup/example.com/m",
        "tile/8/0/999",
        "tile/9/0/000",
        "../latest",
    ] {
        let (status, text) = site.said(&format!("/sumdb/{NAME}/{path}"));
        assert!([400, 404].contains(&status), "{path}: {status} {text}");
    }
    assert!(kept(site.tree.root()).contains(&format!("{NAME}/latest")));

    // Nobody is there any more.
    world.upstream.stop();
    world.upstream.forget();
    for (upstream, offline) in [
        (world.upstream.url(), "--offline=true"),
        ("off".to_owned(), "--offline=false"),
    ] {
        let mut flags = flags(&key).to_vec();
        flags.push(offline);
        let site = Site::over(copy_of(&site), &upstream, &flags);
        let (is_success, said) = download(&site.url(), &variables, &[GOOD, UPPER]).unwrap();
        assert!(is_success, "{said:?}");
        let (status, text) = site.said(&lookup(LATER));
        assert_eq!(status, 404, "{text}");
    }
    assert_eq!(world.upstream.paths(), [""; 0]);
}

fn copy_of(site: &Site) -> Tree {
    let tree = Tree::new();
    crate::support::tools::copy_tree(site.tree.root(), tree.root());
    tree
}

/// A client whose request for a module of ours would end at a database that has never heard of it.
#[test]
fn lookups_of_what_is_ours_go_nowhere() {
    let Some(world) = World::new() else { return };
    let mut flags = flags(&world.key).to_vec();
    flags.extend(["--private", "corp.example"]);
    let site = Site::start(&world.upstream.url(), &flags);
    site.publish("example.com/ours@v1.0.0");
    world.upstream.forget();
    for module in ["corp.example/x", "example.com/ours", "example.com/ours/sub"] {
        let (status, text) = site.said(&lookup(&format!("{module}@v1.0.0")));
        assert_eq!(status, 404, "{text}");
        assert_eq!(
            text,
            format!(
                "{module} is private to this server, and {NAME} is not asked about it: add it to GONOSUMDB, as in \
                 `go env -w GONOSUMDB={module}`"
            )
        );
    }
    assert_eq!(world.upstream.paths(), [""; 0]);
    let Some((is_success, said)) = download(
        &site.url(),
        &[("GOSUMDB", &world.key)],
        &["example.com/ours@v1.0.0"],
    ) else {
        return;
    };
    assert!(
        !is_success && format!("{said:?}").contains("GONOSUMDB"),
        "{said:?}"
    );
    assert_eq!(world.asked("ours"), 0);
    let variables = [
        ("GOSUMDB", world.key.as_str()),
        ("GONOSUMDB", "example.com/ours"),
    ];
    let (is_success, said) =
        download(&site.url(), &variables, &["example.com/ours@v1.0.0"]).unwrap();
    assert!(is_success, "{said:?}");
}

/// Twenty clients, one lookup.
#[test]
fn one_lookup_for_all_who_want_it() {
    let Some(world) = World::new() else { return };
    let site = Site::start(&world.upstream.url(), &flags(&world.key));
    let upstream: &Upstream = &world.upstream;
    let url = site.url();
    std::thread::scope(|scope| {
        for number in 0..20 {
            let url = &url;
            let path = if number % 2 == 0 {
                lookup(GOOD)
            } else {
                path_of(GOOD, "mod")
            };
            scope.spawn(move || assert_eq!(get(url, &path).status, 200, "{path}"));
        }
    });
    assert_eq!(upstream.count(&lookup(GOOD)), 1);
    assert_eq!(upstream.count(&path_of(GOOD, "mod")), 1);
    until("nothing is under way", || site.stored_of(GOOD) == ["mod"]);
}

#[test]
fn what_is_fetched_ahead_is_proved_in_the_newest_tree() {
    let Some(world) = World::new() else { return };
    let tree = Tree::new();
    let fetch = |text: &str| {
        let mut command = athens();
        command
            .args(["fetch", text, "--private", "", "--upstream"])
            .args([&world.upstream.url(), "--sumdb", &world.key, "--root"])
            .arg(tree.root());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    let head = |root: &Path| {
        let note = root.join("sumdb").join(NAME).join("latest");
        let note = std::fs::read_to_string(note).unwrap();
        note.lines().nth(1).unwrap().to_owned()
    };
    fetch(GOOD);
    assert_eq!(head(tree.root()), "2");
    // Nothing new is wanted, and the database has grown.
    world.at("grown");
    fetch(GOOD);
    assert_eq!(head(tree.root()), "3");
    // A client that has seen the tree as it is now verifies what it is given without the database.
    let site = Site::over(tree, "off", &["--sumdb", &world.key]);
    let gosumdb = [("GOSUMDB", world.key.as_str())];
    let Some((is_success, said)) = download(&site.url(), &gosumdb, &[GOOD]) else {
        return;
    };
    assert!(is_success, "{said:?}");
}

/// A site without a network gets one bundle after the other, and the database has grown between them.
#[test]
fn bundles_move_the_tree_of_a_site_that_is_cut_off() {
    let Some(world) = World::new() else { return };
    let (here, there) = (Tree::new(), Tree::new());
    let scratch = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], root: &Tree| {
        let mut command = athens();
        command.args(arguments).arg("--root").arg(root.root());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    };
    for (time, text) in [("first", GOOD), ("grown", LATER)] {
        world.at(time);
        let bundle = scratch.path().join(time);
        let bundle = bundle.to_str().unwrap();
        let url = world.upstream.url();
        let flags = ["--private", "", "--upstream", &url, "--sumdb", &world.key];
        run(&[&["fetch", text][..], &flags].concat(), &here);
        run(&["export", "*", "-o", bundle], &here);
        run(&["import", bundle], &there);
    }
    let site = Site::over(there, "off", &["--sumdb", &world.key, "--offline"]);
    let gosumdb = [("GOSUMDB", world.key.as_str())];
    for modules in [&[LATER][..], &[GOOD], &[GOOD, LATER]] {
        let Some((is_success, said)) = download(&site.url(), &gosumdb, modules) else {
            return;
        };
        assert!(is_success, "{modules:?}: {said:?}");
    }
}
