//! Answers that lie ready: the same as those that are looked up, for requests that cannot be mistaken, and for no others.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::wire::{connect, exchange, read_all};
use crate::support::http::get;
use crate::support::server::TestServer;
use crate::support::tree::one_module as root;

/// Only reached by a test that is about to fail.
const PATIENCE: Duration = Duration::from_secs(60);

const FILES: [&str; 4] = [
    "/example.com/m/@v/list",
    "/example.com/m/@v/v1.0.0.info",
    "/example.com/m/@v/v1.0.0.mod",
    "/example.com/m/@latest",
];

/// A connection that is kept.
struct Kept {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Kept {
    fn open(address: SocketAddr) -> Self {
        let stream = connect(address);
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            unread: Vec::new(),
        }
    }

    fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    /// The next answer: its head, and its content.
    fn answer(&mut self) -> (String, Vec<u8>) {
        let head_end = loop {
            let found = self.unread.windows(4).position(|end| end == b"\r\n\r\n");
            match found {
                Some(at) => break at + 4,
                None => self.read(),
            }
        };
        let head = String::from_utf8(self.unread.drain(..head_end).collect()).unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        while self.unread.len() < length {
            self.read();
        }
        (head, self.unread.drain(..length).collect())
    }

    fn read(&mut self) {
        let mut bytes = [0; 4096];
        let read = self.stream.read(&mut bytes).unwrap();
        assert!(
            read > 0,
            "ended after {:?}",
            String::from_utf8_lossy(&self.unread)
        );
        self.unread.extend_from_slice(&bytes[..read]);
    }

    /// All that is not read yet, to the end of the connection.
    fn rest(mut self) -> Vec<u8> {
        let _ = self.stream.shutdown(Shutdown::Write);
        self.unread.extend(read_all(&mut self.stream));
        self.unread
    }

    fn ask(&mut self, text: &str) -> (String, Vec<u8>) {
        self.send(text);
        self.answer()
    }
}

fn plain(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\nUser-Agent: test\r\n\r\n")
}

/// The header lines in order, without those that are another each time.
fn lasting(head: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = head
        .lines()
        .filter(|line| !line.starts_with("date: ") && !line.starts_with("x-request-id: "))
        .collect();
    lines.sort_unstable();
    lines
}

#[test]
fn what_lies_ready_is_what_is_looked_up() {
    let root = root(10);
    let server = TestServer::start(root.path(), &[]);
    let mut kept = Kept::open(server.addr());
    for path in FILES {
        // Looked up, as the range makes it; then looked up and kept; then by the two ways to what lies ready.
        let looked_up = kept.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nIf-Match: *\r\n\r\n"
        ));
        let first = kept.ask(&plain(path));
        let ready = kept.ask(&plain(path));
        let by_hyper = kept.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nCache-Control: no-cache\r\n\r\n"
        ));
        for (head, content) in [&first, &ready, &by_hyper] {
            assert_eq!(lasting(head), lasting(&looked_up.0), "{path}");
            assert_eq!(*content, looked_up.1, "{path}");
            assert!(head.contains("\r\ndate: ") && head.contains("\r\nx-request-id: "));
        }
        assert!(ready.0.starts_with("HTTP/1.1 200 OK\r\n"), "{}", ready.0);
        assert_ne!(ready.0, first.0, "each has an id of its own");
    }
    // Each was counted, whichever way it went.
    let metrics = get(&server.url(), "/metrics").text();
    for route in ["list", "info", "mod", "latest"] {
        let line = format!(
            "athens_http_requests_total{{route=\"{route}\",method=\"read\",status=\"200\"}} 4\n"
        );
        assert!(metrics.contains(&line), "{line}{metrics}");
        let line = format!("athens_answers_total{{kind=\"{route}\",source=\"tree\"}} 4\n");
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
    let stderr = server.stop_and_collect().stderr;
    let lines: Vec<&str> = stderr
        .lines()
        .filter(|line| line.contains("v1.0.0.info status=200"))
        .collect();
    assert_eq!(lines.len(), 4, "{stderr}");
    for line in lines {
        for part in [
            "client=127.0.0.1:",
            "method=GET path=/example.com/m/@v/v1.0.0.info status=200 bytes=",
            " request=",
            " module=example.com/m version=v1.0.0 outcome=hit",
        ] {
            assert!(line.contains(part), "{part}: {line}");
        }
        assert!(!line.contains("aborted"), "{line}");
    }
}

#[test]
fn requests_end_where_they_end() {
    let root = root(10);
    let server = TestServer::start(root.path(), &[]);
    let list = plain(FILES[0]);
    let mut kept = Kept::open(server.addr());
    let (_, versions) = kept.ask(&list);
    let none = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");

    // Each row: what comes in one piece each, and the statuses of the answers to all of it.
    let rows: &[(&[&str], &[u16])] = &[
        (&[&list, &list, &list], &[200, 200, 200]),
        (&[&format!("{list}{list}"), &list], &[200, 200, 200]),
        (&[&list[..10], &list[10..], &list], &[200, 200]),
        (
            &[
                &format!("{}{}", none("/x"), &list[..30]),
                &list[30..],
                &list,
            ],
            &[404, 200, 200],
        ),
        // In the header of another one it is none.
        (
            &[
                &format!("{}GET /x HTTP/1.1\r\nX: ", none("/x")),
                &format!("{list}{list}"),
            ],
            &[404, 404, 200],
        ),
        (&[&list, "NONSENSE\r\n\r\n"], &[200, 400]),
        (
            &[
                &list,
                "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                &list,
            ],
            &[200, 200, 200],
        ),
    ];
    for (pieces, statuses) in rows {
        let mut kept = Kept::open(server.addr());
        for piece in *pieces {
            kept.send(piece);
        }
        let got: Vec<u16> = statuses
            .iter()
            .map(|_| {
                let (head, content) = kept.answer();
                let is_list = head.contains(" 200 ") && content != b"ok\n";
                assert!(!is_list || content == versions, "{pieces:?}: {head}");
                head[9..12].parse().unwrap()
            })
            .collect();
        assert_eq!(got, *statuses, "{pieces:?}");
        assert_eq!(kept.rest(), b"", "{pieces:?}");
    }
    // A request in the content of another one is content, whether the server reads that or closes.
    let inner = plain(FILES[1]);
    let (_, info) = Kept::open(server.addr()).ask(&inner);
    let length = format!("Host: a\r\nContent-Length: {}\r\n\r\n", inner.len());
    for line in ["GET /healthz", "PUT /x", "PUT /upload"] {
        for pieces in [
            &[&format!("{line} HTTP/1.1\r\n{length}"), &inner, &list][..],
            &[&format!("{line} HTTP/1.1\r\n{length}{inner}"), &list],
        ] {
            let mut kept = Kept::open(server.addr());
            for piece in pieces {
                // The server may have closed.
                let _ = kept.stream.write_all(piece.as_bytes());
            }
            let all = kept.rest();
            let has_info = all.windows(info.len()).any(|window| window == info);
            assert!(all.starts_with(b"HTTP/1.1 ") && !has_info, "{pieces:?}");
        }
    }
    // One that ends with its request is answered.
    assert!(exchange(server.addr(), list.as_bytes()).ends_with(&versions));
}

#[test]
fn the_two_ways_take_turns() {
    let root = root(10);
    let server = TestServer::start(root.path(), &[]);
    let mut kept = Kept::open(server.addr());
    let zip = "/example.com/m/@v/v1.0.0.zip";
    let whole = fs::read(root.path().join(&zip[1..])).unwrap();
    let (_, versions) = kept.ask(&plain(FILES[0]));
    for turn in 0..50 {
        // So many of what lies ready, and so many of what does not, one after the other.
        for _ in 0..turn % 4 {
            assert_eq!(kept.ask(&plain(FILES[0])).1, versions);
        }
        for _ in 0..turn % 3 {
            assert_eq!(kept.ask(&plain(zip)).1, whole);
        }
        let (head, _) = kept.ask(&plain("/example.com/m/@v/v9.9.9.zip"));
        assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
    }
    // The last one, and one after the last one: hyper waits for it, and says what is wrong with it.
    assert_eq!(kept.ask(&plain(FILES[0])).1, versions);
    let (head, _) = kept.ask("GET  /\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    assert_eq!(kept.rest(), b"");
}

#[test]
fn a_stop_closes_who_waits() {
    let root = root(10);
    let server = TestServer::start(root.path(), &[]);
    let mut idle = Kept::open(server.addr());
    let (_, versions) = idle.ask(&plain(FILES[0]));
    assert_eq!(idle.ask(&plain(FILES[0])).1, versions);
    let silent = Kept::open(server.addr());
    server.signal("TERM");
    let ended = server.wait();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!((idle.rest(), silent.rest()), (Vec::new(), Vec::new()));
}

#[test]
fn a_client_that_reads_late_gets_all() {
    let root = root(10);
    let server = TestServer::start(root.path(), &[]);
    let mut kept = Kept::open(server.addr());
    let (_, versions) = kept.ask(&plain(FILES[0]));
    // Until the server has to wait for us, or a good deal more than what lies on the way is asked for.
    let mut asked = 0;
    kept.stream
        .set_write_timeout(Some(Duration::from_secs(1)))
        .unwrap();
    let request = plain(FILES[0]);
    while asked < 100_000 {
        match kept.stream.write(request.as_bytes()) {
            Ok(sent) if sent == request.len() => asked += 1,
            Ok(sent) => {
                // The rest goes out when there is room again.
                let rest = request[sent..].to_owned();
                for _ in 0..asked {
                    assert_eq!(kept.answer().1, versions);
                }
                kept.send(&rest);
                asked = 1;
                break;
            }
            Err(_) => break,
        }
    }
    for _ in 0..asked {
        let (head, content) = kept.answer();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert_eq!(content, versions);
    }
    assert_eq!(kept.ask(&plain(FILES[1])).0[..12], *"HTTP/1.1 200");
    assert!(server.stop().success());
}

#[test]
fn what_changes_is_seen() {
    let root = root(10);
    let server = TestServer::start(root.path(), &["--poll-interval", "100ms"]);
    let mut kept = Kept::open(server.addr());
    let info = plain(FILES[1]);
    assert!(kept.ask(&info).0.starts_with("HTTP/1.1 200 "));
    assert!(kept.ask(&info).0.starts_with("HTTP/1.1 200 "));
    // Nobody asks for the list, so nobody watches the directory.
    let directory = root.path().join("example.com/m/@v");
    for file in ["v1.0.0.zip", "v1.0.0.mod", "v1.0.0.info"] {
        fs::remove_file(directory.join(file)).unwrap();
    }
    let deadline = Instant::now() + PATIENCE;
    while !kept.ask(&info).0.starts_with("HTTP/1.1 404 ") {
        assert!(Instant::now() < deadline, "still there");
    }
}

#[test]
fn with_watch_off_each_answer_is_that_of_now() {
    let root = root(10);
    let server = TestServer::start(root.path(), &["--watch", "off"]);
    let mut kept = Kept::open(server.addr());
    let info = plain(FILES[1]);
    let path = root.path().join("example.com/m/@v/v1.0.0.info");
    for second in 10..40 {
        let text = format!("{{\"Version\":\"v1.0.0\",\"Time\":\"2026-01-02T15:04:{second}Z\"}}");
        fs::write(&path, &text).unwrap();
        assert_eq!(kept.ask(&info).1, text.as_bytes());
    }
}
