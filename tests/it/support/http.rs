//! A client of one request per connection, that shows everything of the answer.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The header lines as they came.
    pub(crate) head: String,
    /// The body, to its end.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The value of a header, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Gets a path of a server, given its base URL without a trailing slash.
///
/// # Panics
///
/// If the server does not answer, or with a body of another length than it says.
pub(crate) fn get(base: &str, path: &str) -> Answer {
    let authority = base.strip_prefix("http://").expect("an http URL");
    let mut stream = TcpStream::connect(authority)
        .unwrap_or_else(|error| panic!("connecting to {authority}: {error}"));
    let request = format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream
        .read_to_end(&mut bytes)
        .unwrap_or_else(|error| panic!("GET {path}: {error}"));

    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("GET {path}: no end of the header"));
    let body = bytes.split_off(end + 4);
    let head = String::from_utf8(bytes).expect("a header of ASCII");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .unwrap_or_else(|| panic!("GET {path}: no status in {head:?}"));
    let answer = Answer { status, head, body };
    assert_eq!(
        answer.header("content-length"),
        Some(answer.body.len().to_string().as_str()),
        "GET {path}: Content-Length"
    );
    answer
}
