//! SIGHUP, and what a server makes of the file that changed: the real binary, its real log, and clients that notice
//! nothing.

/// `--check-config`: what is said before a start or a reload.
mod check_config;
/// What a reload does not apply, and what it refuses.
mod refused;
/// Each kind of setting, before and after.
mod settings;
/// Requests that run while the configuration changes.
mod undisturbed;
/// Fetches from version control that run meanwhile.
mod version_control;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::http::{Answer, Request, get};
use crate::support::server::{TestServer, athens};
use crate::support::tools::until;
use crate::support::tree::Tree;

/// A server with a configuration file, a folder, a state directory and a home of its own.
struct Site {
    server: TestServer,
    tree: Tree,
    directory: TempDir,
}

/// What holds where a test's file says nothing of it.
const UNSAID: [(&str, &str); 4] = [
    ("upstream", "off"),
    ("sumdb", "off"),
    ("private", "unused.example"),
    ("direct", "unused.example"),
];

/// The words of a log line that ends a reload.
const DONE: &str = "reloaded ";
const REFUSED: &str = "all settings stay as they were";

impl Site {
    /// Over an empty folder, with this in its file.
    fn start(file: &str) -> Self {
        Self::over(Tree::new(), file)
    }

    fn over(tree: Tree, file: &str) -> Self {
        Self::start_with(tree, file, |_| {})
    }

    /// With a command that is changed before it is run.
    fn start_with(tree: Tree, file: &str, change: impl FnOnce(&mut Command)) -> Self {
        let directory = TempDir::new().unwrap();
        let config = directory.path().join("athens.toml");
        fs::write(&config, whole(file)).unwrap();
        let mut command = serve(directory.path(), tree.root());
        command.arg("--config").arg(config);
        change(&mut command);
        Self {
            server: TestServer::start_command(command),
            tree,
            directory,
        }
    }

    fn config(&self) -> PathBuf {
        self.directory.path().join("athens.toml")
    }

    /// Writes the file.
    fn write(&self, file: &str) {
        // As an editor does it: whoever reads sees one or the other.
        let new = self.directory.path().join("new.toml");
        fs::write(&new, whole(file)).unwrap();
        fs::rename(new, self.config()).unwrap();
    }

    /// The lines of the log that are whole.
    fn log(&self) -> String {
        let mut log = self.server.stderr();
        log.truncate(log.rfind('\n').map_or(0, |end| end + 1));
        log
    }

    fn count(&self, words: &str) -> usize {
        self.log().matches(words).count()
    }

    /// Sends SIGHUP, and waits until the log has these words once more.
    fn hang_up(&self, words: &str) {
        let before = self.count(words);
        self.server.signal("HUP");
        until(words, || self.count(words) > before);
    }

    /// Writes the file, and has it read.
    fn reload(&self, file: &str) {
        self.write(file);
        self.hang_up(DONE);
    }

    fn url(&self) -> String {
        self.server.url()
    }

    fn get(&self, path: &str) -> Answer {
        get(&self.url(), path)
    }

    fn status(&self, path: &str) -> u16 {
        self.get(path).status
    }

    /// The token that may do everything.
    fn token(&self) -> String {
        let token = fs::read_to_string(self.directory.path().join("state/local-token")).unwrap();
        token.trim_end().to_owned()
    }

    fn send(&self, request: Request) -> Answer {
        request.bearer(&self.token()).send(&self.url())
    }
}

/// `athens serve` of a folder, with a home of its own and whatever else is to be said in a file.
fn serve(home: &Path, root: &Path) -> Command {
    let mut command = athens();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--root"])
        .arg(root)
        .arg("--state")
        .arg(home.join("state"))
        .env("HOME", home)
        .env_remove("NETRC")
        // A test's file says it.
        .env_remove("ATHENS_UPSTREAM");
    command
}

/// A file with what it does not say.
fn whole(file: &str) -> String {
    let mut whole = file.to_owned();
    for (key, value) in UNSAID {
        let is_said = file
            .lines()
            .any(|line| line.starts_with(&format!("{key} =")));
        // With modules that may come straight from their origin, a server is not quite off.
        let is_moot = key == "direct" && !file.contains("upstream =");
        if !is_said && !is_moot {
            whole.push_str(&format!("{key} = \"{value}\"\n"));
        }
    }
    whole
}
