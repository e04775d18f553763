//! What is in the entries: compression, sizes, checksums, data descriptors.

use athens::modzip::Rule::{
    Checksum, ContentSize, DamagedContent, DataDescriptor, GoModSize, GoModSyntax, LicenseSize,
    Method, Overlap, TotalSize,
};

use super::case::{Case, Cases, Expect, bad, strict};
use crate::support::raw_zip::{Entry, HAS_DESCRIPTOR, STORED, crc, deflate, zip64_extra};

const TEXT: &str = "some text, some text, some text, and some more of it\n";
const MIB: usize = 1 << 20;

pub(super) fn cases() -> Vec<Case> {
    let mut list = compression();
    list.extend(sizes());
    list.extend(checksums());
    list.extend(descriptors());
    list.extend(limits());
    list
}

/// Streams that are, or are not, what deflate is.
fn compression() -> Vec<Case> {
    let mut cases = Cases::new("compression");
    cases.add("stored", Expect::Good, |m| {
        m.with([Entry::stored(m.name("x"), TEXT.as_bytes())])
    });
    cases.add("stored, nothing", Expect::Good, |m| m.with([m.empty("x")]));
    cases.add("deflated", Expect::Good, |m| m.with([m.entry("x", TEXT)]));
    cases.add("deflated, nothing", Expect::Good, |m| {
        m.with([m.entry("x", "")])
    });
    cases.add("deflated, long", Expect::Good, |m| {
        m.with([m.entry("x", &TEXT.repeat(20_000))])
    });
    for method in [1, 6, 9, 12, 14, 20, 93, 95, 98, 99, 0xffff] {
        cases.add(&format!("method {method}"), bad([Method]), |m| {
            m.with([m.entry("x", TEXT).both(|header| header.method = method)])
        });
    }
    cases.add("method of nothing", bad([Method]), |m| {
        m.with([m.empty("x").both(|header| header.method = 99)])
    });
    cases.add("deflated, said to be stored", bad([ContentSize]), |m| {
        m.with([m.entry("x", TEXT).both(|header| header.method = STORED)])
    });
    cases.add("stored, said to be deflated", bad([DamagedContent]), |m| {
        let entry = Entry::stored(m.name("x"), TEXT.as_bytes());
        m.with([entry.both(|header| header.method = 8)])
    });
    cases.add("deflated, not a byte", bad([DamagedContent]), |m| {
        m.with([m.empty("x").both(|header| header.method = 8)])
    });
    // Streams by hand: what they are of, or the rule that they break.
    let streams: [(&str, &[u8], Result<&str, _>); 16] = [
        ("empty fixed block", &[0x03, 0x00], Ok("")),
        ("empty stored block", &[0x01, 0, 0, 0xff, 0xff], Ok("")),
        ("stored block", b"\x01\x02\x00\xfd\xffhi", Ok("hi")),
        (
            "two stored blocks",
            b"\x00\x01\x00\xfe\xffh\x01\x01\x00\xfe\xffi",
            Ok("hi"),
        ),
        (
            "stored block, then an empty one",
            b"\x00\x02\x00\xfd\xffhi\x03\x00",
            Ok("hi"),
        ),
        (
            "junk behind the last block",
            b"\x01\x02\x00\xfd\xffhijunk, and more",
            Ok("hi"),
        ),
        (
            "no last block",
            b"\x00\x02\x00\xfd\xffhi",
            Err(DamagedContent),
        ),
        ("no end of the last block", &[0x03], Err(DamagedContent)),
        (
            "stored block cut off",
            b"\x01\x03\x00\xfc\xffhi",
            Err(DamagedContent),
        ),
        (
            "stored block's length is not repeated",
            b"\x01\x02\x00\xfd\xfehi",
            Err(DamagedContent),
        ),
        (
            "block of the fourth kind",
            &[0x07, 0, 0],
            Err(DamagedContent),
        ),
        ("no trees", &[0x05], Err(DamagedContent)),
        (
            "trees of nothing",
            &[0x05, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            Err(DamagedContent),
        ),
        (
            "too many literals",
            &[0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            Err(DamagedContent),
        ),
        (
            "distance before the start",
            &[0x4b, 0x04, 0x12, 0x00, 0x00],
            Err(DamagedContent),
        ),
        (
            "length symbol that is none",
            &[0x1b, 0x07, 0x00],
            Err(DamagedContent),
        ),
    ];
    for (name, stream, content) in streams {
        let expect = match content {
            Ok(_) => Expect::Good,
            Err(rule) => bad([rule]),
        };
        cases.add(name, expect, |m| {
            let content = content.unwrap_or("hi");
            m.with([deflated_as(m.entry("x", content), stream.to_vec())])
        });
    }
    for cut in 1..12 {
        cases.add(
            &format!("last {cut} bytes are missing"),
            bad([DamagedContent]),
            |m| {
                let mut data = deflate(TEXT.as_bytes());
                data.truncate(data.len() - cut);
                m.with([deflated_as(m.entry("x", TEXT), data)])
            },
        );
    }
    // What a changed byte comes to depends on what it is: a header, a literal, a length.
    for (at, rule) in [
        (0, DamagedContent),
        (1, Checksum),
        (5, Checksum),
        (10, Checksum),
        (20, ContentSize),
    ] {
        cases.add(&format!("byte {at} is another"), bad([rule]), |m| {
            let mut data = deflate(TEXT.as_bytes());
            data[at] ^= 0x5a;
            m.with([deflated_as(m.entry("x", TEXT), data)])
        });
    }
    cases.into_list()
}

/// An entry with other compressed content.
fn deflated_as(entry: Entry, data: Vec<u8>) -> Entry {
    let len = u32::try_from(data.len()).unwrap();
    entry
        .both(|header| header.compressed = len)
        .with(|entry| entry.data = data)
}

/// Sizes that are not those of the content.
fn sizes() -> Vec<Case> {
    let mut cases = Cases::new("size");
    for (name, size) in [
        ("one byte less", TEXT.len() - 1),
        ("one byte more", TEXT.len() + 1),
        ("nothing", 0),
        ("one byte", 1),
        ("a MiB", MIB),
        ("exactly 64 KiB", 65_536),
    ] {
        let size = u32::try_from(size).unwrap();
        cases.add(&format!("deflated, {name}"), bad([ContentSize]), |m| {
            m.with([m.entry("x", TEXT).both(|header| header.size = size)])
        });
        cases.add(&format!("stored, {name}"), bad([ContentSize]), |m| {
            let entry = Entry::stored(m.name("x"), TEXT.as_bytes());
            m.with([entry.both(|header| header.size = size)])
        });
    }
    cases.add("compressed size of less", bad([DamagedContent]), |m| {
        m.with([m.entry("x", TEXT).both(|header| header.compressed -= 2)])
    });
    cases.add("compressed size of more", Expect::Good, |m| {
        m.with([m.entry("x", TEXT).with(|e| {
            e.central.compressed += 4;
            e.behind = vec![0; 4];
        })])
    });
    cases.add(
        "compressed size of more than the file",
        strict([Overlap]),
        |m| {
            m.with([m
                .entry("x", TEXT)
                .both(|header| header.compressed = u32::MAX - 1)])
        },
    );
    cases.add(
        "stored, compressed size of one more",
        bad([ContentSize]),
        |m| {
            let entry = Entry::stored(m.name("x"), TEXT.as_bytes());
            m.with([entry.both(|header| header.compressed += 1)])
        },
    );
    cases.add("stored, both sizes of one more", bad([Checksum]), |m| {
        let entry = Entry::stored(m.name("x"), TEXT.as_bytes());
        m.with([entry.both(|header| {
            header.compressed += 1;
            header.size += 1;
        })])
    });
    cases.add(
        "stored, behind everything, said to be longer than the file",
        Expect::Good,
        |m| {
            // It ends where the file does.
            let late = Entry::stored(m.name("x"), b"late");
            let mut raw = m.with([late.clone().with(|e| e.is_written = false)]);
            let local = crate::support::raw_zip::RawZip::new(vec![late]).with(|z| z.no_end = true);
            let local = local.bytes();
            let len = local.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
            raw.after = local[..len].to_vec();
            let offset = raw.bytes().len() - len;
            raw.entries[2].offset = Some(u32::try_from(offset).unwrap());
            raw.entries[2].central.compressed = 4000;
            raw
        },
    );
    cases.into_list()
}

/// Checksums.
fn checksums() -> Vec<Case> {
    let mut cases = Cases::new("checksum");
    for wrong in [1, 0x8000_0000, u32::MAX] {
        cases.add(&format!("xor {wrong:x}"), bad([Checksum]), |m| {
            m.with([m.entry("x", TEXT).both(|header| header.crc ^= wrong)])
        });
    }
    cases.add("left out", strict([Checksum]), |m| {
        m.with([m.entry("x", TEXT).both(|header| header.crc = 0)])
    });
    cases.add("left out, stored", strict([Checksum]), |m| {
        let entry = Entry::stored(m.name("x"), TEXT.as_bytes());
        m.with([entry.both(|header| header.crc = 0)])
    });
    cases.add("0 of nothing", Expect::Good, |m| m.with([m.empty("x")]));
    cases.add("not 0 of nothing", bad([Checksum]), |m| {
        m.with([m.empty("x").both(|header| header.crc = 1)])
    });
    cases.add("0 of something", Expect::Good, |m| {
        let content = b"\x9d\x0a\xd9\x6d";
        assert_eq!(crc(content), 0);
        m.with([Entry::stored(m.name("x"), content)])
    });
    cases.add("left out with a descriptor", bad([Checksum]), |m| {
        m.with([m.entry("x", TEXT).both(|header| header.crc = 0).described()])
    });
    cases.add("other content of that length", bad([Checksum]), |m| {
        let other = TEXT.to_uppercase();
        m.with([Entry::stored(m.name("x"), TEXT.as_bytes())
            .with(|entry| entry.data = other.into_bytes())])
    });
    cases.into_list()
}

/// Data descriptors.
fn descriptors() -> Vec<Case> {
    let mut cases = Cases::new("descriptor");
    type Behind = fn(&Entry) -> Vec<u8>;
    let forms: [(&str, Expect, Behind); 14] = [
        ("as it should be", Expect::Good, Entry::descriptor),
        ("without signature", Expect::Good, |e| {
            e.descriptor()[4..].to_vec()
        }),
        ("long", Expect::Good, |e| long_descriptor(e, 0)),
        ("long, without signature", Expect::Good, |e| {
            long_descriptor(e, 0)[4..].to_vec()
        }),
        ("then junk", Expect::Good, |e| {
            [e.descriptor(), b"junk".to_vec()].concat()
        }),
        ("none", bad([DataDescriptor]), |_| vec![]),
        ("cut off", strict([DataDescriptor]), |e| {
            e.descriptor()[..10].to_vec()
        }),
        ("four bytes late", bad([DataDescriptor]), |e| {
            [vec![0; 4], e.descriptor()].concat()
        }),
        ("other checksum", bad([DataDescriptor]), |e| changed(e, 4)),
        ("other compressed size", strict([DataDescriptor]), |e| {
            changed(e, 8)
        }),
        ("other size", strict([DataDescriptor]), |e| changed(e, 12)),
        ("sizes of 0", strict([DataDescriptor]), |e| {
            [&e.descriptor()[..8], &[0; 8]].concat()
        }),
        ("long, other size", strict([DataDescriptor]), |e| {
            long_descriptor(e, 1)
        }),
        ("signature of something else", bad([DataDescriptor]), |e| {
            [b"PK\x01\x02", &e.descriptor()[4..]].concat()
        }),
    ];
    for (name, expect, behind) in forms {
        cases.add(&format!("deflated, {name}"), expect.clone(), |m| {
            let entry = m.entry("x", TEXT).described();
            m.with([entry.clone().with(|e| e.behind = behind(&entry))])
        });
        cases.add(&format!("stored, {name}"), expect, |m| {
            let entry = Entry::stored(m.name("x"), TEXT.as_bytes()).described();
            m.with([entry.clone().with(|e| e.behind = behind(&entry))])
        });
    }
    cases.add("flag in the local header only", Expect::Good, |m| {
        m.with([m.entry("x", TEXT).described().with(|e| e.central.flags = 0)])
    });
    cases.add("flag in the central header only", Expect::Good, |m| {
        m.with([m.entry("x", TEXT).described().with(|e| e.local.flags = 0)])
    });
    cases.add(
        "flag in the central header only, and none there",
        bad([DataDescriptor]),
        |m| {
            m.with([m
                .entry("x", TEXT)
                .with(|e| e.central.flags = HAS_DESCRIPTOR)])
        },
    );
    cases.add(
        "checksum that is the signature",
        bad([DataDescriptor]),
        |m| {
            // The go command takes it for the signature, and what follows for the checksum.
            let content = b"\x67\xa6\xf1\xb0";
            let entry = Entry::stored(m.name("x"), content).described();
            let descriptor = entry.descriptor()[4..].to_vec();
            m.with([entry.with(|e| {
                e.central.crc = 0x0807_4b50;
                e.behind = [b"PK\x07\x08", &descriptor[4..]].concat();
            })])
        },
    );
    cases.into_list()
}

fn changed(entry: &Entry, at: usize) -> Vec<u8> {
    let mut descriptor = entry.descriptor();
    descriptor[at] ^= 1;
    descriptor
}

fn long_descriptor(entry: &Entry, more: u64) -> Vec<u8> {
    let sizes = [entry.central.compressed, entry.central.size].map(u64::from);
    let mut descriptor = entry.descriptor()[..8].to_vec();
    descriptor.extend_from_slice(&sizes[0].to_le_bytes());
    descriptor.extend_from_slice(&(sizes[1] + more).to_le_bytes());
    descriptor
}

/// How much there may be. Sizes are declared rather than real where the rule is only about the declared ones; that the
/// content is shorter is then found as well, unless all of it is not looked at.
fn limits() -> Vec<Case> {
    let mut cases = Cases::new("limit");
    let limit = u32::try_from(500 * MIB).unwrap();
    for (name, declared, expect) in [
        (
            "one file of the most",
            vec![limit - 200],
            bad([ContentSize]),
        ),
        ("one file of more", vec![limit + 1], bad([TotalSize])),
        (
            "two files of the most",
            vec![limit / 2, limit / 2 - 200],
            bad([ContentSize]),
        ),
        (
            "two files of more",
            vec![limit / 2, limit / 2 + 1],
            bad([TotalSize]),
        ),
        ("4 GiB - 2", vec![u32::MAX - 1], bad([TotalSize])),
        ("many of 4 GiB - 2", vec![u32::MAX - 1; 5], bad([TotalSize])),
    ] {
        cases.add(name, expect, |m| {
            m.with(declared.iter().enumerate().map(|(number, &size)| {
                m.entry(&format!("{number}"), TEXT)
                    .both(|header| header.size = size)
            }))
        });
    }
    cases.add("sum wraps in 64 bits", bad([TotalSize]), |m| {
        m.with((0..4).map(|number| {
            m.entry(&format!("{number}"), TEXT).with(|e| {
                e.central.size = u32::MAX;
                e.central.extra = zip64_extra(&[1 << 62]);
            })
        }))
    });
    cases.add("sum wraps to little", bad([TotalSize]), |m| {
        m.with([u64::MAX, 10].iter().enumerate().map(|(number, &size)| {
            m.entry(&format!("{number}"), TEXT).with(|e| {
                e.central.size = u32::MAX;
                e.central.extra = zip64_extra(&[size]);
            })
        }))
    });
    let spaces = |len: usize| " ".repeat(len);
    for (name, file, len, expect) in [
        ("LICENSE", "LICENSE", 16 * MIB, Expect::Good),
        ("LICENSE", "LICENSE", 16 * MIB + 1, bad([LicenseSize])),
        ("license", "license", 16 * MIB + 1, Expect::Good),
        (
            "LICENSE below the root",
            "x/LICENSE",
            16 * MIB + 1,
            Expect::Good,
        ),
        ("LICENSE.md", "LICENSE.md", 16 * MIB + 1, Expect::Good),
    ] {
        cases.add(&format!("{name}, {len} bytes"), expect, |m| {
            m.with([m.entry(file, &spaces(len))])
        });
    }
    for (len, expect) in [
        (MIB, Expect::Good),
        (MIB + 1, strict([GoModSyntax])),
        (16 * MIB, strict([GoModSyntax])),
        (16 * MIB + 1, bad([GoModSize])),
    ] {
        cases.add(&format!("go.mod, {len} bytes"), expect, |m| {
            let line = format!("module {}", m.version().path());
            let content = line.clone() + &spaces(len - line.len() - 1) + "\n";
            crate::support::raw_zip::RawZip::new(vec![m.package(), m.entry("go.mod", &content)])
        });
    }
    cases.into_list()
}
