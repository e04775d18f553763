//! `athens token` as scripts and people use it: what goes to which output, exit codes, what lies on the disk.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::SystemTime;

use athens::auth::{
    LocalToken, PlainToken, Right, StateDirectory, TokenStore, ensure_local_token, read_local_token,
};
use athens::module::Time;
use tempfile::TempDir;

use crate::support::server::athens;

/// A state directory that does not exist yet.
struct State {
    scratch: TempDir,
}

/// How a command ended.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
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

impl State {
    fn new() -> Self {
        Self {
            scratch: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.scratch.path().join("deep/state")
    }

    fn directory(&self) -> StateDirectory {
        StateDirectory::new(self.path())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = athens();
        command
            .arg("token")
            .args(arguments)
            .arg("--state")
            .arg(self.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).output().unwrap().into()
    }

    /// Makes a token and takes it from standard output, as a script does.
    #[track_caller]
    fn create(&self, arguments: &[&str]) -> PlainToken {
        let ended = self.run(&[&["create"], arguments].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let line = ended.stdout.strip_suffix('\n').unwrap();
        assert!(!ended.stderr.contains(line), "{ended:?}");
        line.parse().unwrap()
    }

    fn tokens_file(&self) -> String {
        fs::read_to_string(self.path().join("tokens.json")).unwrap()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn now() -> Time {
    SystemTime::now().into()
}

#[test]
fn made_listed_revoked() {
    let state = State::new();
    let none = state.run(&["list"]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), ""), "{none:?}");
    assert!(none.stderr.contains("there are no tokens in "), "{none:?}");
    assert!(!state.path().exists(), "looking makes nothing");

    let ci = state.create(&[
        "--name",
        "ci",
        "--allow",
        "publish",
        "--modules",
        "corp.example/*",
        "--expires",
        "90d",
    ]);
    let reader = state.create(&["--name", "build.farm-1"]);
    let admin = state.create(&[
        "--name",
        "admin",
        "--allow",
        "delete,publish,read",
        "--modules",
        "*",
    ]);

    let list = state.run(&["list"]);
    assert_eq!((list.code, list.stderr.as_str()), (Some(0), ""), "{list:?}");
    let cells: Vec<Vec<&str>> = list
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        cells[0],
        ["NAME", "RIGHTS", "MODULES", "CREATED", "EXPIRES"]
    );
    let without_times: Vec<_> = cells[1..].iter().map(|row| &row[..3]).collect();
    assert_eq!(
        without_times,
        [
            ["admin", "read,publish,delete", "*"],
            ["build.farm-1", "read", "*"],
            ["ci", "publish", "corp.example/*"],
        ]
    );
    assert_eq!(cells[1][4], "never");
    let (created, expires): (Time, Time) =
        (cells[3][3].parse().unwrap(), cells[3][4].parse().unwrap());
    assert_eq!(expires.unix() - created.unix(), 90 * 24 * 3600);
    assert!((now().unix() - created.unix()).abs() < 600, "{created}");

    // What the server makes of it.
    let store = TokenStore::open(state.directory()).unwrap();
    let access = store.authenticate(&ci, now()).unwrap();
    let module = |path: &str| path.parse().unwrap();
    assert!(
        access
            .check(Right::Publish, &module("corp.example/m"))
            .is_ok()
    );
    for (right, path) in [
        (Right::Publish, "corp.example.org/m"),
        (Right::Read, "corp.example/m"),
        (Right::Delete, "corp.example/m"),
    ] {
        assert!(
            access.check(right, &module(path)).is_err(),
            "{right} {path}"
        );
    }

    let revoked = state.run(&["revoke", "ci"]);
    assert_eq!(revoked.code, Some(0), "{revoked:?}");
    assert_eq!(revoked.stdout, "revoked ci\n");
    let again = state.run(&["revoke", "ci"]);
    assert_eq!((again.code, again.stdout.as_str()), (Some(1), ""));
    assert!(
        again.stderr.starts_with("athens: there is no token ci in "),
        "{again:?}"
    );
    let unknown = PlainToken::generate().unwrap();
    assert!(store.authenticate(&unknown, now()).is_none());
    assert!(store.authenticate(&ci, now()).is_none());
    assert!(store.authenticate(&reader, now()).is_some());
    assert!(store.authenticate(&admin, now()).is_some());
}

#[test]
fn json_for_scripts() {
    let state = State::new();
    state.create(&[
        "--name",
        "ci",
        "--allow",
        "publish,read",
        "--modules",
        "a.b/*,c.d",
        "--expires",
        "1s",
    ]);
    state.create(&["--name", "reader"]);
    // What was good for a second two years ago.
    let path = state.path().join("tokens.json");
    let old: String = state
        .tokens_file()
        .lines()
        .map(|line| match line.split_once("\"expires\":\"") {
            Some((head, _)) => format!("{head}\"expires\":\"2024-01-02T15:04:05Z\"}},\n"),
            None => format!("{line}\n"),
        })
        .collect();
    fs::write(&path, old).unwrap();

    let list = state.run(&["list", "--json"]);
    assert_eq!(list.code, Some(0), "{list:?}");
    let mut lines: Vec<serde_json::Value> = list
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for line in &mut lines {
        let created = line.as_object_mut().unwrap().remove("created").unwrap();
        created.as_str().unwrap().parse::<Time>().unwrap();
    }
    assert_eq!(
        lines,
        [
            serde_json::json!({
                "name": "ci", "rights": ["read", "publish"], "modules": "a.b/*,c.d",
                "expires": "2024-01-02T15:04:05Z", "expired": true,
            }),
            serde_json::json!({
                "name": "reader", "rights": ["read"], "modules": "*", "expires": null, "expired": false,
            }),
        ]
    );
    let table = state.run(&["list"]).stdout;
    assert!(
        table.contains("2024-01-02T15:04:05Z (expired)\n"),
        "{table}"
    );
}

#[test]
fn no_secret_is_kept_or_shown() {
    let state = State::new();
    let token = state.create(&["--name", "ci"]);
    let (secret, sum) = (&token.reveal()[7..50], token.hash().to_hex());
    let file = state.tokens_file();
    assert!(file.contains(&sum), "{file}");
    for arguments in [&["list"][..], &["list", "--json"], &["revoke", "ci"]] {
        let ended = format!("{:?}", state.run(arguments));
        assert!(!ended.contains(secret), "{ended}");
        assert!(!ended.contains(&sum), "{ended}");
    }
    for entry in fs::read_dir(state.path()).unwrap() {
        let content = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!content.contains(secret));
    }
    assert!(!format!("{token:?}").contains(&secret[..6]));
}

#[test]
fn private_on_the_disk() {
    let state = State::new();
    // With the most open mask there is.
    let status = Command::new("sh")
        .args(["-c", "umask 000; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_athens"))
        .args(["token", "create", "--name", "ci", "--state"])
        .arg(state.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let path = state.path();
    assert_eq!(mode(&path), 0o700);
    for entry in fs::read_dir(&path).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }

    let file = path.join("tokens.json");
    let before = state.tokens_file();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let shown = file.display();
    let sentence = format!(
        "athens: {shown} can be read or changed by others (mode 644); run `chmod 600 {shown}`\n"
    );
    for arguments in [
        &["list"][..],
        &["create", "--name", "two"],
        &["revoke", "ci"],
    ] {
        let ended = state.run(arguments);
        assert_eq!(
            (ended.code, ended.stdout.as_str(), &ended.stderr),
            (Some(2), "", &sentence)
        );
    }
    assert_eq!(state.tokens_file(), before);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();

    fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
    let ended = state.run(&["list"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("run `chmod 700 "), "{ended:?}");
}

#[test]
fn what_is_refused() {
    let state = State::new();
    state.create(&["--name", "ci"]);
    let before = state.tokens_file();
    for (arguments, code, message) in [
        (
            &["create", "--name", "ci"][..],
            1,
            "there is a token ci already; revoke it first (`athens token revoke ci`)",
        ),
        (
            &["create", "--name", "local"],
            1,
            "belongs to the token that the server makes",
        ),
        (
            &["create", "--name", "p", "--allow", "publish"],
            2,
            "--allow publish needs --modules",
        ),
        (
            &["create", "--name", "p", "--allow", "read,delete"],
            2,
            "--allow delete needs --modules",
        ),
        (&["create"], 2, "--name"),
        (&["create", "--name", "CI"], 2, "is not a name for a token"),
        (&["create", "--name", ""], 2, "is not a name for a token"),
        (
            &["create", "--name", "p", "--allow", "write"],
            2,
            "\"write\" is not a right: write read, publish, delete",
        ),
        (
            &["create", "--name", "p", "--allow", ""],
            2,
            "no right is named",
        ),
        (
            &["create", "--name", "p", "--modules", ""],
            2,
            "no module pattern is given",
        ),
        (
            &["create", "--name", "p", "--modules", "a.b, c.d"],
            2,
            "separate patterns with a comma alone",
        ),
        (
            &["create", "--name", "p", "--modules", "a.b/[c"],
            2,
            "malformed pattern",
        ),
        (
            &["create", "--name", "p", "--expires", "90"],
            2,
            "\"90\" is not how long a token can be good",
        ),
        (
            &["create", "--name", "p", "--expires", "0s"],
            2,
            "is not how long",
        ),
        (&["revoke", "nobody"], 1, "there is no token nobody"),
        (&["revoke", "A B"], 2, "is not a name for a token"),
        (&["revoke"], 2, "NAME"),
        (&[], 2, "Usage"),
    ] {
        let ended = state.run(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        assert_eq!(ended.stdout, "", "{arguments:?}");
        assert!(ended.stderr.contains(message), "{arguments:?}: {ended:?}");
    }
    assert_eq!(state.tokens_file(), before);

    fs::write(state.path().join("tokens.json"), "{\"version\":1,\"tok").unwrap();
    let ended = state.run(&["create", "--name", "two"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("it is malformed"), "{ended:?}");
}

#[test]
fn many_at_once_lose_nothing() {
    let state = State::new();
    let children: Vec<_> = (0..20)
        .map(|number| {
            let name = format!("token-{number}");
            state
                .command(&["create", "--name", &name])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let tokens: Vec<PlainToken> = children
        .into_iter()
        .map(|child| {
            let ended = Ended::from(child.wait_with_output().unwrap());
            assert_eq!(ended.code, Some(0), "{ended:?}");
            ended.stdout.trim_end().parse().unwrap()
        })
        .collect();
    let store = TokenStore::open(state.directory()).unwrap();
    assert_eq!(store.current().len(), 20);
    for (number, token) in tokens.iter().enumerate() {
        let access = store.authenticate(token, now()).unwrap();
        assert_eq!(access.name().as_str(), format!("token-{number}"));
    }
    let left = fs::read_dir(state.path()).unwrap().count();
    assert_eq!(left, 2, "the tokens file and the lock");
}

#[test]
fn a_token_that_nobody_got_is_taken_back() {
    let state = State::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let full = fs::File::options().write(true).open("/dev/full");
    for stdout in [Some(Stdio::from(writer)), full.ok().map(Stdio::from)] {
        // Only Linux has /dev/full.
        let Some(stdout) = stdout else { continue };
        let output = state
            .command(&["create", "--name", "ci"])
            .stdout(stdout)
            .output()
            .unwrap();
        let ended = Ended::from(output);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains("so it was taken back: "), "{ended:?}");
        assert_eq!(state.run(&["list"]).stdout, "");
    }
    state.create(&["--name", "ci"]);
}

#[test]
fn where_the_state_is() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name);
    let create = |name: &str, variables: &[(&str, PathBuf)]| {
        let mut command = athens();
        for variable in ["ATHENS_STATE", "STATE_DIRECTORY", "XDG_STATE_HOME"] {
            command.env_remove(variable);
        }
        let output = command
            .args(["token", "create", "--name", name])
            .env("HOME", home.path())
            .envs(variables.iter().cloned())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    create("a", &[("ATHENS_STATE", path("given"))]);
    assert!(path("given/tokens.json").exists());
    create(
        "b",
        &[
            ("STATE_DIRECTORY", path("service")),
            ("XDG_STATE_HOME", path("xdg")),
        ],
    );
    assert!(path("service/tokens.json").exists());
    // An empty variable is as good as none.
    let blank = || PathBuf::new();
    create(
        "c",
        &[
            ("ATHENS_STATE", blank()),
            ("STATE_DIRECTORY", blank()),
            ("XDG_STATE_HOME", path("xdg")),
        ],
    );
    assert!(path("xdg/athens/tokens.json").exists());
    create("d", &[("XDG_STATE_HOME", blank())]);
    let platform = if cfg!(target_os = "macos") {
        "Library/Application Support/athens"
    } else {
        ".local/state/athens"
    };
    assert!(path(platform).join("tokens.json").exists());
}

#[test]
fn the_local_token_is_found_and_revoked() {
    let state = State::new();
    let directory = state.directory();
    assert_eq!(
        ensure_local_token(&directory, now()).unwrap(),
        LocalToken::Made
    );
    let token = read_local_token(&directory).unwrap().unwrap();
    let list = state.run(&["list"]).stdout;
    assert!(list.contains("local  read,publish,delete  *"), "{list}");
    assert!(!list.contains(token.reveal()), "{list}");
    assert_eq!(state.run(&["revoke", "local"]).code, Some(0));
    assert!(read_local_token(&directory).unwrap().is_none());
    let store = TokenStore::open(directory).unwrap();
    assert!(store.authenticate(&token, now()).is_none());
}

/// Gives a directory to another user; false, and the test is over, for those who can not.
fn give_away(path: &Path) -> bool {
    fs::create_dir_all(path).unwrap();
    // Only root can, and only root has the problem.
    std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).is_ok()
}

const NOBODY: u32 = 65_534;

#[test]
fn root_makes_tokens_for_the_services_user() {
    let state = State::new();
    if !give_away(&state.path()) {
        return;
    }
    state.create(&["--name", "ci"]);
    for entry in fs::read_dir(state.path()).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().uid(), NOBODY);
    }
}

#[test]
fn root_gives_nothing_else_away() {
    let state = State::new();
    if !give_away(&state.path()) {
        return;
    }
    // What a service's user could prepare for root.
    let mine = state.scratch.path().join("mine");
    fs::write(&mine, "mine").unwrap();
    for name in ["tokens.lock", ".tokens.json.tmp"] {
        symlink(&mine, state.path().join(name)).unwrap();
    }
    state.create(&["--name", "ci"]);
    assert_eq!(fs::read_to_string(&mine).unwrap(), "mine");
    assert_eq!(fs::metadata(&mine).unwrap().uid(), 0);
}

#[test]
fn help_shows_examples() {
    for (arguments, text) in [
        (&["--help"][..], "athens token revoke ci"),
        (
            &["create", "--help"],
            "--allow publish --modules 'corp.example/*' --expires 90d",
        ),
        (&["list", "--help"], "athens token list --json"),
        (&["revoke", "--help"], "athens token revoke ci"),
    ] {
        let output = athens().arg("token").args(arguments).output().unwrap();
        let ended = Ended::from(output);
        assert_eq!(ended.code, Some(0));
        assert!(ended.stdout.contains("Examples:"), "{ended:?}");
        assert!(ended.stdout.contains(text), "{ended:?}");
    }
}
