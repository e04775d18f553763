//! Checksum databases, through proxies and not.

use athens::upstream::{Ask, FetchError};

use super::{Client, FAILED, NOT_FOUND, TOO_LARGE, kind};
use crate::support::upstream::{Reply, Upstream};

const SUPPORTED: &str = "/sumdb/sums.example/supported";
const LOOKUP: &str = "/lookup/example.com/!m@v1.0.0";
const THROUGH_PROXY: &str = "/sumdb/sums.example/lookup/example.com/!m@v1.0.0";

/// Asks for the lookup at another place of the database.
fn at(client: &Client, url: &str) -> Result<String, FetchError> {
    let ask = Ask::default();
    let answer = client
        .upstreams
        .sumdb("sums.example", Some(url), LOOKUP, &ask);
    let bytes = client.runtime.block_on(answer)?;
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

#[test]
fn the_first_proxy_that_stands_for_it() {
    let (a, b) = (Upstream::start(), Upstream::start());
    b.on(SUPPORTED, Reply::ok(""))
        .on(THROUGH_PROXY, Reply::ok("5\n"));
    let client = Client::of_list(&format!("{},{}", a.url(), b.url()));
    for _ in 0..3 {
        assert_eq!(client.sumdb(LOOKUP).unwrap(), "5\n");
    }
    // Also for what it does not have: nobody else is asked then.
    assert_eq!(kind(client.sumdb("/tile/8/0/x001/000.p/7")), NOT_FOUND);
    assert_eq!(a.paths(), [SUPPORTED]);
    assert_eq!(b.count(SUPPORTED), 1);
    assert_eq!(b.count(THROUGH_PROXY), 3);
    assert_eq!(b.requests()[1].target, THROUGH_PROXY);
    b.on(THROUGH_PROXY, Reply::ok(vec![b'x'; (1 << 20) + 1]));
    assert_eq!(kind(client.sumdb(LOOKUP)), TOO_LARGE);
}

#[test]
fn neither_yes_nor_no_is_a_failure() {
    let (a, b) = (Upstream::start(), Upstream::start());
    b.on(SUPPORTED, Reply::ok(""))
        .on(THROUGH_PROXY, Reply::ok("5\n"));
    for reply in [
        Reply::status(500, ""),
        Reply::status(204, "").header("x", "y"),
    ] {
        a.on(SUPPORTED, reply);
        let client = Client::of_list(&format!("{},{}", a.url(), b.url()));
        assert_eq!(kind(client.sumdb(LOOKUP)), FAILED);
        assert_eq!(b.requests().len(), 0);
        // Such a verdict is not kept.
        a.on(SUPPORTED, Reply::status(410, ""));
        assert!(client.sumdb(LOOKUP).is_ok());
        b.forget();
    }
    a.on(SUPPORTED, Reply::status(500, ""));
    let client = Client::of_list(&format!("{}|{}", a.url(), b.url()));
    assert!(client.sumdb(LOOKUP).is_ok());
}

#[test]
fn another_place_is_asked_without_proxies() {
    let (proxy, database) = (Upstream::start(), Upstream::start());
    proxy.on(SUPPORTED, Reply::ok(""));
    database.on(&format!("/base{LOOKUP}"), Reply::ok("7\n"));
    let client = Client::of_list(&proxy.url());
    let url = format!("{}/base/", database.url());
    assert_eq!(at(&client, &url).unwrap(), "7\n");
    assert_eq!(proxy.requests().len(), 0);
    assert_eq!(kind(at(&client, "ftp://x")), FAILED);
}

#[test]
fn folders_can_stand_for_it() {
    let tree = crate::support::tree::Tree::new();
    tree.write_path(&SUPPORTED[1..], b"");
    tree.write_path(&THROUGH_PROXY[1..], b"9\n");
    let client = Client::of_list(&format!("file://{}", tree.root().display()));
    assert_eq!(client.sumdb(LOOKUP).unwrap(), "9\n");
}

#[test]
fn the_database_itself_at_last() {
    let proxy = Upstream::start();
    let client = Client::of_list(&format!("{},off", proxy.url()));
    // No such host can be.
    let ask = Ask::default();
    let answer = client.upstreams.sumdb("sums.invalid", None, LOOKUP, &ask);
    let error = client.runtime.block_on(answer).unwrap_err();
    assert_eq!(error.kind(), FAILED);
    assert_eq!(error.upstream(), "https://sums.invalid");
    assert_eq!(proxy.paths(), ["/sumdb/sums.invalid/supported"]);
}

#[test]
fn names_and_paths_that_no_database_has() {
    let proxy = Upstream::start();
    let client = Client::of_list(&proxy.url());
    let ask = Ask::default();
    for (name, path) in [
        ("sums.example", "lookup/x"),
        ("sums.example", "/../x"),
        ("sums.example", "/lookup/a?b"),
        ("sums.example", "/"),
        ("../x", "/latest"),
        ("", "/latest"),
        ("a@b/../c", "/latest"),
    ] {
        let answer = client.upstreams.sumdb(name, None, path, &ask);
        let error = client.runtime.block_on(answer).unwrap_err();
        assert_eq!(error.kind(), FAILED, "{name} {path}");
    }
    assert_eq!(proxy.requests().len(), 0);
}
