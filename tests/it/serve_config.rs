//! The three channels of settings of `athens serve`, and which one wins.

use std::path::Path;

use crate::support::operator::{refused, status};
use crate::support::server::{TestServer, athens};

/// A configuration file that is refused, and what is said about it after its name.
#[track_caller]
fn check_file(text: &str, said: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("athens.toml");
    std::fs::write(&file, text).unwrap();
    let mut command = athens();
    command.args(["serve", "--config"]).arg(&file);
    let (code, stderr) = refused(command);
    assert_eq!(code, Some(2));
    assert_eq!(stderr, format!("athens: {}:{said}\n", file.display()));
}

#[test]
fn mistakes_in_the_file() {
    check_file(
        "root = \".\"\n\nlisen = \"127.0.0.1:0\"\n",
        "3: unknown key `lisen`; did you mean `listen`?",
    );
    check_file(
        "max-connections = \"many\"\n",
        "1: `max-connections`: invalid type: string \"many\", expected u32",
    );
}

/// A server whose settings come from a file, the environment and flags; `--root` is a flag.
fn start_with(root: &Path, file: &str, variables: &[(&str, &str)], flags: &[&str]) -> TestServer {
    let path = root.join("athens.toml");
    std::fs::write(&path, file).unwrap();
    let mut command = athens();
    command.args(["serve", "--root"]).arg(root);
    command.arg("--config").arg(path).args(flags);
    command.envs(variables.iter().copied());
    TestServer::start_command(command)
}

#[test]
fn flags_then_environment_then_file() {
    let prefix = |variables: &[(&str, &str)], flags: &[&str]| {
        let root = tempfile::tempdir().unwrap();
        let file = "path-prefix = \"/file\"\nlisten = \"127.0.0.1:0\"\n";
        let server = start_with(root.path(), file, variables, flags);
        let url = server.url();
        url.rsplit('/').next().unwrap().to_owned()
    };
    let variable = ("ATHENS_PATH_PREFIX", "/variable");
    let blank = ("ATHENS_PATH_PREFIX", "");
    assert_eq!(prefix(&[], &[]), "file");
    assert_eq!(prefix(&[variable], &[]), "variable");
    assert_eq!(prefix(&[variable], &["--path-prefix", "/flag"]), "flag");
    assert_eq!(prefix(&[], &["--path-prefix", "/flag"]), "flag");
    assert_eq!(prefix(&[blank], &[]), "file");
}

#[test]
fn everything_by_environment() {
    let root = tempfile::tempdir().unwrap();
    let mut command = athens();
    command
        .arg("serve")
        .env("ATHENS_ROOT", root.path())
        .env("ATHENS_LISTEN", "127.0.0.1:0,127.0.0.1:0")
        .env("ATHENS_READ_ONLY", "true")
        .env("ATHENS_MAX_WATCHES", "")
        .env("ATHENS_CONFIG", "")
        .env("ATHENS_WATCH", "");
    let server = TestServer::start_command(command);
    assert_eq!(server.urls().len(), 2);
    assert_eq!(status(server.addr(), "/readyz"), 200);
}
