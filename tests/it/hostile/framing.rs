//! Where one request ends and the next begins.

use super::Row;
use super::messages::with;
use super::wire::get;

/// Bodies, and where one request ends and the next begins.
pub(super) fn framing() -> Vec<Row> {
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
