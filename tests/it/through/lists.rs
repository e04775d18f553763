//! Lists, latest, branches: the tree's and the upstreams', fresh, stale and gone.

use super::site::{Site, origin, path_of};
use crate::support::http::Request;
use crate::support::tools::until;
use crate::support::tree::Tree;
use crate::support::upstream::{Reply, Upstream};

const LIST: &str = "/example.com/m/@v/list";
const LATEST: &str = "/example.com/m/@latest";

/// A list that is stale at once.
const STALE: [&str; 4] = ["--list-ttl", "0", "--negative-ttl", "0"];

#[test]
fn the_union_of_the_tree_and_the_upstream() {
    let tree = origin(&["example.com/m@v1.0.0"]);
    let upstream = Upstream::of_tree(tree.root());
    let site = Site::start(&upstream.url(), &[]);
    site.get(&path_of("example.com/m@v1.0.0", "zip"));
    assert_eq!(site.text(LIST), "v1.0.0\n");
    // What is fetched and listed by the upstream no more, stays; its pseudo-versions and nonsense are left out.
    let list = "v1.2.0\nv1.0.1-0.20260102150405-abcdefabcdef\nnonsense\nv1.1.0\nv2.0.0\n";
    upstream.on(LIST, Reply::ok(list));
    let site = site.restart(&upstream.url(), &[]);
    assert_eq!(site.text(LIST), "v1.0.0\nv1.1.0\nv1.2.0\n");
    assert_eq!(site.stored_of("example.com/m@v1.1.0"), [""; 0]);
}

#[test]
fn stale_at_once_and_refreshed_behind_the_scenes() {
    let upstream = Upstream::start();
    upstream.on(LIST, Reply::ok("v1.0.0\n"));
    let site = Site::start(&upstream.url(), &STALE);
    assert_eq!(site.text(LIST), "v1.0.0\n");
    // The answer does not wait for the upstream, which does not give one.
    upstream.on(LIST, Reply::ok("v1.0.0\nv1.1.0\n").held());
    assert_eq!(site.text(LIST), "v1.0.0\n");
    upstream.until_hanging(1);
    assert_eq!(site.text(LIST), "v1.0.0\n");
    assert_eq!(upstream.count(LIST), 2);
    upstream.release();
    until("the new version is listed", || {
        site.text(LIST) == "v1.0.0\nv1.1.0\n"
    });
}

#[test]
fn a_list_that_flaps() {
    let tree = origin(&["example.com/m@v1.0.0"]);
    let upstream = Upstream::of_tree(tree.root());
    let site = Site::start(&upstream.url(), &STALE);
    site.get(&path_of("example.com/m@v1.0.0", "zip"));
    for (reply, seen) in [
        (Reply::ok("v1.0.0\nv1.1.0\n"), "v1.0.0\nv1.1.0\n"),
        // The last good answer holds.
        (Reply::status(500, ""), "v1.0.0\nv1.1.0\n"),
        // The upstream knows: there is nothing.
        (Reply::status(404, ""), "v1.0.0\n"),
        (Reply::ok("v1.2.0\n"), "v1.0.0\nv1.2.0\n"),
    ] {
        let asked = upstream.count(LIST);
        upstream.on(LIST, reply);
        until("the upstream is asked", || {
            site.text(LIST);
            upstream.count(LIST) > asked
        });
        until(seen, || site.text(LIST) == seen);
    }
}

#[test]
fn the_tree_answers_when_upstreams_do_not() {
    let tree = Tree::new();
    tree.write_path(
        ".athens/journal.jsonl",
        b"{\"Time\":\"2026-01-02T15:04:05Z\",\"Event\":\"fetch\",\"Path\":\"example.com/m\",\"Version\":\"v1.0.0\"}\n",
    );
    tree.add("example.com/m@v1.0.0");
    let site = Site::over(tree, &Upstream::refusing(), &[]);
    for _ in 0..3 {
        assert_eq!(site.text(LIST), "v1.0.0\n");
        assert!(site.text(LATEST).contains("v1.0.0"));
    }
    site.until_logged(&[
        "example.com/m is answered from the folder",
        "nothing listens",
    ]);
    assert_eq!(site.said("/example.com/n/@v/list").0, 502);
}

/// Silence: the first request waits for a while, the second knows.
#[test]
fn an_outage_is_remembered() {
    let tree = origin(&["example.com/m@v1.0.0", "example.com/n@v1.0.0"]);
    let upstream = Upstream::of_tree(tree.root());
    let flags = ["--upstream-timeout", "1s"];
    let site = Site::start(&upstream.url(), &flags);
    let others = "/example.com/n/@v/list";
    for text in ["example.com/m@v1.0.0", "example.com/n@v1.0.0"] {
        assert_eq!(site.get(&path_of(text, "zip")).status, 200);
    }
    upstream.on(LIST, Reply::hang()).on(others, Reply::hang());
    assert_eq!(site.text(LIST), "v1.0.0\n");
    site.until_logged(&["it took too long"]);
    // Nobody is waited for: the answer says that no time was given to the upstream.
    assert_eq!(site.text(others), "v1.0.0\n");
    site.until_logged(&["example.com/n is answered from the folder", "within 0 ms"]);
}

#[test]
fn latest_with_and_without_the_endpoint() {
    let pseudo = "v1.0.1-0.20260102150405-abcdefabcdef";
    let info =
        |version: &str| format!("{{\"Version\":\"{version}\",\"Time\":\"2026-01-02T15:04:05Z\"}}");
    for (name, list, latest, expected) in [
        ("endpoint", "v1.0.0\n", Some("v1.0.0"), Some("v1.0.0")),
        (
            "only the list",
            "v1.0.0\nv1.1.0-rc.1\n",
            None,
            Some("v1.0.0"),
        ),
        (
            "only pre-releases",
            "v1.0.0-a\nv1.1.0-rc.1\n",
            None,
            Some("v1.1.0-rc.1"),
        ),
        ("only commits", "", Some(pseudo), Some(pseudo)),
        ("nothing", "", None, None),
    ] {
        let upstream = Upstream::start();
        upstream.on(LIST, Reply::ok(list));
        for version in list.lines().chain([pseudo]) {
            let path = format!("/example.com/m/@v/{version}.info");
            upstream.on(&path, Reply::ok(info(version)));
        }
        if let Some(version) = latest {
            upstream.on(LATEST, Reply::ok(info(version)));
        }
        let site = Site::start(&upstream.url(), &[]);
        match expected {
            None => assert_eq!(site.said(LATEST).0, 404, "{name}"),
            Some(version) => {
                assert_eq!(site.text(LATEST).trim_end(), info(version), "{name}");
                let stored = format!("example.com/m/@v/{version}.info");
                assert_eq!(site.stored(), [stored], "{name}");
            }
        }
    }
}

/// What a branch means changes; what a version is does not.
#[test]
fn queries_are_stored_under_their_version_and_untouched() {
    let upstream = Upstream::start();
    let said = "{\"Version\":\"v1.0.1-0.20260102150405-abcdefabcdef\",\"Time\":\"2026-01-02T15:04:05+02:00\",\
                \"Origin\":{\"VCS\":\"git\",\"URL\":\"https://example.com/m\",\"Hash\":\"abcdefabcdef\",\"Ref\":\"refs/heads/main\"}}";
    for query in ["main", "abcdefabcdef", "feature!x"] {
        let path = format!("/example.com/m/@v/{query}.info");
        upstream.on(&path, Reply::ok(said));
        let site = Site::start(&upstream.url(), &[]);
        for _ in 0..2 {
            let told: serde_json::Value = serde_json::from_str(&site.text(&path)).unwrap();
            let expected: serde_json::Value = serde_json::from_str(said).unwrap();
            assert_eq!(told["Origin"], expected["Origin"]);
            assert_eq!(told["Version"], expected["Version"]);
            let time = told["Time"].as_str().unwrap();
            assert!(
                ["2026-01-02T15:04:05+02:00", "2026-01-02T13:04:05Z"].contains(&time),
                "{time}"
            );
        }
        assert_eq!(
            site.stored(),
            ["example.com/m/@v/v1.0.1-0.20260102150405-abcdefabcdef.info"]
        );
        assert_eq!(upstream.count(&path), 1, "{query}");
    }
    // The upstream's answer to a query is no version of the module.
    upstream.on(
        "/example.com/m/@v/wrong.info",
        Reply::ok("{\"Version\":\"v2.0.0\"}"),
    );
    let site = Site::start(&upstream.url(), &[]);
    assert_eq!(site.said("/example.com/m/@v/wrong.info").0, 502);
    assert_eq!(site.stored(), [""; 0]);
}

#[test]
fn a_job_has_the_list_refreshed() {
    let upstream = Upstream::start();
    upstream.on(LIST, Reply::ok("v1.0.0\n"));
    let site = Site::start(&upstream.url(), &[]);
    assert_eq!(site.text(LIST), "v1.0.0\n");
    upstream.on(LIST, Reply::ok("v1.0.0\nv1.1.0\n"));
    assert_eq!(site.text(LIST), "v1.0.0\n");
    let refresh = Request::new("POST", "/example.com/m/@v/refresh");
    assert_eq!(refresh.send(&site.url()).status, 401);
    assert_eq!(site.text(LIST), "v1.0.0\n");
    let answer = site.send(refresh.clone());
    assert_eq!(
        (answer.status, answer.text().trim_end()),
        (
            200,
            "{\"Path\":\"example.com/m\",\"Versions\":[\"v1.0.0\",\"v1.1.0\"]}"
        )
    );
    assert_eq!(site.text(LIST), "v1.0.0\nv1.1.0\n");
    upstream.on(LIST, Reply::status(500, "my disk"));
    let answer = site.send(refresh);
    assert_eq!(answer.status, 502, "{}", answer.text());
}
