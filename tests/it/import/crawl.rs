//! `athens serve --crawl`: what comes into a directory comes into the root.

use crate::support::carrier::{is_verified, journal};
use crate::support::operator::ask;
use crate::support::server::{TestServer, athens};
use crate::support::tools::until;
use crate::support::tree::Tree;

#[test]
fn what_comes_later_comes_too() {
    let (cache, root) = (Tree::new(), Tree::new());
    cache.add("example.com/m@v1.0.0");
    // One that does not exist yet hinders no other.
    let place = tempfile::tempdir().unwrap();
    let later = place.path().join("later");
    let sources = format!("{},{}", later.display(), cache.root().display());
    let flags = ["--crawl", &sources, "--crawl-interval", "20ms"];
    let server = TestServer::start(root.root(), &flags);
    let has = |path: &str| ask(server.addr(), path).starts_with("HTTP/1.1 200 ");
    until("the first pass", || has("/example.com/m/@v/v1.0.0.mod"));
    cache
        .add("example.com/m@v1.1.0")
        .add("example.com/n@v0.1.0");
    until("a later pass", || {
        has("/example.com/m/@v/v1.1.0.mod") && has("/example.com/n/@v/v0.1.0.mod")
    });
    let source = Tree::new();
    source.add("example.com/o@v1.0.0");
    std::fs::rename(source.root(), &later).unwrap();
    until("the other source", || has("/example.com/o/@v/v1.0.0.mod"));
    // What is derived comes last.
    for module in ["m", "n", "o"] {
        let latest = root.root().join(format!("example.com/{module}/@latest"));
        until("the derived files", || latest.is_file());
    }
    let ended = server.stop_and_collect();
    assert!(ended.status.success());
    let said = format!("1 version imported from {}", cache.root().display());
    assert!(ended.stderr.contains(&said), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("nothing is imported: "),
        "{}",
        ended.stderr
    );
    assert_eq!(journal(root.root()).len(), 4);
    is_verified(root.root());
}

#[test]
fn a_root_that_takes_nothing_is_refused() {
    let root = Tree::new();
    let dir = root.root().to_str().unwrap();
    for (flags, said) in [
        (&["--crawl", "/tmp", "--read-only"][..], "is read-only"),
        (&["--crawl", dir], "names the root itself"),
    ] {
        let mut command = athens();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--root", dir])
            .args(flags);
        let Err(ended) = TestServer::try_start(command) else {
            panic!("{flags:?}: it starts");
        };
        assert!(!ended.status.success());
        assert!(ended.stderr.contains(said), "{flags:?}: {}", ended.stderr);
    }
}
