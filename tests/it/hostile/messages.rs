//! Whole messages: request lines, headers, bodies, and what is no HTTP at all.

use super::Row;
use super::wire::get;

/// A good GET with these header lines besides the Host, and this body.
pub(super) fn with(headers: &str, body: &str) -> Vec<u8> {
    format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{headers}\r\n{body}").into_bytes()
}

/// Request lines: methods, versions, forms of the target.
pub(super) fn request_lines() -> Vec<Row> {
    let host = "Host: a\r\n\r\n";
    let mut rows: Vec<Row> = [
        ("POST / HTTP/1.1", "405"),
        ("PUT /example.com/m/@v/v1.0.0.zip HTTP/1.1", "401"),
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
        ("PUT a:80 HTTP/1.1", "400"),
        ("PUT * HTTP/1.1", "400"),
        ("DELETE a:80 HTTP/1.1", "400"),
        ("POST a HTTP/1.1", "400"),
        ("OPTIONS a:80 HTTP/1.1", "400"),
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
pub(super) fn headers() -> Vec<Row> {
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

/// Connections that end early, or never were HTTP.
pub(super) fn fragments() -> Vec<Row> {
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
