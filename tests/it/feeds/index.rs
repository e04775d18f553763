//! `/index`.

use std::collections::BTreeMap;
use std::fs;

use athens::module::ModuleVersion;

use super::{entries, follow, versions};
use crate::publish::registry::{Registry, delete, put};
use crate::publish::zips::zip_saying;
use crate::support::http::Request;
use crate::support::tree::version;

#[test]
fn has_the_form_of_the_public_index() {
    let registry = Registry::start(&[]);
    assert_eq!(registry.get("/index").body, b"");
    for name in ["example.com/Corp/m@v1.0.0", "example.com/a/v2@v2.0.0-rc.1"] {
        registry.publish(&version(name), &zip_saying(&version(name), "").0);
    }
    let times: Vec<String> = registry
        .journal()
        .iter()
        .map(|event| event["Time"].as_str().unwrap().to_owned())
        .collect();
    let lines = [
        format!(
            "{{\"Path\":\"example.com/Corp/m\",\"Version\":\"v1.0.0\",\"Timestamp\":\"{}\"}}\n",
            times[0]
        ),
        format!(
            "{{\"Path\":\"example.com/a/v2\",\"Version\":\"v2.0.0-rc.1\",\"Timestamp\":\"{}\"}}\n",
            times[1]
        ),
    ];
    for (query, wanted) in [
        ("".to_owned(), lines.concat()),
        ("?limit=1".to_owned(), lines[0].clone()),
        (format!("?since={}", times[1]), lines[1].clone()),
        (format!("?since={}&limit=1", times[0]), lines[0].clone()),
        ("?since=9000-01-01T00:00:00Z".to_owned(), String::new()),
        ("?include=all&unknown=1".to_owned(), lines.concat()),
    ] {
        let answer = registry.get(&format!("/index{query}"));
        assert_eq!((answer.status, answer.text()), (200, wanted), "{query}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    let head = Request::new("HEAD", "/index").head_only(&registry.url());
    let length = format!("content-length: {}", lines.concat().len());
    assert!(head.to_lowercase().contains(&length), "{head}");
}

#[test]
fn what_can_not_be_asked_is_said() {
    let registry = Registry::start(&[]);
    for (query, sentence) in [
        (
            "limit=2001",
            "limit must be a number from 1 to 2000, and is \"2001\"",
        ),
        (
            "limit=x",
            "limit must be a number from 1 to 2000, and is \"x\"",
        ),
        (
            "since=x",
            "since must be a time such as 2026-01-02T15:04:05.000006Z, and is \"x\"",
        ),
        ("include=some", "include can be all, and is \"some\""),
        ("since=%ff", "the query is not UTF-8"),
    ] {
        let answer = registry.get(&format!("/index?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(answer.text(), format!("bad request: {sentence}\n"));
    }
    let answer = registry.get("/catalog?pagesize=5001");
    let sentence = "bad request: pagesize must be a number from 1 to 5000, and is \"5001\"\n";
    assert_eq!((answer.status, answer.text().as_str()), (400, sentence));
    let answer = registry.get("/catalog?token=x@y");
    let sentence =
        "bad request: token \"x@y\" can not be used: it is not one that a page gave as next\n";
    assert_eq!((answer.status, answer.text().as_str()), (400, sentence));
}

#[test]
fn each_version_is_there_once_and_only_while_it_is_served() {
    let registry = Registry::start(&[
        "--block",
        "example.com/m@v1.4.0",
        "--block",
        "example.com/bad # malware",
    ]);
    let named = |number: u32| version(&format!("example.com/m@v1.{number}.0"));
    let publish = |version: &ModuleVersion| registry.publish(version, &zip_saying(version, "").0);
    for number in 0..5 {
        publish(&named(number));
    }
    publish(&version("example.com/bad@v1.0.0"));
    for number in [0, 1] {
        assert_eq!(registry.send(delete(&named(number))).status, 200);
    }
    // Comes back, and so comes last.
    publish(&named(0));
    // By hand, which the journal does not say.
    let zip = registry.tree.root().join("example.com/m/@v/v1.2.0.zip");
    fs::remove_file(zip).unwrap();

    assert_eq!(
        versions(&registry.get("/index")),
        ["example.com/m@v1.3.0", "example.com/m@v1.0.0"]
    );
    assert_eq!(
        versions(&registry.get("/index?include=all")),
        [
            "example.com/m@v1.1.0",
            "example.com/m@v1.2.0",
            "example.com/m@v1.3.0",
            "example.com/m@v1.0.0"
        ]
    );
}

#[test]
fn a_mirror_that_pages_while_versions_come_and_go_sees_each_once() {
    let registry = Registry::start(&[]);
    let url = registry.url();
    let named = |number: usize| version(&format!("example.com/m{}@v1.0.{number}", number % 3));
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    std::thread::scope(|scope| {
        let (url, token) = (url.clone(), registry.token.clone());
        let writing = scope.spawn(move || {
            let send = |request: Request| request.bearer(&token).send(&url).status;
            for number in 0..40 {
                let version = named(number);
                assert_eq!(send(put(&version, &zip_saying(&version, "").0)), 201);
                if number % 4 == 3 {
                    assert_eq!(send(delete(&named(number - 1))), 200);
                }
            }
        });
        let mut since = "2000-01-01T00:00:00Z".to_owned();
        loop {
            let is_last = writing.is_finished();
            for entry in follow(&registry.url(), 7, since.clone()) {
                let before = seen.insert(entry.version.clone(), entry.time.clone());
                assert!(
                    before.is_none_or(|before| before == entry.time),
                    "{entry:?}"
                );
                since = entry.time;
            }
            if is_last {
                break;
            }
        }
    });
    let all: Vec<String> = (0..40).map(|number| named(number).to_string()).collect();
    let stayed: Vec<&String> = all
        .iter()
        .enumerate()
        .filter_map(|(number, name)| (number % 4 != 2).then_some(name))
        .collect();
    assert!(stayed.iter().all(|name| seen.contains_key(*name)));
    // Of what went, a reader may have seen some.
    assert!(seen.keys().all(|name| all.contains(name)));
    let now = follow(&registry.url(), 3, "2000-01-01T00:00:00Z".to_owned());
    let now: Vec<&String> = now.iter().map(|entry| &entry.version).collect();
    assert_eq!(now, stayed);
    let again = entries(&registry.get("/index?include=all"));
    assert_eq!(again.len(), 40);
}
