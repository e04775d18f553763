//! Where the token comes from, and what is said when it does not do.

use super::{Publisher, testmodule};
use crate::support::publisher::Ended;
use crate::support::server::athens;

/// Runs `athens publish` without the local token, with variables.
fn publish(publisher: &Publisher, flags: &[&str], variables: &[(&str, &str)]) -> Ended {
    let arguments = [&["testmodule", "--version", "v1.0.0"], flags].concat();
    let mut command = publisher.command(&arguments);
    command.env("ATHENS_STATE", publisher.path("nothing"));
    command.envs(variables.iter().copied());
    let ended: Ended = command.output().unwrap().into();
    for (_, secret) in variables {
        let shown = format!("{}{}", ended.stdout, ended.stderr);
        assert!(
            !secret.starts_with("athens_") || !shown.contains(secret),
            "{shown}"
        );
    }
    ended
}

#[test]
fn every_place_of_a_token_works() {
    let publisher = Publisher::new();
    let server = publisher.server();
    let (url, token) = (server.url(), publisher.local_token());
    let authority = url.strip_prefix("http://").unwrap();
    testmodule(&publisher);
    publisher.write("token", format!("{token}\n"));
    publisher.write(
        "netrc",
        format!("machine {authority} login any password {token}\n"),
    );
    let with_password = format!("http://any:{token}@{authority}");
    let wrong = format!("{}0", &token[..55]);
    publisher.write(
        "home/.netrc",
        format!("machine 127.0.0.1 password {wrong}\n"),
    );
    let netrc = publisher.path("netrc");
    let netrc = ("NETRC", netrc.to_str().unwrap());
    for (flags, variables) in [
        (
            &["--server", &url, "--token-file", "token"][..],
            &[("ATHENS_TOKEN", wrong.as_str())][..],
        ),
        (&["--server", &url], &[("ATHENS_TOKEN_FILE", "token")]),
        (&["--server", &url], &[("ATHENS_TOKEN", token.as_str())]),
        (&[], &[("ATHENS_SERVER", with_password.as_str())]),
        (&["--server", &url], &[netrc]),
        (
            &["--server", &url, "--state", "state"],
            &[netrc, ("ATHENS_TOKEN", "")],
        ),
    ] {
        let ended = publish(&publisher, flags, variables);
        assert_eq!(ended.code, Some(0), "{flags:?} {ended:?}");
        assert!(
            !ended.stdout.contains(&token) && !ended.stderr.contains(&token),
            "{ended:?}"
        );
        assert!(
            ended.stdout.contains(&format!("GOPROXY={url} ")),
            "{ended:?}"
        );
    }
    // The one in the home directory is used, and is named when it is wrong; what it holds is not.
    let ended = publish(&publisher, &["--server", &url], &[]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("refuses (401): not authorized: "),
        "{ended:?}"
    );
    assert!(ended.stderr.contains("/home/.netrc)"), "{ended:?}");
    assert!(!ended.stderr.contains(&wrong), "{ended:?}");
}

#[test]
fn what_is_no_token_and_what_is_not_enough() {
    let publisher = Publisher::new();
    let server = publisher.server();
    let url = server.url();
    testmodule(&publisher);
    let none = publish(&publisher, &["--server", &url], &[]);
    assert_eq!(none.code, Some(1), "{none:?}");
    assert!(
        none.stderr
            .contains("refuses (401): not authorized: a token is needed"),
        "{none:?}"
    );
    assert!(
        none.stderr
            .contains("there is no token in --token-file, ATHENS_TOKEN"),
        "{none:?}"
    );

    let wrong = publish(
        &publisher,
        &["--server", &url],
        &[("ATHENS_TOKEN", "hunter2")],
    );
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(
        wrong.stderr.contains("there is no token in ATHENS_TOKEN: "),
        "{wrong:?}"
    );
    assert!(!wrong.stderr.contains("hunter2"), "{wrong:?}");
    let missing = publish(&publisher, &["--server", &url, "--token-file", "none"], &[]);
    assert_eq!(missing.code, Some(2), "{missing:?}");
    assert!(
        missing
            .stderr
            .contains("cannot read the token from the file none: "),
        "{missing:?}"
    );

    let made = athens()
        .args([
            "token",
            "create",
            "--name",
            "ci",
            "--allow",
            "publish",
            "--modules",
            "corp.example/*",
            "--state",
        ])
        .arg(publisher.path("state"))
        .output()
        .unwrap();
    let token = String::from_utf8(made.stdout).unwrap();
    let denied = publish(
        &publisher,
        &["--server", &url],
        &[("ATHENS_TOKEN", token.trim())],
    );
    assert_eq!(denied.code, Some(1), "{denied:?}");
    assert!(denied.stderr.contains("refuses (403): "), "{denied:?}");
    assert!(
        denied.stderr.contains("(the token is from ATHENS_TOKEN)"),
        "{denied:?}"
    );
}

#[test]
fn plain_http_to_another_machine_has_to_be_asked_for() {
    let publisher = Publisher::new();
    testmodule(&publisher);
    // The name exists nowhere: had anybody tried to connect, it would say so.
    for server in [
        "http://goproxy.invalid:3000",
        "http://any:hunter2@goproxy.invalid:3000",
    ] {
        let ended = publish(&publisher, &["--server", server], &[]);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(
            ended.stderr.starts_with(
                "athens: http://goproxy.invalid:3000 is plain HTTP to another machine"
            ),
            "{ended:?}"
        );
        assert!(ended.stderr.contains("--insecure"), "{ended:?}");
        assert!(!ended.stderr.contains("hunter2"), "{ended:?}");
    }
}
