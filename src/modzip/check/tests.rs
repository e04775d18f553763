use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;

use super::*;
use crate::modzip::{read_directory, zip_sum};

const GO_MOD: &[u8] = b"module example.com/m\n";

fn version() -> ModuleVersion {
    ModuleVersion::new("example.com/m".parse().unwrap(), "v1.0.0".parse().unwrap()).unwrap()
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let name = format!("example.com/m@v1.0.0/{name}");
        if name.ends_with('/') {
            writer
                .add_directory(name, SimpleFileOptions::default())
                .unwrap();
            continue;
        }
        writer
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn report(bytes: &[u8], strictness: Strictness) -> Report {
    check(bytes, bytes.len() as u64, &version(), strictness).unwrap()
}

/// The rules that each strictness finds broken.
fn rules(bytes: &[u8]) -> [Vec<Rule>; 2] {
    [Strictness::Fetched, Strictness::Published].map(|strictness| {
        let report = report(bytes, strictness);
        report.findings.iter().map(|finding| finding.rule).collect()
    })
}

#[test]
fn a_good_zip_has_its_sums() {
    let bytes = archive(&[
        ("go.mod", GO_MOD),
        ("a/m.go", b"package m\n"),
        ("LICENSE", b""),
    ]);
    let report = report(&bytes, Strictness::Published);
    assert_eq!(report.findings, []);
    assert!(report.is_sound());
    assert_eq!((report.files, report.size), (3, 31));
    assert_eq!(report.go_mod.as_deref(), Some(GO_MOD));
    assert_eq!(report.go_mod_sum, Some(go_mod_sum(GO_MOD)));
    let sum = zip_sum(&bytes[..], bytes.len() as u64, &version()).unwrap();
    assert_eq!(report.sum, Some(sum));
    // Order and compression are no part of it.
    let other = archive(&[
        ("LICENSE", b""),
        ("a/m.go", b"package m\n"),
        ("go.mod", GO_MOD),
    ]);
    assert_eq!(
        zip_sum(&other[..], other.len() as u64, &version()).unwrap(),
        sum
    );
}

#[test]
fn without_a_go_mod_the_synthesized_one_is_summed() {
    let report = report(&archive(&[("m.go", b"package m\n")]), Strictness::Published);
    assert!(report.is_sound());
    assert_eq!(report.go_mod, None);
    assert_eq!(report.go_mod_sum, Some(go_mod_sum(GO_MOD)));
}

#[test]
fn says_everything_at_once() {
    let bytes = archive(&[
        ("go.mod", b"module example.com/other\n"),
        ("A.go", b""),
        ("dir/", b""),
        ("a.go", b""),
        ("sub/go.mod", b""),
        ("sub/aux.go", b""),
    ]);
    assert_eq!(
        rules(&bytes),
        [
            vec![Rule::CaseCollision, Rule::GoModPlace, Rule::FileName],
            vec![
                Rule::GoModModule,
                Rule::DirectoryEntry,
                Rule::CaseCollision,
                Rule::GoModPlace,
                Rule::FileName
            ]
        ]
    );
    let report = report(&bytes, Strictness::Published);
    assert_eq!(
        report.findings[2],
        Finding {
            entry: Some("example.com/m@v1.0.0/a.go".to_owned()),
            rule: Rule::CaseCollision,
            sentence: "\"A.go\" and \"a.go\" differ only in case, and cannot both be unpacked on macOS and Windows; \
                       rename one"
                .to_owned(),
        }
    );
    // All of it can be read, so there is a sum to tell.
    assert!(report.sum.is_some());
}

#[test]
fn litter_outside_the_prefix_is_named() {
    let mut writer = zip::ZipWriter::new(Cursor::new(archive(&[("go.mod", GO_MOD)])));
    writer = {
        let bytes = writer.finish().unwrap();
        zip::ZipWriter::new_append(bytes).unwrap()
    };
    writer
        .start_file(".DS_Store", SimpleFileOptions::default())
        .unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    let report = report(&bytes, Strictness::Fetched);
    let [finding] = &report.findings[..] else {
        panic!("{:?}", report.findings)
    };
    assert_eq!(finding.entry.as_deref(), Some(".DS_Store"));
    assert_eq!(finding.rule, Rule::Prefix);
    assert!(finding.sentence.contains("leave it out"), "{finding:?}");
}

#[test]
fn no_archive_at_all() {
    for bytes in [&b""[..], b"<html>", &[0; 5000]] {
        let report = report(bytes, Strictness::Fetched);
        assert_eq!(report.findings.len(), 1);
        assert_eq!(report.findings[0].rule, Rule::EndRecord);
        assert_eq!((report.sum, report.go_mod_sum), (None, None));
    }
}

#[test]
fn damage_anywhere_is_seen_or_does_not_matter() {
    let bytes = archive(&[("go.mod", GO_MOD), ("m.go", &b"package m\n".repeat(50))]);
    let sum = report(&bytes, Strictness::Published).sum;
    // Another name is another file, and as good as the first: the names, and how long they are.
    let headers = (0..bytes.len() - 46).filter(|&at| bytes[at..].starts_with(b"PK\x01\x02"));
    let names: Vec<_> = headers
        .flat_map(|at| {
            [
                at + 28..at + 30,
                at + 46..at + 46 + usize::from(bytes[at + 28]),
            ]
        })
        .collect();
    assert_eq!(names.len(), 4);
    for at in 0..bytes.len() {
        for mask in [1, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= mask;
            let report = report(&damaged, Strictness::Fetched);
            assert!(
                !report.is_sound()
                    || report.sum == sum
                    || names.iter().any(|name| name.contains(&at)),
                "{at}: {report:?}"
            );
            let directory = read_directory(&damaged[..], damaged.len() as u64, &version());
            assert!(
                !report.is_sound() || directory.is_ok(),
                "{at}: {directory:?}"
            );
        }
    }
    for len in 0..bytes.len() {
        assert!(
            !report(&bytes[..len], Strictness::Fetched).is_sound(),
            "{len}"
        );
    }
}

#[test]
fn many_findings_are_counted() {
    let names: Vec<String> = (0..250).map(|number| format!("{number}:")).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let report = report(&archive(&entries), Strictness::Fetched);
    assert_eq!((report.findings.len(), report.more_findings), (100, 150));
    assert_eq!(
        report.findings[99].entry.as_deref(),
        Some("example.com/m@v1.0.0/99:")
    );
}

#[test]
fn threads_agree_with_one() {
    // Larger than what one thread reads alone, and not compressible to less.
    let mut state = 1_u32;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()
    };
    let contents: Vec<Vec<u8>> = (0..40)
        .map(|_| (0..10_000).flat_map(|_| noise()).collect())
        .collect();
    let names: Vec<String> = (0..40).map(|number| format!("{number}.bin")).collect();
    let mut entries: Vec<(&str, &[u8])> = names
        .iter()
        .zip(&contents)
        .map(|(name, content)| (name.as_str(), content.as_slice()))
        .collect();
    entries.push(("go.mod", GO_MOD));
    let bytes = archive(&entries);
    assert!(bytes.len() > 1 << 20);
    let report = report(&bytes, Strictness::Published);
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!(report.go_mod.as_deref(), Some(GO_MOD));

    let mut sorted: Vec<_> = entries.clone();
    sorted.sort_unstable();
    let mut files = crate::modzip::hash::Files::default();
    for (name, content) in sorted {
        use sha2::Digest as _;
        let name = format!("example.com/m@v1.0.0/{name}");
        files.add(name.as_bytes(), &sha2::Sha256::digest(content).into());
    }
    assert_eq!(report.sum, Some(files.sum()));
}
