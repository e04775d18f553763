//! Good archives with a few bytes changed: always the same ones.

use std::io::Read as _;

use flate2::read::DeflateDecoder;

use super::case::{Case, Cases, Expect, Module};
use crate::support::random::Random;
use crate::support::raw_zip::{DEFLATED, Entry, RawZip, Zip64, deflate};

/// How many archives are changed.
const COUNT: usize = 2000;
/// How many deflated streams are.
const STREAMS: usize = 500;

/// The archives; what should be said of them is for the oracle to say.
pub(super) fn cases() -> Vec<Case> {
    let mut random = Random::new(0x006d_6f64_7a69_7000);
    let mut cases = Cases::new("mutated");
    for _ in 0..COUNT {
        cases.add_bytes("", Expect::Good, |m| {
            let zip = base(m, &mut random);
            let mut bytes = zip.bytes();
            for _ in 0..=random.below(3) {
                mutate(&mut bytes, &mut random);
            }
            bytes
        });
    }
    for _ in 0..STREAMS {
        cases.add_bytes("stream", Expect::Good, |m| {
            let mut data = deflate(sentence(&mut random).as_bytes());
            for _ in 0..=random.below(2) {
                let at = random.below(data.len().min(40));
                data[at] ^= 1 << random.below(8);
            }
            let (compressed, size) = (data.len(), inflated_len(&data));
            let entry = m.empty("x").both(|header| {
                header.method = DEFLATED;
                header.compressed = u32::try_from(compressed).unwrap();
                header.size = u32::try_from(size).unwrap();
                // Left out: what the stream is of is not known.
                header.crc = 0;
            });
            m.with([entry.with(|entry| entry.data = data)]).bytes()
        });
    }
    cases.into_list()
}

/// Some text with repetitions, as text has them.
fn sentence(random: &mut Random) -> String {
    let words: Vec<String> = (0..60)
        .map(|number| (number * number).to_string())
        .collect();
    (0..=random.below(300))
        .map(|_| random.pick(&words).as_str())
        .collect()
}

/// How much comes out of a stream before it is at an end, or before something is wrong with it.
fn inflated_len(data: &[u8]) -> usize {
    let mut content = Vec::new();
    let _ = DeflateDecoder::new(data).read_to_end(&mut content);
    content.len()
}

fn base(m: &Module, random: &mut Random) -> RawZip {
    let zip = m.with([
        Entry::stored(m.name("s"), b"stored text"),
        m.entry("a/b/c.txt", &"deflated text, ".repeat(30)),
    ]);
    match random.below(6) {
        0 => zip.with(|z| {
            z.zip64 = Some(Zip64::new());
            z.end_entries = Some(0xffff);
        }),
        1 => zip.with(|z| z.entries = z.entries.drain(..).map(Entry::described).collect()),
        2 => zip.with(|z| z.entries.push(m.empty("d/"))),
        3 => RawZip::new(vec![m.package()]),
        4 => zip.with(|z| (z.before, z.comment) = (b"before".to_vec(), b"after".to_vec())),
        _ => zip,
    }
}

/// Changes bytes, mostly in records, where they matter most.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let records: Vec<usize> = (0..bytes.len().saturating_sub(4))
        .filter(|&at| bytes[at..].starts_with(b"PK"))
        .collect();
    if bytes.is_empty() || records.is_empty() {
        return;
    }
    let in_record = random.pick(&records) + random.below(50);
    let anywhere = random.below(bytes.len());
    let at = if random.below(4) == 0 {
        anywhere
    } else {
        in_record
    };
    let at = at.min(bytes.len() - 1);
    match random.below(10) {
        0 => bytes.truncate(at),
        1 => {
            bytes.remove(at);
        }
        2 => bytes.insert(at, 0),
        3 => bytes[at] = *random.pick(&[0, 0xff, 1, 0x80]),
        4 => bytes[at] = bytes[at].wrapping_add(1),
        5 => bytes[at] = bytes[at].wrapping_sub(1),
        6 => {
            let end = (at + 1 + random.below(40)).min(bytes.len());
            let copy = bytes[at..end].to_vec();
            let to = random.below(bytes.len());
            bytes.splice(to..to, copy);
        }
        _ => bytes[at] ^= 1 << random.below(8),
    }
}
