//! What must hold after a fault.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use athens::store::ModuleFile;
use jiff::Timestamp;

use super::load::{Expected, Told};
use super::{PUBLISHERS, Site, module, theirs};
use crate::publish::registry::{delete, url_of};
use crate::support::http::get;
use crate::support::server::{TestServer, athens};
use crate::support::tools::{eventually, files_below, sha256};
use crate::support::tree::version;

/// How often `athens verify` is asked, a tenth of a second apart.
const LOOKS: usize = 150;

impl Site {
    /// Checks a folder on which no server runs any more, by starting one over it. `fetched` versions of the upstream are
    /// asked for too.
    pub(super) fn check(&self, root: &Path, expected: &Expected, fetched: u64) {
        let server = self.serve_over(root);
        is_served(&server, expected, fetched);
        // A deletion that was stopped on the way was not acknowledged: whoever asked for it asks again.
        for text in stopped_deletions(root) {
            let is_sure = expected.there.contains_key(&text) || expected.gone.contains(&text);
            assert!(!is_sure, "{text} is deleted and here");
            let zip = url_of(&version(&text), ModuleFile::Zip);
            assert_ne!(get(&server.url(), &zip).status, 200, "{text}");
            let again = delete(&version(&text)).bearer(&self.token());
            assert_eq!(again.send(&server.url()).status, 200, "{text}");
        }
        // What a stopped writer left behind, and what is derived, the running server sets right within seconds.
        let mut said = String::new();
        let is_sound = (0..LOOKS).any(|look| {
            if look > 0 {
                std::thread::sleep(Duration::from_millis(100));
            }
            let output = athens().arg("verify").arg(root).output().unwrap();
            said = String::from_utf8_lossy(&output.stdout).into_owned();
            output.status.success()
        });
        assert!(is_sound, "athens verify: {said}");
        assert!(server.stop().success());
        let staging = files_below(&root.join(".athens/staging"));
        assert!(staging.is_empty(), "{staging:?}");
        journal_is_whole(root, expected);
    }
}

/// Ends a server that has had its fault, without a warning: before that, it is as well as any other, and lists what it was given.
pub(super) fn is_well_and_is_killed(server: TestServer, told: &Told) {
    is_ready(&server);
    is_listed(&server, &told.expected());
    server.signal("KILL");
    server.wait();
}

/// Versions of which there are both a tombstone and a zip.
fn stopped_deletions(root: &Path) -> Vec<String> {
    let files = files_below(root);
    let deleted = files
        .iter()
        .filter_map(|file| file.strip_suffix(".deleted"));
    deleted
        .filter(|name| files.contains(&format!("{name}.zip")))
        .map(|name| name.replace("/@v/", "@"))
        .collect()
}

fn is_served(server: &TestServer, expected: &Expected, fetched: u64) {
    let url = server.url();
    for (text, sum) in &expected.there {
        let version = version(text);
        let zip = get(&url, &url_of(&version, ModuleFile::Zip));
        assert_eq!((zip.status, &sha256(&zip.body)), (200, sum), "{text}");
        for file in [ModuleFile::Info, ModuleFile::Mod] {
            let status = get(&url, &url_of(&version, file)).status;
            assert_eq!(status, 200, "{text} {file:?}");
        }
    }
    for text in &expected.gone {
        let status = get(&url, &url_of(&version(text), ModuleFile::Zip)).status;
        assert!(matches!(status, 404 | 410), "{text}: {status}");
    }
    is_listed(server, expected);
    for number in 0..PUBLISHERS {
        let module = module(number);
        let list = get(&url, &format!("/{module}/@v/list")).text();
        for number in list.lines().filter(|line| line.starts_with('v')) {
            let version = version(&format!("{module}@{number}"));
            for file in [ModuleFile::Info, ModuleFile::Mod, ModuleFile::Zip] {
                let status = get(&url, &url_of(&version, file)).status;
                assert_eq!(status, 200, "listed: {version} {file:?}");
            }
        }
    }
    for number in 0..fetched {
        let zip = get(&url, &url_of(&theirs(number), ModuleFile::Zip));
        assert_eq!(zip.status, 200, "{}: {}", theirs(number), zip.text());
    }
}

/// Waits until lists say what was acknowledged. They are derived, and one that could not be written is made up for.
pub(super) fn is_listed(server: &TestServer, expected: &Expected) {
    let there = expected.there.keys().map(|text| (text, true));
    let gone = expected.gone.iter().map(|text| (text, false));
    for (text, is_there) in there.chain(gone) {
        let (path, number) = text.split_once('@').unwrap();
        eventually(&format!("the list is right about {text}"), || {
            let list = get(&server.url(), &format!("/{path}/@v/list")).text();
            (list.lines().any(|line| line == number) == is_there).then_some(())
        });
    }
}

fn journal_is_whole(root: &Path, expected: &Expected) {
    let mut command = athens();
    command.args(["log", "--json", "--root"]).arg(root);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let (mut last, mut noted) = (Timestamp::MIN, BTreeMap::<String, Vec<String>>::new());
    for line in text.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let time: Timestamp = field("Time").parse().unwrap();
        assert!(time > last, "after {last}: {line}");
        last = time;
        let name = format!("{}@{}", field("Path"), field("Version"));
        noted.entry(name).or_default().push(field("Event"));
    }
    let has = |version: &String, events: &[&str]| {
        let mut noted = noted.get(version).into_iter().flatten();
        noted.any(|event| events.contains(&event.as_str()))
    };
    for version in expected.there.keys() {
        assert!(has(version, &["publish", "adopt"]), "no line of {version}");
    }
    for version in &expected.gone {
        assert!(has(version, &["delete"]), "no line of {version} that went");
    }
}

/// Waits until a server is ready again.
pub(super) fn is_ready(server: &TestServer) {
    eventually("it works again", || {
        (get(&server.url(), "/readyz").status == 200).then_some(())
    });
}
