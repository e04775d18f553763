//! Bytes over a socket, and the answers that come back.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// Only reached by a test that is about to fail.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends bytes, closes the sending side, and returns all that comes back.
pub(super) fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(address);
    // The server may have answered and closed before all of it is sent.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    read_all(&mut stream)
}

pub(super) fn read_all(stream: &mut TcpStream) -> Vec<u8> {
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
pub(super) fn read_one(stream: &mut TcpStream) -> Vec<u8> {
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
pub(super) fn statuses(mut bytes: &[u8], heads_only: bool) -> Result<String, String> {
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
pub(super) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes()
}
