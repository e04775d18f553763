//! The separators of lists.

use athens::upstream::FetchErrorKind;

use super::{Client, FAILED, NOT_FOUND, TIMED_OUT, impatient};
use crate::support::go::installed;
use crate::support::upstream::{Reply, Upstream};
use crate::support::workspace::Project;

const LIST: &str = "/example.com/m/@v/list";

/// A case: what stands between the two upstreams, what each answers, what comes of it, and how often each is asked.
type Case = (
    char,
    Reply,
    Reply,
    Result<&'static str, FetchErrorKind>,
    (usize, usize),
);

fn cases() -> Vec<Case> {
    let none = || Reply::status(404, "none");
    let has = || Reply::ok("v1.0.0");
    let broken = || Reply::status(500, "broken");
    let refused = FetchErrorKind::Refused { status: 403 };
    vec![
        (',', has(), broken(), Ok("v1.0.0"), (1, 0)),
        ('|', has(), broken(), Ok("v1.0.0"), (1, 0)),
        (',', none(), has(), Ok("v1.0.0"), (1, 1)),
        ('|', none(), has(), Ok("v1.0.0"), (1, 1)),
        (',', Reply::status(410, ""), has(), Ok("v1.0.0"), (1, 1)),
        (',', none(), none(), Err(NOT_FOUND), (1, 1)),
        (',', broken(), has(), Err(FAILED), (1, 0)),
        ('|', broken(), has(), Ok("v1.0.0"), (1, 1)),
        ('|', broken(), none(), Err(FAILED), (1, 1)),
        ('|', none(), broken(), Err(FAILED), (1, 1)),
        (',', Reply::status(403, ""), has(), Err(refused), (1, 0)),
        ('|', Reply::status(403, ""), has(), Ok("v1.0.0"), (1, 1)),
        ('|', Reply::status(403, ""), none(), Err(refused), (1, 1)),
        (',', Reply::status(503, ""), has(), Err(FAILED), (3, 0)),
        ('|', Reply::status(503, ""), has(), Ok("v1.0.0"), (3, 1)),
        (',', Reply::hangup(), has(), Err(FAILED), (3, 0)),
        ('|', Reply::hangup(), has(), Ok("v1.0.0"), (3, 1)),
        (',', Reply::hang(), has(), Err(TIMED_OUT), (1, 0)),
        ('|', Reply::hang(), has(), Ok("v1.0.0"), (1, 1)),
        // An empty list is one, too.
        (',', Reply::ok(""), has(), Ok(""), (1, 0)),
    ]
}

#[test]
fn who_is_asked_after_whom() {
    for (separator, first, second, expected, requests) in cases() {
        let shown = format!("{first:?} {separator} {second:?}");
        let (a, b) = (Upstream::start(), Upstream::start());
        a.on(LIST, first);
        b.on(LIST, second);
        let client = Client::new(impatient(&format!("{}{separator}{}", a.url(), b.url())));
        let list = client.list("example.com/m");
        let told = list.as_deref().map_err(|error| error.kind());
        assert_eq!(told, expected, "{shown}");
        assert_eq!((a.count(LIST), b.count(LIST)), requests, "{shown}");
    }
}

/// The go command itself, with the same two upstreams. It tries nothing again, and waits for ever.
#[test]
fn as_the_go_command_asks() {
    let Some(go) = installed() else {
        return;
    };
    for (separator, first, second, _, requests) in cases() {
        if first.hangs() || requests.0 > 1 {
            continue;
        }
        let shown = format!("{first:?} {separator} {second:?}");
        let (a, b) = (Upstream::start(), Upstream::start());
        a.on(LIST, first);
        b.on(LIST, second);
        for upstream in [&a, &b] {
            upstream
                .on(
                    "/example.com/m/@v/v1.0.0.info",
                    Reply::ok(r#"{"Version":"v1.0.0"}"#),
                )
                .on(
                    "/example.com/m/@v/v1.0.0.mod",
                    Reply::ok("module example.com/m\n"),
                );
        }
        let list = format!("{}{separator}{}", a.url(), b.url());
        let command = ["go", "list", "-m", "-versions", "example.com/m"];
        let nothing = Project::Requires(Vec::new());
        let outcome = go.perform(&list, &nothing, &[command.to_vec()]);
        let asked = (a.count(LIST), b.count(LIST));
        a.forget();
        b.forget();

        let ours = Client::of_list(&list).list("example.com/m");
        assert_eq!((a.count(LIST), b.count(LIST)), asked, "{shown}");
        let said = &outcome.said[0];
        assert_eq!(said.success, ours.is_ok(), "{shown}: {said:?}");
        if let Ok(versions) = ours {
            let theirs = said
                .stdout
                .trim()
                .trim_start_matches("example.com/m")
                .trim();
            assert_eq!(theirs, versions, "{shown}");
        }
    }
}

#[test]
fn each_question_starts_at_the_first() {
    let (a, b) = (Upstream::start(), Upstream::start());
    b.on(LIST, Reply::ok("v1.0.0"))
        .on("/example.com/m/@v/v1.0.0.mod", Reply::ok("module m"));
    a.on(
        "/example.com/m/@v/v1.0.0.info",
        Reply::ok(r#"{"Version":"v1.0.0"}"#),
    );
    let client = Client::of_list(&format!("{},{}", a.url(), b.url()));
    assert!(client.list("example.com/m").is_ok());
    assert!(client.query("example.com/m@v1.0.0").is_ok());
    assert!(client.go_mod("example.com/m@v1.0.0").is_ok());
    assert_eq!((a.requests().len(), b.requests().len()), (3, 2));
}

#[test]
fn lists_that_flap() {
    let upstream = Upstream::start();
    upstream.in_turn(
        LIST,
        vec![
            Reply::ok("v1.0.0\nv1.1.0"),
            Reply::status(404, ""),
            Reply::ok("v1.0.0"),
        ],
    );
    let client = Client::of_list(&upstream.url());
    // Nothing is remembered here: that is for whoever asks.
    assert_eq!(client.list("example.com/m").unwrap(), "v1.0.0 v1.1.0");
    assert!(client.list("example.com/m").unwrap_err().is_not_found());
    assert_eq!(client.list("example.com/m").unwrap(), "v1.0.0");
}

#[test]
fn off_ends_a_list() {
    let upstream = Upstream::start();
    upstream.on(LIST, Reply::status(404, "none here"));
    for (list, detail) in [
        (format!("{},off", upstream.url()), Some("none here")),
        (format!("off,{}", upstream.url()), None),
    ] {
        let error = Client::of_list(&list).list("example.com/m").unwrap_err();
        assert!(error.is_not_found());
        assert_eq!(error.detail(), detail);
    }
    assert_eq!(upstream.requests().len(), 1);
}
