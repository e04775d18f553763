//! A machine as a reader of the pages has one: a home, a shell that remembers, and the servers that are started.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::names;
use crate::support::certificate::Certificate;
use crate::support::server::TestServer;
use crate::support::tools::{copy_tree, target_dir};
use crate::support::tree::Tree;

/// What a machine would have, and a test must not use: the name, and what stands in its place.
const STUBS: [(&str, &str); 4] = [
    // The binary under test is in the place of what it would install.
    ("cargo", "exit 0"),
    // The server that was started last, and no other of this machine.
    ("pidof", "cat \"$SCRATCH/pid\""),
    ("runuser", "shift 3; exec \"$@\""),
    ("sudo", "exec \"$@\""),
];

/// The machine. Dropping it ends its server.
pub(super) struct Machine {
    scratch: TempDir,
    server: Option<TestServer>,
}

impl Machine {
    /// A machine whose go command has these settings.
    pub(super) fn new(go_settings: &[(&str, &str)]) -> Self {
        let machine = Self {
            scratch: TempDir::new().unwrap(),
            server: None,
        };
        for name in [
            "home/.config/go/telemetry",
            "home/storage-root",
            "bin",
            "tmp",
            "etc",
            "run/athens",
        ] {
            fs::create_dir_all(machine.path(name)).unwrap();
        }
        machine.write(".config/go/telemetry/mode", "off");
        // Without it, a refusal is a success.
        machine.write(".curlrc", "fail\nshow-error\n");
        let settings = go_settings
            .iter()
            .map(|(name, value)| format!("{name}={value}\n"));
        machine.write(".config/go/env", settings.collect::<String>());
        for (name, commands) in STUBS {
            let stub = machine.path("bin").join(name);
            fs::write(&stub, format!("#!/bin/sh\n{commands}\n")).unwrap();
            fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).unwrap();
        }
        machine
    }

    /// A machine whose go command asks nobody.
    pub(super) fn alone() -> Self {
        Self::new(&[("GOPROXY", "off"), ("GOSUMDB", "off")])
    }

    /// A path in the scratch directory, which is `/` of the names in the pages.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name.trim_start_matches('/'))
    }

    /// A path in the home, where the shell begins and servers run.
    pub(super) fn home(&self, name: &str) -> PathBuf {
        self.path("home").join(name)
    }

    /// Writes a file into the home.
    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.home(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Puts versions into a directory in the layout of the protocol.
    pub(super) fn fill(&self, directory: &str, texts: &[&str]) {
        let tree = Tree::new();
        for text in texts {
            tree.add(text);
        }
        copy_tree(tree.root(), &self.path_in_commands(directory));
    }

    /// What a path in the commands means here.
    fn path_in_commands(&self, name: &str) -> PathBuf {
        match name.starts_with('/') {
            true => self.path(name),
            false => self.home(name),
        }
    }

    /// Puts a certificate where the commands name it, and lets the programs of this machine trust its authority.
    pub(super) fn certify(&self, certificate: &Certificate, certificates: &str, key: &str) {
        for (from, to) in [
            (certificate.path(), certificates),
            (certificate.key_path(), key),
        ] {
            let to = self.path_in_commands(to);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(from, &to).unwrap();
            fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
        }
        self.trust(certificate);
    }

    /// Lets the programs of this machine trust an authority.
    pub(super) fn trust(&self, certificate: &Certificate) {
        let authority = certificate.authority().display().to_string();
        for name in ["ATHENS_CA_FILE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"] {
            self.set(name, &authority);
        }
    }

    /// Exports a variable in the shell.
    pub(super) fn set(&self, name: &str, value: &str) {
        self.say(&format!("export {name}='{value}'"));
    }

    /// The server that was started last.
    pub(super) fn server(&self) -> &TestServer {
        self.server.as_ref().unwrap()
    }

    /// A token that may do this.
    pub(super) fn token(&self, arguments: &str) -> String {
        let said = self.say(&format!("athens token create {arguments}"));
        said.trim().to_owned()
    }

    /// Lets this machine reach the server of another.
    pub(super) fn reach(&self, other: &Self) {
        fs::write(self.path("url"), other.server().url()).unwrap();
    }

    /// Types the commands of a block, which must succeed. Each server gets a terminal of its own, and takes the place of the one
    /// before. What they print.
    #[track_caller]
    pub(super) fn run(&mut self, block: &str) -> String {
        let mut said = String::new();
        let mut commands = String::new();
        let mut lines = block.lines();
        while let Some(line) = lines.next() {
            if !line.starts_with("athens serve") || line.contains("--check-config") {
                commands.push_str(line);
                commands.push('\n');
                continue;
            }
            let mut serve = line.to_owned();
            while let Some(begun) = serve.strip_suffix('\\') {
                serve = format!("{begun}{}", lines.next().unwrap());
            }
            if !commands.is_empty() {
                said += &self.say(&std::mem::take(&mut commands));
            }
            // With or without a comment behind it.
            let command = format!("{serve} ");
            self.serve(command.split(" & ").next().unwrap());
        }
        if !commands.is_empty() {
            said += &self.say(&commands);
        }
        said
    }

    /// Types commands that are to fail. What they print.
    #[track_caller]
    pub(super) fn fail(&self, commands: &str) -> String {
        let output = self.output(commands);
        assert!(!output.status.success(), "{commands}\n{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Whether commands fail.
    pub(super) fn fails(&self, commands: &str) -> bool {
        !self.output(commands).status.success()
    }

    #[track_caller]
    fn say(&self, commands: &str) -> String {
        let output = self.output(commands);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{commands}\n{said}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        said
    }

    /// Runs commands where the ones before ended: in their directory, with their variables.
    fn output(&self, commands: &str) -> Output {
        let state = self.path("shell").display().to_string();
        // With `-e`, a command before `&&` may fail and the next line runs.
        let commands = self.named_here(commands).replace(" && ", "\n");
        let script = format!(
            "[ ! -e {state} ] || source {state}\n\
             {commands}\n\
             {{ export -p; printf 'cd %q\\n' \"$PWD\"; }} >{state}\n"
        );
        self.shell(&script).stdin(Stdio::null()).output().unwrap()
    }

    fn serve(&mut self, command: &str) {
        // A port that it had may be wanted again.
        if let Some(server) = self.server.take() {
            server.stop();
        }
        let command = names::listening_anywhere(command);
        let command = self.named_here(&format!("exec {command}"));
        let server = TestServer::start_command(self.shell(&command));
        fs::write(self.path("pid"), server.pid().to_string()).unwrap();
        // What was set to the one before, on its port, is set to this one.
        if let (Ok(before), Ok(state)) = (self.url(), fs::read_to_string(self.path("shell"))) {
            fs::write(self.path("shell"), state.replace(&before, &server.url())).unwrap();
        }
        fs::write(self.path("url"), server.url()).unwrap();
        self.server = Some(server);
    }

    fn named_here(&self, commands: &str) -> String {
        names::in_place(commands, self.scratch.path(), self.url().ok().as_deref())
    }

    /// The URL of the server, if there is one.
    fn url(&self) -> std::io::Result<String> {
        fs::read_to_string(self.path("url"))
    }

    /// A shell with the binary under test in its path, and nothing of the caller's settings but how to reach the network.
    fn shell(&self, script: &str) -> Command {
        let ours = Path::new(env!("CARGO_BIN_EXE_athens")).parent().unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = [self.path("bin"), ours.to_owned()]
            .into_iter()
            .chain(std::env::split_paths(&path));
        let network = std::env::vars_os().filter(|(name, _)| {
            let name = name.to_string_lossy().to_ascii_lowercase();
            name.ends_with("_proxy") || name == "ssl_cert_file" || name == "ssl_cert_dir"
        });
        let mut command = Command::new("bash");
        command
            .args(["-euo", "pipefail", "-c", script])
            .current_dir(self.path("home"))
            .env_clear()
            .envs(network)
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("HOME", self.path("home"))
            .env("SCRATCH", self.scratch.path())
            .env("TMPDIR", self.path("tmp"))
            .envs([("ATHENS_LISTEN", "127.0.0.1:0"), ("GOTOOLCHAIN", "local")])
            // What is only read can not be removed afterwards.
            .envs([("GOFLAGS", "-modcacherw"), ("CGO_ENABLED", "0")])
            .env("GOCACHE", target_dir().join("go-build/tutorials"));
        if let Ok(url) = self.url() {
            // The default of `--server` names a port that may be taken.
            command.env("ATHENS_SERVER", url);
        }
        command
    }
}

#[test]
#[should_panic(expected = "false && true")]
fn a_command_that_fails_is_noticed_wherever_it_stands() {
    Machine::alone().run("false && true\ntrue\n");
}

#[test]
fn a_shell_remembers_where_it_is_and_what_was_exported() {
    let mut machine = Machine::alone();
    machine.run("mkdir deep && cd deep\nexport NAME='a b'\n");
    assert_eq!(
        machine.run("basename \"$PWD\"; echo \"$NAME\"\n"),
        "deep\na b\n"
    );
}
