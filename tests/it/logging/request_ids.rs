//! `X-Request-Id`: taken or made, told to the client, found in the log.

use super::{access_line, lines, path_of, serve};
use crate::support::http::{Answer, Request, get};
use crate::support::server::TestServer;
use crate::support::tree::Tree;
use crate::support::upstream::{Reply, Upstream};
use athens::store::ModuleFile;

fn id_of(answer: &Answer) -> String {
    answer.header("x-request-id").unwrap().to_owned()
}

fn is_made(id: &str) -> bool {
    id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[test]
fn every_answer_has_one() {
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    let server = TestServer::start(tree.root(), &[]);
    let mut seen = std::collections::HashSet::new();
    for (method, path, status) in [
        ("GET", "/", 200),
        ("GET", "/healthz", 200),
        ("GET", "/example.com/m/@v/v1.0.0.zip", 200),
        ("GET", "/example.com/n/@v/list", 404),
        ("GET", "/a/../b", 400),
        ("POST", "/healthz", 405),
        ("PUT", "/example.com/m/@v/v1.0.0.zip", 401),
    ] {
        let answer = Request::new(method, path).send(&server.url());
        assert_eq!(answer.status, status, "{path}");
        let id = id_of(&answer);
        assert!(is_made(&id), "{id}");
        assert!(seen.insert(id), "{path}: twice");
    }
}

#[test]
fn a_sane_one_of_the_client_is_taken() {
    let tree = Tree::new();
    let server = TestServer::start(tree.root(), &[]);
    let ask = |id: &str| {
        let request = Request::new("GET", "/healthz").header("X-Request-Id", id);
        id_of(&request.send(&server.url()))
    };
    let longest = "a".repeat(128);
    for id in ["7", "build-17.linux/x_86:4+2=6@ci~", longest.as_str()] {
        assert_eq!(ask(id), id);
    }
    for id in ["", "two words", "a\"b", "a<b", "\u{e9}", &"a".repeat(129)] {
        assert!(is_made(&ask(id)), "{id}");
    }
    let twice = Request::new("GET", "/healthz")
        .header("X-Request-Id", "a")
        .header("X-Request-Id", "b")
        .send(&server.url());
    assert!(is_made(&id_of(&twice)));
}

#[test]
fn what_fails_can_be_found_in_the_log() {
    let upstream = Upstream::start();
    let path = path_of("example.com/m@v1.0.0", ModuleFile::Mod);
    upstream.on(&path, Reply::status(500, "out of order"));
    let tree = Tree::new();
    let server = serve(tree.root(), &upstream.url(), &[], &[]);
    let answer = Request::new("GET", &path)
        .header("X-Request-Id", "build-17")
        .send(&server.url());
    assert_eq!(answer.status, 502);
    let text = answer.text();
    assert!(text.ends_with(" (request build-17)\n"), "{text}");
    assert_eq!(access_line(&server, "build-17")["outcome"], "failed");
    // Nobody else is told who it was.
    assert!(
        upstream
            .requests()
            .iter()
            .all(|request| request.header("x-request-id").is_none())
    );
    let ended = server.stop_and_collect();
    let errors: Vec<_> = lines(&ended.stderr)
        .into_iter()
        .filter(|line| line["level"] == "ERROR")
        .collect();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert_eq!(errors[0]["request"], "build-17");
}

#[test]
fn a_long_sentence_is_cut_before_the_id() {
    let upstream = Upstream::start();
    let module = format!("example.com/{}", "m".repeat(200));
    let path = format!("/{module}/@v/v1.0.0.mod");
    upstream.on(&path, Reply::status(500, &"long ".repeat(200)));
    let tree = Tree::new();
    let server = serve(tree.root(), &upstream.url(), &[], &[]);
    let id = "i".repeat(128);
    let answer = Request::new("GET", &path)
        .header("X-Request-Id", &id)
        .send(&server.url());
    assert_eq!(answer.status, 502);
    let text = answer.text();
    // The go command shows so many bytes.
    assert!(text.len() <= 648, "{}", text.len());
    assert!(text.ends_with(&format!(" (request {id})\n")), "{text}");
}

#[test]
fn plain_lines_name_it_too() {
    let upstream = Upstream::start();
    let path = path_of("example.com/m@v1.0.0", ModuleFile::Mod);
    upstream.on(&path, Reply::status(500, "out of order"));
    let tree = Tree::new();
    let flags = [
        "--sumdb",
        "off",
        "--private",
        "unused.example",
        "--upstream",
    ];
    let url = upstream.url();
    let flags = [&flags[..], &[&url]].concat();
    let server = TestServer::start(tree.root(), &flags);
    let id = id_of(&get(&server.url(), &path));
    let log = server.stop_and_collect().stderr;
    let error = log.lines().find(|line| line.contains("ERROR")).unwrap();
    assert!(error.ends_with(&format!(" request={id}")), "{error}");
    let access = log.lines().find(|line| line.contains("athens::access"));
    assert_eq!(access.unwrap().matches(&id).count(), 1, "{access:?}");
}
