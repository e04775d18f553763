use std::io::Read as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use crate::support::http::Request;
use crate::support::server::{TestServer, athens};
use crate::support::tree::{Tree, one_module};

/// The socket of a service manager.
struct Manager {
    socket: UnixDatagram,
    folder: tempfile::TempDir,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        Self { socket, folder }
    }

    fn start(&self, root: &Path, environment: &[(&str, &str)]) -> TestServer {
        let mut command = athens();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--root"])
            .arg(root)
            .env("NOTIFY_SOCKET", self.folder.path().join("notify"))
            .envs(environment.iter().copied());
        TestServer::start_command(command)
    }

    /// What was told next.
    fn told(&self) -> String {
        let mut message = [0; 4096];
        let len = self.socket.recv(&mut message).expect("nothing was told");
        String::from_utf8_lossy(&message[..len]).into_owned()
    }
}

#[test]
fn ready_reloading_stopping() {
    let tree = Tree::new();
    let manager = Manager::new();
    let server = manager.start(tree.root(), &[]);
    let told = manager.told();
    assert!(
        told.starts_with("READY=1\nSTATUS=athens ") && told.contains(" at http://127.0.0.1:"),
        "{told}"
    );
    server.signal("HUP");
    let told = manager.told();
    let time = told
        .strip_prefix("RELOADING=1\nMONOTONIC_USEC=")
        .unwrap_or_else(|| panic!("{told}"));
    assert!(time.trim().parse::<u64>().is_ok(), "{told}");
    assert_eq!(manager.told(), "READY=1\n");
    server.signal("TERM");
    assert!(manager.told().starts_with("STOPPING=1\n"));
    server.wait();
}

#[test]
fn the_watchdog_is_told_while_the_server_answers() {
    let tree = Tree::new();
    let manager = Manager::new();
    let server = manager.start(tree.root(), &[("WATCHDOG_USEC", "100000")]);
    assert!(manager.told().starts_with("READY=1\n"));
    for _ in 0..3 {
        assert_eq!(manager.told(), "WATCHDOG=1\n");
    }
    server.stop();
}

/// A process that stands still says nothing: that is what the watchdog is for.
#[test]
fn who_stands_still_tells_nothing() {
    let tree = Tree::new();
    let manager = Manager::new();
    let server = manager.start(tree.root(), &[("WATCHDOG_USEC", "100000")]);
    assert!(manager.told().starts_with("READY=1\n"));
    manager.told();
    server.signal("STOP");
    // What was on its way.
    manager
        .socket
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let mut message = [0; 64];
    let mut late = 0;
    while manager.socket.recv(&mut message).is_ok() {
        late += 1;
        assert!(late < 3, "it goes on");
    }
    server.signal("CONT");
    server.stop();
}

/// Answers that are finished may take longer than the service manager waits for a word.
#[test]
fn the_watchdog_is_told_while_the_server_stops() {
    let root = one_module(64 << 20);
    let manager = Manager::new();
    let server = manager.start(root.path(), &[("WATCHDOG_USEC", "100000")]);
    let request = Request::new("GET", "/example.com/m/@v/v1.0.0.zip");
    let mut download = request.begin(&server.url()).unwrap();
    download.read_exact(&mut [0; 12]).unwrap();
    server.signal("TERM");
    while !manager.told().starts_with("STOPPING=1\n") {}
    for _ in 0..3 {
        assert_eq!(manager.told(), "WATCHDOG=1\n");
    }
    drop(download);
    assert!(server.wait().status.success());
}
