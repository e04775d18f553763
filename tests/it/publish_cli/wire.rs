//! Servers that are not there, go away, or ask to come again.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use super::{Publisher, testmodule};
use crate::support::publisher::Ended;

/// Reads a request to its end and returns its header lines, in small letters.
fn read_request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
    }
    let head = head.to_ascii_lowercase();
    let (_, length) = head.split_once("content-length: ").unwrap();
    let length: usize = length.lines().next().unwrap().parse().unwrap();
    reader.read_exact(&mut vec![0; length]).unwrap();
    head
}

/// A server that answers each connection with the next of these texts, empty for a connection that is closed. Joined, it
/// gives the headers that it was sent.
fn scripted(answers: Vec<String>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/base", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let answer = |answer: String| {
            let (mut stream, _) = listener.accept().unwrap();
            let head = read_request(&stream);
            stream.write_all(answer.as_bytes()).unwrap();
            head
        };
        answers.into_iter().map(answer).collect()
    });
    (url, served)
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn publish(publisher: &Publisher, url: &str) -> Ended {
    testmodule(publisher);
    publisher.run(&["testmodule", "--version", "v1.0.0", "--server", url])
}

/// The answer of a server that has what was sent.
fn created(publisher: &Publisher) -> String {
    testmodule(publisher);
    let json = publisher.run(&["testmodule", "--version", "v1.0.0", "--dry-run", "--json"]);
    answer(
        "201 Created",
        "Content-Type: application/json\r\n",
        &json.stdout,
    )
}

#[test]
fn nobody_is_there() {
    let publisher = Publisher::new();
    // Bound and let go of: free for now.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let ended = publish(&publisher, &format!("http://127.0.0.1:{port}"));
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(2), ""),
        "{ended:?}"
    );
    assert!(
        ended.stderr.contains("cannot connect to http://127.0.0.1:"),
        "{ended:?}"
    );
    assert!(
        ended
            .stderr
            .contains("start a server with `athens serve`, or name another one with --server"),
        "{ended:?}"
    );
}

#[test]
fn a_lost_connection_and_a_busy_server_are_tried_again() {
    let publisher = Publisher::new();
    let busy = answer("503 Service Unavailable", "Retry-After: 0\r\n", "busy\n");
    let (url, served) = scripted(vec![String::new(), busy, created(&publisher)]);
    let ended = publish(&publisher, &url);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(
        ended.stderr.matches("; trying again in ").count(),
        2,
        "{ended:?}"
    );
    let heads = served.join().unwrap();
    for head in heads {
        assert!(
            head.starts_with("put /base/arschles.com/testmodule/@v/v1.0.0.zip http/1.1\r\n"),
            "{head}"
        );
        assert!(!head.contains("transfer-encoding"), "{head}");
    }
}

#[test]
fn it_is_not_tried_for_ever() {
    let publisher = Publisher::new();
    let busy = answer("503 Service Unavailable", "Retry-After: 0\r\n", "busy\n");
    let (url, served) = scripted(vec![busy.clone(), busy.clone(), busy]);
    let ended = publish(&publisher, &url);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.ends_with("answers 503: busy\n"), "{ended:?}");
    served.join().unwrap();

    let long = answer(
        "503 Service Unavailable",
        "Retry-After: 3600\r\n",
        "later\n",
    );
    let (url, served) = scripted(vec![long]);
    let ended = publish(&publisher, &url);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    served.join().unwrap();
}

#[test]
fn a_refusal_is_final_and_fit_for_a_terminal() {
    let publisher = Publisher::new();
    for (status, headers, body, code, said) in [
        (
            "403 Forbidden",
            "",
            "no\u{1b}[2J",
            1,
            "refuses (403): no\\u{1b}[2J",
        ),
        ("404 Not Found", "", "not here", 2, "answers 404: not here"),
        ("500 Oops", "", "disk", 2, "answers 500: disk"),
        ("200 OK", "", "<html>", 2, "is this the right URL?"),
        (
            "308 Moved",
            "Location: https://else.example/\r\n",
            "",
            2,
            "elsewhere (https://else.example/)",
        ),
    ] {
        let (url, served) = scripted(vec![answer(status, headers, body)]);
        let ended = publish(&publisher, &url);
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert!(ended.stderr.contains(said), "{said} in {ended:?}");
        assert_eq!(served.join().unwrap().len(), 1);
    }
}

#[test]
fn other_sums_than_were_sent_are_no_success() {
    let publisher = Publisher::new();
    let json = r#"{"Path":"arschles.com/testmodule","Version":"v1.0.0","Time":null,"Sum":"h1:x","GoModSum":"h1:y","Size":1}"#;
    let (url, served) = scripted(vec![answer(
        "201 Created",
        "Content-Type: application/json\r\n",
        json,
    )]);
    let ended = publish(&publisher, &url);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(2), ""),
        "{ended:?}"
    );
    assert!(ended.stderr.contains("other sums"), "{ended:?}");
    served.join().unwrap();
}
