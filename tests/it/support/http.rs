//! A client of one request per connection, that shows everything of the answer.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// Only reached by a test that is about to fail.
const PATIENCE: Duration = Duration::from_secs(60);

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
    Request::new("GET", path).send(base)
}

/// A request that is being put together.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    line: String,
    headers: String,
    body: Vec<u8>,
}

impl Request {
    /// A request without a body.
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            line: format!("{method} {path}"),
            headers: String::new(),
            body: Vec::new(),
        }
    }

    /// With one more header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    /// With a token as `Bearer`.
    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// With a body of a length that is said before.
    pub(crate) fn body(self, body: &[u8]) -> Self {
        let mut request = self.header("Content-Length", &body.len().to_string());
        request.body = body.to_vec();
        request
    }

    /// With a body in chunks, whose length nobody knows before its end.
    pub(crate) fn chunked(self, body: &[u8]) -> Self {
        let mut request = self.header("Transfer-Encoding", "chunked");
        for chunk in body.chunks(1000) {
            let size = format!("{:x}\r\n", chunk.len());
            request
                .body
                .extend([size.as_bytes(), chunk, b"\r\n"].concat());
        }
        request.body.extend(b"0\r\n\r\n");
        request
    }

    /// Sends it and reads the answer.
    ///
    /// # Panics
    ///
    /// If there is none, or one with a body of another length than it says.
    pub(crate) fn send(&self, base: &str) -> Answer {
        self.try_send(base)
            .unwrap_or_else(|error| panic!("{}: {error}", self.line))
    }

    /// Sends it and reads the answer, where the server may go away at any moment.
    pub(crate) fn try_send(&self, base: &str) -> io::Result<Answer> {
        let mut stream = self.begin(base)?;
        // A server that has answered need not read the rest.
        let _ = stream.write_all(&self.body);
        read_answer(&mut stream)
    }

    /// Sends it and reads all that comes back: for HEAD, whose answer has no body.
    ///
    /// # Panics
    ///
    /// If nothing comes.
    pub(crate) fn head_only(&self, base: &str) -> String {
        let mut head = String::new();
        let mut stream = self.begin(base).unwrap();
        stream.read_to_string(&mut head).unwrap();
        head
    }

    /// Sends all of it but the body, which is for the caller to send.
    pub(crate) fn begin(&self, base: &str) -> io::Result<TcpStream> {
        let authority = base.strip_prefix("http://").expect("an http URL");
        let mut stream = TcpStream::connect(authority)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let (line, headers) = (&self.line, &self.headers);
        let head =
            format!("{line} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n{headers}\r\n");
        stream.write_all(head.as_bytes())?;
        Ok(stream)
    }
}

/// Reads an answer to its end, which is that of the connection.
pub(crate) fn read_answer(stream: &mut TcpStream) -> io::Result<Answer> {
    let broken = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .ok_or_else(|| broken("no end of the header"))?;
    let body = bytes.split_off(end + 4);
    let head = String::from_utf8(bytes).map_err(|_| broken("a header that is not ASCII"))?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| broken("no status"))?;
    let answer = Answer { status, head, body };
    if answer.header("content-length") != Some(answer.body.len().to_string().as_str()) {
        return Err(broken("a body of another length than the header says"));
    }
    Ok(answer)
}
