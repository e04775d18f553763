//! What is promised still holds after faults of the system, while everything happens at once: publishing, deleting, fetching,
//! reading, making room, sealing the journal, reloading.
//!
//! After each fault: each version that was acknowledged is there with its content and is listed, each that was deleted stays
//! away, what is listed can be downloaded, `athens verify` has nothing to say, no temporary file is left, and the journal can be
//! read in whole, with times that increase and a line of each acknowledged change.
//!
//! `FAULT_ROUNDS=60 cargo test --test it faults:: -- --nocapture` does more of it, and prints a line for each fault.

/// What must hold after a fault.
mod check;
/// No file descriptors left.
mod descriptors;
/// A disk that is full, and then is not.
mod full_disk;
/// System calls that fail, as a broken disk makes them.
mod injected;
/// SIGKILL at any moment.
mod killed;
/// Clients of all kinds.
mod load;
/// What is left of a disk that forgets what was not synced.
mod power_cut;
/// Processes that are stopped between two steps.
mod stopped;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use athens::module::ModuleVersion;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::support::server::{TestServer, athens};
use crate::support::small_disk::add_of_size;
use crate::support::tree::{Tree, version};
use crate::support::upstream::Upstream;

/// How many versions the upstream has.
const THEIRS: u64 = 24;
/// What the zip of each weighs, about.
const WEIGHT: usize = 100 << 10;
const PUBLISHERS: u64 = 2;

/// How long the journal is when it is sealed, and how long a test makes it before.
const SEAL_AT: u64 = 4 << 20;
const NEARLY: u64 = SEAL_AT - (5 << 10);

/// How often a fault happens: few times in the suite, `FAULT_ROUNDS` times where somebody wants to know more.
fn rounds(few: u64) -> u64 {
    std::env::var("FAULT_ROUNDS").map_or(few, |rounds| rounds.parse().unwrap())
}

/// A folder, and an upstream of which it has room for few versions: something goes all the time.
struct Site {
    upstream: Upstream,
    _origin: Tree,
    root: TempDir,
    state: TempDir,
}

fn theirs(number: u64) -> ModuleVersion {
    version(&format!("up.example/m{number}@v1.0.0"))
}

fn module(client: u64) -> String {
    format!("own.example/m{client}")
}

impl Site {
    fn new() -> Self {
        Self::of_weight(WEIGHT)
    }

    /// With an upstream whose zips weigh so much each.
    fn of_weight(weight: usize) -> Self {
        let origin = Tree::new();
        for number in 0..THEIRS {
            let version = theirs(number);
            add_of_size(&origin, &version, weight);
        }
        Self {
            upstream: Upstream::of_tree(origin.root()),
            _origin: origin,
            root: TempDir::new().unwrap(),
            state: TempDir::new().unwrap(),
        }
    }

    fn serve(&self) -> TestServer {
        self.serve_over(self.root.path())
    }

    fn serve_over(&self, root: &Path) -> TestServer {
        let mut command = athens();
        self.arguments(&mut command, root);
        TestServer::start_command(command)
    }

    /// A server that another program runs.
    fn serve_through(&self, mut command: Command) -> TestServer {
        let program = athens();
        command.arg(program.get_program());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        self.arguments(&mut command, self.root.path());
        TestServer::start_command(command)
    }

    fn arguments(&self, command: &mut Command, root: &Path) {
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--sumdb", "off"])
            // What is published is not asked for elsewhere.
            .args(["--private", "own.example"])
            .args(["--max-size", "6MiB", "--min-free", "0"])
            // A walk leaves alone what is younger than two seconds: the next one does not.
            .args(["--scan-interval", "1s"])
            .args(["--log-level", "error", "--upstream", &self.upstream.url()])
            .arg("--root")
            .arg(root)
            .arg("--state")
            .arg(self.state.path())
            .env("HOME", self.state.path())
            .env_remove("NETRC");
    }

    fn token(&self) -> String {
        let text = fs::read_to_string(self.state.path().join("local-token")).unwrap();
        text.trim_end().to_owned()
    }

    /// Makes the journal so long that it is sealed within the next few lines. No server may be running.
    fn lengthen_journal(&self, root: &Path) {
        let ours = root.join(".athens");
        fs::create_dir_all(&ours).unwrap();
        let mut options = fs::OpenOptions::new();
        let path = ours.join("journal.jsonl");
        let mut journal = options.append(true).create(true).open(path).unwrap();
        let len = journal.metadata().unwrap().len();
        let mut time = Timestamp::now();
        // Long lines, so that they are read in no time.
        let token = "t".repeat(4000);
        let mut lines = String::new();
        while len + (lines.len() as u64) < NEARLY {
            time += SignedDuration::from_micros(1);
            lines += &format!(
                r#"{{"Time":"{time}","Event":"evict","Path":"old.example/m","Version":"v1.0.0","Token":"{token}"}}"#
            );
            lines.push('\n');
        }
        journal.write_all(lines.as_bytes()).unwrap();
        assert!(journal.metadata().unwrap().len() < SEAL_AT);
    }

    /// How many parts of the journal were sealed.
    fn sealed(&self) -> usize {
        fs::read_dir(self.root.path().join(".athens/journal")).map_or(0, Iterator::count)
    }
}
