//! `/metrics`: what is counted, where it is to be had, and what is written about it.

/// What is done, counted exactly.
mod counting;
/// The reference, the dashboard and the alert rules against what a server says.
mod documents;
/// Beside the modules, or on a listener of their own.
mod places;
/// Figures as they are read.
mod scrape;

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::http::{Answer, Request};
use crate::support::server::{TestServer, athens};
use crate::support::tools::eventually;
use crate::support::tree::Tree;
use scrape::Scrape;

/// A server with a folder and a state directory of its own.
struct Site {
    server: TestServer,
    tree: Tree,
    state: TempDir,
}

impl Site {
    fn start(flags: &[&str]) -> Self {
        Self::over(Tree::new(), flags)
    }

    fn over(tree: Tree, flags: &[&str]) -> Self {
        let state = TempDir::new().unwrap();
        let mut command = athens();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--root"])
            .arg(tree.root())
            .arg("--state")
            .arg(state.path())
            .args(flags)
            .env("HOME", state.path())
            .env_remove("NETRC");
        Self {
            server: TestServer::start_command(command),
            tree,
            state,
        }
    }

    fn root(&self) -> &Path {
        self.tree.root()
    }

    fn token(&self) -> String {
        let token = fs::read_to_string(self.state.path().join("local-token")).unwrap();
        token.trim_end().to_owned()
    }

    /// Sends a request with the token that may do everything.
    fn send(&self, request: Request) -> Answer {
        request.bearer(&self.token()).send(&self.server.url())
    }

    fn get(&self, path: &str) -> Answer {
        self.send(Request::new("GET", path))
    }

    fn scrape(&self) -> Scrape {
        let answer = self.get("/metrics");
        assert_eq!(answer.status, 200, "{}", answer.text());
        Scrape::parse(&answer.text())
    }

    /// The figures, when they are as they have to be: an answer is counted when it has ended, which its reader may see first.
    fn scrape_when(&self, what: &str, is_so: impl Fn(&Scrape) -> bool) -> Scrape {
        eventually(what, || Some(self.scrape()).filter(&is_so))
    }
}
