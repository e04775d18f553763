//! Upstreams that fail in every way: what the client saw, what lies in the folder, and that the next request heals it.

use std::thread;

use super::site::{Site, origin, path_of};
use crate::support::tree::{go_mod, info_of, version, zip_of, zip_with};
use crate::support::upstream::{Reply, Upstream};

const MODULE: &str = "example.com/m@v1.0.0";

/// A file, what the upstream says when asked for it, what the client is told, and what of the version is kept.
struct Case {
    name: &'static str,
    file: &'static str,
    reply: Reply,
    status: u16,
    words: &'static [&'static str],
    kept: &'static [&'static str],
}

/// What comes before the zip.
const SMALL: &[&str] = &["info", "mod"];

fn case(
    name: &'static str,
    file: &'static str,
    reply: Reply,
    (status, words): (u16, &'static [&'static str]),
    kept: &'static [&'static str],
) -> Case {
    Case {
        name,
        file,
        reply,
        status,
        words,
        kept,
    }
}

/// A zip with a byte of its content changed, so that its CRC does not hold.
fn corrupt() -> Vec<u8> {
    let mut zip = zip_of(&version(MODULE));
    let data = zip
        .windows(6)
        .position(|window| window == b"go.mod")
        .unwrap()
        + 8;
    zip[data] ^= 0x55;
    zip
}

fn cases() -> Vec<Case> {
    let module = version(MODULE);
    let zip = || Reply::ok(zip_of(&module));
    let len = zip_of(&module).len();
    let other_go_mod = [("go.mod", b"module example.com/n\n".as_slice())];
    vec![
        case(
            "500",
            "zip",
            Reply::status(500, "my disk"),
            (502, &["500", "my disk"]),
            SMALL,
        ),
        case("503", "zip", Reply::status(503, ""), (502, &["503"]), SMALL),
        case(
            "401",
            "zip",
            Reply::status(401, "who?"),
            (502, &["401"]),
            SMALL,
        ),
        case(
            "403",
            "zip",
            Reply::status(403, "not you"),
            (403, &["403", "not you"]),
            SMALL,
        ),
        case(
            "404",
            "zip",
            Reply::status(404, "no zip"),
            (404, &["404", "no zip"]),
            SMALL,
        ),
        case("hang", "zip", Reply::hang(), (504, &["too long"]), SMALL),
        case(
            "hang in the body",
            "zip",
            zip().hanging_in_the_body(),
            (504, &["too long"]),
            SMALL,
        ),
        case(
            "slow trickle",
            "zip",
            Reply::ok("PK").trickle(),
            (504, &["fetch goes on"]),
            SMALL,
        ),
        case(
            "hangup",
            "zip",
            Reply::hangup(),
            (502, &["connection"]),
            SMALL,
        ),
        case(
            "truncation",
            "zip",
            zip().declared_as(len + 5),
            (502, &["connection"]),
            SMALL,
        ),
        case(
            "cut chunks",
            "zip",
            zip().chunked_and_cut(),
            (502, &["connection"]),
            SMALL,
        ),
        case(
            "shorter length",
            "zip",
            zip().declared_as(len - 5),
            (502, &["zip file from upstream"]),
            SMALL,
        ),
        case(
            "bad CRC",
            "zip",
            Reply::ok(corrupt()),
            (502, &["zip file from upstream", "not kept"]),
            SMALL,
        ),
        case(
            "no zip",
            "zip",
            Reply::ok("<html>"),
            (502, &["zip file from upstream", "not kept"]),
            SMALL,
        ),
        case(
            "empty",
            "zip",
            Reply::ok(""),
            (502, &["zip file from upstream"]),
            SMALL,
        ),
        case(
            "other module",
            "zip",
            Reply::ok(zip_of(&version("example.com/n@v1.0.0"))),
            (502, &["zip file from upstream"]),
            SMALL,
        ),
        case(
            "other version",
            "zip",
            Reply::ok(zip_of(&version("example.com/m@v1.0.1"))),
            (502, &["zip file from upstream"]),
            SMALL,
        ),
        case(
            "other go.mod",
            "zip",
            Reply::ok(zip_with(&module, &other_go_mod)),
            (502, &["another go.mod"]),
            SMALL,
        ),
        case(
            "redirect in a circle",
            "zip",
            Reply::redirect(&path_of(MODULE, "zip")),
            (502, &["redirect"]),
            SMALL,
        ),
        case(
            "encoding that is none",
            "zip",
            zip().header("content-encoding", "gzip"),
            (502, &["encoded"]),
            SMALL,
        ),
        case(
            "later than we wait",
            "zip",
            Reply::status(429, "slowly").header("retry-after", "900"),
            (502, &["429", "slowly"]),
            SMALL,
        ),
        case(
            "500 of go.mod",
            "mod",
            Reply::status(500, ""),
            (502, &["500"]),
            &[],
        ),
        case(
            "HTML for go.mod",
            "mod",
            Reply::ok("<html>"),
            (502, &["mod file from upstream"]),
            &[],
        ),
        case(
            "HTML for info",
            "info",
            Reply::ok("<html>"),
            (502, &[".info"]),
            &[],
        ),
        case(
            "info of another",
            "info",
            Reply::ok(info_of(&version("example.com/m@v1.0.1"))),
            (502, &["v1.0.1"]),
            &[],
        ),
        case(
            "endless go.mod",
            "mod",
            Reply::ok(vec![b'/'; 17 << 20]),
            (502, &["mod"]),
            &[],
        ),
    ]
}

#[test]
fn nothing_half_is_kept_and_the_next_request_heals_it() {
    let cases = cases();
    println!("case | asked for | status | sentence | kept");
    // Most of their time they wait.
    let failures: Vec<String> = thread::scope(|scope| {
        let parts: Vec<_> = cases
            .chunks(cases.len().div_ceil(5))
            .map(|part| scope.spawn(|| part.iter().flat_map(fails).collect::<Vec<_>>()))
            .collect();
        let parts = parts.into_iter().map(|part| part.join().unwrap());
        parts.flatten().collect()
    });
    assert!(failures.is_empty(), "{failures:#?}");
}

/// What is wrong with a case.
fn fails(case: &Case) -> Vec<String> {
    let mut failures = Vec::new();
    let tree = origin(&[MODULE]);
    let upstream = Upstream::of_tree(tree.root());
    let path = path_of(MODULE, case.file);
    upstream.on(&path, case.reply.clone());
    // Where time is not the point, there is enough of it.
    let [silence, patience] = match case.status {
        504 => ["1s", "3s"],
        _ => ["30s", "60s"],
    };
    let flags = [
        "--upstream-timeout",
        silence,
        "--fetch-timeout",
        patience,
        "--negative-ttl",
        "0",
    ];
    let site = Site::start(&upstream.url(), &flags);
    let (status, text) = site.said(&path);
    let kept = site.stored_of(MODULE);
    println!(
        "{} | {} | {status} | {text} | {kept:?}",
        case.name, case.file
    );
    let has_words = case.words.iter().all(|word| text.contains(word));
    if status != case.status || !has_words || kept != case.kept {
        failures.push(format!("{}: {status} {text} {kept:?}", case.name));
    }
    if site.stored().len() != kept.len() {
        failures.push(format!("{}: {:?}", case.name, site.stored()));
    }
    let version = version(MODULE);
    let good = match case.file {
        "zip" => zip_of(&version),
        "mod" => go_mod(&version).into_bytes(),
        _ => info_of(&version).into_bytes(),
    };
    upstream.on(&path, Reply::ok(good.clone()));
    // A trickle goes on for as long as the server takes it.
    if case.name != "slow trickle" {
        site.nothing_staged();
        let healed = site.get(&path);
        if healed.status != 200 || healed.body != good {
            failures.push(format!("{}: then {}", case.name, healed.text()));
        }
        if site.get(&path_of(MODULE, "zip")).status != 200 {
            failures.push(format!("{}: no zip afterwards", case.name));
        }
    }
    failures
}

#[test]
fn what_is_well_meant_is_taken() {
    let module = version(MODULE);
    let zip = || Reply::ok(zip_of(&module));
    for (name, replies) in [
        ("gzip", vec![zip().gzip()]),
        ("chunks", vec![zip().chunked()]),
        ("until closed", vec![zip().until_closed()]),
        ("redirect", vec![Reply::redirect("/elsewhere")]),
        ("hangup, then there", vec![Reply::hangup(), zip()]),
        (
            "truncation, then there",
            vec![zip().declared_as(9999), zip()],
        ),
        (
            "429 and when to come again",
            vec![
                Reply::status(429, "").header("retry-after", "0"),
                Reply::status(503, "").header("retry-after", "0"),
                zip(),
            ],
        ),
    ] {
        let tree = origin(&[MODULE]);
        let upstream = Upstream::of_tree(tree.root());
        let (path, asked) = (path_of(MODULE, "zip"), replies.len());
        upstream.in_turn(&path, replies).on("/elsewhere", zip());
        let site = Site::start(&upstream.url(), &[]);
        let answer = site.get(&path);
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        assert!(answer.body == zip_of(&module), "{name}");
        assert_eq!(upstream.count(&path), asked, "{name}");
        assert_eq!(site.stored_of(MODULE), ["info", "mod", "zip"], "{name}");
        site.nothing_staged();
    }
}

#[test]
fn a_zip_without_info_is_kept_whole() {
    let tree = origin(&[MODULE]);
    let upstream = Upstream::of_tree(tree.root());
    upstream.on(&path_of(MODULE, "info"), Reply::status(404, ""));
    let site = Site::start(&upstream.url(), &[]);
    assert_eq!(site.get(&path_of(MODULE, "zip")).status, 200);
    assert_eq!(site.stored_of(MODULE), ["info", "mod", "zip"]);
    assert!(site.text(&path_of(MODULE, "info")).contains("v1.0.0"));
}

#[test]
fn a_zip_without_go_mod() {
    let module = version(MODULE);
    let zip = zip_with(&module, &[("m.go", b"package m\n")]);
    for (name, go_mod, status) in [
        (
            "the one that stands for none",
            "module example.com/m\n",
            200,
        ),
        (
            "another",
            "module example.com/m\n\nrequire example.org/evil v1.0.0\n",
            502,
        ),
    ] {
        let tree = origin(&[MODULE]);
        let upstream = Upstream::of_tree(tree.root());
        upstream
            .on(&path_of(MODULE, "zip"), Reply::ok(zip.clone()))
            .on(&path_of(MODULE, "mod"), Reply::ok(go_mod));
        let site = Site::start(&upstream.url(), &[]);
        let (got, text) = site.said(&path_of(MODULE, "zip"));
        assert_eq!(got, status, "{name}");
        if status == 200 {
            assert_eq!(site.stored_of(MODULE), ["info", "mod", "zip"]);
        } else {
            assert!(text.contains("holds no go.mod"), "{text}");
            assert_eq!(site.stored_of(MODULE), SMALL);
        }
    }
}
