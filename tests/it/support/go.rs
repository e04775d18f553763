//! Real go commands: the machine's own, the oldest and the newest.

use std::path::PathBuf;
use std::process::Command;

use super::corpus::Corpus;
use super::tools::{require_tool, target_dir};
use super::workspace::{Outcome, Project, Workspace};

/// A go command of some version.
pub(crate) struct Client {
    /// Its version, such as `1.13.15`.
    pub(crate) version: String,
    /// The second number of its version.
    pub(crate) minor: u32,
    goroot: PathBuf,
}

/// The go command of this machine; `None`, after [`super::tools::skip`], if it has none.
pub(crate) fn installed() -> Option<Client> {
    let go = require_tool("go")?;
    // Not the go command that a go.mod or a setting asks for: the one that is there.
    let output = Command::new(go)
        .args(["env", "GOROOT"])
        .env("GOTOOLCHAIN", "local")
        .output();
    let goroot = String::from_utf8(output.unwrap().stdout).unwrap();
    Some(Client::new(PathBuf::from(goroot.trim())))
}

/// The go command of this machine and those of the corpus, oldest first, each version once.
pub(crate) fn clients(corpus: &Corpus) -> Option<Vec<Client>> {
    let mut clients = vec![installed()?];
    for goroot in corpus.clients() {
        let client = Client::new(goroot);
        if clients.iter().all(|known| known.version != client.version) {
            clients.push(client);
        }
    }
    clients.sort_by_key(|client| client.minor);
    Some(clients)
}

impl Client {
    fn new(goroot: PathBuf) -> Self {
        let mut client = Self {
            version: String::new(),
            minor: 0,
            goroot,
        };
        let said = Workspace::new(&client, "off").run(&["go", "version"]);
        let version = said.stdout.split(' ').nth(2);
        version
            .and_then(|word| word.strip_prefix("go"))
            .unwrap_or_else(|| panic!("no version in {said:?}"))
            .clone_into(&mut client.version);
        let minor = client.version.split('.').nth(1);
        client.minor = minor.and_then(|minor| minor.parse().ok()).unwrap();
        client
    }

    /// The command itself.
    pub(crate) fn program(&self) -> PathBuf {
        self.goroot.join("bin/go")
    }

    /// Where it keeps what it has compiled, between runs.
    pub(crate) fn build_cache(&self) -> PathBuf {
        target_dir().join("go-build").join(&self.version)
    }

    /// Runs command lines in a project, with an empty module cache and with `proxy` as the only source of modules.
    pub(crate) fn perform<S: AsRef<str>>(
        &self,
        proxy: &str,
        project: &Project,
        commands: &[Vec<S>],
    ) -> Outcome {
        let workspace = Workspace::new(self, proxy);
        workspace.fill(project);
        let said = commands
            .iter()
            .map(|command| workspace.run(command))
            .collect();
        workspace.outcome(said)
    }
}
