use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::serve;
use crate::support::server::TestServer;
use crate::support::tools::files_below;

/// How a check ended.
struct Checked {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Checks a file; the folder is there.
fn check(directory: &Path, file: &str, change: impl FnOnce(&mut Command)) -> Checked {
    let root = directory.join("root");
    fs::create_dir_all(&root).unwrap();
    let config = directory.join("athens.toml");
    fs::write(&config, file).unwrap();
    let mut command = serve(directory, &root);
    command.arg("--check-config").arg("--config").arg(config);
    change(&mut command);
    let output = command.output().unwrap();
    Checked {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn what_holds_and_who_said_so() {
    let directory = TempDir::new().unwrap();
    let file = "upstream = \"https://me:s3cret@a.example,off\"\nsumdb = \"off\"\nprivate = \"corp.example\"\n\
                max-uploads = 3\nmax-watches = 3\n";
    let checked = check(directory.path(), file, |command| {
        command
            .env("ATHENS_MAX_WATCHES", "4")
            .args(["--list-ttl", "9s"]);
    });
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    assert_eq!(checked.stderr, "");
    let config = directory.path().join("athens.toml").display().to_string();
    let row = |key: &str| {
        let line = checked
            .stdout
            .lines()
            .find(|line| line.starts_with(&format!("{key} ")));
        line.unwrap()
            .split_whitespace()
            .skip(1)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        row("upstream"),
        format!("https://xxxxx@a.example,off {config}")
    );
    assert_eq!(row("max-uploads"), format!("3 {config}"));
    assert_eq!(row("max-watches"), "4 ATHENS_MAX_WATCHES");
    assert_eq!(row("list-ttl"), "9s --list-ttl");
    assert_eq!(row("cache-size"), "16MiB default");
    assert_eq!(row("block"), "none default");
    assert!(!checked.stdout.contains("s3cret"), "{}", checked.stdout);
    // Nothing was made: no token, no place for one, nothing in the folder.
    assert_eq!(files_below(directory.path()), ["athens.toml"]);
}

#[test]
fn for_machines() {
    let directory = TempDir::new().unwrap();
    let file = "upstream = \"https://me:s3cret@a.example,off\"\nsumdb = \"off\"\nprivate = \"corp.example\"\n";
    let json = |change: &dyn Fn(&mut Command)| -> (Option<i32>, Value) {
        let checked = check(directory.path(), file, |command| {
            change(command.arg("--json"));
        });
        assert_eq!(checked.stderr, "");
        assert!(!checked.stdout.contains("s3cret"), "{}", checked.stdout);
        (checked.code, serde_json::from_str(&checked.stdout).unwrap())
    };
    let (code, found) = json(&|_| {});
    assert_eq!(code, Some(0));
    assert_eq!(found["problems"], serde_json::json!([]));
    let setting = |key: &str| {
        let settings = found["settings"].as_array().unwrap();
        settings
            .iter()
            .find(|setting| setting["key"] == key)
            .unwrap()
            .clone()
    };
    assert_eq!(
        setting("sumdb"),
        serde_json::json!({"key": "sumdb", "value": ["off"], "from": "file", "applies": "reload"})
    );
    assert_eq!(setting("listen")["applies"], "restart");
    assert_eq!(setting("listen")["from"], "flag");

    let (code, found) = json(&|command| {
        command.args(["--ca-file", "missing.pem"]);
    });
    assert_eq!(code, Some(2));
    let problems = found["problems"].to_string();
    assert!(problems.contains("missing.pem"), "{problems}");
    let (code, found) = json(&|command| {
        command.args(["--max-uploads", "0"]);
    });
    assert_eq!(
        (code, &found["settings"]),
        (Some(2), &serde_json::json!([]))
    );
}

#[test]
fn what_is_wrong() {
    let directory = TempDir::new().unwrap();
    let config = directory.path().join("athens.toml").display().to_string();
    let off = "upstream = \"off\"\n";
    let checked = check(directory.path(), "upstream = \"off\"\nlisen = 1\n", |_| {});
    assert_eq!(checked.code, Some(2));
    assert_eq!(
        checked.stderr,
        format!("athens: {config}:2: unknown key `lisen`; did you mean `listen`?\n")
    );
    let checked = check(directory.path(), off, |command| {
        command.args([
            "--listen",
            "127.0.0.1:3999",
            "--upstream",
            "http://127.0.0.1:3999",
        ]);
    });
    assert_eq!(checked.code, Some(2));
    assert!(
        checked.stderr.contains("is this server itself"),
        "{}",
        checked.stderr
    );

    // Several at once.
    let state = directory.path().join("state");
    fs::create_dir(&state).unwrap();
    fs::write(state.join("tokens.json"), "{").unwrap();
    let checked = check(directory.path(), off, |command| {
        command.args(["--upstream", "https://a.example,off", "--sumdb", "off"]);
        command.args(["--private", "a.example", "--ca-file", "missing.pem"]);
    });
    assert_eq!(checked.code, Some(2));
    let lines: Vec<&str> = checked.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines.iter().all(|line| line.starts_with("athens: ")));
    assert!(checked.stdout.contains("SETTING"), "{}", checked.stdout);

    let mut missing = serve(directory.path(), &directory.path().join("missing"));
    let output = missing
        .args(["--check-config", "--upstream", "off"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("does not exist"), "{said}");
}

/// Beside a server that runs with the same settings, whose port is taken.
#[test]
fn beside_the_server() {
    let directory = TempDir::new().unwrap();
    let root = directory.path().join("root");
    fs::create_dir(&root).unwrap();
    let mut command = serve(directory.path(), &root);
    command.args(["--upstream", "off"]);
    let server = TestServer::start_command(command);
    let checked = check(directory.path(), "upstream = \"off\"\n", |command| {
        command.args(["--listen", &server.addr().to_string()]);
    });
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
}
