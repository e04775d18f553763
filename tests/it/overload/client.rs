//! A client that keeps its connection, and what was answered how fast.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use crate::support::server::{TestServer, athens};

/// Only reached by a test that is about to fail.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection on which one request after another is sent.
pub(super) struct Kept(BufReader<TcpStream>);

impl Kept {
    pub(super) fn open(server: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Gets a path: the status, and the body to its end.
    pub(super) fn get(&mut self, path: &str) -> io::Result<(u16, Vec<u8>)> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        self.0.get_mut().write_all(request.as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            is_length.then(|| value.parse::<usize>().ok())?
        });
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let (Some(length), Some(status)) = (length, status) else {
            return Err(io::Error::other(head));
        };
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok((status, body))
    }
}

/// What was answered, by kind of request: a status, or what went wrong.
#[derive(Default)]
pub(super) struct Answers(Mutex<BTreeMap<(&'static str, String), usize>>);

impl Answers {
    pub(super) fn note(&self, kind: &'static str, answer: io::Result<u16>) {
        let said = match answer {
            Ok(status) => status.to_string(),
            Err(error) => format!("{:?}", error.kind()),
        };
        let mut answers = self.0.lock().unwrap();
        *answers.entry((kind, said)).or_default() += 1;
    }

    pub(super) fn count(&self, kind: &str) -> usize {
        let answers = self.0.lock().unwrap();
        let of_kind = answers.iter().filter(|((of, _), _)| *of == kind);
        of_kind.map(|(_, count)| count).sum()
    }

    /// All that is not among what may be answered to its kind, and all of it in words.
    pub(super) fn unintended(&self, may: &[(&str, &[u16])]) -> Vec<String> {
        let answers = self.0.lock().unwrap();
        let is_meant = |kind: &str, said: &str| {
            may.iter().any(|(of, statuses)| {
                *of == kind && statuses.iter().any(|status| status.to_string() == said)
            })
        };
        answers
            .iter()
            .filter(|((kind, said), _)| !is_meant(kind, said))
            .map(|((kind, said), count)| format!("{kind}: {said}, {count} times"))
            .collect()
    }

    pub(super) fn shown(&self) -> String {
        let answers = self.0.lock().unwrap();
        let each = answers
            .iter()
            .map(|((kind, said), count)| format!("    {kind:<10} {said:<16} {count}\n"));
        each.collect()
    }
}

/// `athens`, or the build of it that `tests/load/run` names.
pub(super) fn program() -> Command {
    let under_test = athens();
    let Some(binary) = std::env::var_os("LOAD_BINARY") else {
        return under_test;
    };
    let mut command = Command::new(binary);
    for (name, value) in under_test.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// What `tests/load/run` says in the environment.
pub(super) fn setting(name: &str) -> u64 {
    let text =
        std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: use tests/load/run"));
    text.parse().unwrap()
}

/// How many file descriptors a server has open.
pub(super) fn descriptors(server: &TestServer) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.pid()))
        .unwrap()
        .count()
}
