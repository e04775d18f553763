//! A place for a go command to work in: a project, caches and a home of its own, nothing of the caller's settings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::go::Client;
use super::tools::{copy_tree, files_below, repository, sha256};

/// A project to start from.
pub(crate) enum Project {
    /// A go.mod that requires nothing, or these modules.
    Requires(Vec<String>),
    /// The corpus's program.
    Program,
    /// The corpus's program, without its go.sum.
    ProgramWithoutSums,
}

/// What a command said, with the names of the workspace and of the proxy taken out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// Whether it exited with 0.
    pub(crate) success: bool,
    /// Its standard output.
    pub(crate) stdout: String,
    /// The lines of its standard error. Downloads run at the same time, so they have no order; and what old clients are
    /// looking for is left out, since they say it only when it takes long.
    pub(crate) stderr: BTreeSet<String>,
}

/// All that some commands have said and left: what there is to compare.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// What each of them said.
    pub(crate) said: Vec<Said>,
    /// go.mod and go.sum.
    files: BTreeMap<&'static str, String>,
    /// The files of the module cache that came from the proxy, or were made of what did, with their sums.
    downloaded: BTreeMap<String, String>,
}

impl Outcome {
    /// Whether every command exited with 0.
    pub(super) fn all_succeeded(&self) -> bool {
        self.said.iter().all(|said| said.success)
    }

    /// Whether a text occurs in the output, in go.mod or in go.sum.
    pub(super) fn shows(&self, text: &str) -> bool {
        let said = self.said.iter().map(|said| &said.stdout);
        said.chain(self.files.values())
            .any(|there| there.contains(text))
    }

    /// Fails, with what differs, unless another outcome is the same.
    pub(crate) fn equals(&self, other: &Self) -> Result<(), String> {
        if self == other {
            return Ok(());
        }
        let [these, others] = [self, other].map(|outcome| {
            // Lines within a text become lines of their own.
            format!("{outcome:#?}").replace("\\n", "\n")
        });
        let missing = |from: &str, lines: &str| -> String {
            let from: BTreeSet<&str> = from.lines().collect();
            let lines = lines.lines().filter(|line| !from.contains(line));
            lines.map(|line| format!("\n  {line}")).collect()
        };
        Err(format!(
            "only here:{}\nonly there:{}",
            missing(&others, &these),
            missing(&these, &others)
        ))
    }
}

/// The place. Dropping it removes it.
pub(super) struct Workspace<'a> {
    client: &'a Client,
    dir: TempDir,
    proxy: String,
}

impl<'a> Workspace<'a> {
    pub(super) fn new(client: &'a Client, proxy: &str) -> Self {
        let dir = TempDir::new().unwrap();
        for name in ["home/.config/go/telemetry", "tmp", "project"] {
            std::fs::create_dir_all(dir.path().join(name)).unwrap();
        }
        // Else newer clients leave a process behind that writes here.
        std::fs::write(dir.path().join("home/.config/go/telemetry/mode"), "off").unwrap();
        Self {
            client,
            dir,
            proxy: proxy.to_owned(),
        }
    }

    /// Makes the project.
    pub(super) fn fill(&self, project: &Project) {
        let write = |name, content: &str| {
            std::fs::write(self.project().join(name), content).unwrap();
        };
        match project {
            Project::Requires(modules) => {
                let modules: String = modules
                    .iter()
                    .map(|module| format!("\t{module}\n"))
                    .collect();
                write(
                    "go.mod",
                    &format!("module example.com/client\n\ngo 1.13\n\nrequire (\n{modules})\n"),
                );
            }
            Project::Program | Project::ProgramWithoutSums => {
                copy_tree(&repository().join("tests/corpus/program"), &self.project());
                if matches!(project, Project::ProgramWithoutSums) {
                    write("go.sum", "");
                }
            }
        }
    }

    /// Runs a command line: `go …`, or a program of the project, `./…`.
    pub(super) fn run<S: AsRef<str>>(&self, line: &[S]) -> Said {
        let path = |name| self.dir.path().join(name);
        let words: Vec<&str> = line.iter().map(AsRef::as_ref).collect();
        let mut command = match words[0] {
            "go" => Command::new(self.client.program()),
            program => Command::new(self.project().join(program)),
        };
        // Until 1.18, `get` would also install.
        if words.starts_with(&["go", "get"]) && self.client.minor < 18 {
            command.args(["get", "-d"]).args(&words[2..]);
        } else {
            command.args(&words[1..]);
        }
        command
            .current_dir(self.project())
            .env_clear()
            .env("HOME", path("home"))
            .env("TMPDIR", path("tmp"))
            .env("GOPATH", path("gopath"))
            .env("GOCACHE", self.client.build_cache())
            .env("GOPROXY", &self.proxy)
            .envs([
                ("GOENV", "off"),
                ("GO111MODULE", "on"),
                ("GOTOOLCHAIN", "local"),
            ])
            .envs([("GOSUMDB", "off"), ("GOPRIVATE", ""), ("CGO_ENABLED", "0")]);
        // The flag is as old as this; before it, the cache is made writable when it is dropped.
        if self.client.minor >= 14 {
            command.env("GOFLAGS", "-modcacherw");
        }
        let output = command.output().unwrap();
        let mut stdout = self.neutral(&output.stdout);
        if words.starts_with(&["go", "mod", "graph"]) {
            // Old clients print it in the order in which the answers came.
            let lines: BTreeSet<&str> = stdout.lines().collect();
            stdout = lines.into_iter().map(|line| format!("{line}\n")).collect();
        }
        Said {
            success: output.status.success(),
            stdout,
            stderr: self
                .neutral(&output.stderr)
                .lines()
                .filter(|line| !line.starts_with("go: finding "))
                .map(str::to_owned)
                .collect(),
        }
    }

    /// What there is after the commands.
    pub(super) fn outcome(&self, said: Vec<Said>) -> Outcome {
        let files = ["go.mod", "go.sum"].into_iter().filter_map(|name| {
            let content = std::fs::read_to_string(self.project().join(name)).ok()?;
            Some((name, content))
        });
        let cache = self.dir.path().join("gopath/pkg/mod/cache/download");
        let is_kept = |name: &String| {
            let suffixes = [".info", ".mod", ".zip", ".ziphash"];
            suffixes.iter().any(|suffix| name.ends_with(suffix))
        };
        let downloaded = files_below(&cache).into_iter().filter(is_kept).map(|name| {
            let sum = sha256(&std::fs::read(cache.join(&name)).unwrap());
            (name, sum)
        });
        Outcome {
            said,
            files: files.collect(),
            downloaded: downloaded.collect(),
        }
    }

    fn project(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    fn neutral(&self, bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes)
            .replace(&self.dir.path().display().to_string(), "$WORKSPACE")
            .replace(&self.proxy, "$PROXY")
            // In messages about files, the scheme is left out.
            .replace(self.proxy.trim_start_matches("file://"), "$PROXY")
    }
}

impl Drop for Workspace<'_> {
    fn drop(&mut self) {
        if self.client.minor < 14 {
            // Only a caller without root's rights needs it.
            let _ = Command::new("chmod")
                .args(["-R", "u+w"])
                .arg(self.dir.path())
                .status();
        }
    }
}
