//! `athens publish`, as people and CI jobs use it.

mod go_story;
mod https;
mod large;
mod sources;
mod tokens;
mod wire;

use crate::support::publisher::{Publisher, last_line, versions};

/// The module of the first README.
fn testmodule(publisher: &Publisher) {
    for (name, content) in [
        ("go.mod", "module \"arschles.com/testmodule\"\n"),
        (
            "pkg/pkg.go",
            "// Package pkg greets.\npackage pkg\n\n// Hello greets.\nfunc Hello() string { return \"hello from testmodule\" }\n",
        ),
        ("LICENSE", "MIT\n"),
        (".DS_Store", "\0\0\0\u{1}Bud1"),
        ("vendor/x.example/y/y.go", "package y\n"),
    ] {
        publisher.write(&format!("testmodule/{name}"), content);
    }
}

const VERSION: [&str; 2] = ["--version", "v1.0.0"];

#[test]
fn a_dry_run_tells_everything_and_contacts_nobody() {
    let publisher = Publisher::new();
    testmodule(&publisher);
    // Nobody listens there, and nobody is asked.
    let arguments = [
        "./testmodule",
        "--version",
        "v1.0.0",
        "--dry-run",
        "--server",
        "http://127.0.0.1:1",
    ];
    let ended = publisher.run(&arguments);
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(0), ""),
        "{ended:?}"
    );
    for line in [
        "arschles.com/testmodule@v1.0.0, from the directory ./testmodule\n",
        "in the zip: 3 files, ",
        "\n  LICENSE\n  go.mod\n  pkg/pkg.go\nleft out:\n",
        "\n  .DS_Store: a desktop or an editor left it there, and git does not track it\n",
        "\n  vendor/x.example/y/: it is in a vendor directory\n",
        "\n  zip     h1:",
        "\n  go.mod  h1:0HOosxJ4XB4CyV/t07dt90X825w7PBEcj2tTclLUNVs=\n",
        "\nsums:\n  zip     h1:",
        "\nnothing was sent\n",
    ] {
        assert!(ended.stdout.contains(line), "{line:?} in {}", ended.stdout);
    }
    let json = publisher.run(&[&arguments[..], &["--json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["Path"], "arschles.com/testmodule");
    assert_eq!(json["Files"][1], "go.mod");
    assert_eq!(json["Omitted"][0]["Path"], ".DS_Store");
    let sum = json["Sum"].as_str().unwrap();
    assert!(ended.stdout.contains(sum), "{sum}");
}

#[test]
fn a_zip_that_was_written_is_the_one_that_is_published() {
    let publisher = Publisher::new();
    let server = publisher.server();
    let url = server.url();
    testmodule(&publisher);
    let inside = publisher.run(&[
        "testmodule",
        "--version",
        "v1.0.0",
        "--output",
        "testmodule/m.zip",
    ]);
    assert_eq!(inside.code, Some(2), "{inside:?}");
    assert!(inside.stderr.contains("name a place outside"), "{inside:?}");

    let written = publisher.run(&["testmodule", "--version", "v1.0.0", "--output", "m.zip"]);
    assert_eq!(written.code, Some(0), "{written:?}");
    assert!(versions(&publisher, "arschles.com/testmodule").is_empty());

    let first = publisher.run(&["testmodule", "--version", "v1.0.0", "--server", &url]);
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(
        first
            .stdout
            .starts_with("published arschles.com/testmodule@v1.0.0 to http://127.0.0.1:"),
        "{first:?}"
    );
    let again = publisher.run(&["m.zip", "--server", &url]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(
        again.stdout.contains("already, with the same content"),
        "{again:?}"
    );
    assert_eq!(last_line(&first.stdout), last_line(&again.stdout));

    let json = publisher.run(&["m.zip", "--server", &url, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert!(
        first.stdout.contains(json["Sum"].as_str().unwrap()),
        "{json}"
    );

    for (flags, why) in [
        (
            ["--module", "a.example/other"],
            "not of a.example/other as --module says",
        ),
        (["--version", "v1.0.1"], "not of v1.0.1 as --version says"),
    ] {
        let other = publisher.run(&[&["m.zip", "--server", &url], &flags[..]].concat());
        assert_eq!(other.code, Some(2), "{other:?}");
        assert!(other.stderr.contains(why), "{other:?}");
    }
}

#[test]
fn other_content_is_a_conflict_with_both_sums() {
    let publisher = Publisher::new();
    let server = publisher.server();
    testmodule(&publisher);
    let arguments = [
        "testmodule",
        "--version",
        "v1.0.0",
        "--server",
        &server.url(),
    ];
    let first = publisher.run(&arguments);
    assert_eq!(first.code, Some(0), "{first:?}");
    publisher.write("testmodule/LICENSE", "BSD\n");
    let second = publisher.run(&arguments);
    assert_eq!(
        (second.code, second.stdout.as_str()),
        (Some(1), ""),
        "{second:?}"
    );
    assert!(
        second
            .stderr
            .contains("refuses (409): arschles.com/testmodule@v1.0.0 is there already"),
        "{second:?}"
    );
    assert_eq!(second.stderr.matches("h1:").count(), 2, "{second:?}");
    let sum = first
        .stdout
        .split("h1:")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    assert!(second.stderr.contains(sum), "{second:?}");
}

#[test]
fn what_does_not_fit_is_wrong_usage() {
    let publisher = Publisher::new();
    testmodule(&publisher);
    publisher.write("empty/x.go", "package x\n");
    for (arguments, why) in [
        (&["testmodule"][..], "give --version v1.0.0"),
        (&["nowhere"], "cannot read nowhere"),
        (
            &["empty", "--version", "v1.0.0"],
            "there is no go.mod in empty",
        ),
        (
            &[
                "testmodule",
                "--version",
                "v1.0.0",
                "--module",
                "a.example/b",
            ],
            "not a.example/b as --module says",
        ),
        (
            &["testmodule", "--version", "v2.0.0"],
            "v2.0.0 does not fit module",
        ),
        (&["testmodule", "--version", "1.0"], "invalid value '1.0'"),
        (
            &["testmodule", "--dry-run", "--output", "m.zip"],
            "cannot be used with",
        ),
        (
            &[
                "testmodule",
                "--version",
                "v1.0.0",
                "--server",
                "corp.example",
            ],
            "the server's URL must look like",
        ),
    ] {
        let ended = publisher.run(arguments);
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(2), ""),
            "{ended:?}"
        );
        assert!(ended.stderr.contains(why), "{why:?} in {}", ended.stderr);
    }
}
