//! Whole stories: a real go command, the module proxy and the checksum database that this machine's go command uses.
//! The large ones are run by tests/project/run.

/// From a server with a network to one without.
mod air_gap;
/// Through an empty root, and again with the upstream cut off.
mod project;

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::corpus::corpus;
use crate::support::server::{TestServer, athens};
use crate::support::tools::{copy_tree, repository, require_tool, skip, target_dir};

/// A machine with a go command and nothing in its module cache.
struct Machine {
    dir: TempDir,
    go: PathBuf,
    sumdb: String,
    proxy: String,
}

/// What the go command of this machine says of a setting.
fn go_env(go: &Path, variable: &str) -> String {
    let output = Command::new(go)
        .args(["env", variable])
        .env("GOTOOLCHAIN", "local")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Machine {
    /// One that knows this proxy only, and the checksum database of this machine; `None` where there is no go, no network
    /// or no database.
    fn new(proxy: &str) -> Option<Self> {
        let go = require_tool("go")?;
        corpus()?;
        let sumdb = go_env(&go, "GOSUMDB");
        if sumdb == "off" || go_env(&go, "GOPROXY") == "off" {
            skip("go env GOPROXY or GOSUMDB says off");
            return None;
        }
        let dir = TempDir::new().unwrap();
        for name in ["home/.config/go/telemetry", "tmp"] {
            std::fs::create_dir_all(dir.path().join(name)).unwrap();
        }
        std::fs::write(dir.path().join("home/.config/go/telemetry/mode"), "off").unwrap();
        copy_tree(
            &repository().join("tests/corpus/program"),
            &dir.path().join("project"),
        );
        Some(Self {
            dir,
            go,
            sumdb,
            proxy: proxy.to_owned(),
        })
    }

    fn project(&self, name: &str) -> PathBuf {
        self.dir.path().join("project").join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.project(name)).unwrap()
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.project(name), content).unwrap();
    }

    /// Runs `go …` in the project, which must succeed; with the checksum database on. Its output.
    #[track_caller]
    fn go(&self, toolchain: &str, arguments: &[&str]) -> String {
        self.run(
            Command::new(&self.go)
                .args(arguments)
                .env("GOTOOLCHAIN", toolchain),
        )
    }

    #[track_caller]
    fn run(&self, command: &mut Command) -> String {
        let toolchain = command
            .get_envs()
            .find_map(|(name, value)| (name == "GOTOOLCHAIN").then(|| value.map(ToOwned::to_owned)))
            .flatten()
            .unwrap_or_default();
        let path = |name| self.dir.path().join(name);
        let output = command
            .current_dir(self.project(""))
            .env_clear()
            .env("GOTOOLCHAIN", toolchain)
            .env("HOME", path("home"))
            .env("TMPDIR", path("tmp"))
            .env("GOPATH", path("gopath"))
            .env("GOCACHE", target_dir().join("go-build/stories"))
            .env("GOPROXY", &self.proxy)
            .env("GOSUMDB", &self.sumdb)
            .envs([
                ("GOENV", "off"),
                ("GOFLAGS", "-modcacherw"),
                ("CGO_ENABLED", "0"),
            ])
            .output()
            .unwrap();
        let (out, err) = (output.stdout, String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{command:?}: {err}");
        String::from_utf8(out).unwrap()
    }

    /// Builds the program, adding what go.sum lacks, and runs it.
    #[track_caller]
    fn build_and_run(&self, toolchain: &str) -> String {
        self.go(toolchain, &["build", "-mod=mod", "-o", "program"]);
        self.run(&mut Command::new(self.project("program")))
    }
}

/// A server with the upstreams and the checksum database of this machine's go command.
fn serve(root: &Path, flags: &[&str]) -> TestServer {
    let mut command = athens();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--root"])
        .arg(root)
        .args(flags)
        .env_remove("ATHENS_UPSTREAM");
    TestServer::start_command(command)
}
