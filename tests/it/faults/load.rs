//! Clients of all kinds, and what they were told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use athens::module::ModuleVersion;
use athens::store::ModuleFile;

use super::{PUBLISHERS, Site, THEIRS, module, theirs};
use crate::publish::registry::{delete, put, url_of};
use crate::publish::zips::zip_saying;
use crate::support::http::Request;
use crate::support::server::TestServer;
use crate::support::tools::{eventually, sha256};
use crate::support::tree::version;

/// How often something is tried until it is given up for that time.
const TRIES: usize = 20;

/// Each of so many versions is deleted, and each second of those brought back.
const DELETED: u64 = 5;

/// What a client knows of a version.
enum Fact {
    /// It is about to be published or deleted: from now on both may be.
    Changing,
    /// Publishing it was acknowledged; the SHA-256 sum of the zip.
    Published(String),
    /// Deleting it was acknowledged.
    Deleted,
}

/// What clients were told.
#[derive(Default)]
pub(super) struct Told {
    facts: Mutex<Vec<(f64, String, Fact)>>,
    serial: AtomicU64,
    stopped: AtomicBool,
    /// Answers, by status.
    answers: Mutex<BTreeMap<u16, usize>>,
}

/// What must be there, and what must not.
#[derive(Default)]
pub(super) struct Expected {
    /// Versions and the SHA-256 sums of their zips.
    pub(super) there: BTreeMap<String, String>,
    pub(super) gone: BTreeSet<String>,
}

impl Told {
    /// What follows from all that was told.
    pub(super) fn expected(&self) -> Expected {
        self.expected_at(f64::INFINITY, f64::INFINITY)
    }

    /// What follows from answers until one time, where changes began until another.
    pub(super) fn expected_at(&self, answered: f64, began: f64) -> Expected {
        let mut expected = Expected::default();
        for (time, version, fact) in &*self.facts.lock().unwrap() {
            let is_known = match fact {
                Fact::Changing => *time <= began,
                Fact::Published(_) | Fact::Deleted => *time <= answered,
            };
            if !is_known {
                continue;
            }
            expected.there.remove(version);
            expected.gone.remove(version);
            match fact {
                Fact::Changing => {}
                Fact::Published(sum) => {
                    expected.there.insert(version.clone(), sum.clone());
                }
                Fact::Deleted => {
                    expected.gone.insert(version.clone());
                }
            }
        }
        expected
    }

    /// How many changes were acknowledged.
    pub(super) fn acknowledged(&self) -> usize {
        let facts = self.facts.lock().unwrap();
        let changes = facts
            .iter()
            .filter(|(_, _, fact)| !matches!(fact, Fact::Changing));
        changes.count()
    }

    /// Waits until changes are acknowledged again.
    pub(super) fn goes_on(&self) {
        let before = self.acknowledged();
        eventually("something is published again", || {
            (self.acknowledged() > before + 5).then_some(())
        });
    }

    /// How often each status was the answer.
    pub(super) fn answers(&self) -> String {
        let answers = self.answers.lock().unwrap();
        let each = answers
            .iter()
            .map(|(status, number)| format!("{status}: {number}"));
        each.collect::<Vec<_>>().join(", ")
    }

    /// How often one status was the answer.
    pub(super) fn count(&self, status: u16) -> usize {
        let answers = self.answers.lock().unwrap();
        answers.get(&status).copied().unwrap_or_default()
    }

    fn note(&self, version: &ModuleVersion, fact: Fact) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let mut facts = self.facts.lock().unwrap();
        facts.push((now.as_secs_f64(), version.to_string(), fact));
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// Ends the clients, also when a test fails in the middle.
struct Stop<'a>(&'a Told);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.stopped.store(true, Ordering::Relaxed);
    }
}

/// A client of a server.
#[derive(Clone, Copy)]
struct Client<'a> {
    told: &'a Told,
    url: &'a str,
    token: &'a str,
    /// What an answer may be.
    may: &'a [u16],
}

impl Site {
    /// Runs all kinds of clients against a server until `fault` comes back. What an answer may be, `may` says.
    pub(super) fn under_load(
        &self,
        server: &TestServer,
        told: &Told,
        may: &[u16],
        fault: impl FnOnce(),
    ) {
        told.stopped.store(false, Ordering::Relaxed);
        let (url, token) = (server.url(), self.token());
        let client = Client {
            told,
            url: &url,
            token: &token,
            may,
        };
        let pid = server.pid();
        std::thread::scope(|scope| {
            let _stop = Stop(told);
            for number in 0..PUBLISHERS {
                scope.spawn(move || client.publish(number));
            }
            scope.spawn(move || client.fetch());
            scope.spawn(move || client.read());
            scope.spawn(move || reload(told, pid));
            fault();
        });
    }

    /// Publishes the first version of each module, so that nothing that is read later may be missing.
    pub(super) fn begin(&self, server: &TestServer, told: &Told) {
        let (url, token) = (server.url(), self.token());
        let client = Client {
            told,
            url: &url,
            token: &token,
            may: &[200, 201],
        };
        for number in 0..PUBLISHERS {
            let first = version(&format!("{}@v0.0.1", module(number)));
            let zip = zip_saying(&first, "first").0;
            client.change(&first, &zip).unwrap();
        }
    }
}

impl Client<'_> {
    /// Asks, and notes the answer; `None` if there was none.
    fn ask(&self, request: &Request, also: &[u16]) -> Option<u16> {
        let answer = request.try_send(self.url).ok()?;
        let mut answers = self.told.answers.lock().unwrap();
        *answers.entry(answer.status).or_default() += 1;
        drop(answers);
        let status = answer.status;
        assert!(
            self.may.contains(&status) || also.contains(&status),
            "{status}: {}",
            answer.text()
        );
        Some(status)
    }

    /// Tries until it is acknowledged.
    fn insist(&self, request: &Request, done: &[u16]) -> Option<()> {
        for _ in 0..TRIES {
            if done.contains(&self.ask(request, done)?) {
                return Some(());
            }
        }
        None
    }

    fn change(&self, version: &ModuleVersion, zip: &[u8]) -> Option<()> {
        self.told.note(version, Fact::Changing);
        let publish = put(version, zip).bearer(self.token);
        self.insist(&publish, &[200, 201])?;
        self.told.note(version, Fact::Published(sha256(zip)));
        Some(())
    }

    fn delete(&self, version: &ModuleVersion) -> Option<()> {
        self.told.note(version, Fact::Changing);
        // 410: an attempt before this one failed after it was done.
        self.insist(&delete(version).bearer(self.token), &[200, 410])?;
        self.told.note(version, Fact::Deleted);
        Some(())
    }

    /// Publishes one version after another, deletes some, and brings back some of those. Each third is of a module of its own,
    /// so that directories are made all the time, also below ones that somebody else makes in this moment.
    fn publish(&self, number: u64) {
        while !self.told.is_stopped() {
            let serial = self.told.serial.fetch_add(1, Ordering::Relaxed);
            let module = match serial % 3 {
                0 => format!("own.example/new{}/{number}/m", serial / 6),
                _ => module(number),
            };
            let version = version(&format!("{module}@v1.0.{serial}"));
            let (zip, _) = zip_saying(&version, &serial.to_string());
            let mut done = self.change(&version, &zip);
            if serial.is_multiple_of(DELETED) {
                done = done.and_then(|()| self.delete(&version));
            }
            if serial.is_multiple_of(2 * DELETED) {
                done = done.and_then(|()| self.change(&version, &zip));
            }
            if done.is_none() && self.is_gone() {
                return;
            }
        }
    }

    /// Asks for everything that the upstream has, again and again: most of it has gone meanwhile.
    fn fetch(&self) {
        for number in (0..THEIRS).cycle() {
            let zip = Request::new("GET", &url_of(&theirs(number), ModuleFile::Zip));
            if self.told.is_stopped() || (self.ask(&zip, &[]).is_none() && self.is_gone()) {
                return;
            }
        }
    }

    /// Lists, feeds and figures.
    fn read(&self) {
        let paths = [
            "/own.example/m0/@v/list",
            "/own.example/m1/@latest",
            "/own.example/m0/@v/v0.0.1.zip",
            "/index?limit=50",
            "/catalog?pagesize=50",
            "/metrics",
            "/healthz",
        ];
        for path in paths.iter().cycle() {
            let ask = Request::new("GET", path);
            if self.told.is_stopped() || (self.ask(&ask, &[]).is_none() && self.is_gone()) {
                return;
            }
        }
    }

    /// Whether nobody listens any more; a connection that ended may be one that found no descriptor.
    fn is_gone(&self) -> bool {
        let address = self.url.trim_start_matches("http://");
        std::net::TcpStream::connect(address).is_err()
    }
}

/// Has the server read its settings again and again. It is waited for only after this has ended.
fn reload(told: &Told, pid: u32) {
    let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
    while !told.is_stopped() {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::HUP);
        std::thread::sleep(Duration::from_millis(50));
    }
}
