//! Bodies of zips.

use std::sync::atomic::{AtomicUsize, Ordering};

use athens::upstream::{Ask, FetchErrorKind, UpstreamSettings, ZipError};

use super::{
    Client, FAILED, NOT_FOUND, TIMED_OUT, TOO_LARGE, impatient, receive, settings, zip_kind,
};
use crate::support::tree::version;
use crate::support::upstream::{Reply, Upstream};

const ZIP: &str = "/example.com/m/@v/v1.0.0.zip";
const MODULE: &str = "example.com/m@v1.0.0";

fn content() -> Vec<u8> {
    (0..300_000_u32).flat_map(u32::to_le_bytes).collect()
}

#[test]
fn whole_bodies() {
    let upstream = Upstream::start();
    let client = Client::of_list(&upstream.url());
    for reply in [
        Reply::ok(content()),
        Reply::ok(content()).chunked(),
        Reply::ok(content()).until_closed(),
        Reply::ok(content()).gzip(),
        Reply::redirect("/elsewhere"),
    ] {
        upstream
            .on(ZIP, reply)
            .on("/elsewhere", Reply::ok(content()));
        assert!(client.zip(MODULE).unwrap() == content());
    }
    upstream.on(ZIP, Reply::ok(""));
    assert_eq!(client.zip(MODULE).unwrap(), b"");
}

/// A case: the separator, what the first upstream says, what comes of it (`None`: the zip of the second one), and how often
/// each is asked.
type Case = (char, Reply, Option<FetchErrorKind>, (usize, usize));

#[test]
fn broken_bodies() {
    let cut = || Reply::ok(content()).declared_as(2_000_000);
    let cases: Vec<Case> = vec![
        (',', Reply::status(404, ""), None, (1, 1)),
        (',', cut(), Some(FAILED), (3, 0)),
        ('|', cut(), None, (3, 1)),
        (
            ',',
            Reply::ok(content()).chunked_and_cut(),
            Some(FAILED),
            (3, 0),
        ),
        ('|', Reply::ok(content()).chunked_and_cut(), None, (3, 1)),
        (
            ',',
            Reply::ok(content()).hanging_in_the_body(),
            Some(TIMED_OUT),
            (1, 0),
        ),
        (
            '|',
            Reply::ok(content()).hanging_in_the_body(),
            None,
            (1, 1),
        ),
        ('|', Reply::ok("x").trickle(), None, (1, 1)),
        ('|', Reply::status(403, ""), None, (1, 1)),
        (',', Reply::status(502, ""), Some(FAILED), (3, 0)),
    ];
    for (separator, reply, expected, requests) in cases {
        let (a, b) = (Upstream::start(), Upstream::start());
        let shown = format!("{separator} {} {:?}", requests.0, expected);
        a.on(ZIP, reply);
        b.on(ZIP, Reply::ok(content()));
        let client = Client::new(impatient(&format!("{}{separator}{}", a.url(), b.url())));
        let zip = client.zip(MODULE);
        match expected {
            None => assert!(zip.unwrap() == content(), "{shown}"),
            Some(kind) => assert_eq!(zip_kind(zip), kind, "{shown}"),
        }
        assert_eq!((a.count(ZIP), b.count(ZIP)), requests, "{shown}");
    }
}

#[test]
fn each_attempt_starts_from_nothing() {
    let upstream = Upstream::start();
    upstream.in_turn(
        ZIP,
        vec![
            Reply::ok(content()).declared_as(2_000_000),
            Reply::status(503, "").header("retry-after", "0"),
            Reply::ok(content()),
        ],
    );
    let client = Client::of_list(&upstream.url());
    let received = AtomicUsize::new(0);
    let (version, ask) = (version(MODULE), Ask::default());
    let zip = client.upstreams.zip(&version, &ask, |body| {
        received.fetch_add(1, Ordering::SeqCst);
        receive(body)
    });
    assert!(client.runtime.block_on(zip).unwrap() == content());
    // What has no body is not received.
    assert_eq!(received.load(Ordering::SeqCst), 2);
    assert_eq!(upstream.count(ZIP), 3);
}

#[test]
fn an_error_of_the_receiver_ends_it() {
    let (a, b) = (Upstream::start(), Upstream::start());
    a.on(ZIP, Reply::ok(content()));
    b.on(ZIP, Reply::ok(content()));
    let client = Client::of_list(&format!("{}|{}", a.url(), b.url()));
    let (version, ask) = (version(MODULE), Ask::default());
    let zip = client.upstreams.zip(&version, &ask, |mut body| async move {
        body.chunk().await?;
        Err::<(), _>(ZipError::Receiver("the disk is full"))
    });
    let error = client.runtime.block_on(zip).unwrap_err();
    assert_eq!(error, ZipError::Receiver("the disk is full"));
    assert_eq!((a.count(ZIP), b.count(ZIP)), (1, 0));
}

#[test]
fn sizes() {
    let upstream = Upstream::start();
    let folder = crate::support::tree::Tree::new();
    folder.write_path(&ZIP[1..], &[b'x'; 1001]);
    for (list, reply) in [
        (upstream.url(), Reply::ok(vec![b'x'; 1001])),
        (upstream.url(), Reply::ok(vec![b'x'; 1001]).chunked()),
        (upstream.url(), Reply::ok(vec![b'x'; 1001]).gzip()),
        (format!("file://{}", folder.root().display()), Reply::ok("")),
    ] {
        upstream.on(ZIP, reply);
        for (max_zip_size, is_taken) in [(1000, false), (1001, true)] {
            upstream.forget();
            let client = Client::new(UpstreamSettings {
                max_zip_size,
                ..settings(&list)
            });
            let zip = client.zip(MODULE);
            match is_taken {
                true => assert_eq!(zip.unwrap().len(), 1001),
                false => {
                    assert_eq!(zip_kind(zip), TOO_LARGE);
                    assert!(upstream.requests().len() <= 1);
                }
            }
        }
    }
}

#[test]
fn absence() {
    let upstream = Upstream::start();
    let client = Client::of_list(&upstream.url());
    assert_eq!(zip_kind(client.zip(MODULE)), NOT_FOUND);
    let refusing = Client::of_list(&Upstream::refusing());
    assert_eq!(zip_kind(refusing.zip(MODULE)), FAILED);
}

#[test]
fn whoever_leaves_gives_the_upstream_up() {
    let upstream = Upstream::start();
    upstream.on(ZIP, Reply::ok("x").hanging_in_the_body());
    let client = Client::new(UpstreamSettings {
        max_concurrent: 1,
        ..settings(&upstream.url())
    });
    let upstreams = client.upstreams.clone();
    let asking = client.runtime.spawn(async move {
        let (version, ask) = (version(MODULE), Ask::default());
        upstreams.zip(&version, &ask, receive).await
    });
    upstream.until_hanging(1);
    asking.abort();
    assert!(client.runtime.block_on(asking).unwrap_err().is_cancelled());
    // Its place is free again.
    upstream.on(ZIP, Reply::ok(content()));
    assert!(client.zip(MODULE).unwrap() == content());
}
