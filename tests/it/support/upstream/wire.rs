//! HTTP/1.1, as much of it as a scripted upstream needs.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::reply::{Course, Reply};
use super::{Request, Shared};

/// How long a byte of a trickle takes.
const DRIP: Duration = Duration::from_millis(10);

/// The path of a target, decoded and without the query.
pub(super) fn path_of(target: &str) -> String {
    let path = target.split('?').next().unwrap_or_default();
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// Answers the requests of a connection, until one of both sides has enough.
pub(super) fn serve(stream: impl Read + Write, shared: &Shared) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream)? {
        let path = path_of(&request.target);
        shared.requests.lock().unwrap().push(request);
        let reply = shared.reply(&path);
        if !write(stream.get_mut(), &reply, shared)? {
            break;
        }
    }
    Ok(())
}

fn read(reader: &mut BufReader<impl Read>) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => {
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
            None => break,
        }
    }
    let mut request = Request {
        target,
        headers,
        body: Vec::new(),
    };
    let length = request
        .header("content-length")
        .and_then(|length| length.parse().ok());
    request.body.resize(length.unwrap_or(0), 0);
    reader.read_exact(&mut request.body)?;
    Ok(Some(request))
}

/// Whether the connection is kept.
fn write(stream: &mut impl Write, reply: &Reply, shared: &Shared) -> io::Result<bool> {
    let len = reply.body.len();
    let framing = match reply.course {
        Course::Whole => format!("Content-Length: {len}"),
        Course::Held => {
            shared.hang();
            format!("Content-Length: {len}")
        }
        Course::Declared(len) => format!("Content-Length: {len}\r\nConnection: close"),
        Course::HangInBody => format!("Content-Length: {}", len + 1),
        Course::Trickle => "Content-Length: 1000000".to_owned(),
        Course::Chunked { .. } => "Transfer-Encoding: chunked\r\nConnection: close".to_owned(),
        Course::UntilClosed => "Connection: close".to_owned(),
        Course::HangBeforeHead => {
            shared.hang();
            return Ok(false);
        }
        Course::Hangup => return Ok(false),
    };
    let mut head = format!("HTTP/1.1 {} Status\r\n{framing}\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    match reply.course {
        Course::Trickle => {
            for byte in reply.body.iter().cycle() {
                stream.write_all(&[*byte])?;
                std::thread::sleep(DRIP);
            }
        }
        Course::Chunked { is_whole } => {
            for chunk in reply.body.chunks(1000) {
                write!(stream, "{:x}\r\n", chunk.len())?;
                stream.write_all(chunk)?;
                stream.write_all(b"\r\n")?;
            }
            if is_whole {
                stream.write_all(b"0\r\n\r\n")?;
            }
        }
        _ => stream.write_all(&reply.body)?,
    }
    stream.flush()?;
    if reply.course == Course::HangInBody {
        shared.hang();
    }
    Ok(matches!(reply.course, Course::Whole | Course::Held))
}
