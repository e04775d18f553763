//! A server that fetches through upstreams, with a folder, a state directory and a home of its own.

use std::fs;
use std::path::Path;

use athens::module::ModuleVersion;
use athens::store::ModuleFile;
use tempfile::TempDir;

use crate::support::http::{Answer, Request, get};
use crate::support::server::{TestServer, athens};
use crate::support::tools::{files_below, until};
use crate::support::tree::{Tree, version, zip_of};

/// The server. It goes with all that it has.
pub(super) struct Site {
    pub(super) server: TestServer,
    pub(super) tree: Tree,
    state: TempDir,
}

/// What a test that says nothing of them does not depend on.
const UNSAID: [(&str, &str); 4] = [
    ("--listen", "127.0.0.1:0"),
    ("--sumdb", "off"),
    ("--private", "unused.example"),
    // Nor is the origin of what a test calls private.
    ("--direct", "unused.example"),
];

impl Site {
    /// Over an empty folder.
    pub(super) fn start(upstreams: &str, flags: &[&str]) -> Self {
        Self::over(Tree::new(), upstreams, flags)
    }

    /// Over a folder.
    pub(super) fn over(tree: Tree, upstreams: &str, flags: &[&str]) -> Self {
        let state = TempDir::new().unwrap();
        let server = serve(tree.root(), state.path(), upstreams, flags);
        Self {
            server,
            tree,
            state,
        }
    }

    /// Stops the server, and starts another over the same folder.
    pub(super) fn restart(self, upstreams: &str, flags: &[&str]) -> Self {
        let Self {
            server,
            tree,
            state,
        } = self;
        server.stop();
        let server = serve(tree.root(), state.path(), upstreams, flags);
        Self {
            server,
            tree,
            state,
        }
    }

    pub(super) fn url(&self) -> String {
        self.server.url()
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        get(&self.url(), path)
    }

    /// Gets a path and expects 200.
    #[track_caller]
    pub(super) fn text(&self, path: &str) -> String {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    }

    /// Gets a path: the status and, of a refusal, its sentence.
    pub(super) fn said(&self, path: &str) -> (u16, String) {
        let answer = self.get(path);
        let text = answer.text();
        if answer.status >= 400 {
            assert_eq!(text.lines().count(), 1, "{path}: {text}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        }
        (answer.status, text.trim_end().to_owned())
    }

    /// Sends a request with the token that may do everything.
    pub(super) fn send(&self, request: Request) -> Answer {
        let token = fs::read_to_string(self.state.path().join("local-token")).unwrap();
        request.bearer(token.trim_end()).send(&self.url())
    }

    /// Publishes a version.
    #[track_caller]
    pub(super) fn publish(&self, text: &str) {
        let (version, path) = (version(text), path_of(text, "zip"));
        let answer = self.send(Request::new("PUT", &path).body(&zip_of(&version)));
        assert_eq!(answer.status, 201, "{}", answer.text());
    }

    /// Deletes a version.
    #[track_caller]
    pub(super) fn delete(&self, text: &str) {
        let path = path_of(text, "");
        let answer = self.send(Request::new("DELETE", path.trim_end_matches('.')));
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// The files of modules, and of checksum databases, in the folder: what `list` and `@latest` say is derived of them.
    pub(super) fn stored(&self) -> Vec<String> {
        let mut stored = Vec::new();
        for entry in fs::read_dir(self.tree.root()).unwrap() {
            let (name, path) = entry
                .map(|entry| (entry.file_name(), entry.path()))
                .unwrap();
            // Of the server's own things some come and go.
            if name == ".athens" {
                continue;
            }
            let name = name.into_string().unwrap();
            let files = files_below(&path).into_iter();
            stored.extend(files.map(|file| format!("{name}/{file}")));
        }
        stored.retain(|name| !name.ends_with("/@v/list") && !name.ends_with("/@latest"));
        stored.sort();
        stored
    }

    /// What of a version is in the folder, by its endings.
    pub(super) fn stored_of(&self, text: &str) -> Vec<&'static str> {
        let version = version(text);
        let endings = [
            (ModuleFile::Info, "info"),
            (ModuleFile::Mod, "mod"),
            (ModuleFile::Zip, "zip"),
        ];
        endings
            .into_iter()
            .filter(|(file, _)| self.tree.path_of(&version, *file).exists())
            .map(|(_, ending)| ending)
            .collect()
    }

    /// Waits until nothing lies in the staging area.
    pub(super) fn nothing_staged(&self) {
        let staging = self.tree.root().join(".athens/staging");
        until("the staging area is empty", || {
            files_below(&staging).is_empty()
        });
    }

    /// How many lines of the journal have all of these words.
    pub(super) fn journal(&self, words: &[&str]) -> usize {
        let journal = fs::read_to_string(self.tree.root().join(".athens/journal.jsonl"));
        let journal = journal.unwrap_or_default();
        let lines = journal.lines();
        lines
            .filter(|line| words.iter().all(|word| line.contains(word)))
            .count()
    }

    /// Waits until the server has logged all of these words.
    pub(super) fn until_logged(&self, words: &[&str]) {
        until(&format!("the log has {words:?}"), || {
            let log = self.server.stderr();
            words.iter().all(|word| log.contains(word))
        });
    }
}

fn serve(root: &Path, state: &Path, upstreams: &str, flags: &[&str]) -> TestServer {
    let mut command = athens();
    command
        .args(["serve", "--root"])
        .arg(root)
        .arg("--state")
        .arg(state)
        .args(["--upstream", upstreams])
        .args(flags)
        .env("HOME", state)
        .env_remove("NETRC");
    for (flag, value) in UNSAID {
        // With modules that may come straight from their origin, a server is not quite off.
        let is_moot = flag == "--direct" && upstreams == "off";
        if !flags.contains(&flag) && !is_moot {
            command.args([flag, value]);
        }
    }
    TestServer::start_command(command)
}

/// The path of a file of `path@version`, as a client asks for it.
pub(super) fn path_of(text: &str, ending: &str) -> String {
    let version = version(text);
    let (path, version) = (version.path().escaped(), version.version().escaped());
    format!("/{path}/@v/{version}.{ending}")
}

/// Puts versions into a tree for an upstream to serve: also their list, and what is latest if that is said.
pub(super) fn origin(versions: &[&str]) -> Tree {
    let tree = Tree::new();
    for text in versions {
        tree.add(text);
        relist(&tree, version(text));
    }
    tree
}

fn relist(tree: &Tree, added: ModuleVersion) {
    let list = tree.versions_of(added.path().as_str()).join("list");
    let mut versions = fs::read_to_string(&list).unwrap_or_default();
    versions.push_str(&format!("{}\n", added.version()));
    fs::write(list, versions).unwrap();
}
