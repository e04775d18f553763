//! What is said when there is nothing.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::*;

/// An HTTP server that answers everything with one status; where it is.
fn answering(status: &'static str, header: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let answer = format!(
                "HTTP/1.1 {status}\r\n{header}Content-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address.to_string()
}

/// Only a repository that answered says that something is not there.
#[tokio::test]
async fn hosts_that_do_not_answer_as_they_should() {
    let Some(lab) = Lab::new() else { return };
    let login = "WWW-Authenticate: Basic realm=\"x\"\r\n";
    for (name, status, header) in [
        ("login", "401 Unauthorized", login),
        ("forbidden", "403 Forbidden", ""),
        ("missing", "404 Not Found", ""),
        ("broken", "500 Internal Server Error", ""),
    ] {
        let url = format!("http://me:s3cret@{}/", answering(status, header));
        lab.redirect(name, &url);
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    lab.redirect("closed", &format!("http://{address}/"));
    lab.redirect("strange", "ext::sh -c true ");

    let go = lab.go();
    let refused = FetchErrorKind::Refused { status: 403 };
    for (name, kind, words) in [
        ("login", refused, "Authentication failed"),
        ("forbidden", refused, "error: 403"),
        ("missing", refused, "not found"),
        ("broken", FetchErrorKind::Failed, "error: 500"),
        ("closed", FetchErrorKind::Failed, "Failed to connect"),
        ("strange", refused, "transport 'ext' not allowed"),
        // No such repository.
        ("nowhere", refused, "does not appear to be a git repository"),
    ] {
        let path = module(name);
        let of = version(&format!("{path}@v1.0.0"));
        for error in [
            list(&go, &path).await.unwrap_err(),
            query(&go, &path, "main").await.unwrap_err(),
            query(&go, &path, "v1.0.0").await.unwrap_err(),
            go.go_mod(&of).await.unwrap_err(),
            go.zip(&of).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), kind, "{name}: {error}");
            assert!(error.why().contains(words), "{name}: {error}");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("s3cret"), "{shown}");
            assert!(!shown.contains(lab.scratch().to_str().unwrap()), "{shown}");
            assert_eq!(error.upstream(), "direct");
        }
    }
    lab.is_clean_in_the_end();
}

#[tokio::test]
async fn other_version_control_is_refused() {
    let Some(mut lab) = Lab::new() else { return };
    let path: ModulePath = "hg.invalid/m.hg".parse().unwrap();
    lab.settings.allowed = "hg.invalid".parse().unwrap();
    let error = list(&lab.go(), &path).await.unwrap_err();
    assert_eq!(error.kind(), FetchErrorKind::Refused { status: 403 });
    assert!(error.why().contains("GOVCS disallows using hg"), "{error}");
}

#[tokio::test]
async fn only_allowed_paths() {
    let Some(lab) = Lab::new() else { return };
    let go = lab.go();
    assert!(go.allows(&module("m")));
    let other: ModulePath = "github.com/others/m".parse().unwrap();
    assert!(!go.allows(&other));
    let of = version(&format!("{other}@v1.0.0"));
    for error in [
        list(&go, &other).await.unwrap_err(),
        query(&go, &other, "main").await.unwrap_err(),
        query(&go, &other, "v1.0.0").await.unwrap_err(),
        go.go_mod(&of).await.unwrap_err(),
        go.zip(&of).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), FetchErrorKind::Refused { status: 403 });
        assert!(
            error.why().contains("does not fetch this module"),
            "{error}"
        );
    }
}

/// The same sentence at start and in every answer.
#[tokio::test]
async fn no_go_command_that_will_do() {
    let Some(mut lab) = Lab::new() else { return };
    let old = lab.script("old", "echo go version go1.23.4 linux/amd64");
    let broken = lab.script("broken", "echo no such thing >&2; exit 3");
    for (go, words) in [
        (
            PathBuf::from("go-that-nobody-has"),
            "has no go command go-that-nobody-has",
        ),
        (old, "the server's go command is go1.23.4"),
        (broken, "does not run: no such thing"),
    ] {
        lab.settings.go = go;
        let go = lab.go();
        let sentence = go.probe().await.unwrap_err().to_string();
        assert!(sentence.contains(words), "{sentence}");
        let error = list(&go, &module("m")).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.why()),
            (FetchErrorKind::Failed, &*sentence)
        );
        let of = version(&format!("{}@v1.0.0", module("m")));
        assert_eq!(zip(&go, &of).await.unwrap_err().why(), sentence);
    }
    lab.settings.search.clear();
    lab.settings.go = lab.script("go", "");
    let error = lab.go().probe().await.unwrap_err();
    assert_eq!(error.to_string(), "the server has no git: install it on it");
    lab.is_clean_in_the_end();
}
