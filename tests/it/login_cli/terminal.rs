//! A person at a terminal: what is typed is not shown, and the terminal is as before, also after Ctrl-C.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use crate::support::publisher::Publisher;
use crate::support::tools::require_tool;

/// Runs `athens login` in a terminal, types when it asks, and says afterwards whether the terminal echoes; all that was
/// shown.
fn typed(publisher: &Publisher, url: &str, keys: &str) -> Option<String> {
    let script = require_tool("script")?;
    let line = format!(
        "{} login {url}; echo \"status $?\"; stty -a | tr ' ' '\\n' | grep -x -e '-*echo;*' -e '-*isig;*'",
        env!("CARGO_BIN_EXE_athens")
    );
    let mut child = Command::new(script)
        .args(["-q", "-e", "-c", &line, "/dev/null"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("SHELL", "/bin/sh")
        .env("HOME", publisher.path("home"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut shown = Vec::new();
    let mut byte = [0];
    while !shown.ends_with(b"(it is not shown):") {
        assert_eq!(stdout.read(&mut byte).unwrap(), 1, "{shown:?}");
        shown.push(byte[0]);
    }
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(keys.as_bytes()).unwrap();
    stdin.flush().unwrap();
    stdout.read_to_end(&mut shown).unwrap();
    child.wait().unwrap();
    Some(String::from_utf8(shown).unwrap())
}

#[test]
fn nothing_is_shown_and_the_terminal_is_as_before() {
    let publisher = Publisher::new();
    let server = publisher.server();
    let token = publisher.local_token();
    for (keys, status, said) in [
        (
            format!("{token}\r"),
            "status 0",
            "with the token of what was typed, local: ",
        ),
        (
            format!("{token}\u{3}"),
            "status 2",
            "nothing was typed, and nothing was kept",
        ),
    ] {
        let Some(shown) = typed(&publisher, &server.url(), &keys) else {
            return;
        };
        assert!(!shown.contains(&token), "{shown}");
        assert!(shown.contains(status) && shown.contains(said), "{shown}");
        let modes: Vec<&str> = shown.lines().map(str::trim).collect();
        assert!(
            modes.contains(&"echo") && modes.contains(&"isig"),
            "{shown}"
        );
    }
}
