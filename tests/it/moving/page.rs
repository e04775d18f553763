//! A block of commands says in a comment before it under which name it is run here, or why it can not be.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{on_athens_disk, write};
use crate::support::carrier::{is_verified, journal};
use crate::support::repo::Repo;
use crate::support::server::{TestServer, athens};
use crate::support::tools::{files_below, require_tool};
use crate::support::tree::{Tree, go_mod, info_of, version, zip_of};
use crate::support::upstream::{Reply, Upstream};

pub(super) fn page() -> String {
    let path = crate::support::tools::repository().join("docs/moving.md");
    fs::read_to_string(path).unwrap()
}

/// The commands of the blocks that are run, by name, and how many there are that are not.
fn blocks() -> (Vec<(String, String)>, usize) {
    let page = page();
    let (mut run, mut not_run, mut mark) = (Vec::new(), 0, "");
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if line != "```sh" {
            mark = line;
            continue;
        }
        let commands: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let mark = mark
            .strip_prefix("<!-- ")
            .and_then(|mark| mark.strip_suffix(" -->"))
            .unwrap_or_else(|| panic!("no mark before {commands:?}"));
        match mark.split_once(": ") {
            Some(("run", name)) => run.push((name.to_owned(), commands.join("\n"))),
            Some(("not run", why)) if !why.is_empty() => not_run += 1,
            _ => panic!("{mark}"),
        }
    }
    (run, not_run)
}

const OURS: &str = "corp.example/lib@v1.0.0";
const THEIRS: &str = "example.com/Mixed@v1.0.0";

/// A machine with an old place and an empty root, and the variables of the page.
struct Place {
    scratch: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Place {
    fn new() -> Self {
        let place = Self {
            scratch: TempDir::new().unwrap(),
            variables: Vec::new(),
        };
        for name in ["root", "old", "home/.config/go/telemetry"] {
            fs::create_dir_all(place.path(name)).unwrap();
        }
        fs::write(place.path("home/.config/go/telemetry/mode"), "off").unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn root(&self) -> PathBuf {
        self.path("root")
    }

    /// Puts modules into the old place, named as a proxy names them.
    fn fill(&self, below: &str, texts: &[&str], naming: super::Naming) {
        for text in texts {
            let version = version(text);
            let names = naming(version.path().as_str(), version.version().as_str());
            let contents = [
                info_of(&version).into_bytes(),
                go_mod(&version).into_bytes(),
                zip_of(&version),
            ];
            for (name, content) in names.iter().zip(contents) {
                write(&self.path(below).join(name), content);
            }
        }
    }

    /// A project that needs a module, in the current directory of the commands.
    fn needs(&self, text: &str) {
        let line = text.replace('@', " ");
        let go_mod = format!("module example.com/client\n\ngo 1.13\n\nrequire {line}\n");
        write(&self.path("go.mod"), go_mod);
    }

    /// A shell with the binary under test in its path, and nothing of the caller's settings.
    fn shell(&self, commands: &str) -> Command {
        let ours = athens();
        let directory = Path::new(ours.get_program()).parent().unwrap().to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = [directory].into_iter().chain(std::env::split_paths(&path));
        let mut command = Command::new("bash");
        command
            .args(["-euo", "pipefail", "-c", commands])
            .current_dir(self.scratch.path())
            .env_clear()
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("HOME", self.path("home"))
            .env("OLD", self.path("old"))
            .env("ROOT", self.root())
            .envs([
                ("ATHENS_STATE", crate::support::server::state_directory()),
                ("ATHENS_LISTEN", "127.0.0.1:0".to_owned()),
            ])
            .envs([("GOTOOLCHAIN", "local"), ("GOENV", "off")])
            .envs([("GOSUMDB", "off"), ("GOPROXY", "off")])
            .env("GOFLAGS", "-mod=mod -modcacherw")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the commands; a server at their end is returned running.
    #[track_caller]
    fn run(&self, commands: &str) -> Option<TestServer> {
        let serves = commands
            .lines()
            .last()
            .filter(|line| line.starts_with("athens serve"));
        let before = serves.map_or(commands, |line| commands.strip_suffix(line).unwrap());
        let output = self.shell(before).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{before}\n{output:?}");
        serves.map(|line| TestServer::start_command(self.shell(&format!("exec {line}"))))
    }

    /// What the journal of the root says, sorted.
    fn noted(&self) -> Vec<String> {
        is_verified(&self.root());
        let mut noted = journal(&self.root());
        noted.sort();
        noted
    }
}

fn has_all_tools() -> bool {
    ["bash", "curl", "jq", "go", "git"]
        .iter()
        .all(|tool| require_tool(tool).is_some())
}

/// What stands in the journal when a module of ours and one of others came.
fn both() -> [String; 2] {
    [format!("import {THEIRS}"), format!("publish {OURS}")]
}

/// Makes the place that a block is about, runs it there, and looks at what came of it.
fn perform(name: &str, commands: &str) {
    let mut place = Place::new();
    let run_in = |place: &Place| place.run(commands);
    match name {
        "switch" | "checks" => {
            place.needs(THEIRS);
            let old = Tree::new();
            old.add(THEIRS);
            if name == "checks" {
                place.fill("root", &[THEIRS, OURS], super::as_in_the_protocol);
                place.fill("old", &[THEIRS, OURS], on_athens_disk);
            }
            let servers = [old.root(), &place.root()].map(|root| TestServer::start(root, &[]));
            place.variables.push(("OLD_URL", servers[0].url()));
            place.variables.push(("NEW_URL", servers[1].url()));
            run_in(&place);
            let downloaded = "home/go/pkg/mod/cache/download/example.com/!mixed/@v/v1.0.0.zip";
            assert!(place.path(downloaded).exists());
        }
        "athens-disk" => {
            place.fill("old", &[OURS, THEIRS], on_athens_disk);
            run_in(&place);
            assert_eq!(place.noted(), both());
        }
        "athens-bucket" => {
            place.fill("old", &[OURS, THEIRS], super::in_an_athens_bucket);
            run_in(&place);
            assert_eq!(place.noted(), both());
        }
        "athens-catalog" => {
            let tree = Tree::new();
            tree.add(OURS).add(THEIRS);
            let old = Upstream::of_tree(tree.root());
            let catalog = r#"{"modules":[{"module":"corp.example/lib","version":"v1.0.0"},
                {"module":"example.com/Mixed","version":"v1.0.0"}],"next":""}"#;
            old.on("/catalog", Reply::ok(catalog));
            place.variables.push(("OLD_URL", old.url()));
            run_in(&place);
            assert_eq!(
                place.noted(),
                [OURS, THEIRS].map(|text| format!("import {text}"))
            );
        }
        "serve" => {
            place.variables.push(("OLD_URL", Upstream::refusing()));
            let server = run_in(&place).unwrap();
            assert!(
                server.ready_line().contains("with upstream http://"),
                "{}",
                server.ready_line()
            );
        }
        "artifactory" => {
            let naming = super::as_in_the_protocol;
            place.fill("old/repositories/go-remote-cache", &[THEIRS], naming);
            place.fill("old/repositories/go-local", &[OURS], naming);
            run_in(&place);
            assert_eq!(place.noted(), both());
        }
        "gitea" => {
            place.fill(
                "gitea/api/packages/corp/go",
                &[OURS],
                super::as_in_the_protocol,
            );
            let old = Upstream::of_tree(&place.path("gitea"));
            let list = r#"[{"type":"go","name":"corp.example/lib","version":"v1.0.0"}]"#;
            old.on("/api/v1/packages/corp", Reply::ok(list));
            place.variables.push(("OLD_URL", old.url()));
            run_in(&place);
            assert_eq!(place.noted(), [format!("publish {OURS}")]);
        }
        "goproxy" => {
            place.fill("old", &[THEIRS], super::as_in_the_protocol);
            run_in(&place);
            assert_eq!(place.noted(), [format!("import {THEIRS}")]);
        }
        "folder" => {
            place.fill("old", &[OURS], super::as_in_the_protocol);
            let verified = place.path("old");
            // As a static server needs it, whose folder it was.
            write(&verified.join("corp.example/lib/@v/list"), "v1.0.0\n");
            write(
                &verified.join("corp.example/lib/@latest"),
                info_of(&version(OURS)),
            );
            assert!(run_in(&place).is_some());
        }
        "direct" => {
            let cache = "home/go/pkg/mod/cache/download";
            place.fill(cache, &[THEIRS], super::as_in_the_protocol);
            let checkout = Repo::new(&place.path("home/go/src/corp.example/lib"));
            checkout.write("go.mod", go_mod(&version(OURS)));
            checkout.commit().tag("v1.0.0");
            assert!(run_in(&place).is_some());
            assert_eq!(
                place.noted(),
                [format!("adopt {OURS}"), format!("import {THEIRS}")]
            );
        }
        name => panic!("no place is made for {name}"),
    }
    let files = files_below(&place.path("old"));
    assert!(!files.iter().any(|file| file.contains(".athens/")) || name == "folder");
}

#[test]
fn every_block_does_what_the_page_says() {
    if !has_all_tools() {
        return;
    }
    let (blocks, not_run) = blocks();
    assert!(blocks.len() >= 11 && not_run == 1, "{blocks:?}");
    for (name, commands) in blocks {
        perform(&name, &commands);
    }
}
