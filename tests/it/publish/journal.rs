//! A journal that was lost or torn is made up for from the tree.

use std::fs;
use std::path::Path;

use athens::module::ModuleVersion;
use athens::store::ModuleFile;
use serde_json::Value;

use super::dropped::drop_in;
use super::registry::{Registry, delete};
use super::zips::zip_saying;
use crate::support::http::get;
use crate::support::server::athens;
use crate::support::tools::until;
use crate::support::tree::version;

const JOURNAL: &str = ".athens/journal.jsonl";
/// The walk comes again soon: a version that has just come is not made up for.
const SOON: [&str; 2] = ["--scan-interval", "100ms"];

/// A published version, one that a checksum database knows, one that was dropped, one that was deleted.
struct History {
    registry: Registry,
    published: ModuleVersion,
    public: ModuleVersion,
    dropped: ModuleVersion,
    deleted: ModuleVersion,
}

impl History {
    fn make() -> Self {
        let registry = Registry::start(&SOON);
        let named = |name: &str| version(&format!("example.com/Corp/m@{name}"));
        let history = Self {
            published: named("v1.0.0"),
            public: named("v1.1.0"),
            dropped: named("v1.2.0"),
            deleted: named("v1.3.0-RC.1"),
            registry,
        };
        let Self { registry, .. } = &history;
        for version in [&history.published, &history.public, &history.deleted] {
            registry.publish(version, &zip_saying(version, "").0);
        }
        let sum = zip_saying(&history.public, "").1;
        registry.tree.write_path(
            "sumdb/sum.example/lookup/example.com/!corp/m@v1.1.0",
            format!("7\nexample.com/Corp/m v1.1.0 {sum}\n\ngo.sum database tree\n8\n").as_bytes(),
        );
        drop_in(
            &registry.tree,
            &history.dropped,
            &zip_saying(&history.dropped, "").0,
        );
        until("what was dropped is adopted", || {
            registry.file(&history.dropped, ModuleFile::Zip).status == 200
                && registry.events("adopt", &history.dropped) == 1
        });
        assert_eq!(registry.send(delete(&history.deleted)).status, 200);
        let list = registry.tree.versions_of("example.com/Corp/m").join("list");
        until("the list is written", || {
            fs::read(&list).is_ok_and(|list| list == b"v1.0.0\nv1.1.0\nv1.2.0\n")
        });
        history
    }

    /// The events that a journal must have that was made anew, whoever did it.
    fn is_told_by(&self, journal: &[Value]) -> bool {
        let has = |kind: &str, version: &ModuleVersion| {
            journal.iter().any(|event| {
                event["Event"] == kind
                    && event["Version"] == version.version().as_str()
                    && event["Sum"] == zip_saying(version, "").1.as_str()
            })
        };
        has("adopt", &self.published)
            && has("import", &self.public)
            && has("adopt", &self.dropped)
            && has("delete", &self.deleted)
    }

    fn root(&self) -> &Path {
        self.registry.tree.root()
    }
}

fn times_increase(journal: &[Value]) {
    let times: Vec<&str> = journal
        .iter()
        .map(|event| event["Time"].as_str().unwrap())
        .collect();
    let parsed: Vec<jiff::Timestamp> = times.iter().map(|time| time.parse().unwrap()).collect();
    assert!(parsed.is_sorted_by(|a, b| a < b), "{times:?}");
}

/// Runs a command on the root and answers with its exit code and what it said.
fn run(root: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = athens();
    command.args(arguments).arg("--root").arg(root);
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

/// Waits until a server has walked its tree: from then on it says how much that holds.
fn until_walked(url: &str) {
    until("the tree was walked", || {
        get(url, "/").text().contains("3 versions")
    });
}

fn nothing_is_found(root: &Path) {
    let (code, text) = run(root, &["verify"]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn a_lost_journal_is_made_anew_by_a_server() {
    let mut history = History::make();
    let before = history.registry.journal();
    history.registry.server.signal("STOP");
    fs::remove_file(history.root().join(JOURNAL)).unwrap();
    history.registry = history.registry.kill_and_restart();
    until("the journal is made anew", || {
        history.is_told_by(&history.registry.journal())
    });
    let journal = history.registry.journal();
    assert_eq!(journal.len(), 4, "{journal:#?}");
    times_increase(&journal);
    let token_of = |journal: &[Value]| {
        let mut events = journal.iter();
        let deletion = events.find(|event| event["Event"] == "delete").unwrap();
        deletion["Token"].clone()
    };
    assert_eq!(token_of(&journal), token_of(&before));
    for event in &journal {
        let is_deletion = event["Event"] == "delete";
        assert_eq!(event["Size"].is_u64(), !is_deletion, "{event}");
        assert_eq!(event["Path"], "example.com/Corp/m");
    }
    nothing_is_found(history.root());
    until("it is told", || {
        history
            .registry
            .server
            .stderr()
            .contains("noted in the journal, which lacked them")
    });

    // It is whole now: nobody adds to it.
    let registry = history.registry.kill_and_restart();
    until_walked(&registry.url());
    assert!(registry.server.stop().success());
    let text = fs::read_to_string(registry.tree.root().join(JOURNAL)).unwrap();
    assert_eq!(text.lines().count(), 4);
}

#[test]
fn a_torn_journal_gets_what_it_lacks() {
    let mut history = History::make();
    let path = history.root().join(JOURNAL);
    history.registry.server.signal("STOP");
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    // The second published version is cut in the middle, the deletion at its end.
    let torn = format!(
        "{}\n{}\n{}\n{}\n{}",
        lines[0],
        &lines[1][..40],
        lines[2],
        lines[3],
        &lines[4][..60]
    );
    fs::write(&path, &torn).unwrap();
    history.registry = history.registry.kill_and_restart();
    let added = |registry: &Registry| -> Vec<(String, String)> {
        let text = registry.journal_text();
        let added = text.strip_prefix(&torn).unwrap_or_else(|| panic!("{text}"));
        let events = added
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let word = |event: &Value, key: &str| event[key].as_str().unwrap().to_owned();
        let mut added: Vec<_> = events
            .map(|event: Value| (word(&event, "Event"), word(&event, "Version")))
            .collect();
        added.sort();
        added
    };
    // What is young waits for the next walk; that torn lines are known does not.
    let lacking = [
        ("delete", "v1.3.0-RC.1"),
        ("import", "v1.1.0"),
        ("repair", ""),
    ]
    .map(|(kind, version)| (kind.to_owned(), version.to_owned()));
    until("what it lacks is noted", || {
        added(&history.registry) == lacking
    });
    let text = history.registry.journal_text();
    let readable: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    times_increase(&readable);
    nothing_is_found(history.root());
}

#[test]
fn commands_make_it_anew() {
    for arguments in [&["reindex"][..], &["verify", "--fix"]] {
        let history = History::make();
        history.registry.server.signal("STOP");
        let path = history.root().join(JOURNAL);
        fs::remove_file(&path).unwrap();
        if arguments == ["reindex"] {
            assert_eq!(run(history.root(), &["reindex", "--dry-run"]).0, Some(0));
            assert!(!path.exists());
        }
        until("the journal is made anew", || {
            let (code, text) = run(history.root(), arguments);
            assert_eq!(code, Some(0), "{text}");
            history.is_told_by(&history.registry.journal())
        });
        assert_eq!(history.registry.journal().len(), 4);
        times_increase(&history.registry.journal());
        nothing_is_found(history.root());
        let (_, text) = run(history.root(), arguments);
        assert!(!text.contains("journal"), "{text}");
    }
}

#[test]
fn a_root_that_is_not_to_be_written_stays_as_it_is() {
    let history = History::make();
    history.registry.server.signal("STOP");
    fs::remove_file(history.root().join(JOURNAL)).unwrap();
    let flags = ["--read-only", "--scan-interval", "100ms"];
    let server = history.registry.state.serve(history.root(), &flags);
    until_walked(&server.url());
    assert!(server.stop().success());
    assert!(!history.root().join(JOURNAL).exists());
}
