//! What is refused, before anything is kept.

use std::process::Command;

use crate::support::member::{Member, feed};
use crate::support::publisher::Publisher;

#[test]
fn nothing_wrong_is_kept() {
    let Some(member) = Member::new(&[]) else {
        return;
    };
    let url = member.url();
    let token = member.token("dev", "read", "*");
    let wrong = athens::auth::PlainToken::generate().unwrap();
    let with_token = url.replace("https://", &format!("https://any:{token}@"));
    let below = format!("{url}/none");
    for (arguments, stdin, code, said) in [
        (
            &["login", &url][..],
            wrong.reveal(),
            1,
            "refuses the token of standard input (401): ",
        ),
        (
            &["login", &url],
            "hunter2",
            2,
            "there is no token in standard input: it is no token of athens",
        ),
        (&["login", &url], &token[..50], 2, "a part is missing"),
        (
            &["login", &url],
            "",
            2,
            "there is no token in standard input",
        ),
        (
            &["login", &url, "--token-file", "none"],
            "",
            2,
            "cannot read the file none",
        ),
        (
            &["login", &with_token],
            &token,
            2,
            "the URL holds a password",
        ),
        (
            &["login", "http://goproxy.invalid"],
            &token,
            2,
            "is plain HTTP to another machine",
        ),
        (
            &["login", "goproxy.invalid"],
            &token,
            2,
            "the server's URL must look like",
        ),
        (
            &["login", "http://127.0.0.1:1"],
            &token,
            2,
            "start a server with `athens serve`",
        ),
        (
            &["login", &below],
            &token,
            2,
            "does not say what the token may do (404: ",
        ),
        (
            &["login", &url, "--write"],
            &token,
            2,
            "there is no go command in PATH, so nothing of it was set",
        ),
        (&["login", &url, &token], "", 2, "unexpected argument"),
    ] {
        let ended = member.athens(None, arguments, stdin);
        assert_eq!(ended.code, Some(code), "{arguments:?} {ended:?}");
        assert!(ended.stderr.contains(said), "{said:?} in {ended:?}");
        let shown = format!("{}{}", ended.stdout, ended.stderr);
        for secret in [wrong.reveal(), "hunter2"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[test]
fn the_token_of_a_file_or_a_variable_and_who_it_is() {
    let publisher = Publisher::new();
    let server = publisher.server();
    let url = server.url();
    let run = |arguments: &[&str], variables: &[(&str, &str)], stdin: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_athens"));
        command
            .args(arguments)
            .current_dir(publisher.path("home"))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", publisher.path("home"))
            .envs(variables.iter().copied());
        feed(command, stdin)
    };
    let token = publisher.local_token();
    publisher.write("home/token", format!("{token}\n"));
    for (arguments, variables, stdin, source) in [
        (
            &["login", &url, "--token-file", "token"][..],
            &[][..],
            "",
            "the file token",
        ),
        (
            &["login"],
            &[("ATHENS_SERVER", url.as_str()), ("ATHENS_TOKEN", &token)],
            "",
            "ATHENS_TOKEN",
        ),
        (
            &["login", &url, "--token-stdin"],
            &[("ATHENS_TOKEN", "hunter2")],
            &token,
            "standard input",
        ),
    ] {
        let ended = run(arguments, variables, stdin);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(
            ended.stdout.starts_with(&format!(
                "logged in to {url} with the token of {source}, local: it may read, publish and delete modules that match *"
            )),
            "{ended:?}"
        );
        // Without TLS the go command will not send it.
        assert!(
            ended.stdout.contains("sends tokens over https only"),
            "{ended:?}"
        );
    }
    let shown = run(&["credentials"], &[], "");
    assert_eq!(
        (shown.code, shown.stdout.as_str()),
        (Some(0), ""),
        "{shown:?}"
    );
}
