//! Dependency confusion: an upstream offers higher versions of modules that are ours, and modules in the place of their
//! packages. It is never even asked.

use std::fs;

use super::site::{Site, origin, path_of};
use crate::support::tree::Tree;
use crate::support::upstream::{Reply, Upstream};

/// What the upstream offers: of each module of ours a higher version, and a module below it.
const OFFERS: [&str; 10] = [
    "corp.example/private@v1.9.0",
    "corp.example/private/sub@v1.9.0",
    "example.com/published@v1.9.0",
    "example.com/published/sub@v1.9.0",
    "example.com/dropped@v1.9.0",
    "example.com/dropped/sub/deep@v1.9.0",
    "example.com/deleted@v1.9.0",
    "example.com/deleted/sub@v1.9.0",
    "example.com/!escaped@v1.9.0",
    "example.com/free@v1.9.0",
];

const FLAGS: [&str; 6] = [
    "--private",
    "corp.example",
    "--list-ttl",
    "0",
    "--negative-ttl",
    "0",
];

/// Every path that a client can ask of a module.
fn questions(text: &str) -> Vec<String> {
    let (module, _) = text.split_once('@').unwrap();
    let mut paths: Vec<String> = ["@v/list", "@latest", "@v/main.info", "@v/abcdefabcdef.info"]
        .iter()
        .map(|end| format!("/{module}/{end}"))
        .collect();
    for ending in ["info", "mod", "zip"] {
        paths.push(format!("/{module}/@v/v1.9.0.{ending}"));
    }
    paths.push(format!(
        "/{module}/@v/v1.9.9-0.20260102150405-abcdefabcdef.info"
    ));
    paths
}

fn offering() -> (Tree, Upstream) {
    let tree = Tree::new();
    for text in OFFERS.iter().filter(|text| !text.contains('!')) {
        tree.add(text);
    }
    let upstream = Upstream::of_tree(tree.root());
    for text in OFFERS {
        let (module, _) = text.split_once('@').unwrap();
        upstream.on(&format!("/{module}/@v/list"), Reply::ok("v1.9.0\n"));
        for query in ["@latest", "@v/main.info"] {
            let info = "{\"Version\":\"v1.9.0\"}";
            upstream.on(&format!("/{module}/{query}"), Reply::ok(info));
        }
    }
    (tree, upstream)
}

/// Asks everything about what is ours, and expects that the upstream has heard of nothing.
#[track_caller]
fn nobody_hears(site: &Site, upstream: &Upstream) {
    upstream.forget();
    for text in OFFERS.iter().filter(|text| !text.contains("free")) {
        for path in questions(text) {
            let (status, said) = site.said(&path);
            assert!([200, 404, 410].contains(&status), "{path}: {status} {said}");
            assert!(
                !said.contains("v1.9.0\n") && said != "v1.9.0",
                "{path}: {said}"
            );
        }
    }
    assert_eq!(upstream.paths(), [""; 0]);
    assert!(site.stored().iter().all(|file| !file.contains("v1.9.0")));
}

#[test]
fn nobody_outside_hears_of_what_is_ours() {
    let (_tree, upstream) = offering();
    let site = Site::start(&upstream.url(), &FLAGS);
    for text in [
        "example.com/published@v1.0.0",
        "example.com/deleted@v1.0.0",
        "example.com/Escaped@v1.0.0",
    ] {
        site.publish(text);
    }
    site.delete("example.com/deleted@v1.0.0");
    site.tree.add("example.com/dropped@v1.0.0");
    nobody_hears(&site, &upstream);
    for (path, expected) in [
        ("/example.com/published/@v/list", (200, "v1.0.0")),
        ("/example.com/dropped/@v/list", (200, "v1.0.0")),
        (
            "/example.com/published/sub/@v/list",
            (
                404,
                "module example.com/published/sub is not on this server; no upstream is asked: example.com/published was \
                 published here, or put into the folder by hand",
            ),
        ),
        (
            "/corp.example/private/@v/list",
            (
                404,
                "module corp.example/private is not on this server; no upstream is asked: it is private (--private)",
            ),
        ),
        (
            "/example.com/deleted/@v/v1.0.0.info",
            (
                410,
                "example.com/deleted@v1.0.0 was deleted from this server",
            ),
        ),
    ] {
        let (status, said) = site.said(path);
        assert_eq!((status, said.as_str()), expected, "{path}");
    }
    // Somebody else's modules are asked for.
    assert_eq!(site.text("/example.com/free/@v/list"), "v1.9.0\n");
    upstream.forget();

    // Also when nothing is known but what lies in the folder.
    let site = site.restart(&upstream.url(), &FLAGS);
    nobody_hears(&site, &upstream);
    fs::remove_file(site.tree.root().join(".athens/journal.jsonl")).unwrap();
    nobody_hears(&site, &upstream);
    let site = site.restart(&upstream.url(), &FLAGS);
    nobody_hears(&site, &upstream);
}

#[test]
fn what_was_fetched_is_not_owned_until_something_is_published_on_top() {
    let tree = origin(&["example.com/m@v1.0.0", "example.com/m@v1.1.0"]);
    let upstream = Upstream::of_tree(tree.root());
    let site = Site::start(&upstream.url(), &["--list-ttl", "0"]);
    let list = "/example.com/m/@v/list";
    assert_eq!(
        site.get(&path_of("example.com/m@v1.0.0", "zip")).status,
        200
    );
    assert_eq!(site.text(list), "v1.0.0\nv1.1.0\n");
    let site = site.restart(&upstream.url(), &["--list-ttl", "0"]);
    assert_eq!(site.text(list), "v1.0.0\nv1.1.0\n");
    // Files without a zip make nothing ours.
    assert_eq!(
        site.get(&path_of("example.com/m@v1.1.0", "mod")).status,
        200
    );
    assert_eq!(site.text(list), "v1.0.0\nv1.1.0\n");

    site.publish("example.com/m@v1.0.5");
    upstream.forget();
    assert_eq!(site.text(list), "v1.0.0\nv1.0.5\n");
    assert_eq!(site.said(&path_of("example.com/m@v1.1.0", "zip")).0, 404);
    assert_eq!(site.said("/example.com/m/sub/@v/list").0, 404);
    assert_eq!(upstream.paths(), [""; 0]);

    // Without its journal, all that lies there counts as ours: nobody is asked.
    fs::remove_file(site.tree.root().join(".athens/journal.jsonl")).unwrap();
    let site = site.restart(&upstream.url(), &["--list-ttl", "0"]);
    assert_eq!(site.text(list), "v1.0.0\nv1.0.5\n");
    assert_eq!(upstream.paths(), [""; 0]);
}

/// The version that was deleted is offered by the upstream too.
#[test]
fn what_was_fetched_and_deleted_does_not_come_back() {
    let tree = origin(&["example.com/m@v1.0.0"]);
    let upstream = Upstream::of_tree(tree.root());
    let site = Site::start(&upstream.url(), &[]);
    let zip = path_of("example.com/m@v1.0.0", "zip");
    assert_eq!(site.get(&zip).status, 200);
    site.delete("example.com/m@v1.0.0");
    upstream.forget();
    assert_eq!(site.said(&zip).0, 410);
    let site = site.restart(&upstream.url(), &[]);
    assert_eq!(site.said(&zip).0, 410);
    assert_eq!(upstream.paths(), [""; 0]);
}
