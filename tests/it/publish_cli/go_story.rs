//! The story of the first README: published with one command, used by the real go.

use std::io::{Cursor, Write as _};
use std::process::Command;

use zip::write::SimpleFileOptions;

use super::{Publisher, VERSION, last_line, testmodule, versions};
use crate::support::go;

#[test]
fn one_command_and_everybody_can_build_with_it() {
    let Some(client) = go::installed() else {
        return;
    };
    let publisher = Publisher::new();
    let server = publisher.server();
    testmodule(&publisher);
    let ended = publisher.run(&[
        "./testmodule",
        "--version",
        "v1.0.0",
        "--server",
        &server.url(),
    ]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("left out .DS_Store"), "{ended:?}");

    publisher.write("baz/go.mod", "module foo.bar/baz\n\ngo 1.13\n");
    publisher.write(
        "baz/main.go",
        "package main\n\nimport (\n\t\"fmt\"\n\n\t\"arschles.com/testmodule/pkg\"\n)\n\nfunc main() { fmt.Println(pkg.Hello()) }\n",
    );
    let run = |line: &str| {
        let path = std::env::var("PATH").unwrap();
        let output = Command::new("sh")
            .args(["-c", line])
            .current_dir(publisher.path("baz"))
            .env_clear()
            .env(
                "PATH",
                format!("{}:{path}", client.program().parent().unwrap().display()),
            )
            .env("HOME", publisher.path("home"))
            .env("GOPATH", publisher.path("gopath"))
            .env("GOCACHE", client.build_cache())
            .envs([
                ("GOENV", "off"),
                ("GOTOOLCHAIN", "local"),
                ("GOFLAGS", "-modcacherw"),
                ("CGO_ENABLED", "0"),
            ])
            // What go get asks for is on the server alone; all else would be the internet.
            .env("GOPROXY", "off")
            .output()
            .unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    // The very line that was printed, in a shell.
    let line = last_line(&ended.stdout);
    assert!(
        line.ends_with("go get arschles.com/testmodule@v1.0.0"),
        "{line}"
    );
    run(line);
    run("go build -o program .");
    assert_eq!(run("./program"), "hello from testmodule\n");
    let sums = std::fs::read_to_string(publisher.path("baz/go.sum")).unwrap();
    for sum in ended
        .stdout
        .split_whitespace()
        .filter(|word| word.starts_with("h1:"))
    {
        assert!(sums.contains(sum), "{sum} in {sums}");
    }
}

#[test]
fn a_zip_made_by_hand_is_refused_with_a_sentence() {
    let publisher = Publisher::new();
    let server = publisher.server();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [
        (
            "arschles.com/testmodule@v1.0.0/go.mod",
            "module \"arschles.com/testmodule\"\n",
        ),
        ("arschles.com/testmodule@v1.0.0/pkg/pkg.go", "package pkg\n"),
        (".DS_Store", "x"),
    ] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    publisher.write("m.zip", zip.finish().unwrap().into_inner());
    let ended = publisher.run(&["m.zip", "--server", &server.url()]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(1), ""),
        "{ended:?}"
    );
    assert!(ended.stderr.starts_with("athens: arschles.com/testmodule@v1.0.0 is refused: one thing is wrong with the zip\n- .DS_Store: "), "{ended:?}");
    assert!(
        ended.stderr.contains("arschles.com/testmodule@v1.0.0/"),
        "{ended:?}"
    );
    assert!(versions(&publisher, "arschles.com/testmodule").is_empty());

    let json = publisher.run(&["m.zip", "--json", VERSION[0], VERSION[1]]);
    assert_eq!(json.code, Some(1), "{json:?}");
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["Findings"][0]["Entry"], ".DS_Store", "{json}");
}
