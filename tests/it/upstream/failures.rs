//! Failures: what is tried again, what kind of error it is.

use athens::upstream::FetchErrorKind;

use super::{Client, FAILED, NOT_FOUND, TIMED_OUT, impatient, kind, settings};
use crate::support::upstream::{Reply, Upstream};

const LIST: &str = "/example.com/m/@v/list";

#[test]
fn statuses_and_how_often_they_are_asked_for() {
    let upstream = Upstream::start();
    let client = Client::of_list(&upstream.url());
    for (status, expected, requests) in [
        (404, NOT_FOUND, 1),
        (410, NOT_FOUND, 1),
        (400, FetchErrorKind::Refused { status: 400 }, 1),
        (401, FetchErrorKind::Refused { status: 401 }, 1),
        (403, FetchErrorKind::Refused { status: 403 }, 1),
        (451, FetchErrorKind::Refused { status: 451 }, 1),
        (500, FAILED, 1),
        (501, FAILED, 1),
        (201, FAILED, 1),
        (206, FAILED, 1),
        (300, FAILED, 1),
        (429, FAILED, 3),
        (502, FAILED, 3),
        (503, FAILED, 3),
        (504, FAILED, 3),
    ] {
        upstream.forget();
        upstream.on(LIST, Reply::status(status, "so it is\n\nhidden"));
        let error = client.list("example.com/m").unwrap_err();
        assert_eq!(error.kind(), expected, "{status}");
        assert_eq!(error.detail(), Some("so it is"), "{status}");
        assert_eq!(upstream.requests().len(), requests, "{status}");
        assert_eq!(error.upstream(), upstream.url());
        assert_eq!(error.asked(), "example.com/m/@v/list");
    }
}

#[test]
fn what_passes() {
    let upstream = Upstream::start();
    let client = Client::of_list(&upstream.url());
    let ok = || Reply::ok("v1.0.0");
    for failures in [
        vec![Reply::status(503, "restarting")],
        vec![Reply::status(502, ""), Reply::status(504, "")],
        vec![Reply::status(429, "").header("retry-after", "0")],
        vec![Reply::hangup()],
        vec![Reply::hangup(), Reply::ok("v1").declared_as(6)],
        vec![Reply::ok("v1").chunked_and_cut()],
        vec![Reply::ok("v1.0.0").gzip().declared_as(1000)],
    ] {
        upstream.forget();
        let requests = failures.len() + 1;
        let shown = format!("{failures:?}");
        let script = failures.into_iter().chain([ok()]).collect();
        upstream.in_turn(LIST, script);
        assert_eq!(client.list("example.com/m").unwrap(), "v1.0.0", "{shown}");
        assert_eq!(upstream.count(LIST), requests, "{shown}");
    }
}

#[test]
fn what_does_not_pass() {
    let upstream = Upstream::start();
    let client = Client::of_list(&upstream.url());
    for (reply, requests) in [
        (Reply::hangup(), 3),
        (Reply::ok("v1.0.0").declared_as(100), 3),
        (Reply::ok("v1.0.0").chunked_and_cut(), 3),
        (Reply::status(503, "").header("retry-after", "31"), 1),
        (Reply::ok("v1.0.0").header("content-encoding", "gzip"), 1),
    ] {
        upstream.forget();
        let shown = format!("{reply:?}");
        upstream.on(LIST, reply);
        assert_eq!(kind(client.list("example.com/m")), FAILED, "{shown}");
        assert_eq!(upstream.count(LIST), requests, "{shown}");
    }
    let refusing = Client::of_list(&Upstream::refusing());
    assert_eq!(kind(refusing.list("example.com/m")), FAILED);
}

#[test]
fn the_number_of_attempts() {
    let upstream = Upstream::start();
    upstream.on(LIST, Reply::status(503, ""));
    for (attempts, requests) in [(0, 1), (1, 1), (2, 2)] {
        upstream.forget();
        let client = Client::new(athens::upstream::UpstreamSettings {
            attempts,
            ..settings(&upstream.url())
        });
        assert_eq!(kind(client.list("example.com/m")), FAILED);
        assert_eq!(upstream.requests().len(), requests);
    }
}

#[test]
fn silence_and_slowness() {
    let upstream = Upstream::start();
    let client = Client::new(impatient(&upstream.url()));
    for reply in [
        Reply::hang(),
        Reply::ok("v1.0.0\n").hanging_in_the_body(),
        Reply::ok("\n").trickle(),
    ] {
        upstream.forget();
        let shown = format!("{reply:?}");
        upstream.on(LIST, reply);
        assert_eq!(kind(client.list("example.com/m")), TIMED_OUT, "{shown}");
        // The time is spent: nobody asks again.
        assert_eq!(upstream.requests().len(), 1, "{shown}");
    }
}

#[test]
fn words_of_an_upstream() {
    let upstream = Upstream::start();
    let client = Client::of_list(&upstream.url());
    let long = "x".repeat(100_000);
    for (reply, detail) in [
        (Reply::status(404, "a\u{1b}[2Jb"), Some("a\\u{1b}[2Jb")),
        (Reply::status(404, "compressed").gzip(), Some("compressed")),
        (Reply::status(404, &long), Some(&long[..648])),
        (Reply::status(404, ""), None),
        // The status counts, whatever becomes of the body.
        (Reply::status(404, "none").declared_as(100), Some("none")),
        (
            Reply::status(404, "none").hanging_in_the_body(),
            Some("none"),
        ),
        (Reply::of_type(404, "text/html", "<html>"), None),
        (Reply::of_type(404, "application/json", "{}"), None),
        (Reply::of_type(404, "text/plain; charset=utf-16", "a"), None),
    ] {
        let shown = format!("{reply:?}");
        upstream.on(LIST, reply);
        let error = client.list("example.com/m").unwrap_err();
        assert!(error.is_not_found(), "{shown}");
        assert_eq!(error.detail(), detail, "{shown}");
    }
}
