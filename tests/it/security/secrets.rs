//! What is shown of a server, and the types that hold what is not.

use std::fs;

use crate::support::http::Request;
use crate::support::server::{TestServer, athens};
use crate::support::tools::{files_below, repository};
use crate::support::tree::Tree;

#[test]
fn what_is_shown_of_a_server_has_none() {
    let (tree, state) = (Tree::new(), tempfile::tempdir().unwrap());
    tree.add("example.com/m@v1.0.0");
    let secrets = [
        "in-url-hunter2",
        "in-header-hunter2",
        "in-collector-hunter2",
    ];
    let command = |flags: &[&str]| {
        let mut command = athens();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--sumdb", "off"])
            .args(flags)
            .arg("--root")
            .arg(tree.root())
            .arg("--state")
            .arg(state.path())
            // Nobody answers there.
            .env("ATHENS_UPSTREAM", "http://me:in-url-hunter2@127.0.0.1:1")
            .env(
                "ATHENS_OTLP_ENDPOINT",
                "http://me:in-collector-hunter2@127.0.0.1:1",
            )
            .env("OTEL_EXPORTER_OTLP_HEADERS", "api-key=in-header-hunter2");
        command
    };
    let mut shown = Vec::new();
    let checked = command(&["--check-config"]).output().unwrap();
    assert!(checked.status.success(), "{checked:?}");
    let text = String::from_utf8([checked.stdout, checked.stderr].concat()).unwrap();
    assert!(text.contains("127.0.0.1:1"), "{text}");
    shown.push(("--check-config", text));

    let server = TestServer::start_command(command(&[]));
    let local = fs::read_to_string(state.path().join("local-token")).unwrap();
    let local = local.trim_end();
    let wrong = athens::auth::PlainToken::generate().unwrap();
    for (path, status) in [
        ("/", 200),
        ("/version", 200),
        ("/healthz", 200),
        ("/readyz", 200),
        ("/whoami", 200),
        ("/index", 200),
        ("/catalog", 200),
        ("/example.com/m/@v/list", 200),
        // What failed says who was asked.
        ("/example.com/elsewhere/@v/list", 502),
        ("/a/../b", 400),
        ("/metrics", 200),
    ] {
        let answer = Request::new("GET", path).bearer(local).send(&server.url());
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        shown.push((path, format!("{}{}", answer.head, answer.text())));
    }
    let refused = Request::new("GET", "/whoami").bearer(wrong.reveal());
    let refused = refused.send(&server.url());
    assert_eq!(refused.status, 401);
    shown.push(("a refusal", format!("{}{}", refused.head, refused.text())));
    for (what, text) in shown {
        for secret in secrets.iter().chain([&local, &wrong.reveal()]) {
            assert!(!text.contains(secret), "{what} shows {secret}: {text}");
        }
    }
}

/// A text in a field of such a name is shown by whoever shows the whole, unless `Debug` is written by hand.
#[test]
fn no_type_that_holds_a_secret_derives_debug() {
    let folder = repository().join("src");
    let mut held = 0;
    for name in files_below(&folder) {
        if !name.ends_with(".rs") {
            continue;
        }
        let text = fs::read_to_string(folder.join(&name)).unwrap();
        for item in text.split("\n\n") {
            for line in item.lines().map(str::trim) {
                let field = line.trim_start_matches("pub ");
                let is_text = ["String", "str", "HeaderValue"]
                    .iter()
                    .any(|kind| line.contains(kind));
                let is_secret = ["password: ", "secret: ", "authorization: ", "Bearer("]
                    .iter()
                    .any(|start| field.starts_with(start));
                if !(is_text && is_secret && line.ends_with(',')) {
                    continue;
                }
                held += 1;
                // A header that is marked shows nothing of itself.
                let is_marked =
                    line.contains("HeaderValue") && text.contains("set_sensitive(true)");
                let derives = item
                    .lines()
                    .any(|line| line.starts_with("#[derive(") && line.contains("Debug"));
                assert!(is_marked || !derives, "src/{name}: {line}");
            }
        }
    }
    assert!(held >= 5, "{held}: are they called something else now?");
}
