//! What the operator's rules refuse, what is said about it, and what is left out of lists.

use std::time::{Duration, SystemTime};

use athens::module::Time;
use tempfile::TempDir;

use super::site::{Site, origin, path_of};
use crate::support::go;
use crate::support::http::get;
use crate::support::server::{TestServer, athens};
use crate::support::tree::{Tree, info_of, version};
use crate::support::upstream::{Reply, Upstream};
use crate::support::workspace::Project;

const LIST: &str = "/example.com/m/@v/list";
const LATEST: &str = "/example.com/m/@latest";

/// What is refused of `example.com/m@v1.0.0`, `v1.1.0` and `v1.2.0`.
struct Case {
    name: &'static str,
    flags: &'static [&'static str],
    /// The list; `None` if the module is refused whole.
    list: Option<&'static str>,
    /// The versions, and what is said of those that are refused.
    refused: &'static [(&'static str, &'static str)],
}

const CASES: &[Case] = &[
    Case {
        name: "nothing",
        flags: &[],
        list: Some("v1.0.0\nv1.1.0\nv1.2.0\n"),
        refused: &[],
    },
    Case {
        name: "a block of everything",
        flags: &["--block", "example.com/m # malware, see SEC-1"],
        list: None,
        refused: &[
            (
                "v1.0.0",
                "example.com/m is blocked on this server: malware, see SEC-1",
            ),
            (
                "v1.2.0",
                "example.com/m is blocked on this server: malware, see SEC-1",
            ),
        ],
    },
    Case {
        name: "a block of some versions",
        flags: &[
            "--block",
            "example.com/m@>=v1.1.0 <v1.2.0",
            "--block",
            "example.com/*@v1.2.0 # CVE-1",
        ],
        list: Some("v1.0.0\n"),
        refused: &[
            ("v1.1.0", "example.com/m@v1.1.0 is blocked on this server"),
            (
                "v1.2.0",
                "example.com/m@v1.2.0 is blocked on this server: CVE-1",
            ),
        ],
    },
    Case {
        name: "others are allowed",
        flags: &["--allow", "example.org/*"],
        list: None,
        refused: &[(
            "v1.0.0",
            "example.com/m is not among the modules that this server may fetch",
        )],
    },
    Case {
        name: "some versions are allowed",
        flags: &["--allow", "example.com/m@<v1.2.0 # v1.2 is not reviewed"],
        list: Some("v1.0.0\nv1.1.0\n"),
        refused: &[(
            "v1.2.0",
            "example.com/m@v1.2.0 is not among the modules that this server may fetch: v1.2 is not reviewed",
        )],
    },
];

fn three() -> (Tree, Upstream) {
    let tree = origin(&[
        "example.com/m@v1.0.0",
        "example.com/m@v1.1.0",
        "example.com/m@v1.2.0",
    ]);
    let upstream = Upstream::of_tree(tree.root());
    let info = info_of(&version("example.com/m@v1.2.0"));
    upstream.on(LATEST, Reply::ok(info));
    (tree, upstream)
}

#[test]
fn allow_and_block() {
    let (_tree, upstream) = three();
    for case in CASES {
        let mut site = Site::start(&upstream.url(), &[]);
        // The second time, everything is in the folder already.
        for round in ["cold", "stored", "offline"] {
            let name = format!("{}, {round}", case.name);
            site = match round {
                "cold" => site.restart(&upstream.url(), case.flags),
                "stored" => {
                    let site = site.restart(&upstream.url(), &[]);
                    for version in ["v1.0.0", "v1.1.0", "v1.2.0"] {
                        site.get(&path_of(&format!("example.com/m@{version}"), "zip"));
                    }
                    site.restart(&upstream.url(), case.flags)
                }
                _ => site.restart("off", case.flags),
            };
            let (status, list) = site.said(LIST);
            match case.list {
                Some(expected) => assert_eq!(format!("{list}\n"), expected, "{name}"),
                None => assert_eq!(status, 403, "{name}: {list}"),
            }
            let (status, latest) = site.said(LATEST);
            match case.list.and_then(|list| list.lines().last()) {
                Some(version) => assert!(latest.contains(version), "{name}: {latest}"),
                None => assert_eq!(status, 403, "{name}: {latest}"),
            }
            for (version, sentence) in case.refused {
                let version = format!("example.com/m@{version}");
                for ending in ["info", "mod", "zip"] {
                    let said = site.said(&path_of(&version, ending));
                    assert_eq!(said, (403, (*sentence).to_owned()), "{name}");
                }
                // What is latest has told its time by then.
                if round == "cold" {
                    let stored = site.stored_of(&version);
                    assert!(
                        stored.is_empty() || stored == ["info"],
                        "{name}: {stored:?}"
                    );
                }
            }
            if case.refused.is_empty() {
                site.text(&path_of("example.com/m@v1.1.0", "zip"));
            }
        }
    }
    // A refusal costs the upstream nothing.
    upstream.forget();
    let site = Site::start(&upstream.url(), CASES[1].flags);
    for path in [
        LIST.to_owned(),
        LATEST.to_owned(),
        path_of("example.com/m@v1.0.0", "zip"),
    ] {
        assert_eq!(site.get(&path).status, 403);
    }
    assert_eq!(upstream.paths(), [""; 0]);
}

/// What is ours needs nobody's leave, but can be blocked.
#[test]
fn rules_and_what_is_ours() {
    let upstream = Upstream::start();
    let flags = [
        "--allow",
        "example.org/*",
        "--min-age",
        "100w",
        "--block",
        "example.com/m@v1.1.0 # bad",
    ];
    let site = Site::start(&upstream.url(), &flags);
    site.publish("example.com/m@v1.0.0");
    site.publish("example.com/m@v1.1.0");
    assert_eq!(site.text(LIST), "v1.0.0\n");
    assert!(site.text(LATEST).contains("v1.0.0"));
    let said = site.said(&path_of("example.com/m@v1.1.0", "zip"));
    assert_eq!(
        said,
        (
            403,
            "example.com/m@v1.1.0 is blocked on this server: bad".to_owned()
        )
    );
    assert_eq!(upstream.paths(), [""; 0]);
}

/// `.info` of a version of this age.
fn info_of_age(version: &str, age: Duration) -> (Reply, Time) {
    let time = Time::from_unix(Time::from(SystemTime::now() - age).unix());
    let info = format!("{{\"Version\":\"{version}\",\"Time\":\"{time}\"}}");
    (Reply::ok(info), time)
}

#[test]
fn minimum_age() {
    const DAY: Duration = Duration::from_secs(86_400);
    let (_tree, upstream) = three();
    let mut young = None;
    for (version, age) in [("v1.0.0", 30), ("v1.1.0", 8), ("v1.2.0", 2)] {
        let (reply, time) = info_of_age(version, age * DAY);
        upstream.on(
            &path_of(&format!("example.com/m@{version}"), "info"),
            reply.clone(),
        );
        if version == "v1.2.0" {
            upstream.on(LATEST, reply);
            young = Some(Time::from_unix(time.unix() + 7 * 86_400));
        }
    }
    let sentence = format!(
        "example.com/m@v1.2.0 is too young for this server: it becomes available at {}",
        young.unwrap()
    );
    let flags = ["--min-age", "7d"];
    let mut site = Site::start(&upstream.url(), &flags);
    for round in ["cold", "stored"] {
        assert_eq!(site.text(LIST), "v1.0.0\nv1.1.0\n", "{round}");
        assert!(site.text(LATEST).contains("v1.1.0"), "{round}");
        for ending in ["info", "mod", "zip"] {
            let said = site.said(&path_of("example.com/m@v1.2.0", ending));
            assert_eq!(said, (403, sentence.clone()), "{round}");
            site.get(&path_of("example.com/m@v1.1.0", ending));
        }
        assert_eq!(upstream.count(&path_of("example.com/m@v1.2.0", "zip")), 0);
        if round == "cold" {
            // Somebody fetched it while there was no such rule.
            site = site.restart(&upstream.url(), &[]);
            assert_eq!(
                site.get(&path_of("example.com/m@v1.2.0", "zip")).status,
                200
            );
            upstream.on(
                &path_of("example.com/m@v1.2.0", "zip"),
                Reply::status(500, ""),
            );
            site = site.restart(&upstream.url(), &flags);
            upstream.forget();
        }
    }
    // The first rule that matches counts; in an offline server too.
    for (flags, list) in [
        (
            ["--min-age", "example.com/*=0", "--min-age", "7d"],
            "v1.0.0\nv1.1.0\nv1.2.0\n",
        ),
        (
            ["--min-age", "7d", "--min-age", "example.com/*=0"],
            "v1.0.0\nv1.1.0\n",
        ),
        (
            [
                "--min-age",
                "example.org=0;20d",
                "--offline",
                "--log-format=plain",
            ],
            "v1.0.0\n",
        ),
    ] {
        site = site.restart(&upstream.url(), &flags);
        // Offline, what is not stored whole is not listed.
        let listed = site.text(LIST);
        if flags.contains(&"--offline") {
            assert!(!listed.contains("v1.1.0"), "{listed}");
        } else {
            assert_eq!(listed, list, "{flags:?}");
        }
    }
}

#[test]
fn rules_from_the_environment_and_the_file() {
    let (_tree, upstream) = three();
    let url = upstream.url();
    let start = |file: &str, variables: &[(&str, &str)]| {
        let root = TempDir::new().unwrap();
        let path = root.path().join("athens.toml");
        std::fs::write(&path, file).unwrap();
        let mut command = athens();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--root"])
            .arg(root.path());
        command
            .arg("--config")
            .arg(path)
            .env_remove("ATHENS_UPSTREAM");
        command.envs(variables.iter().copied());
        (TestServer::start_command(command), root)
    };
    let file = format!(
        "upstream = \"{url}\"\nsumdb = \"off\"\nprivate = \"unused.example\"\n\
         block = [\"example.com/m@v1.1.0 # one\", \"example.com/m@v1.2.0 # two\"]\n\
         min-age = [\"example.com/*=0\", \"7d\"]\nallow = \"example.com/m\"\n"
    );
    let by_file = start(&file, &[]);
    let by_variables = start(
        "",
        &[
            ("ATHENS_UPSTREAM", &url),
            ("ATHENS_SUMDB", "off"),
            ("ATHENS_PRIVATE", "unused.example"),
            (
                "ATHENS_BLOCK",
                "example.com/m@v1.1.0 # one;example.com/m@v1.2.0 # two",
            ),
            ("ATHENS_MIN_AGE", "example.com/*=0;7d"),
            ("ATHENS_ALLOW", "example.com/m"),
        ],
    );
    for (server, _root) in [by_file, by_variables] {
        let said = |path: &str| get(&server.url(), path).text();
        assert_eq!(said(LIST), "v1.0.0\n");
        let two = said(&path_of("example.com/m@v1.2.0", "mod"));
        assert_eq!(two, "example.com/m@v1.2.0 is blocked on this server: two\n");
        assert!(said("/example.com/n/@v/list").contains("not among the modules"));
    }
}

/// The person behind the go command reads the reason.
#[test]
fn the_go_command_prints_the_reason() {
    let Some(client) = go::installed() else {
        return;
    };
    let (_tree, upstream) = three();
    let site = Site::start(
        &upstream.url(),
        &[
            "--block",
            "example.com/m@v1.2.0 # CVE-2026-1234: take v1.1.0",
        ],
    );
    let get = |query: &str| {
        let command = ["go", "get", query].map(str::to_owned).to_vec();
        let project = Project::Requires(Vec::new());
        client.perform(&site.url(), &project, &[command])
    };
    let refused = get("example.com/m@v1.2.0");
    assert!(!refused.said[0].success);
    let said = format!("{:?}", refused.said[0].stderr);
    assert!(
        said.contains("example.com/m@v1.2.0 is blocked on this server: CVE-2026-1234: take v1.1.0"),
        "{said}"
    );
    let latest = get("example.com/m@latest");
    assert!(latest.said[0].success, "{latest:?}");
    assert!(
        format!("{:?}", latest.said[0].stderr).contains("v1.1.0"),
        "{latest:?}"
    );
}
