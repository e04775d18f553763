//! Bundles that nobody means well with: none of them is taken for one, and none makes anything panic.

use std::fs::File;
use std::io::Write as _;

use sha2::{Digest as _, Sha256};

use super::tar::{BLOCK, encode, padding};
use super::*;
use crate::carry::provenance::Provenance;

const MOD: &str = "a.b/m/@v/v1.0.0.mod";
const ZIP: &str = "a.b/m/@v/v1.0.0.zip";

/// An entry: its name and its content.
type NamedContent<'a> = (&'a str, &'a [u8]);
/// What is done to a list of entries.
type Damage = fn(&mut Vec<u8>);

/// A bundle that is put together by hand: entries as they come, a list as it should be.
struct Forged {
    entries: Vec<(String, Vec<u8>)>,
    list: Vec<u8>,
}

impl Forged {
    fn new(entries: &[(&str, &[u8])]) -> Self {
        let head = ("athens-bundle.json", HEAD);
        let entries: Vec<(String, Vec<u8>)> = [&[head], entries]
            .concat()
            .into_iter()
            .map(|(name, content)| (name.to_owned(), content.to_vec()))
            .collect();
        let mut list = Vec::new();
        for (name, content) in &entries {
            let entry = Entry {
                name: name.clone(),
                size: content.len() as u64,
                sha256: Sha256::digest(content).into(),
                provenance: name.ends_with(".zip").then_some(Provenance::Fetch),
            };
            serde_json::to_writer(&mut list, &entry).unwrap();
            list.push(b'\n');
        }
        Self { entries, list }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let list = ("athens-bundle-entries.jsonl".to_owned(), self.list.clone());
        for (name, content) in self.entries.iter().chain([&list]) {
            bytes.extend(encode(name, content.len() as u64));
            bytes.extend(content);
            bytes.resize(bytes.len() + padding(content.len() as u64), 0);
        }
        bytes.resize(bytes.len() + 2 * BLOCK, 0);
        bytes
    }
}

fn open(bytes: &[u8]) -> Result<Bundle, BundleFault> {
    let mut file: File = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    Bundle::open(file)
}

fn refused(bytes: &[u8]) -> String {
    open(bytes).unwrap_err().to_string()
}

#[test]
fn what_is_written_is_read() {
    let names: [(&str, &[u8]); 5] = [
        ("a.b/m/@v/v1.0.0.info", b"{}"),
        (MOD, b"module a.b/m\n"),
        (ZIP, b"PK"),
        ("a.b/m/@v/v1.0.0.ziphash", &[b'h'; 47]),
        ("sumdb/s.b/tile/8/0/000.p/1", &[7; 32]),
    ];
    let mut bytes = Vec::new();
    let mut writer = BundleWriter::new(&mut bytes).unwrap();
    for (name, content) in names {
        let provenance = (name == ZIP).then_some(Provenance::Fetch);
        let name = name.parse().unwrap();
        writer
            .append(&name, content.len() as u64, content, provenance)
            .unwrap();
    }
    let (entries, len) = writer.finish().unwrap();
    assert_eq!((entries, len), (7, bytes.len() as u64));
    assert_eq!(bytes, Forged::new(&names).bytes());
    let bundle = open(&bytes).unwrap();
    let mut read = bundle.entries().unwrap();
    for (name, content) in names {
        let found = read.next().unwrap().unwrap();
        assert_eq!(found.name.to_string(), name);
        let start = usize::try_from(found.offset).unwrap();
        assert_eq!(&bytes[start..start + content.len()], content);
    }
    assert!(read.next().unwrap().is_none());
}

#[test]
fn the_writer_takes_only_what_belongs_there() {
    let name = |text: &str| text.parse::<EntryName>().unwrap();
    let mut writer = BundleWriter::new(Vec::new()).unwrap();
    writer
        .append(&name(ZIP), 2, &b"PK"[..], Some(Provenance::Adopt))
        .unwrap();
    for earlier in [ZIP, MOD, "athens-bundle.json"] {
        assert!(writer.append(&name(earlier), 0, &b""[..], None).is_err());
    }
    // A file that became shorter while it was read.
    let next = name("a.b/m/@v/v1.0.1.mod");
    let error = writer.append(&next, 9, &b"module"[..], None).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
}

#[test]
fn every_cut_is_noticed() {
    let bytes = Forged::new(&[(MOD, b"module a.b/m\n"), (ZIP, &[1; 700])]).bytes();
    open(&bytes).unwrap();
    for len in 0..bytes.len() {
        open(&bytes[..len]).unwrap_err();
    }
    let longer = [bytes.as_slice(), &[0; BLOCK]].concat();
    assert_eq!(refused(&longer), "there is something after its end");
}

#[test]
fn every_changed_byte_outside_of_contents_is_noticed() {
    let forged = Forged::new(&[(MOD, b"module a.b/m\n"), (ZIP, b"PK")]);
    let bytes = forged.bytes();
    let contents: Vec<std::ops::Range<usize>> = forged.entries[1..]
        .iter()
        .map(|(_, content)| {
            let at = bytes
                .windows(content.len())
                .position(|window| window == content)
                .unwrap();
            at..at + content.len()
        })
        .collect();
    let mut tampered = bytes.clone();
    for at in 0..bytes.len() {
        if contents.iter().any(|content| content.contains(&at)) {
            continue;
        }
        tampered[at] ^= 0x11;
        // A digit of a hash may become another: that is noticed when the content is read.
        if let Ok(bundle) = open(&tampered) {
            let mut entries = bundle.entries().unwrap();
            let mut is_same = true;
            while let Some(found) = entries.next().unwrap() {
                let (_, content) = forged
                    .entries
                    .iter()
                    .find(|(name, _)| *name == found.entry.name)
                    .unwrap();
                is_same &= found.entry.sha256 == *Sha256::digest(content).as_slice();
            }
            assert!(!is_same || at > contents[1].end, "byte {at}");
        }
        tampered[at] = bytes[at];
    }
}

#[test]
fn what_does_not_belong_into_a_bundle_refuses_it() {
    let sound: (&str, &[u8]) = (MOD, b"module a.b/m\n");
    let big = vec![b' '; (1 << 20) + 1];
    let cases: &[(&str, &[NamedContent<'_>], &str)] = &[
        ("a path out", &[("../../etc/passwd", b"x")], "is not part"),
        (
            "an absolute path",
            &[("/a.b/m/@v/v1.0.0.mod", b"x")],
            "is not part",
        ),
        ("a dot", &[("./a.b/m/@v/v1.0.0.mod", b"x")], "is not part"),
        ("ours", &[(".athens/journal.jsonl", b"x")], "is not part"),
        ("a list", &[("a.b/m/@v/list", b"v1.0.0\n")], "is not part"),
        (
            "a tombstone",
            &[("a.b/m/@v/v1.0.0.deleted", b"{}")],
            "is not part",
        ),
        ("a capital", &[("a.b/M/@v/v1.0.0.mod", b"x")], "is not part"),
        (
            "no version",
            &[("a.b/m/@v/main.info", b"{}")],
            "is not part",
        ),
        ("a misfit", &[("a.b/m/@v/v2.0.0.mod", b"x")], "is not part"),
        (
            "a second head",
            &[("athens-bundle.json", HEAD)],
            "not in its place",
        ),
        ("twice", &[sound, sound], "not in its place"),
        ("not in order", &[(ZIP, b"x"), sound], "not in its place"),
        (
            "two lists",
            &[("athens-bundle-entries.jsonl", b""), sound],
            "not in its place",
        ),
        (
            "a long .info",
            &[("a.b/m/@v/v1.0.0.info", &big)],
            "never right",
        ),
        (
            "a long sum",
            &[("a.b/m/@v/v1.0.0.ziphash", &big)],
            "never right",
        ),
        (
            "a short tile",
            &[("sumdb/s.b/tile/8/0/000", b"x")],
            "never right",
        ),
        (
            "an empty lookup",
            &[("sumdb/s.b/lookup/a.b/m@v1.0.0", b"")],
            "never right",
        ),
    ];
    for (what, entries, problem) in cases {
        let fault = refused(&Forged::new(entries).bytes());
        assert!(fault.contains(problem), "{what}: {fault}");
    }
    let long = format!("a.b/{}/@v/v1.0.0.mod", "x/".repeat(3000));
    let fault = refused(&Forged::new(&[(&long, b"")]).bytes());
    assert!(fault.contains("header"), "{fault}");
}

#[test]
fn a_list_that_is_not_that_of_the_entries_refuses_it() {
    let forged = || Forged::new(&[(MOD, b"module a.b/m\n"), (ZIP, b"PK")]);
    let cases: &[(&str, Damage)] = &[
        ("empty", Vec::clear),
        ("without its last line", |list| {
            list.truncate(list.len() - 50);
        }),
        ("with a line more", |list| {
            let line = list.split_inclusive(|byte| *byte == b'\n').next_back();
            let line = line.unwrap().to_vec();
            list.extend(line);
        }),
        ("with an empty line", |list| list.push(b'\n')),
        ("with another name", |list| {
            replace(list, "v1.0.0.mod", "v1.0.1.mod")
        }),
        ("with another size", |list| {
            replace(list, "\"Size\":13", "\"Size\":14")
        }),
        ("without provenance", |list| {
            replace(list, ",\"Provenance\":\"fetch\"", "");
        }),
        ("with an unknown provenance", |list| {
            replace(list, "fetch", "steal")
        }),
        ("with an endless line", |list| {
            list.splice(0..0, vec![b' '; 2 << 20]);
        }),
        ("that is no text", |list| list.fill(0xff)),
    ];
    for (what, damage) in cases {
        let mut forged = forged();
        let before = forged.list.clone();
        damage(&mut forged.list);
        assert_ne!(forged.list, before, "{what}");
        let fault = refused(&forged.bytes());
        assert!(fault.starts_with("its list of entries"), "{what}: {fault}");
    }
}

fn replace(list: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(std::mem::take(list)).unwrap();
    *list = text.replace(from, to).into_bytes();
}

#[test]
fn what_is_no_bundle() {
    for (bytes, problem) in [
        (Vec::new(), "no bundle"),
        (vec![0; 4 * BLOCK], "no bundle"),
        (b"PK\x03\x04".repeat(1000), "no bundle"),
        (vec![0xff; 10_000], "no bundle"),
        (encode("some/other.txt", 0), "no bundle"),
    ] {
        assert!(refused(&bytes).contains(problem), "{}", refused(&bytes));
    }
    let mut other = Forged::new(&[]);
    other.entries[0].1 = b"{\"Format\":\"athens-bundle\",\"Version\":2}\n".to_vec();
    assert!(refused(&other.bytes()).contains("newer athens"));
    // Sizes that no file has.
    let mut endless = Forged::new(&[]).bytes();
    endless.splice(BLOCK * 2.., encode(ZIP, 400 << 20));
    assert!(refused(&endless).contains("ends in the middle"));
}
