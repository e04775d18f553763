//! The access log: its fields are those of the page about it, and say what happened.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::{access_line, path_of, serve};
use crate::support::http::Request;
use crate::support::server::{TestServer, athens};
use crate::support::tools::repository;
use crate::support::tree::{Tree, version, zip_of};
use crate::support::upstream::{Reply, Upstream};
use athens::store::ModuleFile;

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A server with a state directory of its own, and its token.
struct Registry {
    state: tempfile::TempDir,
    tree: Tree,
    server: TestServer,
    token: String,
}

fn registry(upstream: &Upstream, flags: &[&str]) -> Registry {
    let (state, tree) = (tempfile::tempdir().unwrap(), Tree::new());
    let place = state.path().to_str().unwrap().to_owned();
    let flags = [flags, &["--state", &place]].concat();
    let server = serve(tree.root(), &upstream.url(), &flags, &[]);
    let token = fs::read_to_string(state.path().join("local-token")).unwrap();
    Registry {
        token: token.trim_end().to_owned(),
        state,
        tree,
        server,
    }
}

impl Registry {
    /// Sends a request under an id; the line about it.
    fn line(&self, id: &str, request: Request) -> Value {
        request.header("X-Request-Id", id).send(&self.server.url());
        access_line(&self.server, id)
    }

    fn get(&self, id: &str, path: &str) -> Value {
        self.line(id, Request::new("GET", path).bearer(&self.token))
    }
}

/// The names in the table of fields, and those in the two lines that are shown.
fn documented() -> (BTreeSet<String>, BTreeSet<String>, BTreeSet<String>) {
    let page = fs::read_to_string(repository().join("docs/logging.md")).unwrap();
    let section = page.split("### The access log").nth(1).unwrap();
    let table = section.split("An absent field").next().unwrap();
    let of_table = table
        .lines()
        .filter_map(|row| row.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect();
    let plain = section
        .lines()
        .find(|line| line.contains(" athens::access: "))
        .unwrap();
    let of_plain = plain
        .split_whitespace()
        .filter_map(|field| Some(field.split_once('=')?.0.to_owned()))
        .collect();
    let json = section.split("```json\n").nth(1).unwrap();
    let json: Value = serde_json::from_str(json.split("```").next().unwrap()).unwrap();
    let of_json = json.as_object().unwrap().keys().cloned().collect();
    (of_table, of_plain, of_json)
}

#[test]
fn the_fields_are_those_of_the_page() {
    let upstream = Upstream::start();
    for (file, content) in [
        (ModuleFile::Mod, b"module example.com/m\n".to_vec()),
        (ModuleFile::Zip, zip_of(&version("example.com/m@v1.2.0"))),
    ] {
        upstream.on(&path_of("example.com/m@v1.2.0", file), Reply::ok(content));
    }
    let registry = registry(&upstream, &["--read-auth"]);
    let path = path_of("example.com/m@v1.2.0", ModuleFile::Mod);
    let request = Request::new("GET", &path)
        .bearer(&registry.token)
        .header("traceparent", TRACEPARENT)
        .header("User-Agent", "Go-http-client/1.1");
    let line = registry.line("all", request);
    let real: BTreeSet<String> = line.as_object().unwrap().keys().cloned().collect();
    let (table, plain, json) = documented();
    assert_eq!(real, json);
    let of_event = |names: &BTreeSet<String>| -> BTreeSet<String> {
        let general = ["timestamp", "level", "target", "message"];
        let names = names
            .iter()
            .filter(|name| !general.contains(&name.as_str()));
        names.cloned().collect()
    };
    // An answer that ended has no such field.
    let mut ended = table;
    assert!(ended.remove("aborted"));
    assert_eq!(of_event(&real), ended);
    assert_eq!(plain, ended);
    assert_eq!(line["token"], "local");
    assert_eq!(line["module"], "example.com/m");
    assert_eq!(line["version"], "v1.2.0");
    assert_eq!(line["trace"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(line["agent"], "Go-http-client/1.1");
    assert_eq!(line["status"], 200);
    // The plain format has the same ones, in the same order as the page shows.
    let mut command = athens();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--read-auth", "--root"])
        .arg(registry.tree.root())
        .arg("--state")
        .arg(registry.state.path());
    let server = TestServer::start_command(command);
    Request::new("GET", &path)
        .bearer(&registry.token)
        .header("traceparent", TRACEPARENT)
        .header("User-Agent", "curl")
        .send(&server.url());
    let log = server.stop_and_collect().stderr;
    let line = log.lines().find(|line| line.contains("athens::access"));
    let names: BTreeSet<String> = line
        .unwrap()
        .split_whitespace()
        .filter_map(|field| Some(field.split_once('=')?.0.to_owned()))
        .collect();
    assert_eq!(names, plain, "{line:?}");
}

#[test]
fn outcomes() {
    let upstream = Upstream::start();
    let remote = "example.com/remote@v1.0.0";
    let broken = "example.com/broken@v1.0.0";
    upstream.on(
        &path_of(remote, ModuleFile::Mod),
        Reply::ok("module example.com/remote\n"),
    );
    upstream.on("/example.com/remote/@v/list", Reply::ok("v1.0.0\n"));
    upstream.on(&path_of(broken, ModuleFile::Mod), Reply::status(500, ""));
    let registry = registry(&upstream, &[]);
    let ours = "example.com/ours@v1.0.0";
    let zip = zip_of(&version(ours));
    let put = || {
        Request::new("PUT", &path_of(ours, ModuleFile::Zip))
            .body(&zip)
            .bearer(&registry.token)
    };
    let delete = Request::new("DELETE", "/example.com/ours/@v/v1.0.0").bearer(&registry.token);
    let refresh = Request::new("POST", "/example.com/remote/@v/refresh").bearer(&registry.token);
    let get = |path: &str| Request::new("GET", path);
    let zip_path = path_of(ours, ModuleFile::Zip);
    let remote_path = path_of(remote, ModuleFile::Mod);
    for (id, request, status, outcome) in [
        ("1", put(), 201, "published"),
        ("2", put(), 200, "unchanged"),
        ("3", get(&zip_path), 200, "hit"),
        ("4", get("/example.com/ours/@v/list"), 200, "hit"),
        ("5", delete, 200, "deleted"),
        ("6", get(&zip_path), 410, "absent"),
        ("7", get(&remote_path), 200, "fetched"),
        ("8", get(&remote_path), 200, "hit"),
        ("9", get("/example.com/remote/@v/list"), 200, "fetched"),
        ("10", get("/example.com/remote/@v/list"), 200, "hit"),
        ("11", refresh, 200, "refreshed"),
        ("12", get(&path_of(broken, ModuleFile::Mod)), 502, "failed"),
        ("13", get("/example.com/nothing/@v/list"), 404, "absent"),
        ("14", get("/a/../b"), 400, "refused"),
        (
            "15",
            Request::new("PUT", &zip_path).body(&zip),
            401,
            "refused",
        ),
    ] {
        let line = registry.line(id, request);
        assert_eq!(line["status"], status, "{id}: {line}");
        assert_eq!(line["outcome"], outcome, "{id}: {line}");
    }
    let line = registry.get("16", "/healthz");
    assert_eq!(line.get("outcome"), None, "{line}");
    assert_eq!(line.get("module"), None, "{line}");
    // Nobody asked whose token it was.
    assert_eq!(line.get("token"), None, "{line}");
}

#[test]
fn a_stale_list_says_so() {
    let upstream = Upstream::start();
    upstream.on("/example.com/m/@v/list", Reply::ok("v1.0.0\n"));
    let registry = registry(&upstream, &["--list-ttl", "0"]);
    let path = "/example.com/m/@v/list";
    assert_eq!(registry.get("1", path)["outcome"], "fetched");
    assert_eq!(registry.get("2", path)["outcome"], "stale");
}

#[test]
fn what_a_client_calls_itself_is_bounded() {
    let upstream = Upstream::start();
    let registry = registry(&upstream, &[]);
    let agent = "x".repeat(5000);
    let request = Request::new("GET", "/healthz").header("User-Agent", &agent);
    let line = registry.line("1", request);
    let agent = line["agent"].as_str().unwrap();
    assert!(agent.len() <= 200 && agent.starts_with("xxx"), "{agent}");
}
