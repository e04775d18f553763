//! The real `athens` binary as a test sees it: started on a free port, asked over real sockets, always cleaned up.
//!
//! Nothing here waits for a fixed time. The server says on standard output when it listens and where; whoever needs
//! to know that something ended waits for that end (a closed pipe, an exit status), with a deadline that only matters
//! when a test is about to fail anyway.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a step may take before the test gives up. Far beyond what a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. Dropping it kills the process.
pub(crate) struct TestServer {
    child: Child,
    ready_line: String,
    stdout: Receiver<String>,
    stderr: Arc<Mutex<String>>,
    stderr_reader: Option<JoinHandle<()>>,
}

/// How a server that did not start (or has ended) left.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit status.
    pub(crate) status: ExitStatus,
    /// All of its standard output that was not read before.
    pub(crate) stdout: String,
    /// All of its standard error.
    pub(crate) stderr: String,
}

/// A command that runs the `athens` under test with none of the caller's `ATHENS_…` and `OTEL_…` variables.
pub(crate) fn athens() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_athens"));
    for (name, _) in std::env::vars_os() {
        if ["ATHENS_", "OTEL_"]
            .iter()
            .any(|prefix| name.to_string_lossy().starts_with(prefix))
            || name == "NO_COLOR"
        {
            command.env_remove(name);
        }
    }
    command.env("ATHENS_STATE", state_directory());
    // What this machine's go command would ask is nothing to depend on: a test that wants upstreams names them.
    command.env("ATHENS_UPSTREAM", "off");
    command
}

/// A state directory for the servers of this test run: never the tokens of whoever runs the tests.
pub(crate) fn state_directory() -> String {
    format!(
        "{}/state-{}",
        env!("CARGO_TARGET_TMPDIR"),
        std::process::id()
    )
}

impl TestServer {
    /// Runs `athens serve --root ROOT --listen 127.0.0.1:0 FLAGS…` and waits until it is ready.
    ///
    /// # Panics
    ///
    /// If the server ends before it is ready, with what it wrote.
    pub(crate) fn start(root: &Path, flags: &[&str]) -> Self {
        let mut command = athens();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--root"])
            .arg(root)
            .args(flags);
        Self::start_command(command)
    }

    /// Runs a command that was put together by the caller and waits for its ready line.
    ///
    /// # Panics
    ///
    /// As [`TestServer::start`].
    pub(crate) fn start_command(command: Command) -> Self {
        match Self::try_start(command) {
            Ok(server) => server,
            Err(ended) => panic!("the server ended before it was ready: {ended:?}"),
        }
    }

    /// Runs a command and waits until it is ready or has ended.
    pub(crate) fn try_start(mut command: Command) -> Result<Self, Box<Ended>> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary under test can be run");

        let (sender, stdout) = mpsc::channel();
        let pipe = child.stdout.take().expect("stdout is piped");
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });

        let stderr = Arc::new(Mutex::new(String::new()));
        let pipe = child.stderr.take().expect("stderr is piped");
        let collected = Arc::clone(&stderr);
        let stderr_reader = std::thread::spawn(move || collect(pipe, &collected));

        let mut server = Self {
            child,
            ready_line: String::new(),
            stdout,
            stderr,
            stderr_reader: Some(stderr_reader),
        };
        match server.stdout.recv_timeout(PATIENCE) {
            Ok(line) => {
                server.ready_line = line;
                Ok(server)
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(Box::new(server.wait())),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                panic!("no ready line; standard error: {}", server.stderr())
            }
        }
    }

    /// The one line on standard output that says where the server listens.
    pub(crate) fn ready_line(&self) -> &str {
        &self.ready_line
    }

    /// All base URLs of the ready line, in its order, without a trailing slash.
    pub(crate) fn urls(&self) -> Vec<String> {
        let (_, urls) = self
            .ready_line
            .rsplit_once(" at ")
            .unwrap_or_else(|| panic!("not a ready line: {}", self.ready_line));
        urls.split(" and ").map(str::to_owned).collect()
    }

    /// The first base URL, without a trailing slash: what `GOPROXY` is set to.
    pub(crate) fn url(&self) -> String {
        self.urls().swap_remove(0)
    }

    /// The first address the server listens on.
    pub(crate) fn addr(&self) -> SocketAddr {
        let url = self.url();
        let rest = url
            .strip_prefix("http://")
            .unwrap_or_else(|| panic!("not an http URL: {url}"));
        let authority = rest.split('/').next().unwrap_or(rest);
        authority
            .parse()
            .unwrap_or_else(|error| panic!("{authority}: {error}"))
    }

    /// The process's id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The resident memory of the process, in KiB.
    pub(crate) fn rss_kib(&self) -> u64 {
        self.status_kib("VmRSS:")
    }

    /// The most resident memory that the process ever had, in KiB.
    pub(crate) fn peak_rss_kib(&self) -> u64 {
        self.status_kib("VmHWM:")
    }

    fn status_kib(&self, field: &str) -> u64 {
        let path = format!("/proc/{}/status", self.pid());
        let status = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{path}: {error}; server said: {}", self.stderr()));
        status
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
            .unwrap_or_else(|| panic!("no {field} in {status}"))
    }

    /// What the server has written to standard error so far: for assertion messages, and for tests of the log.
    pub(crate) fn stderr(&self) -> String {
        self.stderr
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        // The shell's own `kill`: no signal call in the standard library, and no unsafe code here.
        let status = Command::new("sh")
            .args(["-c", &format!("kill -s {name} {}", self.pid())])
            .status()
            .expect("sh runs");
        assert!(status.success(), "kill -s {name} {}", self.pid());
    }

    /// Asks the server to stop (SIGTERM) and waits until it has.
    pub(crate) fn stop(self) -> ExitStatus {
        self.stop_and_collect().status
    }

    /// Asks the server to stop (SIGTERM), waits until it has, and returns all that it wrote.
    pub(crate) fn stop_and_collect(self) -> Ended {
        self.signal("TERM");
        self.wait()
    }

    /// Waits until the server has ended by itself.
    ///
    /// # Panics
    ///
    /// If it does not within a minute.
    pub(crate) fn wait(mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        let mut stdout = String::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.stdout.recv_timeout(left) {
                Ok(line) => writeln!(stdout, "{line}").expect("a String takes everything"),
                // The pipe closes when the process is gone: from here on, waiting does not block.
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    panic!("the server did not end: {}", self.stderr())
                }
            }
        }
        let status = self.child.wait().expect("the child can be waited for");
        if let Some(reader) = self.stderr_reader.take() {
            reader.join().expect("the reader does not panic");
        }
        Ended {
            status,
            stdout,
            stderr: self.stderr(),
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        // Both fail only when it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(mut pipe: impl Read, into: &Mutex<String>) {
    let mut buffer = [0; 4096];
    while let Ok(read) = pipe.read(&mut buffer) {
        if read == 0 {
            break;
        }
        into.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
}
