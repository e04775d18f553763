//! Requests that no friend sends, as raw bytes over a real socket: each has its answer, and the server stays as it is.
//!
//! A row is the bytes and what must come back: the status of each answer in order, or `closed` for a connection that
//! ends without one. The client closes its sending side after the bytes, so that the end of the answers is the end of
//! the connection and nothing has to be waited for.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::support::server::{TestServer, eventually};
use crate::support::tree::one_module as root;

/// Only reached by a test that is about to fail.
const PATIENCE: Duration = Duration::from_secs(60);

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends bytes, closes the sending side, and returns all that comes back.
fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(address);
    // The server may have answered and closed before all of it is sent.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    read_all(&mut stream)
}

fn read_all(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return answer,
            Ok(read) => answer.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return answer,
            Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&answer)),
        }
    }
}

/// Reads one answer with a `Content-Length` from a connection that stays open.
fn read_one(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut byte = [0];
    while answer.is_empty() || statuses(&answer, false).is_err() {
        match stream.read(&mut byte) {
            Ok(1) => answer.extend_from_slice(&byte),
            other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&answer)),
        }
    }
    answer
}

/// The statuses of a row of answers, `closed` for none. An error if the last one is not whole.
fn statuses(mut bytes: &[u8], heads_only: bool) -> Result<String, String> {
    let mut statuses = Vec::new();
    while !bytes.is_empty() {
        let text = String::from_utf8_lossy(bytes);
        let end = bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .ok_or_else(|| format!("half a head: {text:?}"))?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head
            .strip_prefix("HTTP/1.1 ")
            .or_else(|| head.strip_prefix("HTTP/1.0 "))
            .and_then(|rest| rest.get(..3))
            .ok_or_else(|| format!("not an answer: {text:?}"))?
            .to_owned();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse::<usize>().unwrap());
        let length = if heads_only || status == "304" {
            0
        } else {
            length
        };
        bytes = bytes
            .get(end + 4 + length..)
            .ok_or_else(|| format!("half a body: {text:?}"))?;
        statuses.push(status);
    }
    if statuses.is_empty() {
        statuses.push("closed".to_owned());
    }
    Ok(statuses.join(" "))
}

/// `GET` of a path, with what HTTP/1.1 asks for.
fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes()
}

/// A good GET with these header lines besides the Host, and this body.
fn with(headers: &str, body: &str) -> Vec<u8> {
    format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{headers}\r\n{body}").into_bytes()
}

type Row = (Vec<u8>, &'static str);

/// Paths: separators, dots and escapes in every disguise.
fn paths() -> Vec<Row> {
    [
        ("/", "200"),
        ("/healthz", "200"),
        ("/readyz", "200"),
        ("/version", "200"),
        ("/healthz?x=y", "200"),
        ("/?a=/../..", "200"),
        ("/example.com/m/@v/list", "200"),
        ("/example.com/m/%40v/list", "200"),
        ("/%65xample.com/m/@v/l%69st", "200"),
        ("/example.com/m/@v/list?go-get=1", "200"),
        ("/example.com/m/@v/list?", "200"),
        ("/example.com/m/@v/list?%zz=%00", "200"),
        ("/example.com/m/@v/v1.0.0.zip", "200"),
        ("/example.com/m/@v/v1.0.0.info", "200"),
        ("/example.com/m/@latest", "200"),
        ("/example.com/m/@v/v1.0.0.lock", "404"),
        ("/example.com/m/@v/v1.0.0.ziphash", "404"),
        ("/example.com/m/@v/v1.0.0.zip.tmp", "404"),
        ("/example.com/m/@v/v1.0.0", "404"),
        ("/example.com/m/@v/v9.9.9.zip", "404"),
        ("/example.com/m/@v/v2.0.0.zip", "404"),
        ("/example.com/m/@v/main.info", "404"),
        ("/example.com/m/@v/LIST", "404"),
        ("/example.com/M/@v/list", "404"),
        ("/example.com/%21m/@v/list", "404"),
        ("/example.com/!M/@v/list", "404"),
        ("/EXAMPLE.com/m/@v/list", "404"),
        ("/example.com/m/pkg/@v/list", "404"),
        ("/example.com/m/pkg", "404"),
        ("/HEALTHZ", "404"),
        ("/healthz/x", "404"),
        ("/favicon.ico", "404"),
        ("/.athens/", "400"),
        ("/.athens/journal", "404"),
        ("/.athens/staging/@v/list", "404"),
        ("/example.com/../.athens/journal", "400"),
        ("/sumdb/sum.golang.org/supported", "404"),
        ("/..", "400"),
        ("/../", "400"),
        ("/../../../../etc/passwd", "400"),
        ("/%2e%2e/%2e%2e/etc/passwd", "400"),
        ("/.%2e/etc/passwd", "400"),
        ("/..%2f..%2fetc%2fpasswd", "400"),
        ("/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "400"),
        ("/%252e%252e/%252e%252e/etc/passwd", "404"),
        ("/..%252f..%252fetc/passwd", "404"),
        ("/%25252e%25252e/etc/passwd", "404"),
        ("/..%5c..%5cetc%5cpasswd", "400"),
        ("/..\\..\\etc\\passwd", "400"),
        ("/....//....//etc/passwd", "400"),
        ("/..;/etc/passwd", "404"),
        ("/%c0%ae%c0%ae/etc/passwd", "400"),
        ("/%e0%80%ae%e0%80%ae/etc/passwd", "400"),
        ("/%uff0e%uff0e/etc/passwd", "400"),
        ("/%ef%bc%8e%ef%bc%8e/etc/passwd", "404"),
        ("/example.com/m/@v/../@v/list", "400"),
        ("/example.com/m/@v/%2e%2e/@v/list", "400"),
        ("/example.com/m/@v/./list", "400"),
        ("/example.com/m/@v//list", "400"),
        ("//example.com/m/@v/list", "400"),
        ("/example.com//m/@v/list", "400"),
        ("/example.com/m/@v/list/", "400"),
        ("/example.com/m/", "400"),
        ("//", "400"),
        ("///", "400"),
        ("/example.com%2fm/@v/list", "400"),
        ("/example.com/m/@v%2Flist", "400"),
        ("/example.com/m%2f@v%2flist", "400"),
        ("/example.com/m/@v/v1.0.0.zip%00", "400"),
        ("/example.com/m/@v/v1.0.0.zip%00.info", "400"),
        ("/example.com/m%00/@v/list", "400"),
        ("/example.com/m%0d%0aSet-Cookie:%20a=b/@v/list", "400"),
        ("/example.com/m%0a/@v/list", "400"),
        ("/example.com/%1b[31m/@v/list", "400"),
        ("/example.com/m%7f/@v/list", "400"),
        ("/example.com/%", "400"),
        ("/example.com/%2", "400"),
        ("/example.com/%gg/@v/list", "400"),
        ("/example.com/%%32%65/@v/list", "400"),
        ("/example.com/%ff/@v/list", "400"),
        ("/example.com/m%20/@v/list", "404"),
        ("/example.com/m+/@v/list", "404"),
        ("/example.com/m;x=y/@v/list", "404"),
        ("/example.com/m:80/@v/list", "404"),
        ("/example.com/m~1/@v/list", "404"),
        ("/example.com/con/@v/list", "404"),
        ("/example.com/m./@v/list", "404"),
        ("/example.com/-m/@v/list", "404"),
        ("/example.com/m/@v/-rf.info", "404"),
        ("/example.com/m/@v/$(id).info", "404"),
        ("/example.com/m/@v/%60id%60.info", "404"),
        ("/example.com/m/@v/`id`.info", "400"),
        ("/example.com/<m>/@v/list", "400"),
        ("/example.com/m/@v/v1.0.0'--.info", "404"),
        ("/C:/Windows/system.ini", "404"),
        ("/~root/.ssh/id_rsa", "404"),
        ("/@v/list", "404"),
        ("/@latest", "404"),
        ("/@v/@v/@v/list", "404"),
        ("/proc/self/environ", "404"),
    ]
    .into_iter()
    .map(|(path, expected)| (get(path), expected))
    .collect()
}

/// Request lines: methods, versions, forms of the target.
fn request_lines() -> Vec<Row> {
    let host = "Host: a\r\n\r\n";
    let mut rows: Vec<Row> = [
        ("POST / HTTP/1.1", "405"),
        ("PUT /example.com/m/@v/v1.0.0.zip HTTP/1.1", "405"),
        ("DELETE /example.com/m/@v/v1.0.0.zip HTTP/1.1", "405"),
        ("PATCH / HTTP/1.1", "405"),
        ("OPTIONS / HTTP/1.1", "405"),
        ("OPTIONS * HTTP/1.1", "405"),
        ("TRACE / HTTP/1.1", "405"),
        ("PROPFIND / HTTP/1.1", "405"),
        ("CONNECT a:80 HTTP/1.1", "405"),
        ("CONNECT 169.254.169.254:80 HTTP/1.1", "405"),
        ("get / HTTP/1.1", "405"),
        ("GETT / HTTP/1.1", "405"),
        ("GET\t/ HTTP/1.1", "400"),
        (" GET / HTTP/1.1", "400"),
        ("G\0T / HTTP/1.1", "400"),
        ("GET  / HTTP/1.1", "400"),
        ("GET /  HTTP/1.1", "400"),
        ("GET / HTTP/1.1 ", "400"),
        ("GET / http/1.1", "400"),
        ("GET / HTTP/1.2", "400"),
        ("GET / HTTP/2.0", "400"),
        ("GET / HTTP/3", "400"),
        ("GET / HTTP/11", "400"),
        ("GET / HTTP/", "400"),
        ("GET /", "400"),
        ("GET", "400"),
        ("/ HTTP/1.1", "400"),
        ("GET / x HTTP/1.1", "400"),
        ("GET /\0 HTTP/1.1", "400"),
        ("GET /a\x7fb HTTP/1.1", "400"),
        ("GET /a\rb HTTP/1.1", "400"),
        ("GET * HTTP/1.1", "400"),
        ("GET healthz HTTP/1.1", "400"),
        ("GET a:80 HTTP/1.1", "400"),
        ("GET ?x HTTP/1.1", "400"),
        ("GET http://b/healthz HTTP/1.1", "200"),
        ("GET HTTP://b:81/healthz HTTP/1.1", "200"),
        ("GET http://b HTTP/1.1", "200"),
        ("GET http://b/../etc/passwd HTTP/1.1", "400"),
        ("GET http:///healthz HTTP/1.1", "400"),
        ("GET ftp://b/healthz HTTP/1.1", "400"),
        ("GET file:///etc/passwd HTTP/1.1", "400"),
        ("GET javascript:alert(1) HTTP/1.1", "400"),
        ("HEAD /nothing HTTP/1.1", "404"),
    ]
    .into_iter()
    .map(|(line, expected)| (format!("{line}\r\n{host}").into_bytes(), expected))
    .collect();
    rows.extend([
        // HTTP/0.9 knows no headers and gets no answer in its own form.
        (b"GET /healthz\r\n".to_vec(), "400"),
        (b"GET /healthz HTTP/1.0\r\n\r\n".to_vec(), "200"),
        (b"GET /healthz HTTP/1.0\r\nHost: a\r\n\r\n".to_vec(), "200"),
        (
            b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".to_vec(),
            "200",
        ),
        (
            b"\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
            "200",
        ),
        // A bare line feed ends a line too (RFC 9112, 2.2).
        (b"GET /healthz HTTP/1.1\nHost: a\n\n".to_vec(), "200"),
        (b"GET /healthz HTTP/1.1\rHost: a\r\r".to_vec(), "400"),
        // HTTP/2 without asking first.
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), "closed"),
        (get(&format!("/{}", "a".repeat(40_000))), "431"),
        (get(&format!("/{}", "a".repeat(70_000))), "431"),
        (get(&format!("/?{}", "a".repeat(40_000))), "431"),
        (
            get(&format!("/example.com/{}/@v/list", "a".repeat(300))),
            "404",
        ),
        (
            get(&format!("/example.com/{}/@v/list", "a/".repeat(4000))),
            "400",
        ),
        (
            get(&format!("/example.com/{}a/@v/list", "a/".repeat(4000))),
            "404",
        ),
        (get(&format!("/{}", "%2e".repeat(5000))), "404"),
        (get(&format!("/{}etc/passwd", "../".repeat(5000))), "400"),
        (
            format!("{} / HTTP/1.1\r\n{host}", "M".repeat(20_000)).into_bytes(),
            "405",
        ),
    ]);
    rows
}

/// Headers: who is spoken to, and what is no header at all.
fn headers() -> Vec<Row> {
    let line = "GET /healthz HTTP/1.1\r\n";
    let many: String = (0..101).map(|n| format!("X-{n}: y\r\n")).collect();
    let mut rows: Vec<Row> = [
        ("", "400"),
        ("Host: a\r\nHost: a\r\n", "400"),
        ("Host: a\r\nHost: b\r\n", "400"),
        ("Host: a\r\nhOST: b\r\n", "400"),
        ("Host: a b\r\n", "400"),
        ("Host: a, b\r\n", "400"),
        ("Host: a/b\r\n", "400"),
        ("Host: a@b\r\n", "400"),
        ("Host: a:b\r\n", "400"),
        ("Host: a:99999\r\n", "400"),
        ("Host: <script>\r\n", "400"),
        ("Host: \u{e9}\r\n", "400"),
        ("Host: [::1\r\n", "400"),
        ("Host:\r\n", "200"),
        ("Host: [::1]:80\r\n", "200"),
        ("Host:a\r\n", "200"),
        ("Host:\ta\t\r\n", "200"),
        ("Host : a\r\n", "400"),
        (" Host: a\r\n", "400"),
        ("Host: a\r\n folded\r\n", "400"),
        ("Host: a\r\nX: b\r\n\tc\r\n", "400"),
        ("Host: a\r\nX: b\rc\r\n", "400"),
        ("Host: a\r\nX: b\0c\r\n", "400"),
        ("Host: a\r\nX: b\x1b[2J\r\n", "400"),
        ("Host: a\r\nX: b\x7f\r\n", "400"),
        ("Host: a\r\nX\0: b\r\n", "400"),
        ("Host: a\r\nX Y: b\r\n", "400"),
        ("Host: a\r\nX(): b\r\n", "400"),
        ("Host: a\r\n: b\r\n", "400"),
        ("Host: a\r\nno colon\r\n", "400"),
        ("Host: a\r\nX:\r\n", "200"),
        ("Host: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: x\r\n", "200"),
        ("Host: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n", "200"),
        ("Host: a\r\nConnection: close, keep-alive, \r\n", "200"),
        ("Host: a\r\nConnection: Host\r\n", "200"),
        ("Host: a\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: ::1\r\n", "200"),
        ("Host: a\r\nX-Original-URL: /../etc/passwd\r\nX-Rewrite-URL: /x\r\n", "200"),
        ("Host: a\r\nX-HTTP-Method-Override: DELETE\r\n", "200"),
        ("Host: a\r\nAccept-Encoding: gzip;q=1e999999\r\n", "200"),
        ("Host: a\r\nRange: bytes=0-0\r\nIf-Range: \"x\r\n", "200"),
    ]
    .into_iter()
    .map(|(headers, expected)| (format!("{line}{headers}\r\n").into_bytes(), expected))
    .collect();
    rows.extend([
        (with(&many, ""), "431"),
        (with(&format!("X: {}\r\n", "y".repeat(33_000)), ""), "431"),
        (with(&format!("{}: y\r\n", "X".repeat(33_000)), ""), "431"),
        (with(&format!("X: {}\r\n", "y".repeat(900_000)), ""), "431"),
        (with(&"X: y\r\n".repeat(10_000), ""), "431"),
        (with(&format!("X: {}\r\n", "y".repeat(30_000)), ""), "200"),
    ]);
    rows
}

/// Bodies, and where one request ends and the next begins.
fn framing() -> Vec<Row> {
    let inner = "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut rows: Vec<Row> = [
        ("Content-Length: 0\r\n", "", "200"),
        ("Content-Length: 3\r\n", "abc", "200"),
        ("Content-Length: 3\r\nContent-Length: 3\r\n", "abc", "200"),
        ("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd", "400"),
        ("Content-Length: 3, 3\r\n", "abc", "400"),
        ("Content-Length: -1\r\n", "", "400"),
        ("Content-Length: +3\r\n", "abc", "400"),
        ("Content-Length: 0x3\r\n", "abc", "400"),
        ("Content-Length: 3 \r\n", "abc", "200"),
        ("Content-Length: \r\n", "", "400"),
        ("Content-Length: a\r\n", "", "400"),
        ("Content-Length: 99999999999999999999999999\r\n", "", "400"),
        ("Content-Length: 18446744073709551615\r\n", "", "431"),
        // Promised, and never sent.
        ("Content-Length: 1000000\r\n", "abc", "200"),
        (
            "Content-Length: 1000000\r\nExpect: 100-continue\r\n",
            "",
            "200",
        ),
        (
            "Content-Length: 3\r\nExpect: 200-nonsense\r\n",
            "abc",
            "200",
        ),
        ("Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "400"),
        (
            "Transfer-Encoding: chunked\r\n",
            "3\r\nabc\r\n0\r\n\r\n",
            "400",
        ),
        ("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n", "400"),
        ("Transfer-Encoding: identity\r\n", "", "400"),
        ("Transfer-Encoding: xchunked\r\n", "", "400"),
        ("Transfer-Encoding: chunked, identity\r\n", "", "400"),
        ("Transfer-Encoding:\x0bchunked\r\n", "", "400"),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            "",
            "400",
        ),
        ("Transfer-Encoding: \r\n", "", "400"),
        ("Transfer-Encoding : chunked\r\n", "", "400"),
        ("X: y\r\nTransfer-Encoding\r\n", "", "400"),
        (
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "0\r\n\r\n",
            "400",
        ),
        (
            "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
            "0\r\n\r\n",
            "400",
        ),
        (
            "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
            "0\r\n\r\n",
            "400",
        ),
    ]
    .into_iter()
    .map(|(headers, body, expected)| (with(headers, body), expected))
    .collect();
    rows.extend([
        // A request in a body is a body: one answer, and the inner path is never asked for.
        (with(&format!("Content-Length: {}\r\n", inner.len()), inner), "200"),
        (with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", &format!("0\r\n\r\n{inner}")), "400"),
        (with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", &format!("0\r\n\r\n{inner}")), "400"),
        (with("Transfer-Encoding: chunked\r\n", &format!("0\r\n\r\n{inner}")), "400"),
        (
            format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX{inner}")
                .into_bytes(),
            "405",
        ),
        (
            format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{inner}")
                .into_bytes(),
            "405",
        ),
        (
            format!("GET /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}").into_bytes(),
            "400",
        ),
        // A second request after a body that is there is the next request.
        (
            format!("GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc{inner}").into_bytes(),
            "200 404",
        ),
        // After an error that ends the connection there is no next request.
        (format!("GET /healthz HTTP/1.1\r\n\r\n{inner}").into_bytes(), "400"),
        (format!("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n{inner}").into_bytes(), "400"),
        // Pipelining (RFC 9112, 9.3.2): answers in order.
        ([get("/healthz"), get("/nothing"), get("/version")].concat(), "200 404 200"),
        ([get("/healthz"), get("/.."), get("/healthz")].concat(), "200 400 200"),
        ([get("/healthz"), b"NONSENSE\r\n\r\n".to_vec(), get("/healthz")].concat(), "200 400"),
        (
            [with("Connection: close\r\n", ""), get("/healthz")].concat(),
            "200",
        ),
        (
            [b"GET /healthz HTTP/1.0\r\n\r\n".to_vec(), get("/healthz")].concat(),
            "200",
        ),
    ]);
    rows
}

/// Connections that end early, or never were HTTP.
fn fragments() -> Vec<Row> {
    [
        (&b""[..], "closed"),
        (b"\r\n", "closed"),
        (b"\r\n\r\n\r\n", "closed"),
        (b"G", "closed"),
        (b"GET", "closed"),
        (b"GET / HTTP/1.1", "closed"),
        (b"GET / HTTP/1.1\r\n", "closed"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", "closed"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r", "closed"),
        (b"\0", "400"),
        (b"\xff\xfe\xfd", "400"),
        // The first bytes of a TLS handshake, an SSH client and a Redis command.
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "400"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "400"),
        (b"*1\r\n$4\r\nPING\r\n", "400"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "400"),
    ]
    .into_iter()
    .map(|(bytes, expected)| (bytes.to_vec(), expected))
    .collect()
}

#[test]
fn every_request_has_its_answer() {
    let root = root(10);
    let server = TestServer::start(root.path(), &[]);
    let rows: Vec<Row> = [paths(), request_lines(), headers(), framing(), fragments()].concat();
    assert!(rows.len() > 200, "{}", rows.len());

    let mut failures = Vec::new();
    let mut run = || {
        for (bytes, expected) in &rows {
            let answer = exchange(server.addr(), bytes);
            let heads_only = bytes.starts_with(b"HEAD ");
            let got = statuses(&answer, heads_only).unwrap_or_else(|error| error);
            if got != *expected {
                let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(120)]).into_owned();
                failures.push(format!("{shown:?}: {got}, not {expected}"));
            }
        }
    };
    (0..3).for_each(|_| run());
    let before = server.rss_kib();
    (0..3).for_each(|_| run());
    let after = server.rss_kib();

    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let answer = exchange(server.addr(), &get("/healthz"));
    assert!(answer.ends_with(b"\r\n\r\nok\n"));
    assert!(
        after < before + 4 * 1024,
        "memory grew from {before} to {after} KiB; {}",
        server.stderr()
    );
    let stderr = server.stderr();
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(server.stop().success());
}

#[test]
fn the_log_of_hostile_requests_is_clean() {
    let root = root(10);
    let server = TestServer::start(root.path(), &["--log-level", "debug"]);
    for (bytes, _) in [paths(), headers(), fragments()].concat() {
        exchange(server.addr(), &bytes);
    }
    let ended = server.stop_and_collect();
    let is_clean = |c: char| c == '\n' || !c.is_control();
    assert!(ended.stderr.chars().all(is_clean), "{:?}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("path=/../../../../etc/passwd status=400")
    );
}

#[test]
fn refusals_are_plain_text_and_close_what_must_be_closed() {
    let root = root(10);
    let server = TestServer::start(root.path(), &[]);
    let text = |bytes: &[u8]| String::from_utf8(exchange(server.addr(), bytes)).unwrap();

    let absent = text(&get("/example.com/%252e%3Cscript%3E/@v/list"));
    assert!(absent.starts_with("HTTP/1.1 404 "), "{absent}");
    assert!(
        absent.contains("\r\ncontent-type: text/plain; charset=utf-8\r\n"),
        "{absent}"
    );
    assert!(
        absent.contains("\r\nx-content-type-options: nosniff\r\n"),
        "{absent}"
    );
    assert!(
        absent.contains("\r\ncache-control: no-store\r\n"),
        "{absent}"
    );
    assert!(absent.contains("\r\n\r\nnot found: "), "{absent}");

    let method = text(b"POST / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(method.contains("\r\nallow: GET, HEAD\r\n"), "{method}");

    let smuggled = text(&with(
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "",
    ));
    assert!(smuggled.contains("\r\nconnection: close\r\n"), "{smuggled}");
}

#[test]
fn many_ranges_are_answered_with_the_whole_file() {
    let root = root(1000);
    let server = TestServer::start(root.path(), &[]);
    let ranges = vec!["0-"; 1000].join(",");
    let request = format!(
        "GET /example.com/m/@v/v1.0.0.zip HTTP/1.1\r\nHost: a\r\nRange: bytes={ranges}\r\n\r\n"
    );
    let answer = exchange(server.addr(), request.as_bytes());
    assert_eq!(statuses(&answer, false).unwrap(), "200");
    let zip = fs::read(root.path().join("example.com/m/@v/v1.0.0.zip")).unwrap();
    assert!(answer.ends_with(&zip));
}

#[test]
fn slow_headers_are_cut_and_idle_connections_are_not() {
    let root = root(10);
    let flags = ["--header-timeout", "200ms", "--idle-timeout", "1h"];
    let server = TestServer::start(root.path(), &flags);

    let mut kept = connect(server.addr());
    kept.write_all(&get("/healthz")).unwrap();
    read_one(&mut kept);

    // Opened later and told to speak by the same clock: when they are cut, the first one has been idle for longer.
    let mut silent = connect(server.addr());
    let mut partial = connect(server.addr());
    partial
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
        .unwrap();
    let mut dripping = connect(server.addr());
    dripping.write_all(b"GET / HTTP/1.1\r\nX: ").unwrap();
    // One byte at a time for as long as somebody takes them; the limit is for the whole head.
    while dripping.write_all(b"y").is_ok() {
        std::thread::yield_now();
        if matches!(dripping.peek(&mut [0]), Ok(0)) {
            break;
        }
    }
    for stream in [&mut silent, &mut partial, &mut dripping] {
        assert_eq!(statuses(&read_all(stream), false).unwrap(), "closed");
    }

    kept.write_all(&get("/version")).unwrap();
    assert_eq!(statuses(&read_one(&mut kept), false).unwrap(), "200");
}

#[test]
fn idle_connections_are_closed() {
    let root = root(10);
    let server = TestServer::start(root.path(), &["--idle-timeout", "100ms"]);
    let mut stream = connect(server.addr());
    stream.write_all(&get("/healthz")).unwrap();
    // Ends by itself, after one answer.
    assert_eq!(statuses(&read_all(&mut stream), false).unwrap(), "200");
}

#[test]
fn clients_that_take_nothing_are_cut() {
    // More than the sockets' buffers hold.
    let root = root(64 << 20);
    let server = TestServer::start(root.path(), &["--write-timeout", "200ms"]);
    let mut stream = connect(server.addr());
    stream
        .write_all(&get("/example.com/m/@v/v1.0.0.zip"))
        .unwrap();
    eventually("the download is cut", || {
        server.stderr().contains("v1.0.0.zip status=200")
            && server.stderr().contains("aborted=true")
    });
    // Neither was the file read into memory for a client that does not take it.
    assert!(
        server.peak_rss_kib() < 48 * 1024,
        "{}",
        server.peak_rss_kib()
    );
    // What was in the buffers still comes, and it is not all.
    let answer = read_all(&mut stream);
    assert!(
        statuses(&answer, false)
            .unwrap_err()
            .starts_with("half a body")
    );
}

#[test]
fn connections_beyond_the_limit_wait() {
    let root = root(10);
    let server = TestServer::start(root.path(), &["--max-connections", "1"]);
    let mut first = connect(server.addr());
    first.write_all(&get("/healthz")).unwrap();
    read_one(&mut first);

    let mut second = connect(server.addr());
    second.write_all(&get("/healthz")).unwrap();
    eventually("the limit is logged", || {
        server.stderr().contains("all connections are taken")
    });
    // The first one is still served, the second one when the first is gone.
    first.write_all(&get("/version")).unwrap();
    assert_eq!(statuses(&read_one(&mut first), false).unwrap(), "200");
    drop(first);
    assert_eq!(statuses(&read_one(&mut second), false).unwrap(), "200");
}

#[test]
fn a_flood_of_connections_leaves_nothing_behind() {
    let root = root(10);
    let server = TestServer::start(root.path(), &["--header-timeout", "200ms"]);
    let flood = || {
        let streams: Vec<TcpStream> = (0..400)
            .map(|number| {
                let mut stream = connect(server.addr());
                let bytes = get("/example.com/m/@v/list");
                stream.write_all(&bytes[..number % bytes.len()]).unwrap();
                stream
            })
            .collect();
        for mut stream in streams {
            read_all(&mut stream);
        }
    };
    // The allocator keeps what it had at the busiest moment; after some rounds that does not grow any more.
    (0..8).for_each(|_| flood());
    let before = server.rss_kib();
    (0..4).for_each(|_| flood());
    let after = server.rss_kib();
    assert!(
        after < before + 6 * 1024,
        "memory grew from {before} to {after} KiB"
    );
    let answer = exchange(server.addr(), &get("/healthz"));
    assert!(answer.ends_with(b"\r\n\r\nok\n"));
}
