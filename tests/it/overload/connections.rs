//! Connections beyond what a server, or one client, may have.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::certificate::Certificate;
use crate::support::http::Request;
use crate::support::server::TestServer;
use crate::support::tools::{eventually, until};
use crate::support::tree::one_module;

const ASK: &[u8] = b"GET /example.com/m/@v/list HTTP/1.1\r\nHost: a\r\n\r\n";

fn connect(server: &TestServer) -> TcpStream {
    let stream = TcpStream::connect(server.addr()).unwrap();
    // Only reached by a test that is about to fail.
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream
}

/// Whether this connection is served: asks on it.
fn is_served(stream: &mut TcpStream) -> bool {
    if stream.write_all(ASK).is_err() {
        return false;
    }
    let mut start = [0; 12];
    match stream.read_exact(&mut start) {
        Ok(()) => start == *b"HTTP/1.1 200",
        Err(error) => {
            assert_ne!(
                error.kind(),
                ErrorKind::WouldBlock,
                "neither served nor closed"
            );
            false
        }
    }
}

/// A counter, once there is a connection for whoever wants to know.
fn counted(server: &TestServer, name: &str) -> u64 {
    let text = eventually("the figures", || {
        let answer = Request::new("GET", "/metrics").try_send(&server.url());
        answer.ok().map(|answer| answer.text())
    });
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {text}"))
        .parse()
        .unwrap()
}

#[test]
fn a_client_has_so_many() {
    let root = one_module(10);
    let flags = ["--max-connections-per-client", "2"];
    let server = TestServer::start(root.path(), &flags);
    let mut kept = [connect(&server), connect(&server)];
    assert!(kept.iter_mut().all(is_served));
    assert!(!is_served(&mut connect(&server)));
    until("the limit is logged", || {
        server.stderr().contains("--max-connections-per-client")
    });
    let [first, second] = kept;
    drop(first);
    until("another one is served", || is_served(&mut connect(&server)));
    drop(second);
    assert!(counted(&server, "athens_http_connections_limited_total") > 0);
}

#[test]
fn a_proxy_that_is_trusted_may_have_any_number() {
    let root = one_module(10);
    let flags = [
        "--max-connections-per-client",
        "1",
        "--trust-proxy",
        "127.0.0.1",
    ];
    let server = TestServer::start(root.path(), &flags);
    let mut streams: Vec<TcpStream> = (0..20).map(|_| connect(&server)).collect();
    assert!(streams.iter_mut().all(is_served));
}

/// Nobody is cut for waiting, so whoever waits could keep all others out.
const PATIENT: [&str; 6] = [
    "--max-connections",
    "8",
    "--header-timeout",
    "1h",
    "--idle-timeout",
    "1h",
];
const DISPLACED: &str = "athens_http_connections_displaced_total";

/// Asks, and reads the whole answer, so that it can ask again.
fn asks(stream: &mut TcpStream, request: &[u8]) {
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\nv1.0.0\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.extend(byte);
    }
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{answer:?}");
}

/// Whether the server has closed a connection on which nothing is to be read.
fn is_closed(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let peeked = stream.peek(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    match peeked {
        Err(error) => error.kind() != ErrorKind::WouldBlock,
        Ok(read) => read == 0,
    }
}

#[test]
fn who_says_nothing_goes_for_who_asks() {
    let root = one_module(10);
    let server = TestServer::start(root.path(), &PATIENT);
    let mut silent: Vec<TcpStream> = (0..8)
        .map(|number| {
            let mut stream = connect(&server);
            stream.write_all(&ASK[..number]).unwrap();
            stream
        })
        .collect();
    let mut honest: Vec<TcpStream> = (0..3).map(|_| connect(&server)).collect();
    honest.iter_mut().for_each(|stream| asks(stream, ASK));
    // Those that came first, and no more than necessary. Who asks for the figures needs a place too.
    assert_eq!(counted(&server, DISPLACED), 4);
    let closed: Vec<bool> = silent.iter().map(is_closed).collect();
    assert_eq!(closed, [[true; 4], [false; 4]].concat());
    // Who was slow and is left has not lost anything.
    asks(&mut silent[7], &ASK[7..]);
    asks(&mut honest[0], ASK);
}

#[test]
fn a_connection_that_is_kept_and_not_used_goes_first() {
    let root = one_module(10);
    let server = TestServer::start(root.path(), &PATIENT);
    let mut kept: Vec<TcpStream> = (0..8).map(|_| connect(&server)).collect();
    kept.iter_mut().for_each(|stream| asks(stream, ASK));
    for number in [0, 1, 3] {
        asks(&mut kept[number], ASK);
    }
    asks(&mut connect(&server), ASK);
    let closed: Vec<usize> = (0..8).filter(|number| is_closed(&kept[*number])).collect();
    assert_eq!(closed, [2]);
    assert!(!server.stderr().contains("ERROR"), "{}", server.stderr());
}

#[test]
fn who_does_not_come_to_an_end_with_tls_goes() {
    let root = one_module(10);
    let Some(certificate) = Certificate::make() else {
        return;
    };
    let (cert, key) = (certificate.path(), certificate.key_path());
    let files = [cert.to_str().unwrap(), key.to_str().unwrap()];
    let flags = ["--tls-cert", files[0], "--tls-key", files[1]];
    let server = TestServer::start(root.path(), &[&PATIENT[..], &flags].concat());
    let address = server.url().replace("https://", "");
    let connect = || TcpStream::connect(&address).unwrap();
    let silent: Vec<TcpStream> = (0..8).map(|_| connect()).collect();
    let _more = [connect(), connect()];
    until("the first ones are closed", || {
        silent[..2].iter().all(is_closed)
    });
    assert!(silent[2..].iter().all(|stream| !is_closed(stream)));
}
