//! A server with a folder, a state directory and tokens of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use athens::module::ModuleVersion;
use athens::store::{ModuleFile, StoreKey};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::http::{Answer, Request, get};
use crate::support::server::{TestServer, athens};
use crate::support::tools::{files_below, until};
use crate::support::tree::Tree;

/// A running server that may be published to. It goes with all that it has.
pub(crate) struct Registry {
    pub(crate) server: TestServer,
    pub(crate) tree: Tree,
    pub(crate) state: State,
    /// A token with every right.
    pub(crate) token: String,
    flags: Vec<String>,
}

/// A state directory.
pub(crate) struct State(TempDir);

impl State {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// `athens serve` with this state, over a root.
    pub(crate) fn serve(&self, root: &Path, flags: &[&str]) -> TestServer {
        let mut command = athens();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--root"])
            .arg(root)
            .arg("--state")
            .arg(self.path())
            .args(flags);
        TestServer::start_command(command)
    }

    /// The token that the server made for its user.
    pub(crate) fn local_token(&self) -> String {
        let text = fs::read_to_string(self.path().join("local-token")).unwrap();
        text.trim_end().to_owned()
    }

    /// `athens token create`, and what it printed.
    pub(crate) fn create(&self, name: &str, allow: &str, modules: &str) -> String {
        let arguments = [
            "create",
            "--name",
            name,
            "--allow",
            allow,
            "--modules",
            modules,
        ];
        self.token(&arguments).trim_end().to_owned()
    }

    /// `athens token …`.
    pub(crate) fn token(&self, arguments: &[&str]) -> String {
        let mut command: Command = athens();
        command.arg("token").args(arguments);
        let output = command.arg("--state").arg(self.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The path of a file of a version, as a client asks for it.
pub(crate) fn url_of(version: &ModuleVersion, file: ModuleFile) -> String {
    format!("/{}", StoreKey::File(version, file).relative_path())
}

/// A request to publish a zip.
pub(crate) fn put(version: &ModuleVersion, zip: &[u8]) -> Request {
    Request::new("PUT", &url_of(version, ModuleFile::Zip)).body(zip)
}

/// A request to delete a version.
pub(crate) fn delete(version: &ModuleVersion) -> Request {
    let zip = url_of(version, ModuleFile::Zip);
    Request::new("DELETE", zip.strip_suffix(".zip").unwrap())
}

impl Registry {
    /// A server over an empty folder.
    pub(crate) fn start(flags: &[&str]) -> Self {
        Self::over(Tree::new(), flags)
    }

    /// A server over a folder.
    pub(crate) fn over(tree: Tree, flags: &[&str]) -> Self {
        let state = State::new();
        let server = state.serve(tree.root(), flags);
        Self {
            token: state.local_token(),
            server,
            tree,
            state,
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        }
    }

    /// Kills the server (SIGKILL) and starts another over the same folder and state.
    pub(crate) fn kill_and_restart(self) -> Self {
        self.server.signal("KILL");
        self.server.wait();
        let flags: Vec<&str> = self.flags.iter().map(String::as_str).collect();
        let server = self.state.serve(self.tree.root(), &flags);
        Self { server, ..self }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// Sends a request with the token that may do everything.
    pub(crate) fn send(&self, request: Request) -> Answer {
        request.bearer(&self.token).send(&self.url())
    }

    /// Publishes a zip and expects 201.
    #[track_caller]
    pub(crate) fn publish(&self, version: &ModuleVersion, zip: &[u8]) -> Answer {
        let answer = self.send(put(version, zip));
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        get(&self.url(), path)
    }

    pub(crate) fn file(&self, version: &ModuleVersion, file: ModuleFile) -> Answer {
        self.get(&url_of(version, file))
    }

    pub(crate) fn list(&self, module: &str) -> Answer {
        self.get(&format!("/{}/@v/list", module_url(module)))
    }

    /// The files in the folder that are not the server's own.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut files = files_below(self.tree.root());
        files.retain(|name| !name.starts_with(".athens/"));
        files
    }

    /// What lies in the staging area.
    pub(crate) fn staged(&self) -> Vec<String> {
        files_below(&self.tree.root().join(".athens/staging"))
    }

    /// What lies in the staging area and was begun by another process than the server.
    pub(crate) fn left_by_others(&self) -> Vec<String> {
        let ours = format!("{}-", self.server.pid());
        let mut staged = self.staged();
        staged.retain(|name| !name.starts_with(&ours));
        staged
    }

    /// Waits until nothing lies in the staging area.
    pub(crate) fn nothing_staged(&self) {
        until("the staging area is empty", || self.staged().is_empty());
    }

    /// The journal as it is, torn lines and all.
    pub(crate) fn journal_text(&self) -> String {
        let path = self.tree.root().join(".athens/journal.jsonl");
        fs::read_to_string(path).unwrap_or_default()
    }

    /// The lines of the journal; all must be events.
    pub(crate) fn journal(&self) -> Vec<Value> {
        self.journal_text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line:?}")))
            .collect()
    }

    /// How many events of this kind the journal has about a version.
    pub(crate) fn events(&self, kind: &str, version: &ModuleVersion) -> usize {
        let (path, version) = (version.path().as_str(), version.version().as_str());
        self.journal()
            .iter()
            .filter(|event| {
                event["Event"] == kind && event["Path"] == path && event["Version"] == version
            })
            .count()
    }
}

fn module_url(module: &str) -> String {
    let directory = StoreKey::directory(&module.parse().unwrap());
    directory.strip_suffix("/@v").unwrap().to_owned()
}
