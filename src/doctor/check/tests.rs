//! Broken settings, what is said of them, and the line that mends them.

mod fetches;
mod folders;
mod machines;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::super::facts::*;
use super::super::finding::Outcome;
use super::*;
use crate::client::{ClientError, GoSettings, Identity, Reply, Verdict};
use crate::module::Time;

const SERVER: &str = "https://goproxy.corp.example";

fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status,
        body: body.to_owned(),
        date: None,
        location: None,
        content_type: None,
        certificate: None,
    }
}

/// A server of athens with a token for `corp.example/*`.
fn server(now: SystemTime) -> ServerFacts {
    ServerFacts {
        url: SERVER.parse().unwrap(),
        version: Ok(reply(200, r#"{"name":"athens","version":"1.0.0"}"#)),
        answered: now,
        ready: Some(reply(200, "ready\n")),
        sumdb: Some(("sum.example.org".to_owned(), Some(401), Some(200))),
        token: found(Verdict::Known(identity(None))),
    }
}

fn found(verdict: Verdict) -> TokenFacts {
    TokenFacts::Found(Box::new(FoundToken {
        source: "/home/me/.netrc".to_owned(),
        way: TokenWay::Netrc,
        verdict: Some(Ok(verdict)),
    }))
}

fn identity(expires: Option<Time>) -> Identity {
    Identity {
        name: "ci".parse().unwrap(),
        rights: "read".parse().unwrap(),
        modules: "corp.example/*".parse().unwrap(),
        expires,
    }
}

/// A machine on which nothing is wrong, but for these settings.
fn facts(changed: &[(&str, &str)], exported: &[&str]) -> Facts {
    let mut settings: BTreeMap<String, String> = [
        ("GOPROXY", SERVER),
        ("GOSUMDB", "sum.example.org"),
        ("GONOSUMDB", "corp.example/*"),
        ("GOTOOLCHAIN", "auto"),
        ("GOAUTH", "netrc"),
    ]
    .iter()
    .chain(changed)
    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
    .collect();
    // As the go command has it.
    let private = settings.get("GOPRIVATE").cloned().unwrap_or_default();
    settings.entry("GONOPROXY".to_owned()).or_insert(private);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    Facts {
        go: GoFacts::Found {
            version: "go1.26.1".to_owned(),
            settings: GoSettings::new(settings),
            exported: exported.iter().map(|name| (*name).to_owned()).collect(),
        },
        meant: Some(SERVER.parse().unwrap()),
        netrc: NetrcFacts {
            path: Some(PathBuf::from("/home/me/.netrc")),
            mode: Some(0o600),
            machines: BTreeSet::from(["goproxy.corp.example".to_owned()]),
            seen: BTreeSet::from(["goproxy.corp.example".to_owned()]),
            fault: None,
        },
        servers: vec![server(now)],
        network: Vec::new(),
        cache: Some(CacheFacts {
            path: PathBuf::from("/home/me/go/pkg/mod"),
            free: Some(10 << 30),
            is_writable: Some(true),
        }),
        trial: None,
        local: None,
    }
}

/// What is not as it should be: result, sentence, line.
fn findings(facts: &Facts) -> Vec<String> {
    check(facts)
        .into_iter()
        .filter(|finding| finding.outcome != Outcome::Ok)
        .map(|finding| {
            let word = if finding.outcome == Outcome::Error {
                "error"
            } else {
                "warning"
            };
            let mend = finding.mend.unwrap_or_default();
            format!("{word}: {} -> {mend}", finding.sentence)
        })
        .collect()
}

/// One finding, of which these are parts: the result, the sentence, and all of the line.
#[track_caller]
fn expect(facts: &Facts, what: &str, (outcome, part, mend): (&str, &str, &str)) {
    let found = findings(facts);
    assert_eq!(found.len(), 1, "{what}: {found:#?}");
    assert!(found[0].starts_with(outcome), "{what}: {found:?}");
    assert!(found[0].contains(part), "{what}: {part:?} in {found:?}");
    assert!(
        found[0].ends_with(&format!(" -> {mend}")),
        "{what}: {mend:?} in {found:?}"
    );
}

#[test]
fn nothing_is_wrong() {
    let facts = facts(&[], &[]);
    assert_eq!(findings(&facts), [""; 0]);
    let said: Vec<&str> = check(&facts).iter().map(|finding| finding.check).collect();
    for check in [
        "go",
        "GOPROXY",
        "GOPRIVATE",
        "GOMODCACHE",
        "netrc",
        "server",
        "token",
        "sumdb",
    ] {
        assert!(said.contains(&check), "{check} in {said:?}");
    }
}

/// A case a paragraph: settings (`NAME=VALUE`), those that are variables (`export NAME`), what is said (a part of it, after
/// the result), and the line that mends it.
#[test]
fn broken_settings() {
    let mut cases = 0;
    for case in include_str!("tests/settings.txt").split("\n\n") {
        let (mut changed, mut exported) = (Vec::new(), Vec::new());
        let (mut outcome, mut part, mut mend) = ("", "", "");
        for line in case.lines() {
            if let Some(line) = line.strip_prefix("  ") {
                mend = line;
            } else if let Some(name) = line.strip_prefix("export ") {
                exported.push(name);
            } else if line.starts_with("GO") {
                changed.push(line.split_once('=').unwrap());
            } else {
                (outcome, part) = line.split_once(": ").unwrap();
            }
        }
        let facts = facts(&changed, &exported);
        expect(&facts, case, (outcome, part, mend));
        assert!(!format!("{:?}", check(&facts)).contains("hunter2"));
        cases += 1;
    }
    assert!(cases >= 25, "{cases}");
}
