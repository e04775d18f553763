//! One question for all who ask it, no more than it takes, and answers that are remembered.

use std::thread;

use super::site::{Site, origin, path_of};
use crate::support::http::get;
use crate::support::tree::{go_mod, version};
use crate::support::upstream::{Reply, Upstream};

const MODULE: &str = "example.com/m@v1.0.0";

/// The graph phase of a build.
#[test]
fn go_mod_files_bring_nothing_else() {
    let versions: Vec<String> = (0..30)
        .map(|n| format!("example.com/m{n}@v1.0.0"))
        .collect();
    let texts: Vec<&str> = versions.iter().map(String::as_str).collect();
    let tree = origin(&texts);
    let upstream = Upstream::of_tree(tree.root());
    let site = Site::start(&upstream.url(), &[]);
    for text in &texts {
        assert_eq!(site.text(&path_of(text, "mod")), go_mod(&version(text)));
        assert_eq!(site.stored_of(text), ["mod"]);
    }
    assert_eq!(upstream.requests().len(), 30);
    assert_eq!(upstream.count_ending(".mod"), 30);
    // One of them in whole; what is there is not asked for again.
    assert_eq!(site.get(&path_of(texts[3], "zip")).status, 200);
    assert_eq!(upstream.requests().len(), 32);
    assert_eq!(upstream.count_ending(".mod"), 30);
    assert_eq!(site.journal(&["\"fetch\""]), 1);
}

#[test]
fn everything_about_a_version_at_once() {
    let tree = origin(&[MODULE]);
    let upstream = Upstream::of_tree(tree.root());
    let info = std::fs::read(tree.root().join("example.com/m/@v/v1.0.0.info")).unwrap();
    upstream.on("/example.com/m/@latest", Reply::ok(info));
    let site = Site::start(&upstream.url(), &[]);
    let paths = [
        "/example.com/m/@v/list".to_owned(),
        "/example.com/m/@latest".to_owned(),
        path_of(MODULE, "info"),
        path_of(MODULE, "mod"),
        path_of(MODULE, "zip"),
    ];
    let url = &site.url();
    thread::scope(|scope| {
        for path in &paths {
            for _ in 0..8 {
                scope.spawn(move || assert_eq!(get(url, path).status, 200, "{path}"));
            }
        }
    });
    for path in &paths {
        let count = upstream.count(path);
        // What brought the latest version brought its info too, if it was first.
        assert!(
            count == 1 || path.ends_with(".info") && count == 0,
            "{path}: {count}"
        );
    }
    upstream.forget();
    for path in &paths {
        site.text(path);
    }
    assert_eq!(upstream.paths(), [""; 0]);
}

#[test]
fn absence_is_remembered_and_within_bounds() {
    let upstream = Upstream::start();
    let site = Site::start(&upstream.url(), &["--cache-size", "64KiB"]);
    let paths = [
        "/example.com/m/@v/list".to_owned(),
        "/example.com/m/@v/main.info".to_owned(),
        path_of(MODULE, "info"),
        path_of(MODULE, "mod"),
    ];
    for path in &paths {
        for _ in 0..3 {
            assert_eq!(site.get(path).status, 404, "{path}");
        }
        assert_eq!(upstream.count(path), 1, "{path}");
    }
    // More than there is room for: the first is asked for again.
    for number in 0..400 {
        let path = format!("/example.com/n{number}/@v/list");
        assert_eq!(site.get(&path).status, 404);
    }
    upstream.forget();
    for number in 0..400 {
        site.get(&format!("/example.com/n{number}/@v/list"));
    }
    assert!(
        upstream.requests().len() > 200,
        "{}",
        upstream.requests().len()
    );
    assert_eq!(site.stored(), [""; 0]);
}

#[test]
fn absence_is_not_remembered_if_so_wished() {
    let tree = origin(&[MODULE]);
    let upstream = Upstream::of_tree(tree.root());
    let path = path_of(MODULE, "mod");
    upstream.in_turn(
        &path,
        vec![Reply::status(404, ""), Reply::ok(go_mod(&version(MODULE)))],
    );
    let site = Site::start(&upstream.url(), &["--negative-ttl", "0"]);
    assert_eq!(site.get(&path).status, 404);
    assert_eq!(site.get(&path).status, 200);
}

/// Also that what the upstream has is of no use.
#[test]
fn a_broken_zip_is_not_fetched_each_time() {
    let tree = origin(&[MODULE]);
    let upstream = Upstream::of_tree(tree.root());
    let path = path_of(MODULE, "zip");
    upstream.on(&path, Reply::ok("no zip"));
    let site = Site::start(&upstream.url(), &[]);
    for _ in 0..3 {
        assert_eq!(site.said(&path).0, 502);
    }
    assert_eq!(upstream.count(&path), 1);
    // What is about the moment is asked again.
    let path = path_of("example.com/n@v1.0.0", "mod");
    upstream.on(&path, Reply::status(500, ""));
    for _ in 0..3 {
        assert_eq!(site.said(&path).0, 502);
    }
    assert_eq!(upstream.count(&path), 3);
}
