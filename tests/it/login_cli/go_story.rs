//! Logged in, the go command reads; logged out, it does not.

use super::mode;
use crate::support::corpus::corpus;
use crate::support::go;
use crate::support::member::Member;

#[test]
fn with_netrc_for_every_go_command() {
    let Some(member) = Member::new(&["--read-auth"]) else {
        return;
    };
    let Some(clients) = corpus().and_then(go::clients) else {
        return;
    };
    let newest = clients.last();
    let url = member.url();
    let token = member.token("dev", "read", "corp.example/*");
    let login = member.athens(newest, &["login", &url, "--write"], &token);
    assert_eq!(login.code, Some(0), "{login:?}");
    assert_eq!(
        login.stdout.lines().next().unwrap(),
        format!(
            "logged in to {url} with the token of standard input, dev: it may read modules that match corp.example/*, until it is revoked"
        )
    );
    for line in [
        format!("ran go env -w GOPROXY={url}"),
        "ran go env -w GONOSUMDB='corp.example/*'".to_owned(),
    ] {
        assert!(login.stdout.contains(&line), "{line} in {login:?}");
    }
    assert!(!login.stdout.contains(&token) && !login.stderr.contains(&token));
    assert_eq!(mode(&member.home(".netrc")), 0o600);

    for (at, client) in clients.iter().enumerate() {
        let got = member.download(client, "v1.0.0");
        assert_eq!(got.code, Some(0), "{} {got:?}", client.version);
        // A second time nothing changes, but for what is said.
        let again = member.athens(Some(client), &["login", &url], &token);
        assert_eq!(again.code, Some(0), "{again:?}");
        assert!(!again.stdout.contains("go env"), "{at} {again:?}");
    }

    let logout = member.athens(newest, &["logout", &url, "--write"], "");
    assert_eq!(logout.code, Some(0), "{logout:?}");
    assert!(
        logout.stdout.contains("removed 1 token of https://"),
        "{logout:?}"
    );
    assert!(
        logout.stdout.contains("ran go env -u GOPROXY"),
        "{logout:?}"
    );
    assert_eq!(std::fs::read(member.home(".netrc")).unwrap(), b"");
    let again = member.athens(newest, &["logout", &url], "");
    assert_eq!(
        (again.code, again.stdout.as_str()),
        (
            Some(0),
            format!("there is no token of {url} here\n").as_str()
        ),
        "{again:?}"
    );
    // Set to the server as before, without a token.
    let set = member.athens(newest, &["login", &url, "--write"], &token);
    assert_eq!(set.code, Some(0), "{set:?}");
    member.athens(newest, &["logout", &url], "");
    for client in &clients {
        let refused = member.download(client, "v1.0.0");
        assert_eq!(refused.code, Some(1), "{} {refused:?}", client.version);
        let said = format!("{}{}", refused.stdout, refused.stderr);
        assert!(said.contains("401"), "{} {said}", client.version);
    }
}

#[test]
fn with_goauth_for_newer_ones() {
    let Some(member) = Member::new(&["--read-auth"]) else {
        return;
    };
    let Some(clients) = corpus().and_then(go::clients) else {
        return;
    };
    let url = member.url();
    let token = member.token("dev", "read", "corp.example/*");
    for client in clients.iter().filter(|client| client.minor >= 24) {
        let login = member.athens(
            Some(client),
            &["login", &url, "--goauth", "--write"],
            &token,
        );
        assert_eq!(login.code, Some(0), "{login:?}");
        assert!(
            login
                .stdout
                .contains("ran go env -w GOAUTH='athens credentials; netrc'"),
            "{login:?}"
        );
        let kept = member.home(".config/athens/credentials.json");
        assert!(
            login
                .stdout
                .contains(&format!("kept in {}", kept.display())),
            "{login:?}"
        );
        assert_eq!(mode(&kept), 0o600);
        assert_eq!(mode(kept.parent().unwrap()), 0o700);
        assert!(!member.home(".netrc").exists());

        let got = member.download(client, "v1.0.0");
        assert_eq!(got.code, Some(0), "{} {got:?}", client.version);
        // A version that is not there is still that, although the go command asks for another token.
        let missing = member.download(client, "v1.9.0");
        let said = format!("{}{}", missing.stdout, missing.stderr);
        assert!(said.contains("404"), "{said}");

        // `athens publish` finds it, too.
        let denied = member.athens(
            Some(client),
            &["publish", "../lib", "--version", "v1.1.0", "--server", &url],
            "",
        );
        assert!(
            denied.stderr.contains("(403)") && denied.stderr.contains("credentials.json)"),
            "{denied:?}"
        );

        let logout = member.athens(Some(client), &["logout", &url, "--write"], "");
        assert_eq!(logout.code, Some(0), "{logout:?}");
        assert!(logout.stdout.contains("ran go env -u GOAUTH"), "{logout:?}");
        let set = member.athens(
            Some(client),
            &["login", &url, "--goauth", "--write"],
            &token,
        );
        assert_eq!(set.code, Some(0), "{set:?}");
        // Only printed: the go command still asks us, and we have nothing.
        let logout = member.athens(Some(client), &["logout", &url], "");
        assert!(logout.stdout.contains("\n  go env -u GOAUTH"), "{logout:?}");
        let refused = member.download(client, "v1.0.0");
        let said = format!("{}{}", refused.stdout, refused.stderr);
        assert!(said.contains("401"), "{said}");
        let logout = member.athens(Some(client), &["logout", &url, "--write"], "");
        assert!(
            logout.stdout.contains("ran go env -u GOPROXY"),
            "{logout:?}"
        );
    }
}
