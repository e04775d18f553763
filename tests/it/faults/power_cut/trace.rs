//! What a process did to a folder, out of the log of `strace -f -y -x -ttt`.

use std::collections::HashMap;

/// A call that had success.
#[derive(Debug, PartialEq)]
pub(super) struct Call {
    /// When it began, in seconds.
    pub(super) time: f64,
    pub(super) name: String,
    pub(super) arguments: Vec<Argument>,
    /// What it answered; for what opens a file, the path of that.
    pub(super) answer: Argument,
}

/// An argument of a call.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Argument {
    /// A descriptor, or the working directory, with the path of what it is open for.
    File(String),
    Text(Vec<u8>),
    /// Numbers, flags, structures, as they are written.
    Other(String),
}

impl Argument {
    pub(super) fn path(&self) -> Option<&str> {
        match self {
            Self::File(path) => Some(path),
            Self::Text(text) => std::str::from_utf8(text).ok(),
            Self::Other(_) => None,
        }
    }

    pub(super) fn number(&self) -> Option<usize> {
        match self {
            Self::Other(text) => text.parse().ok(),
            Self::File(_) | Self::Text(_) => None,
        }
    }
}

/// The calls in the order in which they ended.
pub(super) fn calls(log: &str) -> Vec<Call> {
    let mut begun: HashMap<&str, (f64, &str)> = HashMap::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        let parts = line.split_once(' ').and_then(|(thread, rest)| {
            let (time, text) = rest.trim_start().split_once(' ')?;
            Some((thread, time.parse::<f64>().ok()?, text))
        });
        let (thread, time, text) = parts.unwrap_or_else(|| panic!("not a line of a log: {line}"));
        if let Some(beginning) = text.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, (time, beginning));
        } else if text.starts_with("<... ") {
            let (_, end) = text.split_once(" resumed>").unwrap();
            if let Some((time, beginning)) = begun.remove(thread) {
                calls.extend(call(time, &format!("{beginning}{end}")));
            }
        } else {
            calls.extend(call(time, text));
        }
    }
    calls
}

/// `None` if it failed, or is none.
fn call(time: f64, text: &str) -> Option<Call> {
    let (name, mut rest) = text.split_once('(')?;
    let mut arguments = Vec::new();
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(after) = rest.strip_prefix(')') {
            rest = after;
            break;
        }
        let (argument, after) = argument(rest)?;
        arguments.push(argument);
        rest = after;
    }
    let answer = rest.trim_start().strip_prefix("= ")?;
    if answer.starts_with(['-', '?']) {
        return None;
    }
    Some(Call {
        time,
        name: name.to_owned(),
        arguments,
        answer: argument(answer)?.0,
    })
}

fn argument(text: &str) -> Option<(Argument, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (bytes, rest) = unquoted(quoted)?;
        assert!(!rest.starts_with("..."), "cut short: {text}");
        return Some((Argument::Text(bytes), rest));
    }
    let (mut depth, mut is_quoted, mut end) = (0_i32, false, text.len());
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if is_quoted => drop(bytes.next()),
            b'"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b'<' if depth == 0 => {
                let close = at + text[at..].find('>')?;
                let path = text[at + 1..close].to_owned();
                return Some((Argument::File(path), &text[close + 1..]));
            }
            b',' | b')' if depth == 0 => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    let (argument, rest) = text.split_at(end);
    Some((Argument::Other(argument.trim().to_owned()), rest))
}

/// The bytes of a string up to its closing quote, and what follows.
fn unquoted(text: &str) -> Option<(Vec<u8>, &str)> {
    let (source, mut bytes, mut at) = (text.as_bytes(), Vec::new(), 0);
    loop {
        let byte = *source.get(at)?;
        at += 1;
        match byte {
            b'"' => return Some((bytes, &text[at..])),
            b'\\' => {
                let (byte, len) = escaped(&text[at..])?;
                bytes.push(byte);
                at += len;
            }
            byte => bytes.push(byte),
        }
    }
}

/// The byte that follows a backslash, and how long it is written.
fn escaped(text: &str) -> Option<(u8, usize)> {
    let first = *text.as_bytes().first()?;
    Some(match first {
        b'n' => (b'\n', 1),
        b't' => (b'\t', 1),
        b'r' => (b'\r', 1),
        b'v' => (0x0b, 1),
        b'f' => (0x0c, 1),
        b'x' => (u8::from_str_radix(text.get(1..3)?, 16).ok()?, 3),
        b'0'..=b'7' => {
            let digits = text.bytes().take(3);
            let len = digits
                .take_while(|byte| (b'0'..=b'7').contains(byte))
                .count();
            (u8::from_str_radix(&text[..len], 8).ok()?, len)
        }
        other => (other, 1),
    })
}

#[test]
fn a_log_is_read() {
    let log = concat!(
        "7 1.5 openat(5</r/.athens/staging>, \"a-1\", O_RDWR|O_CREAT|O_EXCL, 0644) = 12</r/.athens/staging/a-1>\n",
        "7 1.6 write(12</r/.athens/staging/a-1>, \"\\0\\x501\\n\\\"\", 5 <unfinished ...>\n",
        "8 1.7 openat2(4</r>, \"x\", {flags=O_RDONLY, resolve=RESOLVE_BENEATH}, 24) = -1 ENOENT (No such file)\n",
        "7 1.8 <... write resumed>) = 5\n",
        "8 1.9 +++ exited with 0 +++\n",
    );
    let calls = calls(log);
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].arguments[1].path(), Some("a-1"));
    assert_eq!(calls[0].answer.path(), Some("/r/.athens/staging/a-1"));
    assert_eq!((calls[1].time, calls[1].answer.number()), (1.6, Some(5)));
    assert_eq!(calls[1].arguments[1], Argument::Text(b"\0P1\n\"".to_vec()));
}
