//! What the operator of a server does: runs it, reads what it says, asks one path.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

/// Only reached by a test that is about to fail.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The exit code and what was written to standard error; nothing may be on standard output.
#[track_caller]
pub(crate) fn refused(mut command: Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    assert!(output.stdout.is_empty(), "{output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), stderr)
}

/// Asks for a path and returns the whole answer.
pub(crate) fn ask(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

pub(crate) fn status(address: SocketAddr, path: &str) -> u16 {
    let answer = ask(address, path);
    answer["HTTP/1.1 ".len()..][..3].parse().unwrap()
}
