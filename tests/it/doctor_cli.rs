//! `athens doctor` on machines with real go commands, and servers that are well, ill or not there.

mod local;

use std::process::Command;

use crate::support::go;
use crate::support::member::{MODULE, Member};
use crate::support::publisher::Ended;

/// The lines of an output, from `--json`.
fn findings(ended: &Ended) -> Vec<serde_json::Value> {
    let lines = ended.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The sentences of a check, each with its result before it.
fn said(findings: &[serde_json::Value], check: &str) -> String {
    let of = findings.iter().filter(|finding| finding["check"] == check);
    of.map(|finding| {
        format!(
            "{}: {}\n",
            finding["result"].as_str().unwrap(),
            finding["sentence"].as_str().unwrap()
        )
    })
    .collect()
}

/// The lines that mend what is wrong.
fn lines(findings: &[serde_json::Value]) -> Vec<String> {
    let lines = findings
        .iter()
        .filter_map(|finding| finding["mend"].as_str());
    lines.map(str::to_owned).collect()
}

/// Errors are found, the lines that mend them are run as they stand there, and then there are none.
#[test]
fn what_is_said_mends_it() {
    let (Some(member), Some(client)) = (Member::new(&["--read-auth"]), go::installed()) else {
        return;
    };
    let url = member.url();
    let token = member.token("dev", "read", "corp.example/*");
    let doctor = || {
        let ended = member.athens(Some(&client), &["doctor", &url, "--json"], "");
        assert!(!format!("{ended:?}").contains(&token), "{ended:?}");
        let found = findings(&ended);
        (ended.code, found)
    };
    let go_env = |setting: &str| {
        let mut command = Command::new(client.program());
        command.args(["env", "-w", setting]);
        member.settle(&mut command, Some(&client));
        assert!(command.status().unwrap().success(), "{setting}");
    };
    go_env("GOPROXY=direct,off");
    go_env("GOPRIVATE=corp.example");

    let (code, first) = doctor();
    assert_eq!(code, Some(1), "{first:#?}");
    assert!(
        said(&first, "GOPROXY").starts_with("error: GOPROXY=direct"),
        "{first:#?}"
    );
    assert!(
        said(&first, "token").contains("wants a token for reading, and there is none"),
        "{first:#?}"
    );
    assert!(
        said(&first, "certificate").contains("is from test authority, and good until"),
        "{first:#?}"
    );

    // With the token more is known, so a second visit finds more.
    let mut visits = 0;
    let mut found = first;
    loop {
        for line in lines(&found) {
            let mut command = Command::new("sh");
            command.args(["-c", &line]);
            member.settle(&mut command, Some(&client));
            command.env("ATHENS_TOKEN", &token);
            let ran: Ended = command.output().unwrap().into();
            assert_eq!(ran.code, Some(0), "{line}: {ran:?}");
        }
        let (code, again) = doctor();
        visits += 1;
        if code == Some(0) {
            assert!(
                lines(&again).iter().all(|line| !line.contains("GO")),
                "{again:#?}"
            );
            break;
        }
        assert!(visits < 3, "{again:#?}");
        found = again;
    }
    let all = member.athens(
        Some(&client),
        &["doctor", "--module", &format!("{MODULE}@v1.0.0")],
        "",
    );
    assert_eq!(all.code, Some(0), "{all:?}");
    for line in [
        format!("ok       {url} is athens {}\n", env!("CARGO_PKG_VERSION")),
        format!(
            "ok       the token dev ({}) may read modules of {url} that match corp.example/*, until it is revoked\n",
            member.home(".netrc").display()
        ),
        format!("ok       go mod download {MODULE}@v1.0.0 works: v1.0.0\n"),
        "\n0 errors, ".to_owned(),
    ] {
        assert!(all.stdout.contains(&line), "{line:?} in {}", all.stdout);
    }
    assert!(
        !all.stdout.contains('\u{1b}') && all.stderr.is_empty(),
        "{all:?}"
    );

    // A version that nobody has, and no token any more.
    let missing = member.athens(
        Some(&client),
        &["doctor", "--module", &format!("{MODULE}@v1.9.0"), "--json"],
        "",
    );
    assert_eq!(missing.code, Some(1), "{missing:?}");
    assert!(
        said(&findings(&missing), "module").starts_with("error: go mod download"),
        "{missing:?}"
    );
    member.athens(Some(&client), &["logout", &url], "");
    let refused = member.athens(
        Some(&client),
        &["doctor", "--module", &format!("{MODULE}@v1.0.0"), "--json"],
        "",
    );
    let refused = findings(&refused);
    assert!(
        said(&refused, "module").contains("the server wants a token that it did not get"),
        "{refused:#?}"
    );
}

#[test]
fn servers_that_are_not_there_or_not_trusted() {
    let Some(member) = Member::new(&[]) else {
        return;
    };
    let down = member.athens(None, &["doctor", "http://127.0.0.1:1", "--json"], "");
    assert_eq!(down.code, Some(1), "{down:?}");
    let found = findings(&down);
    assert!(
        said(&found, "server").contains("cannot connect to http://127.0.0.1:1"),
        "{found:#?}"
    );
    assert!(
        lines(&found).contains(&"athens serve".to_owned()),
        "{found:#?}"
    );
    assert!(
        said(&found, "go").contains("there is no go command in PATH"),
        "{found:#?}"
    );

    let mut command = Command::new(env!("CARGO_BIN_EXE_athens"));
    command.args(["doctor", &member.url(), "--json"]);
    member.settle(&mut command, None);
    command
        .env_remove("ATHENS_CA_FILE")
        .env_remove("SSL_CERT_FILE");
    let untrusted: Ended = command.output().unwrap().into();
    let found = findings(&untrusted);
    assert!(
        said(&found, "certificate").contains("an authority that this machine does not know"),
        "{found:#?}"
    );

    let below = format!("{}/elsewhere", member.url());
    let elsewhere = member.athens(None, &["doctor", &below, "--json"], "");
    let found = findings(&elsewhere);
    assert!(
        said(&found, "server").contains("is no server of athens (404"),
        "{found:#?}"
    );

    for (arguments, why) in [
        (
            &["doctor", "corp.example"][..],
            "the server's URL must look like",
        ),
        (&["doctor", "--module", "x y"], "invalid value"),
        (
            &["doctor", "--ca-file", "none"],
            "cannot read the certificates",
        ),
    ] {
        let wrong = member.athens(None, arguments, "");
        assert_eq!(
            (wrong.code, wrong.stdout.as_str()),
            (Some(2), ""),
            "{wrong:?}"
        );
        assert!(wrong.stderr.contains(why), "{why} in {wrong:?}");
    }
}
