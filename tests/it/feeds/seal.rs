//! The journal over many files: as it grows, with several who append, and when they are killed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use athens::store::{DirStore, Event, EventKind, OpenMode};

use super::{entries, versions};
use crate::publish::registry::{Registry, put};
use crate::publish::zips::zip_saying;
use crate::support::http::get;
use crate::support::server::athens;
use crate::support::tools::until;
use crate::support::tree::version;

const JOURNAL: &str = ".athens/journal.jsonl";
const SEALED: &str = ".athens/journal";
/// A little more than the active file may have.
const DUE: usize = 4 << 20;

/// Lines of versions that were fetched and are not there any more, until the journal is due to be sealed.
fn make_due(root: &Path, generation: usize) -> usize {
    let store = DirStore::open(root, OpenMode::ReadWrite).unwrap();
    let mut lines = 0;
    // Long names, so that there are few.
    let long = "x".repeat(200);
    let sum = format!("h1:{}=", "A".repeat(43));
    let len = || fs::metadata(root.join(JOURNAL)).map_or(0, |it| it.len());
    while len() < DUE as u64 {
        let mut events: Vec<Event> = (lines..lines + 1000)
            .map(|number| {
                let name = format!("gone.example/g{generation}/{long}@v0.0.{number}");
                Event::new(EventKind::Fetch, &version(&name)).zip(&sum, 1)
            })
            .collect();
        store.journal().append_past(&mut events).unwrap();
        lines += 1000;
    }
    lines
}

/// How often each line is there, by all that it says but its time; and that times increase.
fn counted(root: &Path) -> BTreeMap<String, usize> {
    let store = DirStore::open(root, OpenMode::ReadOnly).unwrap();
    let events = store.journal().events().unwrap();
    assert!(events.windows(2).all(|pair| pair[0].time < pair[1].time));
    let mut counted = BTreeMap::new();
    for event in events {
        let name = format!("{:?} {}@{}", event.event, event.path, event.version);
        *counted.entry(name).or_default() += 1;
    }
    counted
}

fn sealed(root: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root.join(SEALED))
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_is_sealed_is_packed_and_still_known() {
    let registry = Registry::start(&[]);
    let root = registry.tree.root();
    let first = version("example.com/m@v1.0.0");
    registry.publish(&first, &zip_saying(&first, "").0);
    let gone = make_due(root, 0);
    let second = version("example.com/m@v1.1.0");
    registry.publish(&second, &zip_saying(&second, "").0);

    let names = sealed(root);
    assert_eq!(names.len(), 1);
    assert!(names[0].ends_with(".jsonl.gz"), "{names:?}");
    let packed = fs::metadata(root.join(SEALED).join(&names[0])).unwrap();
    assert!(packed.len() < DUE as u64 / 4);
    assert_eq!(counted(root).values().sum::<usize>(), gone + 2);
    let wanted = [first.to_string(), second.to_string()];
    assert_eq!(versions(&registry.get("/index")), wanted);
    let all = entries(&registry.get("/index?include=all&limit=2000"));
    assert_eq!(all.len(), 2000);
    let since = &all[1999].time;
    let rest = versions(&registry.get(&format!("/index?since={since}")));
    assert_eq!(rest, wanted[1..]);

    let verify = || {
        let output = athens().arg("verify").arg(root).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(!verify().contains("journal"), "{}", verify());
    let path = root.join(SEALED).join(&names[0]);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let said = verify();
    assert!(
        said.contains(&format!("{SEALED}/{}", names[0])) && said.contains("can not be unpacked"),
        "{said}"
    );
    // What is lost of it is no reason to refuse anything.
    assert_eq!(registry.list("example.com/m").status, 200);
}

#[test]
fn two_servers_append_over_a_seal() {
    let registry = Registry::start(&[]);
    let other = registry.state.serve(registry.tree.root(), &[]);
    let gone = make_due(registry.tree.root(), 0);
    let named =
        |server: usize, number: usize| version(&format!("example.com/s{server}@v1.0.{number}"));
    std::thread::scope(|scope| {
        for (server, url) in [registry.url(), other.url()].into_iter().enumerate() {
            let token = registry.token.clone();
            scope.spawn(move || {
                for number in 0..10 {
                    let version = named(server, number);
                    let request = put(&version, &zip_saying(&version, "").0).bearer(&token);
                    assert_eq!(request.send(&url).status, 201);
                }
            });
        }
    });
    let counted = counted(registry.tree.root());
    assert!(counted.values().all(|count| *count == 1));
    assert_eq!(counted.len(), gone + 20);
    assert_eq!(sealed(registry.tree.root()).len(), 1);
    for url in [registry.url(), other.url()] {
        assert_eq!(versions(&get(&url, "/index")).len(), 20);
    }
}

#[test]
fn whoever_is_killed_while_sealing_loses_and_repeats_nothing() {
    let mut registry = Registry::start(&["--scan-interval", "0"]);
    let mut gone = 0;
    let mut published = Vec::new();
    for round in 0..8 {
        gone += make_due(registry.tree.root(), round);
        let version = version(&format!("example.com/m@v1.0.{round}"));
        let request = put(&version, &zip_saying(&version, "").0).bearer(&registry.token);
        let url = registry.url();
        let answered = std::thread::scope(|scope| {
            let answer = scope.spawn(|| request.try_send(&url));
            // Somewhere between "nothing was done" and "all was": that is the point, and each is right.
            std::thread::sleep(Duration::from_millis(15 * round as u64));
            registry.server.signal("KILL");
            answer.join().unwrap()
        });
        published.push((version, answered.is_ok_and(|it| it.status == 201)));
        registry = registry.kill_and_restart();
        for name in sealed(registry.tree.root()) {
            assert!(name.contains(".jsonl"), "{name}");
        }
    }
    // One more seals what is due, and packs all that was left.
    gone += make_due(registry.tree.root(), 8);
    let last = version("example.com/m@v1.1.0");
    registry.publish(&last, &zip_saying(&last, "").0);
    until("all is packed", || {
        let names = sealed(registry.tree.root());
        names.iter().all(|name| name.ends_with(".gz"))
    });
    let counted = counted(registry.tree.root());
    let fetched = counted
        .iter()
        .filter(|(name, _)| name.starts_with("Fetch "));
    assert_eq!(fetched.clone().count(), gone);
    assert!(fetched.clone().all(|(_, count)| *count == 1));
    for (version, was_answered) in published {
        let count = counted.get(&format!("Publish {version}"));
        assert!(count.is_none_or(|count| *count == 1));
        assert!(!was_answered || count.is_some(), "{version}");
    }
}
