//! Lists, infos and go.mod files: what is usable, what is not.

use super::{Client, FAILED, NOT_FOUND, TOO_LARGE, kind};
use crate::support::upstream::{Reply, Upstream};

const LIST: &str = "/example.com/m/@v/list";
const LATEST: &str = "/example.com/m/@latest";
const V1: &str = "/example.com/m/@v/v1.0.0.info";
const PSEUDO: &str = "v0.0.0-20191109021931-daa7c04131f5";

#[test]
fn lists() {
    let upstream = Upstream::start();
    let client = Client::of_list(&upstream.url());
    for (list, versions) in [
        ("", ""),
        ("v1.1.0\nv1.0.0\nv1.0.0\n", "v1.0.0 v1.1.0"),
        ("v2.0.0\nv1.3.0+meta\nv1\nmain\r\nv1.0.0\r\n", "v1.0.0"),
        (PSEUDO, ""),
        ("<html>not found</html>", ""),
    ] {
        upstream.on(LIST, Reply::ok(list));
        assert_eq!(client.list("example.com/m").unwrap(), versions, "{list}");
    }
    let many: String = (0..100_001).map(|n| format!("v0.0.{n}\n")).collect();
    upstream.on(LIST, Reply::ok(many));
    assert_eq!(kind(client.list("example.com/m")), TOO_LARGE);
    for reply in [
        Reply::ok(vec![b'\n'; (16 << 20) + 1]),
        Reply::ok(vec![b'\n'; (16 << 20) + 1]).chunked(),
        Reply::ok(vec![b'\n'; (16 << 20) + 1]).gzip(),
    ] {
        upstream.on(LIST, reply);
        assert_eq!(kind(client.list("example.com/m")), TOO_LARGE);
    }
}

#[test]
fn infos() {
    let upstream = Upstream::start();
    let client = Client::of_list(&upstream.url());
    let info = r#"{"Version":"v1.0.0","Time":"2026-01-02T15:04:05Z","Origin":{"VCS":"git","New":{"a":1}}}"#;
    for (query, answer, is_usable) in [
        ("v1.0.0", info, true),
        ("v1.0.0", r#"{"Version":"v1.0.1"}"#, false),
        ("v1.0.0", r#"{"Version":"v1.0"}"#, false),
        ("v1.0.0", r#"{"Version":""}"#, false),
        ("v1.0.0", r#"{"Version":"v1.0.0","Time":""}"#, false),
        ("v1.0.0", "", false),
        ("v1.0.0", "not found", false),
        ("main", info, true),
        ("main", r#"{"Version":"main"}"#, false),
        ("main", r#"{"Version":"v2.0.0"}"#, false),
        ("v1.0.0+meta", info, true),
        // It does not fit the path: a query like any other.
        ("v2.0.0", r#"{"Version":"v2.0.0+incompatible"}"#, true),
    ] {
        let path = format!("/example.com/m/@v/{query}.info");
        upstream.on(&path, Reply::ok(answer));
        let given = client.query(&format!("example.com/m@{query}"));
        match is_usable {
            true => assert_eq!(given.unwrap(), answer),
            false => assert_eq!(kind(given), FAILED, "{query} {answer}"),
        }
    }
    upstream.on(V1, Reply::ok(vec![b' '; (1 << 20) + 1]));
    assert_eq!(kind(client.query("example.com/m@v1.0.0")), TOO_LARGE);
}

#[test]
fn the_latest_version() {
    let upstream = Upstream::start();
    let client = Client::of_list(&upstream.url());
    assert_eq!(kind(client.latest("example.com/m")), NOT_FOUND);
    let latest = r#"{"Version":"v1.0.0"}"#;
    upstream.on(LATEST, Reply::ok(latest));
    assert_eq!(client.latest("example.com/m").unwrap(), latest);
    upstream.on(LATEST, Reply::ok(r#"{"Version":"HEAD"}"#));
    assert_eq!(kind(client.latest("example.com/m")), FAILED);
    upstream.on(LATEST, Reply::status(500, "broken"));
    assert_eq!(kind(client.latest("example.com/m")), FAILED);

    // Without it, the newest commit of a list counts; tags do not, for then nobody asks.
    let info = format!(r#"{{"Version":"{PSEUDO}"}}"#);
    upstream
        .on(LATEST, Reply::status(410, "gone"))
        .on(LIST, Reply::ok(format!("v1.0.0\n{PSEUDO}\n")))
        .on(
            &format!("/example.com/m/@v/{PSEUDO}.info"),
            Reply::ok(&*info),
        );
    assert_eq!(client.latest("example.com/m").unwrap(), info);
    upstream.on(LIST, Reply::ok("v1.0.0\n"));
    assert_eq!(kind(client.latest("example.com/m")), NOT_FOUND);
    upstream.on(LIST, Reply::status(500, "broken"));
    assert_eq!(kind(client.latest("example.com/m")), FAILED);
}

#[test]
fn go_mod_files() {
    let upstream = Upstream::start();
    let client = Client::of_list(&upstream.url());
    let path = "/example.com/m/@v/v1.0.0.mod";
    for reply in [
        Reply::ok("module example.com/other\r\n"),
        Reply::ok("module example.com/other\r\n").chunked(),
        Reply::ok("module example.com/other\r\n").until_closed(),
        Reply::ok("module example.com/other\r\n").gzip(),
        Reply::ok("module example.com/other\r\n").gzip().chunked(),
    ] {
        upstream.on(path, reply);
        assert_eq!(
            client.go_mod("example.com/m@v1.0.0").unwrap(),
            "module example.com/other\r\n"
        );
    }
    let not_gzip = Reply::ok("module m").header("content-encoding", "gzip");
    upstream.forget();
    upstream.on(path, not_gzip);
    assert_eq!(kind(client.go_mod("example.com/m@v1.0.0")), FAILED);
    assert_eq!(upstream.requests().len(), 1);
}

#[test]
fn folders() {
    let tree = crate::support::tree::Tree::new();
    tree.add("example.com/M@v1.0.0-RC1");
    tree.write_path("example.com/!m/@v/list", b"v1.0.0-RC1\n");
    let client = Client::of_list(&format!("file://{}", tree.root().display()));
    let module = "example.com/M@v1.0.0-RC1";
    assert_eq!(client.list("example.com/M").unwrap(), "v1.0.0-RC1");
    assert!(client.query(module).unwrap().contains("v1.0.0-RC1"));
    let version = crate::support::tree::version(module);
    assert_eq!(
        client.go_mod(module).unwrap(),
        crate::support::tree::go_mod(&version)
    );
    assert!(client.zip(module).unwrap() == crate::support::tree::zip_of(&version));
    assert_eq!(kind(client.list("example.com/m")), NOT_FOUND);
    // Nobody makes a list of what is there.
    tree.write_path(
        "example.com/other/@v/v1.0.0.info",
        b"{\"Version\":\"v1.0.0\"}",
    );
    assert_eq!(kind(client.list("example.com/other")), NOT_FOUND);
    assert!(client.query("example.com/other@v1.0.0").is_ok());
}

#[test]
fn a_tree_over_http() {
    let tree = crate::support::tree::Tree::new();
    tree.add("example.com/M@v1.0.0");
    tree.write_path("example.com/!m/@v/list", b"v1.0.0\n");
    let upstream = Upstream::of_tree(tree.root());
    let client = Client::of_list(&upstream.url());
    let module = "example.com/M@v1.0.0";
    assert_eq!(client.list("example.com/M").unwrap(), "v1.0.0");
    assert!(client.query(module).is_ok());
    assert!(client.go_mod(module).is_ok());
    let version = crate::support::tree::version(module);
    assert!(client.zip(module).unwrap() == crate::support::tree::zip_of(&version));
    assert_eq!(upstream.count_ending(".zip"), 1);
}
