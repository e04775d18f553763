//! Everything at once for a while: reads on many connections, fetches, publishing and deleting, versions that are copied into the
//! folder, reloads, making room. Nothing is answered that is not meant, and nothing grows.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use athens::store::ModuleFile;
use tempfile::TempDir;

use super::client::{Answers, Kept, descriptors, program, setting};
use crate::publish::registry::{delete, put, url_of};
use crate::publish::zips::zip_saying;
use crate::support::http::Request;
use crate::support::server::TestServer;
use crate::support::small_disk::add_of_size;
use crate::support::tools::until;
use crate::support::tree::{Tree, version};
use crate::support::upstream::Upstream;

/// What each zip of the upstream weighs, about.
const WEIGHT: usize = 40 << 10;
const ROOM: &str = "16MiB";

/// How many copied versions there are at a time.
const DROPPED: u64 = 50;

/// What may be answered.
const MAY: &[(&str, &[u16])] = &[
    ("read", &[200]),
    ("fetch", &[200]),
    ("publish", &[201]),
    ("delete", &[200]),
    ("deleted", &[410]),
    ("drop", &[200]),
];
const READS: &[&str] = &[
    "/own.example/m/@v/list",
    "/own.example/m/@latest",
    "/own.example/m/@v/v0.0.1.info",
    "/own.example/m/@v/v0.0.1.mod",
    "/own.example/m/@v/v0.0.1.zip",
    "/index?limit=50",
    "/metrics",
    "/healthz",
];

/// How much of it.
struct Plan {
    /// Versions that the upstream has.
    theirs: u64,
    /// Threads that read, each on so many connections.
    readers: usize,
    connections: usize,
    /// Between two requests of a client.
    pause: Duration,
    end: End,
}

#[derive(Clone, Copy)]
enum End {
    /// After so many requests of each client.
    Requests(u64),
    /// After so much time.
    Time(Duration),
}

struct Site {
    // Dropped in this order.
    server: TestServer,
    upstream: Upstream,
    _origin: Tree,
    tree: Tree,
    _scratch: TempDir,
    token: String,
}

impl Site {
    /// With an upstream that has so many versions.
    fn start(theirs: u64) -> Self {
        let origin = Tree::new();
        for number in 0..theirs {
            let version = version(&format!("up.example/m{number}@v1.0.0"));
            add_of_size(&origin, &version, WEIGHT);
        }
        let upstream = Upstream::of_tree(origin.root());
        let (tree, scratch) = (Tree::new(), TempDir::new().unwrap());
        let state = scratch.path().join("state");
        let mut command = program();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--sumdb", "off"])
            .args(["--private", "own.example", "--max-size", ROOM])
            .args(["--min-free", "0", "--scan-interval", "5s"])
            .args(["--log-level", "error", "--upstream", &upstream.url()])
            .arg("--root")
            .arg(tree.root())
            .arg("--state")
            .arg(&state)
            .env("HOME", scratch.path())
            .env_remove("NETRC");
        let server = TestServer::start_command(command);
        let token = std::fs::read_to_string(state.join("local-token")).unwrap();
        let site = Self {
            server,
            upstream,
            _origin: origin,
            tree,
            _scratch: scratch,
            token: token.trim_end().to_owned(),
        };
        let first = version("own.example/m@v0.0.1");
        let zip = zip_saying(&first, "first").0;
        let publish = put(&first, &zip).bearer(&site.token);
        assert_eq!(publish.send(&site.server.url()).status, 201);
        site
    }

    /// How often one of these versions was fetched that had been here before.
    fn fetched_again(&self, theirs: u64) -> usize {
        let fetched = self.upstream.count_ending(".zip");
        fetched.saturating_sub(usize::try_from(theirs).unwrap())
    }
}

/// One client among others.
#[derive(Clone, Copy)]
struct Client<'a> {
    answers: &'a Answers,
    is_over: &'a AtomicBool,
    serial: &'a AtomicU64,
    address: SocketAddr,
    url: &'a str,
    token: &'a str,
    tree: &'a Tree,
    pause: Duration,
    end: End,
}

impl Client<'_> {
    /// Does something again and again, until it is over.
    fn repeat(&self, mut what: impl FnMut(u64)) {
        let begin = Instant::now();
        for number in 0.. {
            let is_over = match self.end {
                End::Requests(most) => number >= most,
                End::Time(time) => begin.elapsed() >= time,
            };
            if is_over || self.is_over.load(Ordering::Relaxed) {
                return;
            }
            what(number);
            std::thread::sleep(self.pause);
        }
    }

    fn ask(&self, kind: &'static str, request: &Request) {
        let answer = request.try_send(self.url).map(|answer| answer.status);
        self.answers.note(kind, answer);
    }

    /// On each connection in turn.
    fn read(&self, connections: usize) {
        let open = |_| Kept::open(self.address).unwrap();
        let mut kept: Vec<Kept> = (0..connections).map(open).collect();
        let mut turns = (0..connections).cycle();
        self.repeat(|number| {
            let path = READS[number as usize % READS.len()];
            let connection = &mut kept[turns.next().unwrap()];
            let answer = connection.get(path).map(|(status, _)| status);
            if answer.is_err() {
                *connection = Kept::open(self.address).unwrap();
            }
            self.answers.note("read", answer);
        });
    }

    fn fetch(&self, theirs: u64) {
        self.repeat(|number| {
            let path = format!("/up.example/m{}/@v/v1.0.0.zip", number % theirs);
            self.ask("fetch", &Request::new("GET", &path));
        });
    }

    /// Publishes, and takes most of it back. In many modules: each look at one takes memory for all of its versions, there and
    /// gone, and after some thousands that is seen.
    fn publish(&self) {
        self.repeat(|number| {
            let serial = self.serial.fetch_add(1, Ordering::Relaxed);
            let version = version(&format!("own.example/p{}@v1.0.{serial}", serial % 100));
            let (zip, _) = zip_saying(&version, &serial.to_string());
            self.ask("publish", &put(&version, &zip).bearer(self.token));
            if number % 10 != 0 {
                self.ask("delete", &delete(&version).bearer(self.token));
                let zip = url_of(&version, ModuleFile::Zip);
                self.ask("deleted", &Request::new("GET", &zip));
            }
        });
    }

    /// Copies a version into the folder, asks for it, and takes an older one away, so that the folder grows no larger.
    fn drop_in(&self) {
        let name = |number| format!("own.example/dropped{}@v1.0.{number}", number % 7);
        self.repeat(|number| {
            self.tree.add(&name(number));
            let zip = url_of(&version(&name(number)), ModuleFile::Zip);
            self.ask("drop", &Request::new("GET", &zip));
            if let Some(old) = number.checked_sub(DROPPED) {
                self.tree.remove(&name(old));
            }
        });
    }
}

/// What the server has, now and then.
struct Sample {
    kib: u64,
    descriptors: usize,
}

fn run(site: &Site, plan: &Plan, mut between: impl FnMut(&AtomicBool)) -> Answers {
    let (answers, is_over) = (Answers::default(), AtomicBool::new(false));
    let (serial, url) = (AtomicU64::new(1), site.server.url());
    let client = Client {
        answers: &answers,
        is_over: &is_over,
        serial: &serial,
        address: site.server.addr(),
        url: &url,
        token: &site.token,
        tree: &site.tree,
        pause: plan.pause,
        end: plan.end,
    };
    let pid = site.server.pid().cast_signed();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..plan.readers {
            scope.spawn(move || client.read(plan.connections));
        }
        for _ in 0..2 {
            scope.spawn(move || client.fetch(plan.theirs));
            scope.spawn(move || client.publish());
        }
        scope.spawn(move || client.drop_in());
        scope.spawn(move || {
            client.repeat(|_| {
                rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
            });
        });
        between(&is_over);
    });
    answers
}

#[test]
fn everything_at_once() {
    let plan = Plan {
        theirs: 60,
        readers: 4,
        connections: 20,
        pause: Duration::ZERO,
        end: End::Requests(60),
    };
    let site = Site::start(plan.theirs);
    let before = descriptors(&site.server);
    let answers = run(&site, &plan, |_| {});
    let log = site.server.stderr();
    assert_eq!(answers.unintended(MAY), [""; 0], "{log}");
    assert_eq!(answers.count("read"), 4 * 60);
    assert_eq!(answers.count("fetch"), 2 * 60);
    assert_eq!(log, "");
    // All connections are gone; what is watched in the folder needs none.
    until("the descriptors are closed", || {
        descriptors(&site.server) <= before + 4
    });
}

#[test]
#[ignore = "takes ten minutes; tests/load/run mixed runs it"]
fn an_hours_worth() {
    /// How often it is looked at what the server has.
    const SAMPLES: u32 = 10;
    let time = Duration::from_secs(setting("LOAD_SECONDS"));
    let plan = Plan {
        // More than there is room for, and so many that asking for all of them takes a while: what was used in the last five
        // seconds stays.
        theirs: 1200,
        readers: 10,
        connections: 50,
        pause: Duration::from_millis(20),
        end: End::Time(time),
    };
    let site = Site::start(plan.theirs);
    let mut samples = Vec::new();
    let begin = Instant::now();
    let answers = run(&site, &plan, |is_over| {
        for number in 1..=SAMPLES {
            let due = begin + time * number / SAMPLES - Duration::from_millis(500);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let sample = Sample {
                kib: site.server.rss_kib(),
                descriptors: descriptors(&site.server),
            };
            println!(
                "  after {:>4} s: {:>4} MiB resident, {} descriptors",
                begin.elapsed().as_secs(),
                sample.kib >> 10,
                sample.descriptors
            );
            samples.push(sample);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    println!("answers:\n{}", answers.shown());
    let again = site.fetched_again(plan.theirs);
    println!("versions that went to make room and were fetched again: {again}");
    assert_eq!(answers.unintended(MAY), [""; 0], "{}", site.server.stderr());
    assert_eq!(site.server.stderr(), "");
    assert!(again > 0, "nothing had to make room");
    // The first ones are for warming up. What is kept of each version that was published is a line's worth.
    let (warm, last) = (&samples[2], &samples[samples.len() - 1]);
    assert!(last.kib < warm.kib + (16 << 10), "memory grows");
    assert!(last.descriptors < warm.descriptors + 32, "descriptors grow");
}
