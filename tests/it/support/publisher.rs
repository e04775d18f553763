//! A server that can be published to, and somebody who publishes to it with the real binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use athens::auth::{StateDirectory, read_local_token};
use tempfile::TempDir;

use super::server::{TestServer, athens};

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A scratch directory with a home, a state directory and a root; a server when one is asked for.
pub(crate) struct Publisher {
    scratch: TempDir,
}

impl Publisher {
    pub(crate) fn new() -> Self {
        let scratch = TempDir::new().unwrap();
        for name in ["home", "root"] {
            fs::create_dir(scratch.path().join(name)).unwrap();
        }
        Self { scratch }
    }

    /// A path in the scratch directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// Writes a file, with the directories that it needs.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// A server of the root with the state directory.
    pub(crate) fn server(&self) -> TestServer {
        let state = self.path("state");
        TestServer::start(&self.path("root"), &["--state", state.to_str().unwrap()])
    }

    /// The text of the token that the server left for its user.
    pub(crate) fn local_token(&self) -> String {
        let directory = StateDirectory::new(self.path("state"));
        let token = read_local_token(&directory).unwrap().unwrap();
        token.reveal().to_owned()
    }

    /// `athens publish …` in the scratch directory, with nothing of the caller's.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = athens();
        command
            .arg("publish")
            .args(arguments)
            .current_dir(self.scratch.path())
            .env("HOME", self.path("home"))
            .env("ATHENS_STATE", self.path("state"))
            .env_remove("NETRC");
        for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(proxy).env_remove(proxy.to_lowercase());
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs git in a directory of the scratch directory, as nobody in particular.
    #[track_caller]
    pub(crate) fn git(&self, dir: &str, arguments: &[&str]) {
        let output = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(arguments)
            .current_dir(self.path(dir))
            .env("HOME", self.path("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
    }
}

/// The last line that was printed, without blanks around it.
pub(crate) fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default().trim()
}

/// Files of the root that belong to a module, such as `v1.0.0.zip`.
pub(crate) fn versions(publisher: &Publisher, module: &str) -> Vec<String> {
    let dir: &Path = &publisher.path("root").join(module).join("@v");
    super::tools::files_below(dir)
}
