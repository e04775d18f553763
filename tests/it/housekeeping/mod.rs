mod eviction;
mod gc;
mod killed;
mod low_disk;

use std::fs;
use std::path::Path;

use athens::module::ModuleVersion;
use tempfile::TempDir;

use crate::support::http::{Answer, Request, get};
use crate::support::server::{TestServer, athens};
use crate::support::small_disk::add_of_size;
use crate::support::tree::{Tree, version};
use crate::support::upstream::Upstream;

/// What the zip of a fetched version weighs, about.
const WEIGHT: usize = 100 << 10;

/// An upstream with versions of this weight, a server that fetches through it, and what it has.
struct House {
    upstream: Upstream,
    _origin: Tree,
    root: TempDir,
    state: TempDir,
}

impl House {
    /// With these versions at the upstream.
    fn new(versions: &[String]) -> Self {
        Self::with_zips_of(versions, WEIGHT)
    }

    /// With these versions at the upstream, whose zips have this many bytes, about.
    fn with_zips_of(versions: &[String], len: usize) -> Self {
        let origin = Tree::new();
        for text in versions {
            let version = version(text);
            add_of_size(&origin, &version, len);
        }
        Self {
            upstream: Upstream::of_tree(origin.root()),
            _origin: origin,
            root: TempDir::new().unwrap(),
            state: TempDir::new().unwrap(),
        }
    }

    fn root(&self) -> &Path {
        self.root.path()
    }

    /// Starts the server.
    fn serve(&self, flags: &[&str]) -> TestServer {
        self.serve_at(self.root(), flags)
    }

    fn serve_at(&self, root: &Path, flags: &[&str]) -> TestServer {
        let mut command = athens();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--sumdb", "off"])
            .args(["--private", "unused.example", "--direct", "unused.example"])
            .args(["--upstream", &self.upstream.url(), "--root"])
            .arg(root)
            .arg("--state")
            .arg(self.state.path())
            .args(flags)
            .env("HOME", self.state.path())
            .env_remove("NETRC");
        TestServer::start_command(command)
    }

    /// Sends a request with the token that may do everything.
    fn send(&self, server: &TestServer, request: Request) -> Answer {
        let token = fs::read_to_string(self.state.path().join("local-token")).unwrap();
        request.bearer(token.trim_end()).send(&server.url())
    }

    /// Whether the zip of a version is in the folder.
    fn has(&self, text: &str) -> bool {
        let path = path_of(&version(text), "zip");
        self.root().join(&path[1..]).exists()
    }

    /// How many lines of the journal are about such an event.
    fn events(&self, kind: &str) -> usize {
        let journal = fs::read_to_string(self.root().join(".athens/journal.jsonl"));
        let event = format!("\"Event\":\"{kind}\"");
        journal.unwrap_or_default().matches(&event).count()
    }
}

/// The path of a file of a version, as a client asks for it.
fn path_of(version: &ModuleVersion, ending: &str) -> String {
    let (path, version) = (version.path().escaped(), version.version().escaped());
    format!("/{path}/@v/{version}.{ending}")
}

/// Gets a file of a version, and expects 200.
#[track_caller]
fn fetch(server: &TestServer, text: &str, ending: &str) {
    let answer = get(&server.url(), &path_of(&version(text), ending));
    assert_eq!(answer.status, 200, "{text}: {}", answer.text());
}

/// `example.com/m0@v1.0.0` and so on.
fn numbered(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("example.com/m{number}@v1.0.0"))
        .collect()
}
