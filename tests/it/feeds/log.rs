//! `athens log`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Output, Stdio};

use athens::store::{DirStore, Event, EventKind, OpenMode};
use tempfile::TempDir;

use crate::support::server::athens;
use crate::support::tree::version;

const JOURNAL: &str = ".athens/journal.jsonl";

fn run(root: &Path, arguments: &[&str]) -> Output {
    let mut command = athens();
    command.arg("log").args(arguments).arg("--root").arg(root);
    command.output().unwrap()
}

fn printed(root: &Path, arguments: &[&str]) -> String {
    let output = run(root, arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn append(root: &Path, kind: EventKind, name: &str, time: &str) {
    let store = DirStore::open(root, OpenMode::ReadWrite).unwrap();
    let event = Event::new(kind, &version(name));
    let event = match kind {
        EventKind::Publish => event.zip("h1:x", 2048).token("ci"),
        _ => event,
    };
    let mut events = [Event {
        time: time.parse().unwrap(),
        ..event
    }];
    store.journal().append_past(&mut events).unwrap();
}

/// Four events of four days.
fn root() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (kind, name, time) in [
        (
            EventKind::Publish,
            "corp.example/a@v1.0.0",
            "2026-01-01T12:00:00Z",
        ),
        (
            EventKind::Fetch,
            "other.example/b@v1.0.0",
            "2026-01-02T12:00:00.5Z",
        ),
        (
            EventKind::Delete,
            "corp.example/a@v1.0.0",
            "2026-01-03T12:00:00Z",
        ),
        (
            EventKind::Publish,
            "corp.example/a/v2@v2.0.0",
            "2026-01-04T12:00:00Z",
        ),
    ] {
        append(root.path(), kind, name, time);
    }
    root
}

const LINES: [&str; 4] = [
    "2026-01-01T12:00:00Z  publish    2.00 KiB  corp.example/a@v1.0.0  by ci\n",
    "2026-01-02T12:00:00Z  fetch             -  other.example/b@v1.0.0\n",
    "2026-01-03T12:00:00Z  delete            -  corp.example/a@v1.0.0\n",
    "2026-01-04T12:00:00Z  publish    2.00 KiB  corp.example/a/v2@v2.0.0  by ci\n",
];

#[test]
fn prints_what_is_asked_for() {
    let root = root();
    for (arguments, lines) in [
        (&[][..], &[0, 1, 2, 3][..]),
        (&["-n", "2"], &[2, 3]),
        (&["-n", "9"], &[0, 1, 2, 3]),
        (&["--since", "2026-01-02"], &[1, 2, 3]),
        (&["--since", "2026-01-02T12:00:00.5Z"], &[1, 2, 3]),
        (&["--until", "2026-01-03T12:00:00Z"], &[0, 1]),
        (&["--since", "2026-01-02", "--until", "2026-01-03"], &[1]),
        (&["--event", "publish,delete"], &[0, 2, 3]),
        (&["--event", "publish", "-n", "1"], &[3]),
        (&["--module", "corp.example/*"], &[0, 2, 3]),
        (&["--module", "other.example,corp.example/a/v2"], &[1, 3]),
    ] {
        let wanted: String = lines.iter().map(|at| LINES[*at]).collect();
        assert_eq!(printed(root.path(), arguments), wanted, "{arguments:?}");
    }
    let journal = fs::read_to_string(root.path().join(JOURNAL)).unwrap();
    assert_eq!(printed(root.path(), &["--json"]), journal);
}

#[test]
fn says_why_it_prints_nothing() {
    let root = root();
    for (arguments, code, said) in [
        (&["--since", "1h"][..], 1, "nothing came since --since"),
        (&["--module", "x.example"], 1, "no event matches"),
        (
            &["--event", "publsh"],
            2,
            "take publish, fetch, import, evict, adopt, delete or repair",
        ),
        (
            &["--since", "yesterday"],
            2,
            "or how long ago, such as 90m, 12h or 7d",
        ),
        (&["-n", "0"], 2, "invalid value '0'"),
        (&["--follow", "--until", "1h"], 2, "cannot be used with"),
    ] {
        let output = run(root.path(), arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
        assert_eq!(output.stdout, b"");
    }
    let nothing = tempfile::tempdir().unwrap();
    assert_eq!(run(nothing.path(), &[]).status.code(), Some(1));
    assert_eq!(fs::read_dir(nothing.path()).unwrap().count(), 0);
    let missing = nothing.path().join("missing");
    assert_eq!(run(&missing, &[]).status.code(), Some(2));
}

#[test]
fn lines_that_are_no_events_and_kinds_that_are_not_known() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join(".athens")).unwrap();
    let new = r#"{"Time":"2030-01-01T00:00:00Z","Event":"melt","Path":"a.b/c","Version":"v1.0.0","Into":"x"}"#;
    fs::write(root.path().join(JOURNAL), format!("torn\n{new}\n{{\"Ti")).unwrap();
    assert_eq!(
        printed(root.path(), &[]),
        "2030-01-01T00:00:00Z  melt              -  a.b/c@v1.0.0\n"
    );
    assert_eq!(printed(root.path(), &["--json"]), format!("{new}\n"));
}

#[test]
fn follows_over_a_seal_until_a_signal() {
    let root = root();
    let mut command = athens();
    command
        .args(["log", "--follow", "-n", "1", "--root"])
        .arg(root.path());
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap() + "\n";
    assert_eq!(next(), LINES[3]);
    let time = |second: usize| format!("2026-01-05T00:00:{second:02}Z");
    append(
        root.path(),
        EventKind::Fetch,
        "a.example/x@v1.0.0",
        &time(0),
    );
    assert!(next().ends_with("a.example/x@v1.0.0\n"));

    // As whoever seals does it.
    fs::create_dir(root.path().join(".athens/journal")).unwrap();
    let sealed = root
        .path()
        .join(".athens/journal/2026-01-01T120000.000000Z.jsonl");
    append(
        root.path(),
        EventKind::Fetch,
        "a.example/x@v1.0.1",
        &time(1),
    );
    fs::rename(root.path().join(JOURNAL), sealed).unwrap();
    append(
        root.path(),
        EventKind::Fetch,
        "a.example/x@v1.0.2",
        &time(2),
    );
    append(
        root.path(),
        EventKind::Fetch,
        "a.example/x@v1.0.3",
        &time(3),
    );
    for number in 1..=3 {
        assert!(next().ends_with(&format!("a.example/x@v1.0.{number}\n")));
    }
    // Another journal altogether: what is later than all that was there.
    fs::remove_dir_all(root.path().join(".athens")).unwrap();
    append(
        root.path(),
        EventKind::Fetch,
        "a.example/x@v1.0.3",
        &time(3),
    );
    append(
        root.path(),
        EventKind::Fetch,
        "a.example/x@v1.0.4",
        &time(4),
    );
    assert!(next().ends_with("a.example/x@v1.0.4\n"));

    let kill = format!("kill -s INT {}", child.id());
    let killed = std::process::Command::new("sh")
        .args(["-c", &kill])
        .status();
    assert!(killed.unwrap().success());
    assert!(child.wait().unwrap().success());
}
