//! How long clients wait, and what goes on when they have left.

use std::thread;

use super::site::{Site, origin, path_of};
use crate::support::http::{Request, read_answer};
use crate::support::tools::until;
use crate::support::tree::{one_module, version, zip_of};
use crate::support::upstream::{Reply, Upstream};

const MODULE: &str = "example.com/m@v1.0.0";

/// Twenty clients want the same cold zip of 10 MB, of whom the first leaves in the middle.
#[test]
fn one_request_for_twenty_clients_also_if_the_first_leaves() {
    let (tree, zip_path) = (one_module(10 << 20), path_of(MODULE, "zip"));
    let zip = std::fs::read(tree.path().join(&zip_path[1..])).unwrap();
    for leaves in [false, true] {
        let upstream = Upstream::of_tree(tree.path());
        upstream.on(&zip_path, Reply::ok(zip.clone()).held());
        let site = Site::start(&upstream.url(), &[]);
        let begin = || Request::new("GET", &zip_path).begin(&site.url()).unwrap();
        let first = begin();
        upstream.until_hanging(1);
        let mut others: Vec<_> = (1..20).map(|_| begin()).collect();
        if leaves {
            drop(first);
        } else {
            others.push(first);
        }
        upstream.release();
        thread::scope(|scope| {
            for mut client in others {
                let zip = &zip;
                scope.spawn(move || {
                    let answer = read_answer(&mut client).unwrap();
                    assert_eq!(answer.status, 200, "{}", answer.head);
                    assert!(answer.body == *zip);
                });
            }
        });
        for ending in ["info", "mod", "zip"] {
            assert_eq!(upstream.count(&path_of(MODULE, ending)), 1, "{ending}");
        }
        assert_eq!(upstream.requests().len(), 3, "{:?}", upstream.paths());
        assert_eq!(site.journal(&["\"fetch\"", "example.com/m"]), 1);
        site.nothing_staged();
    }
}

/// All who asked are gone: the fetch is worth its while for whoever comes next.
#[test]
fn a_fetch_goes_on_when_nobody_is_left() {
    let tree = origin(&[MODULE]);
    let upstream = Upstream::of_tree(tree.root());
    let path = path_of(MODULE, "zip");
    upstream.on(&path, Reply::ok(zip_of(&version(MODULE))).held());
    let site = Site::start(&upstream.url(), &[]);
    let client = Request::new("GET", &path).begin(&site.url()).unwrap();
    upstream.until_hanging(1);
    drop(client);
    upstream.release();
    until("the zip is in the folder", || {
        site.stored_of(MODULE) == ["info", "mod", "zip"]
    });
    assert_eq!(site.get(&path).status, 200);
    assert_eq!(upstream.count(&path), 1);
}

#[test]
fn too_slow_is_504_and_the_fetch_goes_on() {
    let tree = origin(&[MODULE]);
    let upstream = Upstream::of_tree(tree.root());
    let path = path_of(MODULE, "zip");
    upstream.on(&path, Reply::ok(zip_of(&version(MODULE))).held());
    let site = Site::start(&upstream.url(), &["--fetch-timeout", "300ms"]);
    let (status, text) = site.said(&path);
    let sentence = "upstream did not answer within 300 ms; the fetch goes on, ask again later";
    assert_eq!(status, 504);
    assert!(text.starts_with(&format!("{sentence} (request ")), "{text}");
    upstream.until_hanging(1);
    assert_eq!(site.stored_of(MODULE), ["info", "mod"]);
    upstream.release();
    until("the zip is in the folder", || {
        site.stored_of(MODULE) == ["info", "mod", "zip"]
    });
    assert_eq!(site.get(&path).status, 200);
    assert_eq!(upstream.count(&path), 1);
    site.nothing_staged();
}
