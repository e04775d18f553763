//! Who may publish, delete and read: every kind of token, both ways to send one.

use std::time::SystemTime;

use athens::auth::{Grant, StateDirectory, TokensFile, parse_modules};
use athens::module::Time;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::registry::{Registry, State, delete, put};
use super::zips::zip_saying;
use crate::support::http::{Answer, Request};
use crate::support::tools::until;
use crate::support::tree::version;

const RIGHTS: [&str; 3] = ["read", "publish", "delete"];

/// A request on `example.com/m` for each right, and the status that success has.
fn request(right: &str) -> (Request, u16) {
    let version = version("example.com/m@v1.0.0");
    match right {
        "read" => (Request::new("GET", "/example.com/m/@v/list"), 200),
        "publish" => (put(&version, &zip_saying(&version, "one").0), 201),
        _ => (delete(&version), 200),
    }
}

/// The values of `Authorization` that say a token.
fn ways(token: &str) -> [String; 2] {
    let basic = STANDARD.encode(format!("any:{token}"));
    [format!("Bearer {token}"), format!("Basic {basic}")]
}

/// A token whose time was over a second after it was made.
fn expired(state: &State) -> String {
    let now = Time::from(SystemTime::now()).unix();
    let grant = Grant {
        name: "expired".parse().unwrap(),
        rights: RIGHTS.join(",").parse().unwrap(),
        modules: parse_modules("*").unwrap(),
        created: Time::from_unix(now - 60),
        expires: Some(Time::from_unix(now - 59)),
    };
    let file = TokensFile::new(StateDirectory::new(state.path().to_owned()));
    file.create(grant).unwrap().reveal().to_owned()
}

/// With everything that must be so whatever the request is.
fn judged(answer: &Answer) -> u16 {
    let challenge = answer.header("www-authenticate");
    assert_eq!(challenge.is_some(), answer.status == 401, "{}", answer.head);
    if answer.status >= 400 {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.text().lines().count(), 1, "{}", answer.text());
    }
    answer.status
}

#[test]
fn every_kind_of_token() {
    for right in RIGHTS {
        // A server each: wrong tokens are counted, and later ones answered later.
        let registry = Registry::start(&["--read-auth"]);
        let (asked, success) = request(right);
        if right != "publish" {
            let version = version("example.com/m@v1.0.0");
            registry.publish(&version, &zip_saying(&version, "one").0);
        }
        let others: Vec<&str> = RIGHTS.into_iter().filter(|other| *other != right).collect();
        let state = &registry.state;
        let revoked = state.create("revoked", &RIGHTS.join(","), "*");
        let ask = |authorization: &str| {
            let request = asked.clone().header("Authorization", authorization);
            request.send(&registry.url())
        };
        let mut failures = Vec::new();
        let mut expect = |kind: &str, answer: &Answer, status: u16, why: &str| {
            let text = answer.text();
            if judged(answer) != status || !text.contains(why) {
                failures.push(format!("{right}, {kind}: {} {text}", answer.status));
            }
        };

        let anonymous = asked.send(&registry.url());
        expect("none", &anonymous, 401, "a token is needed");
        let unknown = athens::auth::PlainToken::generate().unwrap();
        state.token(&["revoke", "revoked"]);
        until("the server has seen the revocation", || {
            let answer = Request::new("GET", "/example.org/other/@v/list").bearer(&revoked);
            judged(&answer.send(&registry.url())) == 401
        });
        for (kind, token, status, why) in [
            (
                "unknown",
                unknown.reveal().to_owned(),
                401,
                "there is no such token",
            ),
            ("revoked", revoked.clone(), 401, "there is no such token"),
            (
                "malformed",
                revoked[..20].to_owned(),
                401,
                "not authorized: ",
            ),
            (
                "expired",
                expired(state),
                401,
                "the token expired expired on ",
            ),
            (
                "other modules",
                state.create("narrow", right, "example.com/other,example.com/m/*"),
                403,
                "only modules that match example.com/other,example.com/m/*",
            ),
            (
                "other rights",
                state.create("others", &others.join(","), "*"),
                403,
                &format!("the token others may not {right}, only "),
            ),
        ] {
            for way in ways(&token) {
                expect(kind, &ask(&way), status, why);
            }
        }
        let right_one = state.create("right", right, "example.com/*");
        for (way, status) in ways(&right_one).into_iter().zip(match right {
            // What is done is done.
            "publish" => [success, 200],
            "delete" => [success, 410],
            _ => [success, success],
        }) {
            expect("right", &ask(&way), status, "");
        }
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }
}

#[test]
fn a_token_for_some_modules_publishes_no_others_by_upload() {
    let registry = Registry::start(&[]);
    let token = registry.state.create("ci", "publish", "corp.example/*");
    for (text, status) in [
        ("corp.example/m@v1.0.0", 201),
        ("corp.example@v1.0.0", 403),
        ("example.com/m@v1.0.0", 403),
    ] {
        let version = version(text);
        let upload = Request::new("PUT", "/upload").body(&zip_saying(&version, "").0);
        let answer = upload.bearer(&token).send(&registry.url());
        assert_eq!(judged(&answer), status, "{text}: {}", answer.text());
        assert!(registry.staged().is_empty());
    }
    assert_eq!(registry.journal().len(), 1);
    assert_eq!(registry.journal()[0]["Token"], "ci");
}

#[test]
fn what_monitors_ask_is_open_and_nothing_else() {
    let registry = Registry::start(&["--read-auth"]);
    let version = version("example.com/m@v1.0.0");
    registry.publish(&version, &zip_saying(&version, "").0);
    for path in ["/healthz", "/readyz", "/version"] {
        assert_eq!(registry.get(path).status, 200, "{path}");
    }
    for path in [
        "@v/list",
        "@latest",
        "@v/v1.0.0.info",
        "@v/v1.0.0.mod",
        "@v/v1.0.0.zip",
        "@v/v9.9.9.zip",
    ] {
        let path = format!("/example.com/m/{path}");
        assert_eq!(judged(&registry.get(&path)), 401, "{path}");
        let head = Request::new("HEAD", &path);
        assert!(
            head.head_only(&registry.url()).starts_with("HTTP/1.1 401 "),
            "{path}"
        );
    }
}

#[test]
fn many_wrong_tokens_are_refused_and_right_ones_never() {
    let registry = Registry::start(&[]);
    let version = version("example.com/m@v1.0.0");
    let (zip, _) = zip_saying(&version, "");
    let url = registry.url();
    // All at once: they are answered later and later, but not one after the other.
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..30)
            .map(|_| {
                scope.spawn(|| {
                    let wrong = athens::auth::PlainToken::generate().unwrap();
                    let request = put(&version, &zip).bearer(wrong.reveal());
                    request.send(&url)
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect()
    });
    let refused: Vec<&Answer> = answers
        .iter()
        .filter(|answer| answer.status == 429)
        .collect();
    assert!(!refused.is_empty());
    for answer in &refused {
        let again: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=6).contains(&again), "{again}");
        assert!(answer.text().starts_with("too many wrong tokens"));
    }
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 401).count(),
        30 - refused.len()
    );
    registry.publish(&version, &zip);
}
