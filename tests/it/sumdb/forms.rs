//! Keys, notes, tile paths and answers, right ones and such as are nearly right.

use athens::sumdb::{Lookup, TilePath, TreeHead, VerifierKey};
use bytes::Bytes;
use serde_json::{Value, json};

use super::world::{Databases, NAME, hex, read, request, unhex};
use crate::support::oracle::{self, Request};
use crate::support::random::Random;

/// Each base, and `count` changed copies of each.
fn mutated(bases: &[String], count: usize, alphabet: &str) -> Vec<String> {
    let mut random = Random::new(7);
    let alphabet: Vec<char> = alphabet.chars().collect();
    let mut all = bases.to_vec();
    for base in bases {
        all.extend((0..count).map(|_| random.mutate(base, &alphabet)));
    }
    all.sort();
    all.dedup();
    all
}

/// Compares verdicts; `allowed` says where we may refuse what Go accepts.
fn compare(
    what: &str,
    requests: &[Request],
    ours: impl Fn(&Request) -> Value,
    allowed: impl Fn(&Request) -> bool,
) {
    let Some(verdicts) = oracle::ask("sumdb", requests) else {
        return;
    };
    let refused = |verdict: &Value| matches!(verdict, Value::Null | Value::Bool(false));
    let (mut accepted, mut wrong) = (0, Vec::new());
    for (request, theirs) in requests.iter().zip(&verdicts) {
        let ours = ours(request);
        accepted += usize::from(!refused(theirs));
        if ours != *theirs && !(refused(&ours) && allowed(request)) {
            wrong.push(format!("{request:?}: ours {ours}, x/mod {theirs}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{what}: {} differ: {wrong:#?}",
        wrong.len()
    );
    // A table that is all valid or all invalid proves little.
    let rows = requests.len();
    assert!(
        rows > 300 && accepted > 10 && accepted < rows,
        "{what}: {accepted} of {rows}"
    );
}

#[test]
fn tile_paths() {
    let bases = [
        "tile/8/0/000",
        "tile/8/1/x001/x234/067.p/8",
        "tile/8/63/x999/999.p/255",
        "tile/8/data/x010/000.p/100",
        "tile/8/0/x009/x223/x372/x036/x854/x775/807",
    ];
    let paths = mutated(&bases.map(str::to_owned), 300, "0123456789x/.p-+ d8");
    let requests: Vec<Request> = paths.iter().map(|path| request(["tile", path])).collect();
    let ours = |request: &Request| {
        let tile = request[1].parse::<TilePath>();
        assert!(
            tile.as_ref()
                .map_or(true, |tile| tile.to_string() == request[1])
        );
        json!(tile.is_ok())
    };
    compare("tile paths", &requests, ours, |_| false);
}

#[test]
fn keys() {
    let Some(databases) = Databases::new(&[1]) else {
        return;
    };
    let (name, rest) = databases.key.split_once('+').unwrap();
    let (hash, key) = rest.split_once('+').unwrap();
    let bases = [
        databases.key.clone(),
        format!("{name}+{}+{key}", hash.to_uppercase()),
    ];
    let mut keys = mutated(&bases, 300, "+=/ Aa0\u{a0}");
    // Case of the digits, and bits behind the last byte of the base64 text, make no difference.
    keys.extend((0..=255_u8).filter_map(|bits| {
        let digits: String = hash
            .bytes()
            .enumerate()
            .map(|(place, digit)| match bits >> place & 1 {
                0 => char::from(digit),
                _ => char::from(digit.to_ascii_uppercase()),
            })
            .collect();
        Some(format!("{name}+{digits}+{key}")).filter(|_| bits % 8 == 1)
    }));
    let requests: Vec<Request> = keys.iter().map(|key| request(["key", key])).collect();
    let ours = |request: &Request| {
        request[1]
            .parse::<VerifierKey>()
            .map_or(Value::Null, |key| json!(key.name()))
    };
    compare("keys", &requests, ours, |_| false);
}

/// Texts of notes about trees, and about what only looks like one.
fn trees() -> Vec<String> {
    let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let mut texts = vec![
        format!("go.sum database tree\n7\n{root}\n\nexample.com/m7 v1.0.0 h1:x\n"),
        format!("go.sum database tree\n7\n{root}"),
        format!("go.sum database tree\n7\n{}\n", root.replace("FU=", "FV=")),
        "no tree\n".to_owned(),
        "\n".to_owned(),
    ];
    for size in [
        "0",
        "7",
        "+7",
        "-7",
        "07",
        "7 ",
        "",
        "9223372036854775807",
        "9223372036854775808",
    ] {
        texts.push(format!("go.sum database tree\n{size}\n{root}\n"));
    }
    texts.retain(|text| text.ends_with('\n'));
    texts
}

#[test]
fn heads() {
    let Some(databases) = Databases::new(&[1]) else {
        return;
    };
    let sign = |name: &str| -> Vec<String> {
        let requests: Vec<Request> = trees()
            .iter()
            .map(|text| request(["sign", name, &hex(text.as_bytes())]))
            .collect();
        let signed = oracle::ask("sumdb", &requests).unwrap();
        let note = |note: &Value| String::from_utf8(unhex(note.as_str().unwrap())).unwrap();
        signed.iter().map(note).collect()
    };
    let mut bases = sign(NAME);
    let line = |note: &str| note.rsplit_once("\n\n").unwrap().1.to_owned();
    let others = sign("other.example.com");
    // Other signers beside, before, or alone; the key twice.
    let also: Vec<String> = bases
        .iter()
        .zip(&others)
        .flat_map(|(ours, theirs)| {
            let text = ours.strip_suffix(&line(ours)).unwrap();
            [
                ours.clone() + &line(theirs),
                text.to_owned() + &line(theirs) + &line(ours),
                ours.clone() + &line(ours),
                ours.clone() + &line(&others[0]).repeat(99),
                ours.clone() + &line(&others[0]).repeat(100),
                theirs.clone(),
            ]
        })
        .collect();
    bases.extend(also);
    let notes = mutated(&bases, 12, "\n \u{2014}=+A\r\t\0\u{7f}\u{85}7");
    let mut contents: Vec<Vec<u8>> = notes.into_iter().map(String::into_bytes).collect();
    contents.push(b"\xff\n\n\xe2\x80\x94 a AAAAAAAA\n".to_vec());
    let requests: Vec<Request> = contents
        .iter()
        .map(|note| request(["head", &databases.key, &hex(note)]))
        .collect();
    let ours = |request: &Request| {
        let head = TreeHead::verified(unhex(&request[2]).into(), &databases.verifier_key());
        head.map_or(Value::Null, |head| {
            json!([head.tree().size.to_string(), head.tree().root.to_string()])
        })
    };
    compare("heads", &requests, ours, |_| false);
}

#[test]
fn answers() {
    let Some(databases) = Databases::new(&[9]) else {
        return;
    };
    let answer = read(&databases.honest(9), "lookup/example.com/m7@v1.0.0");
    let answer = String::from_utf8(answer.to_vec()).unwrap();
    // Short ones, so that a change hits where it matters.
    let bases = [
        answer,
        "7\nm v1 h1:a\nm v1/go.mod h1:b\n\nnote\n\n\u{2014} a b\n".to_owned(),
        "0\n\u{e9}\n\n".to_owned(),
        "7\n\n\n".to_owned(),
    ];
    let mut contents: Vec<Vec<u8>> = mutated(&bases, 200, "\n0123+-\r\t\0\u{7f} ")
        .into_iter()
        .map(String::into_bytes)
        .collect();
    contents.push(b"7\n\xff\n\n".to_vec());
    contents.push(b"7\na\n\n\xff".to_vec());
    let requests: Vec<Request> = contents
        .iter()
        .map(|answer| request(["lookup", &hex(answer)]))
        .collect();
    let ours = |request: &Request| {
        let answer = Bytes::from(unhex(&request[1]));
        let Ok(lookup) = Lookup::parse(&answer) else {
            return Value::Null;
        };
        assert_eq!(lookup.to_bytes(), answer);
        let record = hex(lookup.record.as_str().as_bytes());
        json!([lookup.id.to_string(), record, hex(&lookup.note)])
    };
    // The number has one spelling here, and a record does not start with an empty line.
    let allowed = |request: &Request| {
        let answer = unhex(&request[1]);
        let end = answer.iter().position(|b| *b == b'\n').unwrap_or_default();
        let id = &answer[..end];
        let plain = id.iter().all(u8::is_ascii_digit) && (id == b"0" || !id.starts_with(b"0"));
        !plain || answer[end..].starts_with(b"\n\n")
    };
    compare("answers", &requests, ours, allowed);
}
