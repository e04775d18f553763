use std::fs;

use super::{DONE, Site, whole};
use crate::support::go;
use crate::support::http::Request;
use crate::support::server::athens;
use crate::support::tools::{require_tool, until};
use crate::support::tree::{Tree, version, zip_of};
use crate::support::upstream::Upstream;
use crate::support::workspace::Project;

const ZIP: &str = "/example.com/m/@v/v1.0.0.zip";
const LIST: &str = "/example.com/m/@v/list";

/// An upstream that has one version, and its list.
fn upstream(text: &str) -> (Tree, Upstream) {
    let tree = Tree::new();
    tree.add(text);
    let version = version(text);
    let list = tree.versions_of(version.path().as_str()).join("list");
    fs::write(list, format!("{}\n", version.version())).unwrap();
    let upstream = Upstream::of_tree(tree.root());
    (tree, upstream)
}

fn of_upstream(upstream: &Upstream, rest: &str) -> String {
    format!("upstream = \"{}\"\n{rest}", upstream.url())
}

#[test]
fn rules() {
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    let site = Site::over(tree, "");
    assert_eq!(site.status(ZIP), 200);
    site.reload("block = \"example.com/m # CVE-1\"\n");
    let refused = site.get(ZIP);
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("CVE-1"), "{}", refused.text());
    site.reload("");
    assert_eq!(site.status(ZIP), 200);
    let log = site.log();
    assert_eq!(log.matches(": changed block\n").count(), 2, "{log}");
}

#[test]
fn whom_to_ask_and_for_what() {
    let (_one_tree, one) = upstream("example.com/m@v1.0.0");
    let (_other_tree, other) = upstream("example.com/m@v1.1.0");
    let site = Site::start(&of_upstream(&one, ""));
    assert_eq!(site.get(LIST).text(), "v1.0.0\n");
    site.reload(&of_upstream(&other, ""));
    assert_eq!(site.get(LIST).text(), "v1.1.0\n");
    assert_eq!((one.count(LIST), other.count(LIST)), (1, 1));

    site.reload(&of_upstream(&other, "offline = true\n"));
    assert_eq!(site.status(LIST), 404);
    site.reload(&of_upstream(&other, "private = \"example.com\"\n"));
    assert_eq!(site.status(LIST), 404);
    site.reload(&of_upstream(&other, "allow = \"example.org\"\n"));
    assert_eq!(site.status(LIST), 403);
    site.reload(&of_upstream(&other, "min-age = \"100000d\"\n"));
    assert_eq!(site.get(LIST).text(), "");
    assert_eq!(other.count(LIST), 2);
    site.reload("");
    assert_eq!(site.status(LIST), 404);
    assert_eq!((one.count(LIST), other.count(LIST)), (1, 2));
}

/// What is about the same upstreams stays: connections, and what they said.
#[test]
fn what_has_not_changed_is_kept() {
    let (_tree, upstream) = upstream("example.com/m@v1.0.0");
    let site = Site::start(&of_upstream(&upstream, "list-ttl = \"1h\"\n"));
    assert_eq!(site.status(LIST), 200);
    assert_eq!((upstream.count(LIST), upstream.connections()), (1, 1));
    site.reload(&of_upstream(
        &upstream,
        "list-ttl = \"1h\"\nblock = \"a.example\"\n",
    ));
    site.reload(&of_upstream(
        &upstream,
        "list-ttl = \"1h\"\nmax-uploads = 2\n",
    ));
    assert_eq!(site.status(LIST), 200);
    assert_eq!(site.status("/example.com/m/@v/v1.0.0.info"), 200);
    assert_eq!((upstream.count(LIST), upstream.connections()), (1, 1));
    // Other times: what was said before is not believed any longer than they say.
    site.reload(&of_upstream(&upstream, "list-ttl = 0\nmax-uploads = 2\n"));
    assert_eq!(site.status(LIST), 200);
    assert_eq!((upstream.count(LIST), upstream.connections()), (2, 1));
}

#[test]
fn logins_without_a_configuration_file() {
    let (_tree, upstream) = upstream("example.com/m@v1.0.0");
    let home = tempfile::tempdir().unwrap();
    let root = Tree::new();
    let login = |password: &str| {
        let netrc = format!("machine 127.0.0.1 login me password {password}\n");
        fs::write(home.path().join(".netrc"), netrc).unwrap();
    };
    login("one");
    let mut command = super::serve(home.path(), root.root());
    command.args(["--upstream", &upstream.url(), "--sumdb", "off"]);
    command.args(["--private", "unused.example", "--list-ttl", "0"]);
    let server = crate::support::server::TestServer::start_command(command);
    let sent = || {
        upstream.forget();
        assert_eq!(crate::support::http::get(&server.url(), LIST).status, 200);
        // What is stale is given at once, and asked for behind the scenes.
        until("the upstream was asked", || upstream.count(LIST) > 0);
        upstream.requests()[0].header("authorization")
    };
    assert_eq!(sent().as_deref(), Some("Basic bWU6b25l"));
    login("two");
    assert_eq!(sent().as_deref(), Some("Basic bWU6b25l"));
    server.signal("HUP");
    let done = "reloaded without a configuration file: no setting has changed, the .netrc";
    until("it is reloaded", || server.stderr().contains(done));
    assert_eq!(sent().as_deref(), Some("Basic bWU6dHdv"));
}

#[test]
fn who_may_read_and_who_no_longer() {
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    let site = Site::over(tree, "");
    assert_eq!(site.status(ZIP), 200);
    site.reload("read-auth = true\n");
    assert_eq!(site.status(ZIP), 401);
    let token = |arguments: &[&str]| {
        let mut command = athens();
        command.arg("token").args(arguments).arg("--state");
        let output = command
            .arg(site.directory.path().join("state"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    };
    let made = token(&[
        "create",
        "--name",
        "ci",
        "--allow",
        "read",
        "--expires",
        "1d",
    ]);
    let read = || {
        Request::new("GET", ZIP)
            .bearer(&made)
            .send(&site.url())
            .status
    };
    assert_eq!(read(), 200);
    token(&["revoke", "ci"]);
    // Whatever is wrong with the file.
    site.write("read-auth = maybe\n");
    site.hang_up(super::REFUSED);
    assert_eq!(read(), 401);
    site.reload("");
    assert_eq!(site.status(ZIP), 200);
}

#[test]
fn what_may_be_published() {
    let site = Site::start("");
    let put = |text: &str| {
        let path = format!("/{}.zip", text.replace('@', "/@v/"));
        let zip = zip_of(&version(text));
        site.send(Request::new("PUT", &path).body(&zip)).status
    };
    assert_eq!(put("corp.example/m@v1.0.0"), 201);
    site.reload("max-zip-size = 10\n");
    assert_eq!(put("corp.example/m@v1.1.0"), 413);
    site.reload("max-uploads = 1\n");
    assert_eq!(put("corp.example/m@v1.1.0"), 201);
}

#[test]
fn what_clients_call_it() {
    let tree = Tree::new();
    tree.add("corp.example/m@v1.0.0");
    let site = Site::over(tree, "");
    let path = "/corp.example/m?go-get=1";
    assert_eq!(site.status(path), 404);
    site.reload("public-url = \"https://go.corp.example\"\n");
    let page = site.get(path).text();
    assert!(
        page.contains("corp.example/m mod https://go.corp.example"),
        "{page}"
    );
}

#[test]
fn what_is_logged() {
    let site = Site::start("log-level = \"info\"\n");
    site.get("/one");
    until("it is logged", || site.log().contains("path=/one"));
    site.reload("log-level = \"warn,athens::commands=info\"\n");
    site.get("/two");
    site.reload("log-level = \"debug\"\n");
    site.get("/three");
    until("it is logged", || site.log().contains("path=/three"));
    let log = site.log();
    assert!(!log.contains("path=/two"), "{log}");
}

/// The last word on a level that hides what a reload says.
#[test]
fn a_silent_log_can_be_made_to_speak() {
    let site = Site::start("log-level = \"error\"\n");
    site.reload("log-level = \"info\"\n");
    site.reload("log-level = \"error\"\n");
    assert_eq!(site.count(": changed log-level"), 2);
}

#[test]
fn from_where_versions_are_imported() {
    let source = Tree::new();
    source.add("example.com/m@v1.0.0");
    let site = Site::start("");
    assert_eq!(site.status(ZIP), 404);
    site.reload(&format!("crawl = [\"{}\"]\n", source.root().display()));
    until("it is imported", || site.status(ZIP) == 200);
}

#[test]
fn straight_from_version_control() {
    let (Some(_), Some(_)) = (require_tool("go"), require_tool("git")) else {
        return;
    };
    let site = Site::start("upstream = \"off\"\n");
    let list = "/corp.example/m/@v/list";
    assert_eq!(site.status(list), 404);
    // There is no such host; it is the answer of who was asked that counts.
    let file = "upstream = \"direct\"\nprivate = \"corp.example\"\ndirect = \"corp.example\"\ngit-protocols = \"https\"\ndirect-timeout = \"1ms\"\n";
    site.reload(file);
    assert_eq!(site.status(list), 504);
    assert!(site.tree.root().join(".athens/direct").is_dir());
    site.reload("upstream = \"off\"\n");
    assert_eq!(site.status(list), 404);
    assert_eq!(site.server.stop().code(), Some(0));
}

/// The go command, through an upstream that was another one when the server started.
#[test]
fn a_real_client_through_another_upstream() {
    let Some(client) = go::installed() else {
        return;
    };
    let (_none_tree, none) = upstream("example.com/other@v1.0.0");
    let (_tree, upstream) = upstream("example.com/m@v1.0.0");
    let site = Site::start(&of_upstream(&none, "negative-ttl = 0\n"));
    let get = || {
        let project = Project::Requires(Vec::new());
        let get = vec![vec![
            "go",
            "mod",
            "download",
            "-json",
            "example.com/m@v1.0.0",
        ]];
        client.perform(&site.url(), &project, &get).said.remove(0)
    };
    let said = get();
    assert!(!said.success, "{said:?}");
    site.reload(&of_upstream(&upstream, "negative-ttl = 0\n"));
    let said = get();
    assert!(said.success, "{said:?}");
}

#[test]
fn several_in_a_row_are_one_after_the_other() {
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    let site = Site::over(tree, "");
    site.write("block = \"example.com/m\"\n");
    for _ in 0..20 {
        site.server.signal("HUP");
    }
    until("the last one holds", || site.status(ZIP) == 403);
    site.reload("");
    // What was done just now may have been for a signal of before.
    until("this one holds", || site.status(ZIP) == 200);
    // Whatever was signalled after the last one was read: nothing has changed since.
    assert_eq!(fs::read_to_string(site.config()).unwrap(), whole(""));
    let log = site.log();
    assert_eq!(log.matches(": changed block\n").count(), 2, "{log}");
}

/// As `nohup` does it.
#[test]
fn also_where_the_signal_was_ignored() {
    let directory = tempfile::tempdir().unwrap();
    let root = Tree::new();
    let mut command = std::process::Command::new("sh");
    let serve = super::serve(directory.path(), root.root());
    command
        .args(["-c", "trap '' HUP; exec \"$@\"", "sh"])
        .arg(serve.get_program())
        .args(serve.get_args())
        .args(["--upstream", "off"]);
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let server = crate::support::server::TestServer::start_command(command);
    server.signal("HUP");
    until("it is reloaded", || server.stderr().contains(DONE));
}
