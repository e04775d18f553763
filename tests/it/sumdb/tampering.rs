//! Databases that lie: what the client of x/mod refuses, ours refuses.

use athens::sumdb::{Client, SumdbErrorKind};
use bytes::Bytes;
use serde_json::Value;
use std::path::PathBuf;

use super::world::{Databases, NAME, World, hex, lookup_path, read, request, unhex, version};
use crate::support::oracle;

/// What became of a lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Accepted,
    Refused,
    /// The database has signed two histories.
    Security,
}
use End::{Accepted, Refused, Security};

struct Case {
    name: &'static str,
    remote: PathBuf,
    /// The note of the newest tree that the client remembers.
    head: Option<Bytes>,
    lies: Vec<(String, Bytes)>,
    id: u64,
    ours: End,
    theirs: End,
}

impl Case {
    fn remembering(mut self, dir: PathBuf) -> Self {
        self.head = Some(read(&dir, "latest"));
        self
    }

    fn lying(mut self, path: &str, lie: impl Into<Bytes>) -> Self {
        self.lies.push((path.to_owned(), lie.into()));
        self
    }

    /// Answers with the tiles of another database: those that a go command has in its cache, with the tree that it remembers.
    fn with_tiles(self, dir: PathBuf, paths: &[&str]) -> Self {
        paths
            .iter()
            .fold(self, |case, path| case.lying(path, read(&dir, path)))
    }

    fn asking(mut self, id: u64) -> Self {
        self.id = id;
        self
    }

    fn unlike_go(mut self, theirs: End) -> Self {
        self.theirs = theirs;
        self
    }
}

fn case(name: &'static str, remote: PathBuf, end: End) -> Case {
    Case {
        name,
        remote,
        head: None,
        lies: Vec::new(),
        id: 7,
        ours: end,
        theirs: end,
    }
}

fn flipped(bytes: &Bytes, at: usize) -> Bytes {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes.into()
}

fn sign(name: &str, text: &str) -> String {
    let signed = oracle::ask("sumdb", &[request(["sign", name, &hex(text.as_bytes())])]).unwrap();
    String::from_utf8(unhex(signed[0].as_str().unwrap())).unwrap()
}

/// Answers about record 7 of the tree of 300 that are not quite right.
fn answers(databases: &Databases) -> Vec<Case> {
    let honest = databases.honest(300);
    let path = lookup_path(7);
    let answer = String::from_utf8(read(&honest, &path).to_vec()).unwrap();
    let (record, note) = answer.split_once("\n\n").unwrap();
    let (text, signatures) = note.split_once("\n\n").unwrap();
    let (_, lines) = record.split_once('\n').unwrap();
    let other = sign("other.example.com", &format!("{text}\n"));
    let (_, other_signature) = other.rsplit_once("\n\n").unwrap();
    let more = sign(NAME, &format!("{text}\nexample.com/m7 v1.0.0 h1:no\n"));
    let more_after_blank = sign(NAME, &format!("{text}\n\nexample.com/m7 v1.0.0 h1:no\n"));
    let lie = |name, end, lie: String| case(name, honest.clone(), end).lying(&path, lie);
    vec![
        case("honest", honest.clone(), Accepted),
        lie(
            "also signed by another",
            Accepted,
            format!("{answer}{other_signature}"),
        ),
        lie(
            "signed by another only",
            Refused,
            format!("{record}\n\n{other}"),
        ),
        lie(
            "bad signature",
            Refused,
            answer.replace("K", "L").replace("k", "l"),
        ),
        lie(
            "cut signature",
            Refused,
            answer[..answer.len() - 9].to_owned() + "\n",
        ),
        lie("no signature", Refused, format!("{record}\n\n{text}\n\n")),
        lie("no note", Refused, format!("{record}\n\n")),
        lie(
            "another size in the note",
            Refused,
            answer.replace("\n300\n", "\n299\n"),
        ),
        lie("another sum", Refused, answer.replacen("h1:", "h1:A", 1)),
        lie("another number", Refused, format!("8{}", &answer[1..])),
        lie(
            "a number beyond the tree",
            Refused,
            format!("300{}", &answer[1..]),
        ),
        lie("no number", Refused, answer[1..].to_owned()),
        lie(
            "a huge number",
            Refused,
            format!("9223372036854775808{}", &answer[1..]),
        ),
        lie("a negative number", Refused, format!("-{answer}")),
        lie("a sign before the number", Refused, format!("+{answer}")).unlike_go(Accepted),
        lie("a zero before the number", Refused, format!("0{answer}")).unlike_go(Accepted),
        lie(
            "lines before the record",
            Refused,
            format!("7\nexample.com/m7 v1.0.0 h1:no\n{lines}\n\n{note}"),
        ),
        lie(
            "lines after the record",
            Refused,
            format!("{record}\nexample.com/m7 v1.0.0 h1:no\n\n{note}"),
        ),
        lie(
            "lines before the note",
            Refused,
            format!("{record}\n\nexample.com/m7 v1.0.0 h1:no\n{note}"),
        ),
        lie(
            "lines in the signed text",
            Accepted,
            format!("{record}\n\n{more}"),
        ),
        lie(
            "lines in the signed text after a blank line",
            Accepted,
            format!("{record}\n\n{more_after_blank}"),
        ),
        lie(
            "lines after the signatures",
            Refused,
            format!("{answer}example.com/m7 v1.0.0 h1:no\n"),
        ),
        lie(
            "a blank line in the record",
            Refused,
            answer.replacen(
                "\nexample.com/m7 v1.0.0/go.mod",
                "\n\nexample.com/m7 v1.0.0/go.mod",
                1,
            ),
        ),
        lie(
            "a blank line before the record",
            Refused,
            format!("7\n\n{lines}\n\n{note}"),
        ),
        lie(
            "a control character in the record",
            Refused,
            answer.replacen(" h1:", "\r h1:", 1),
        ),
        lie(
            "a control character in the note",
            Refused,
            format!("{record}\n\n{}", note.replacen("tree", "tree\u{1b}", 1)),
        ),
        lie("carriage returns", Refused, answer.replace('\n', "\r\n")),
        lie("nothing", Refused, String::new()),
        lie(
            "a page",
            Refused,
            "<!doctype html>\n\n<p>Sign in\n".to_owned(),
        ),
        lie(
            "signatures without a text",
            Refused,
            format!("{record}\n\n{signatures}"),
        ),
        lie(
            "a record about something else",
            Refused,
            String::from_utf8(read(&honest, &lookup_path(8)).to_vec()).unwrap(),
        ),
    ]
}

/// Tiles of the tree of 300 that are not quite right.
fn tiles(databases: &Databases) -> Vec<Case> {
    let honest = databases.honest(300);
    let mut cases = Vec::new();
    for path in ["tile/8/0/000", "tile/8/0/001.p/44", "tile/8/1/000.p/1"] {
        let tile = read(&honest, path);
        let lie = |name, lie: Bytes| case(name, honest.clone(), Refused).lying(path, lie);
        cases.extend([
            lie("first bit of a tile", flipped(&tile, 0)),
            lie(
                "a bit of the hash of the record",
                flipped(&tile, 7 * 32 % tile.len()),
            ),
            lie("last bit of a tile", flipped(&tile, tile.len() - 1)),
            lie("a byte too few", tile.slice(1..)),
            lie("a byte too many", [&tile[..], b"x"].concat().into()),
            lie("a hash too few", tile.slice(32..)),
            lie("a hash too many", [&tile[..], &tile[..32]].concat().into()),
            lie("an empty tile", Bytes::new()),
            lie("a full tile", Bytes::from(vec![7; 8192])),
        ]);
    }
    cases
}

/// Databases that grow, shrink and fork under a client that remembers.
fn histories(databases: &Databases) -> Vec<Case> {
    let (honest, forked) = (|size| databases.honest(size), |size| databases.forked(size));
    let answer = |dir: PathBuf, id| read(&dir, &lookup_path(id));
    vec![
        case("grown", honest(700), Accepted).remembering(honest(300)),
        case("grown, and the record is new", honest(700), Accepted)
            .remembering(honest(300))
            .asking(650),
        case("grown by a level", honest(300), Accepted)
            .remembering(honest(6))
            .asking(280),
        case("as it was", honest(300), Accepted).remembering(honest(300)),
        case("a stale answer", honest(700), Accepted)
            .remembering(honest(700))
            .lying(&lookup_path(7), answer(honest(300), 7)),
        case("a stale answer of less than a tile", honest(700), Accepted)
            .remembering(honest(700))
            .lying(&lookup_path(3), answer(honest(6), 3))
            .asking(3),
        // 700 records are remembered, and nobody shows their tiles.
        case("shrunken", honest(300), Refused).remembering(honest(700)),
        case("another history from the start", forked(300), Accepted),
        case("another history, larger", forked(700), Security)
            .remembering(honest(300))
            .with_tiles(honest(300), &["tile/8/0/001.p/44", "tile/8/1/000.p/1"])
            .asking(650),
        case("another history, a level larger", forked(300), Security)
            .remembering(honest(6))
            .with_tiles(honest(6), &["tile/8/0/000.p/6"])
            .asking(280),
        case("another history of the same size", honest(300), Security)
            .remembering(honest(300))
            .lying(&lookup_path(7), answer(forked(300), 7)),
        case("another history, smaller", honest(700), Security)
            .remembering(honest(700))
            .lying(&lookup_path(7), answer(forked(300), 7)),
        case("a record of another history", honest(300), Refused)
            .lying(&lookup_path(5), {
                let theirs = answer(forked(300), 5);
                let ours = answer(honest(300), 5);
                let split = |bytes: &Bytes| {
                    let text = String::from_utf8(bytes.to_vec()).unwrap();
                    let (record, note) = text.split_once("\n\n").unwrap();
                    (record.to_owned(), note.to_owned())
                };
                format!("{}\n\n{}", split(&theirs).0, split(&ours).1)
            })
            .asking(5),
        // A record that is in the tree that we know is proved there; whose later trees it comes with is not asked, as long as no
        // record is beyond it. Go asks.
        case("another history that is not needed", honest(300), Accepted)
            .remembering(honest(300))
            .lying(&lookup_path(7), answer(forked(700), 7))
            .unlike_go(Refused),
    ]
}

#[tokio::test]
async fn what_xmod_refuses_is_refused() {
    let Some(databases) = Databases::new(&[6, 300, 700]) else {
        return;
    };
    let mut cases = answers(&databases);
    cases.extend(tiles(&databases));
    cases.extend(histories(&databases));

    let mut requests = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let suffix = format!(".{number}");
        for (path, lie) in &case.lies {
            std::fs::write(case.remote.join(format!("{path}{suffix}")), lie).unwrap();
        }
        let head = case.head.as_deref().map(hex).unwrap_or_default();
        let module = format!("example.com/m{}", case.id);
        let dir = case.remote.to_str().unwrap();
        requests.push(request([
            "client",
            &databases.key,
            dir,
            &head,
            &module,
            "v1.0.0",
            &suffix,
        ]));
    }
    let verdicts = oracle::ask("sumdb", &requests).unwrap();

    let mut wrong = Vec::new();
    for (case, verdict) in cases.iter().zip(&verdicts) {
        let theirs = match verdict {
            _ if verdict["lines"].is_array() => Accepted,
            _ if verdict["security"].is_string() => Security,
            _ => Refused,
        };
        let (ours, why) = ours(&databases, case, &verdict["lines"]).await;
        if (ours, theirs) != (case.ours, case.theirs) {
            wrong.push(format!(
                "{}: ours {ours:?} ({why}), x/mod {verdict}",
                case.name
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn ours(databases: &Databases, case: &Case, lines: &Value) -> (End, String) {
    let world = World::new(case.remote.clone());
    world.lies.lock().unwrap().extend(case.lies.iter().cloned());
    world.head.lock().unwrap().clone_from(&case.head);
    let client = Client::new(databases.verifier_key(), world);
    let result = client.lookup(&version(case.id)).await;
    let kept = client.operations().cache.lock().unwrap().clone();
    match result {
        Ok(answer) => {
            let first = answer.record.as_str().lines().next().unwrap();
            assert!(
                lines.is_null() || lines[0] == first,
                "{}: {lines}",
                case.name
            );
            assert!(kept.contains_key(&lookup_path(case.id)));
            (Accepted, String::new())
        }
        Err(error) => {
            let lies = case
                .lies
                .iter()
                .filter(|(path, lie)| kept.get(path) == Some(lie));
            assert_eq!(lies.count(), 0, "{}: a lie was kept", case.name);
            let end = match error.kind() {
                SumdbErrorKind::Inconsistent => Security,
                _ => Refused,
            };
            if end == Security {
                assert_eq!(*client.operations().head.lock().unwrap(), case.head);
            }
            (end, error.to_string())
        }
    }
}
