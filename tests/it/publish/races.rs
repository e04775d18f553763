//! Many at once, clients that go away or fall asleep, and disks that are full.

use std::io::Write as _;
use std::net::TcpStream;

use athens::store::ModuleFile;

use super::registry::{Registry, put, url_of};
use super::zips::zip_saying;
use crate::support::http::{Answer, Request, read_answer};
use crate::support::tools::until;
use crate::support::tree::version;

const CLIENTS: usize = 20;

/// Publishes these zips as one version, all at once.
fn at_once(registry: &Registry, zips: &[Vec<u8>]) -> Vec<Answer> {
    let version = version("example.com/m@v1.0.0");
    let (url, token) = (registry.url(), &registry.token);
    let start = std::sync::Barrier::new(zips.len());
    std::thread::scope(|scope| {
        let clients: Vec<_> = zips
            .iter()
            .map(|zip| {
                let request = put(&version, zip).bearer(token);
                let (url, start) = (&url, &start);
                scope.spawn(move || {
                    start.wait();
                    request.send(url)
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect()
    })
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers
        .iter()
        .filter(|answer| answer.status == status)
        .count()
}

#[test]
fn one_content_by_many() {
    // With as many places as by default: who finds none waits for one.
    let registry = Registry::start(&[]);
    let version = version("example.com/m@v1.0.0");
    let (zip, _) = zip_saying(&version, "");
    let answers = at_once(&registry, &vec![zip; CLIENTS]);
    assert_eq!((count(&answers, 201), count(&answers, 200)), (1, 19));
    // All are told the same, also of the time.
    let bodies: std::collections::BTreeSet<String> = answers.iter().map(Answer::text).collect();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert_eq!(registry.events("publish", &version), 1);
    assert!(registry.staged().is_empty());
}

#[test]
fn other_contents_by_many() {
    let registry = Registry::start(&["--max-uploads", "20"]);
    let version = version("example.com/m@v1.0.0");
    let made: Vec<(Vec<u8>, String)> = (0..CLIENTS)
        .map(|client| zip_saying(&version, &client.to_string()))
        .collect();
    let zips: Vec<Vec<u8>> = made.iter().map(|(zip, _)| zip.clone()).collect();
    let answers = at_once(&registry, &zips);
    assert_eq!((count(&answers, 201), count(&answers, 409)), (1, 19));
    let winner = answers
        .iter()
        .position(|answer| answer.status == 201)
        .unwrap();
    let sum = &made[winner].1;
    for answer in answers.iter().filter(|answer| answer.status == 409) {
        assert!(answer.text().contains(sum), "{}", answer.text());
    }
    assert_eq!(
        registry.file(&version, ModuleFile::Zip).body,
        made[winner].0
    );
    assert_eq!(registry.journal().len(), 1);
    assert_eq!(registry.journal()[0]["Sum"], *sum);
    assert!(registry.staged().is_empty());
}

/// Sends the head and half of the body of an upload.
fn half(registry: &Registry, text: &str) -> TcpStream {
    let version = version(text);
    let (zip, _) = zip_saying(&version, "");
    let request = Request::new("PUT", &url_of(&version, ModuleFile::Zip))
        .header("Content-Length", &zip.len().to_string())
        .bearer(&registry.token);
    let mut stream = request.begin(&registry.url()).unwrap();
    stream.write_all(&zip[..zip.len() / 2]).unwrap();
    stream
}

#[test]
fn a_client_that_goes_away_leaves_nothing() {
    let registry = Registry::start(&[]);
    let version = version("example.com/m@v1.0.0");
    let client = half(&registry, "example.com/m@v1.0.0");
    until("the upload has begun", || registry.staged().len() == 1);
    assert!(registry.files().is_empty());
    drop(client);
    registry.nothing_staged();
    assert!(registry.files().is_empty());
    assert_eq!(registry.file(&version, ModuleFile::Zip).status, 404);
    // In the middle of a chunk as well.
    let path = url_of(&version, ModuleFile::Zip);
    let chunked = Request::new("PUT", &path).header("Transfer-Encoding", "chunked");
    let mut client = chunked
        .bearer(&registry.token)
        .begin(&registry.url())
        .unwrap();
    client.write_all(b"1000\r\nPK").unwrap();
    until("the upload has begun", || registry.staged().len() == 1);
    drop(client);
    registry.nothing_staged();
    registry.publish(&version, &zip_saying(&version, "").0);
    assert_eq!(registry.journal().len(), 1);
}

#[test]
fn a_client_that_falls_asleep_is_told_so() {
    let registry = Registry::start(&["--upload-timeout", "100ms"]);
    let mut client = half(&registry, "example.com/m@v1.0.0");
    let answer = read_answer(&mut client).unwrap();
    assert_eq!(answer.status, 408, "{}", answer.text());
    registry.nothing_staged();
    assert!(registry.files().is_empty());
}

#[test]
fn so_many_uploads_and_no_more() {
    let registry = Registry::start(&["--max-uploads", "3"]);
    let clients: Vec<TcpStream> = (0..3)
        .map(|number| half(&registry, &format!("example.com/m@v1.0.{number}")))
        .collect();
    until("three uploads have begun", || registry.staged().len() == 3);
    let version = version("example.com/m@v1.1.0");
    let (zip, _) = zip_saying(&version, "");
    let (publish, url) = (
        put(&version, &zip).bearer(&registry.token),
        registry.server.url(),
    );
    let refused = std::thread::scope(|scope| {
        let sent = [(); 3].map(|()| scope.spawn(|| publish.send(&url)));
        sent.map(|answer| answer.join().unwrap())
    });
    for busy in refused {
        assert_eq!(busy.status, 503, "{}", busy.text());
        let again: u64 = busy.header("retry-after").unwrap().parse().unwrap();
        assert!(again >= 1);
    }
    // Many who are refused have one line.
    let said = "as many uploads as this server takes at once";
    until("it is logged", || registry.server.stderr().contains(said));
    assert_eq!(registry.server.stderr().matches(said).count(), 1);
    // Reading needs no place.
    assert_eq!(registry.get("/readyz").status, 200);
    drop(clients);
    until("there is room again", || {
        let answer = registry.send(put(&version, &zip));
        assert!([201, 503].contains(&answer.status), "{}", answer.text());
        answer.status == 201
    });
    registry.nothing_staged();
}
