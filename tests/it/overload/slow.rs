//! Ten thousand connections on which next to nothing comes, and a thousand uploads that do not end: what others notice.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use athens::store::ModuleFile;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Mutex;
use tokio::time::{Interval, interval, sleep};

use super::client::{Answers, Kept, descriptors, program, setting};
use crate::support::server::TestServer;
use crate::support::small_disk::zip_of_size;
use crate::support::tools::until;
use crate::support::tree::{Tree, info_of, version};

/// How often a slow client sends a byte.
const DRIP: Duration = Duration::from_secs(3);
const UPLOADS: usize = 1000;
/// Requests of others in a second: half on connections that they keep, half on new ones.
const RATE: u32 = 100;
const THREADS: u32 = 4;
/// Below this nobody notices anything, and the machine's own noise is as large.
const UNNOTICED: Duration = Duration::from_millis(10);
const PATHS: [&str; 4] = [
    "/example.com/m/@v/list",
    "/example.com/m/@v/v1.0.0.info",
    "/example.com/m/@v/v1.0.0.mod",
    "/example.com/m/@v/v1.0.0.zip",
];

/// Clients that hold up the server for as long as this value lives. They have a thread of their own.
struct Flood {
    is_over: Arc<AtomicBool>,
    opened: Arc<AtomicUsize>,
    thread: Option<thread::JoinHandle<()>>,
}

/// One of them: where it comes from, and what it begins.
#[derive(Clone)]
struct Slow {
    server: SocketAddr,
    source: Ipv4Addr,
    head: Arc<str>,
    /// When the next one may be opened: who is closed comes again, but not all at once.
    turns: Arc<Mutex<Interval>>,
    opened: Arc<AtomicUsize>,
}

impl Flood {
    /// So many clients, in turn from these addresses, that open so many connections in a second.
    fn start(server: &TestServer, token: &str, clients: usize, sources: u8, rate: u32) -> Self {
        let (is_over, opened) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (server, token) = (server.addr(), token.to_owned());
        let (stop, count) = (Arc::clone(&is_over), Arc::clone(&opened));
        let flood = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let turns = Arc::new(Mutex::new(interval(Duration::from_secs(1) / rate)));
                for number in 0..clients + UPLOADS {
                    let host = 1 + number % usize::from(sources);
                    let slow = Slow {
                        server,
                        source: Ipv4Addr::new(127, 0, 1, u8::try_from(host).unwrap()),
                        head: head(number, number < UPLOADS, &token).into(),
                        turns: Arc::clone(&turns),
                        opened: Arc::clone(&count),
                    };
                    tokio::spawn(slow.run());
                }
                while !stop.load(Ordering::Relaxed) {
                    sleep(Duration::from_millis(50)).await;
                }
            });
        };
        Self {
            is_over,
            opened,
            thread: Some(thread::spawn(flood)),
        }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// The beginning of a request that does not end, or of an upload.
fn head(number: usize, is_upload: bool, token: &str) -> String {
    if is_upload {
        format!(
            "PUT /own.example/m{number}/@v/v1.0.0.zip HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: 1000000\r\n\r\nPK"
        )
    } else {
        "GET /example.com/m/@v/list HTTP/1.1\r\nHost: a\r\nX: ".to_owned()
    }
}

impl Slow {
    async fn run(self) {
        loop {
            self.turns.lock().await.tick().await;
            // Whatever becomes of it, it tries again.
            let _ = self.hold().await;
        }
    }

    /// Opens a connection, and sends a byte now and then until the server closes it.
    async fn hold(&self) -> io::Result<()> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((IpAddr::V4(self.source), 0).into())?;
        let mut stream: TcpStream = socket.connect(self.server).await?;
        self.opened.fetch_add(1, Ordering::Relaxed);
        stream.write_all(self.head.as_bytes()).await?;
        let mut answer = [0; 512];
        loop {
            tokio::select! {
                read = stream.read(&mut answer) => if read? == 0 {
                    return Ok(());
                },
                () = sleep(DRIP) => stream.write_all(b"x").await?,
            }
        }
    }
}

/// How long answers took.
struct Times(Vec<Duration>);

impl Times {
    fn at(&self, thousandths: usize) -> Duration {
        let last = self.0.len() - 1;
        self.0[last * thousandths / 1000]
    }

    fn shown(&self) -> String {
        let [middle, p99, most] = [500, 990, 1000].map(|it| self.at(it).as_secs_f64() * 1000.0);
        format!("{middle:.2} ms, 99% within {p99:.2} ms, all within {most:.2} ms")
    }
}

/// Others: a request each so often, whether or not the last one was answered late, for that time.
fn others(server: &TestServer, answers: &Answers, time: Duration) -> Times {
    let step = Duration::from_secs(1) * THREADS / RATE;
    let begin = Instant::now();
    let address = server.addr();
    let mut times: Vec<Duration> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                scope.spawn(move || {
                    let offset = step * number / THREADS;
                    let mut kept = Kept::open(address).unwrap();
                    let mut times = Vec::new();
                    for turn in 0.. {
                        let due = begin + offset + step * turn;
                        if due > begin + time {
                            return times;
                        }
                        thread::sleep(due.saturating_duration_since(Instant::now()));
                        let path = PATHS[turn as usize / 2 % PATHS.len()];
                        let answer = if turn % 2 == 0 {
                            kept.get(path)
                        } else {
                            Kept::open(address).and_then(|mut new| new.get(path))
                        };
                        times.push(due.elapsed());
                        if answer.is_err() {
                            kept = Kept::open(address).unwrap();
                        }
                        answers.note("others", answer.map(|(status, _)| status));
                    }
                    times
                })
            })
            .collect();
        let all = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap());
        all.collect()
    });
    times.sort();
    Times(times)
}

fn print_server(server: &TestServer) {
    println!(
        "    the server: {} MiB resident, {} descriptors",
        server.rss_kib() >> 10,
        descriptors(server)
    );
}

#[test]
#[ignore = "takes minutes; tests/load/run slow runs it"]
fn others_do_not_notice() {
    let (clients, rate) = (setting("LOAD_CLIENTS"), setting("LOAD_RATE"));
    let (clients, rate) = (clients as usize, u32::try_from(rate).unwrap());
    let time = Duration::from_secs(setting("LOAD_SECONDS"));
    let (tree, state) = (Tree::new(), TempDir::new().unwrap());
    let module = version("example.com/m@v1.0.0");
    tree.write(&module, ModuleFile::Zip, &zip_of_size(&module, 50 << 10));
    tree.write(&module, ModuleFile::Mod, b"module example.com/m\n");
    tree.write(&module, ModuleFile::Info, info_of(&module).as_bytes());
    let mut command = program();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "error"])
        .arg("--root")
        .arg(tree.root())
        .arg("--state")
        .arg(state.path());
    let server = TestServer::start_command(command);
    let token = std::fs::read_to_string(state.path().join("local-token")).unwrap();
    let answers = Answers::default();

    // What is read first is not what is measured.
    others(&server, &answers, Duration::from_secs(2));
    let is_quiet = || {
        until("the slow clients are gone", || descriptors(&server) < 100);
        let quiet = others(&server, &answers, time);
        println!("quiet: {}", quiet.shown());
        print_server(&server);
        quiet.at(990)
    };
    let mut before = is_quiet();
    let mut noticed = Vec::new();
    for sources in [1, 100] {
        let flood = Flood::start(&server, token.trim_end(), clients, sources, rate);
        // Until each has tried, and the server is full.
        let full = Duration::from_secs(1) * u32::try_from(clients + UPLOADS).unwrap() / rate;
        thread::sleep(full + Duration::from_secs(2));
        let slow = others(&server, &answers, time);
        println!(
            "{clients} slow clients and {UPLOADS} uploads from {sources} addresses, {rate} connections a second: {}",
            slow.shown()
        );
        println!("    they opened {}", flood.opened.load(Ordering::Relaxed));
        print_server(&server);
        drop(flood);
        // The machine has other things to do too: before or after it, whichever was better.
        let after = is_quiet();
        if slow.at(990) > (before.min(after) * 2).max(UNNOTICED) {
            noticed.push(sources);
        }
        before = after;
    }
    println!("answers to others:\n{}", answers.shown());
    assert_eq!(answers.unintended(&[("others", &[200])]), [""; 0]);
    let log = server.stderr();
    assert!(
        log.is_empty(),
        "{} lines of log, such as {:?}",
        log.lines().count(),
        log.lines().next()
    );
    assert_eq!(noticed, [0; 0], "others waited more than twice as long");
}
