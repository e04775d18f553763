use std::collections::BTreeSet;
use std::fs;

use athens::config::ATHENS_PROXY_VARIABLES;

use super::page::page;
use crate::support::operator::refused;
use crate::support::server::{TestServer, athens};
use crate::support::tree::Tree;

/// The variables in the first cells of the tables: whole ones, and the beginnings of those that end in `*`.
fn variables_on_the_page() -> BTreeSet<String> {
    let page = page();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    let names = cells.flat_map(|cell| cell.split('`'));
    names
        .filter(|name| {
            name.contains('_')
                && name
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || "_*3".contains(c))
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_table_has_what_the_program_knows_and_nothing_else() {
    let on_the_page = variables_on_the_page();
    let stands_for = |row: &str, name: &str| match row.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => row == name,
    };
    for name in ATHENS_PROXY_VARIABLES {
        let rows = on_the_page.iter().filter(|row| stands_for(row, name));
        assert_eq!(rows.count(), 1, "{name} in docs/moving.md");
    }
    let help = athens().args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let known_to_both: Vec<&String> = on_the_page
        .iter()
        .filter(|row| {
            !ATHENS_PROXY_VARIABLES
                .iter()
                .any(|name| stands_for(row, name))
        })
        .collect();
    assert_eq!(
        known_to_both,
        [
            "ATHENS_LOG_FORMAT",
            "ATHENS_LOG_LEVEL",
            "ATHENS_PATH_PREFIX",
            "ATHENS_SHUTDOWN_TIMEOUT"
        ]
    );
    for name in known_to_both {
        assert!(
            help.contains(&format!("[env: {name}=")),
            "{name} is not ours"
        );
    }
    // Each flag that the page names is one of a command's.
    let fetch = athens().args(["fetch", "--help"]).output().unwrap();
    let import = athens().args(["import", "--help"]).output().unwrap();
    let help = [help.into_bytes(), fetch.stdout, import.stdout].concat();
    let help = String::from_utf8(help).unwrap();
    let page = page();
    let flags = page.split('`').skip(1).step_by(2).filter_map(|code| {
        let flag = code.split(' ').next()?;
        flag.starts_with("--").then_some(flag)
    });
    let mut count = 0;
    for flag in flags {
        let mut after = help
            .match_indices(flag)
            .map(|(at, _)| &help[at + flag.len()..]);
        let is_whole = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-');
        assert!(after.any(is_whole), "no command has {flag}");
        count += 1;
    }
    assert!(count > 30);
}

/// What the page warns of: values of Athens that are refused at the start, and say what to write.
#[test]
fn values_of_athens_are_refused_rather_than_misread() {
    let root = Tree::new();
    for (name, value, said) in [
        ("ATHENS_LOG_LEVEL", "warning", "write error, warn, info"),
        ("ATHENS_LOG_LEVEL", "panic", "write error, warn, info"),
        (
            "ATHENS_SHUTDOWN_TIMEOUT",
            "60",
            "write a number with a unit",
        ),
    ] {
        let mut command = athens();
        command.args(["serve", "--listen", "127.0.0.1:0", "--root"]);
        command.arg(root.root()).env(name, value);
        let (code, stderr) = refused(command);
        assert_eq!(code, Some(2), "{name}");
        assert!(stderr.contains(said), "{name}: {stderr}");
    }
    let file = root.root().join("athens.toml");
    fs::write(&file, "GoBinary = \"go\"\nStorageType = \"disk\"\n").unwrap();
    let mut command = athens();
    command.args(["serve", "--config"]).arg(&file);
    let (code, stderr) = refused(command);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("unknown key `GoBinary`"), "{stderr}");

    let mut command = athens();
    command.args(["serve", "--listen", "127.0.0.1:0", "--root"]);
    command.arg(root.root());
    command.envs([
        ("ATHENS_LOG_LEVEL", "debug"),
        ("ATHENS_LOG_FORMAT", "json"),
        ("ATHENS_PATH_PREFIX", "/go"),
    ]);
    let server = TestServer::start_command(command);
    assert!(server.url().ends_with("/go"));
}

/// Names are said, once; never what they hold.
#[test]
fn variables_of_athens_are_named_in_the_log() {
    let root = Tree::new();
    let start = |variables: &[(&str, &str)]| {
        let mut command = athens();
        command.args(["serve", "--listen", "127.0.0.1:0", "--root"]);
        command.arg(root.root()).envs(variables.iter().copied());
        let server = TestServer::start_command(command);
        server.signal("TERM");
        server.wait().stderr
    };
    let said = start(&[
        ("ATHENS_STORAGE_TYPE", "disk"),
        ("ATHENS_REDIS_PASSWORD", "s3cret"),
        ("BASIC_AUTH_PASS", "s3cret"),
        ("ATHENS_PORT", ""),
        ("ATHENS_LOG_FORMAT", "plain"),
    ]);
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("gomods/athens"))
        .collect();
    let [line] = lines.as_slice() else {
        panic!("{said}")
    };
    let names = "here: ATHENS_REDIS_PASSWORD, ATHENS_STORAGE_TYPE, BASIC_AUTH_PASS; docs/moving.md";
    assert!(line.contains(names) && line.contains("WARN"), "{line}");
    assert!(!said.contains("s3cret"));
    assert!(!start(&[]).contains("gomods"));
}
