//! SIGKILL at fifty random moments of a storm of publishing: nothing that was acknowledged is lost, nothing is half there.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use athens::module::ModuleVersion;
use athens::store::ModuleFile;

use super::registry::{Registry, put};
use super::zips::zip_saying;
use crate::support::tools::sha256;
use crate::support::tree::version;

const KILLS: usize = 50;
const CLIENTS: u64 = 4;

/// What the clients know: the SHA-256 sum of the zip of each version that they were told is published.
#[derive(Default)]
struct Seen {
    acknowledged: Mutex<BTreeMap<String, String>>,
    serial: AtomicU64,
    stopped: AtomicBool,
}

fn module(client: u64) -> String {
    format!("example.com/m{client}")
}

fn next_version(client: u64, serial: u64) -> ModuleVersion {
    version(&format!("{}@v1.0.{serial}", module(client)))
}

/// Publishes one version after another until the server is gone. What was begun and not answered is tried again by the
/// same client in the next life of the server, which may find it there: 200.
fn publish_until_gone(seen: &Seen, client: u64, url: &str, token: &str, pending: &mut Option<u64>) {
    while !seen.stopped.load(Ordering::Relaxed) {
        let serial = pending.unwrap_or_else(|| seen.serial.fetch_add(1, Ordering::Relaxed));
        *pending = Some(serial);
        let version = next_version(client, serial);
        let (zip, _) = zip_saying(&version, &serial.to_string());
        let Ok(answer) = put(&version, &zip).bearer(token).try_send(url) else {
            return;
        };
        assert!(
            [200, 201].contains(&answer.status),
            "{version}: {} {}",
            answer.status,
            answer.text()
        );
        let mut acknowledged = seen.acknowledged.lock().unwrap();
        acknowledged.insert(version.to_string(), sha256(&zip));
        *pending = None;
    }
}

/// Any numbers without a pattern will do; the same ones each time.
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn killed_fifty_times() {
    let mut registry = Registry::start(&[]);
    let seen = Seen::default();
    let mut pending = [None; CLIENTS as usize];
    let mut numbers = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..KILLS {
        let (url, token) = (registry.url(), registry.token.clone());
        registry = std::thread::scope(|scope| {
            for (client, pending) in (0..CLIENTS).zip(&mut pending) {
                let (seen, url, token) = (&seen, &url, &token);
                scope.spawn(move || publish_until_gone(seen, client, url, token, pending));
            }
            // The moment is what the test is about: it is waited for, and nothing is expected to have happened by then.
            std::thread::sleep(Duration::from_micros(random(&mut numbers) % 250_000));
            registry.kill_and_restart()
        });
        // Swept before it is ready, and nobody has published since.
        assert!(
            registry.left_by_others().is_empty(),
            "{:?}",
            registry.left_by_others()
        );
    }
    check(&registry, &seen.acknowledged.into_inner().unwrap());
}

fn check(registry: &Registry, acknowledged: &BTreeMap<String, String>) {
    for (text, sum) in acknowledged {
        let zip = registry.file(&version(text), ModuleFile::Zip);
        assert_eq!((zip.status, &sha256(&zip.body)), (200, sum), "{text}");
    }
    let mut listed = 0;
    for client in 0..CLIENTS {
        let list = registry.list(&module(client)).text();
        for number in list.lines() {
            let version = version(&format!("{}@{number}", module(client)));
            for file in [ModuleFile::Info, ModuleFile::Mod, ModuleFile::Zip] {
                assert_eq!(
                    registry.file(&version, file).status,
                    200,
                    "{version} {file:?}"
                );
            }
            listed += 1;
        }
    }
    assert!(listed >= acknowledged.len(), "{listed} are listed");
    let mut torn = 0;
    let mut published: BTreeMap<String, usize> = BTreeMap::new();
    let mut last = jiff::Timestamp::MIN;
    for line in registry.journal_text().lines() {
        // What a kill in the middle of a line leaves is passed over.
        let Ok(event) = serde_json::from_str::<serde_json::Value>(line) else {
            torn += 1;
            continue;
        };
        let field = |name: &str| event[name].as_str().unwrap().to_owned();
        let time: jiff::Timestamp = field("Time").parse().unwrap();
        assert!(last < time, "{line}");
        last = time;
        if ["publish", "adopt"].contains(&field("Event").as_str()) {
            let version = format!("{}@{}", field("Path"), field("Version"));
            *published.entry(version).or_default() += 1;
        }
    }
    println!(
        "{KILLS} kills: {} acknowledged, {listed} listed, {} in the journal, {torn} torn lines",
        acknowledged.len(),
        published.len()
    );
    assert!(torn <= KILLS);
    let wrong: Vec<_> = acknowledged
        .keys()
        .filter(|version| published.get(*version) != Some(&1))
        .map(|version| (version, published.get(version)))
        .collect();
    assert!(
        wrong.is_empty(),
        "events of acknowledged versions: {wrong:?}"
    );
}
