use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::{DONE, Site};
use crate::support::http::get;
use crate::support::tools::until;
use crate::support::tree::{Tree, one_module, version, zip_of};
use crate::support::upstream::{Reply, Upstream};

/// More than the sockets' buffers hold: who does not read keeps the answer running.
const LARGE: usize = 64 << 20;

const ZIP: &str = "/example.com/m/@v/v1.0.0.zip";

#[test]
fn a_running_download_finishes() {
    let large = one_module(LARGE);
    let tree = Tree::new();
    crate::support::tools::copy_tree(large.path(), tree.root());
    let site = Site::over(tree, "");
    let mut running = TcpStream::connect(site.server.addr()).unwrap();
    running
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    write!(
        running,
        "GET {ZIP} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    running.read_exact(&mut [0]).unwrap();
    site.reload("block = \"example.com/m\"\n");
    site.reload("read-auth = true\nblock = \"example.com/m\"\n");
    let mut answer = Vec::new();
    running.read_to_end(&mut answer).unwrap();
    assert!(answer.len() > LARGE, "{}", answer.len());
    assert_eq!(site.status(ZIP), 401);
}

/// A fetch goes on with the upstream that it began with; whoever comes later asks the new one.
#[test]
fn a_running_fetch_finishes() {
    let zip = zip_of(&version("example.com/m@v1.0.0"));
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    let (old, new) = (Upstream::of_tree(tree.root()), Upstream::start());
    old.on(ZIP, Reply::ok(zip.clone()).held());
    let file = |upstream: &Upstream| format!("upstream = \"{}\"\n", upstream.url());
    let site = Site::start(&file(&old));
    let url = site.url();
    let waiting = thread::spawn(move || get(&url, ZIP));
    old.until_hanging(1);
    site.reload(&file(&new));
    assert_eq!(site.status(ZIP), 404);
    assert_eq!(new.count(ZIP), 1);
    old.release();
    let answer = waiting.join().unwrap();
    assert_eq!((answer.status, answer.body), (200, zip));
    assert_eq!(old.count(ZIP), 1);
}

/// Clients on kept and on new connections while the configuration changes again and again: nobody is refused, nothing
/// fails, and each answer is wholly that of one configuration.
#[test]
fn nobody_notices() {
    const RELOADS: usize = 30;
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    let site = Site::over(tree, "block = \"example.com/m # zero\"\n");
    let (address, url) = (site.server.addr(), site.url());
    let (is_over, answers) = (AtomicBool::new(false), AtomicUsize::new(0));
    let path = "/example.com/m/@v/v1.0.0.mod";
    // One configuration blocks with a reason, one serves, one wants a token.
    let check = |status: u16, body: &str| match status {
        200 => assert_eq!(body, "module example.com/m\n\ngo 1.13\n"),
        401 => assert!(body.contains("token"), "{body}"),
        403 => assert!(body.ends_with(": zero\n"), "{body}"),
        status => panic!("{status}: {body}"),
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    let answer = get(&url, path);
                    check(answer.status, &answer.text());
                    answers.fetch_add(1, Ordering::SeqCst);
                }
            });
            scope.spawn(|| {
                let mut kept = TcpStream::connect(address).unwrap();
                kept.set_read_timeout(Some(Duration::from_secs(60)))
                    .unwrap();
                while !is_over.load(Ordering::SeqCst) {
                    write!(kept, "GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
                    let (status, body) = read_one(&mut kept);
                    check(status, &body);
                    answers.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for number in 0..RELOADS {
            let before = answers.load(Ordering::SeqCst);
            site.reload(match number % 3 {
                0 => "",
                1 => "read-auth = true\nblock = \"example.com/m # zero\"\n",
                _ => "block = \"example.com/m # zero\"\n",
            });
            until("there are answers in between", || {
                answers.load(Ordering::SeqCst) >= before + 8
            });
        }
        is_over.store(true, Ordering::SeqCst);
    });
    assert_eq!(site.count(DONE), RELOADS);
    assert!(answers.into_inner() >= 8 * RELOADS);
}

/// Reads one answer of a connection that is kept.
fn read_one(stream: &mut TcpStream) -> (u16, String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length: ")?
            .parse()
            .ok()
    });
    let mut body = vec![0; length.unwrap()];
    stream.read_exact(&mut body).unwrap();
    (
        head[9..12].parse().unwrap(),
        String::from_utf8(body).unwrap(),
    )
}

#[test]
fn a_server_that_stops_does_not_reload() {
    let large = one_module(LARGE);
    let tree = Tree::new();
    crate::support::tools::copy_tree(large.path(), tree.root());
    let site = Site::over(tree, "");
    let mut running = TcpStream::connect(site.server.addr()).unwrap();
    running
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    write!(running, "GET {ZIP} HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    running.read_exact(&mut [0]).unwrap();
    site.server.signal("TERM");
    until("the server stops", || site.count("stopping:") > 0);
    site.write("block = \"example.com/m\"\n");
    site.server.signal("HUP");
    let mut answer = Vec::new();
    running.read_to_end(&mut answer).unwrap();
    assert!(answer.len() > LARGE, "{}", answer.len());
    let ended = site.server.wait();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(!ended.stderr.contains(DONE), "{}", ended.stderr);
}
