//! The records that hold an archive together: end record, zip64 records, central and local headers, and what lies
//! between them.

use athens::modzip::Rule::{
    Checksum, ClientsDiffer, ContentSize, DamagedContent, DirectoryEntry, EndRecord, EntryCount,
    GoModSize, LocalHeader, LocalName, Overlap, TotalSize,
};

use super::case::{Case, Cases, Expect, bad, strict};
use crate::support::raw_zip::{Entry, RawZip, Zip64, extra, zip64_extra};

const SIGNATURE: &[u8] = b"PK\x05\x06";

pub(super) fn cases() -> Vec<Case> {
    let mut list = end_record();
    list.extend(zip64_end_record());
    list.extend(between());
    list.extend(central_headers());
    list.extend(zip64_fields());
    list.extend(local_headers());
    list.extend(truncated());
    list
}

/// Where the end record is found, and what in it is believed.
fn end_record() -> Vec<Case> {
    let mut cases = Cases::new("end");
    cases.add_bytes("no bytes", bad([EndRecord]), |_| vec![]);
    cases.add_bytes("one byte", bad([EndRecord]), |_| vec![b'P']);
    cases.add_bytes("only a signature", bad([EndRecord]), |_| SIGNATURE.to_vec());
    cases.add_bytes("NULs", bad([EndRecord]), |_| vec![0; 100_000]);
    cases.add_bytes("text", bad([EndRecord]), |_| {
        b"<html>not found</html>".to_vec()
    });
    cases.add("nothing in it", Expect::Good, |_| RawZip::new(vec![]));
    cases.add("none", bad([EndRecord]), |m| {
        m.zip().with(|z| z.no_end = true)
    });
    cases.add("comment", Expect::Good, |m| {
        m.zip().with(|z| z.comment = b"hello".to_vec())
    });
    cases.add("longest comment", Expect::Good, |m| {
        m.zip().with(|z| z.comment = vec![b'x'; 65_535])
    });
    cases.add("comment said to be longer", bad([EndRecord]), |m| {
        m.zip()
            .with(|z| (z.comment, z.comment_len) = (b"hello".to_vec(), Some(6)))
    });
    cases.add("comment said to be shorter", Expect::Good, |m| {
        m.zip()
            .with(|z| (z.comment, z.comment_len) = (b"hello".to_vec(), Some(2)))
    });
    cases.add("bytes after", Expect::Good, |m| {
        m.zip().with(|z| z.after = b"junk".to_vec())
    });
    for (after, expect) in [
        (1001, Expect::Good),
        (1002, Expect::Good),
        (1003, Expect::Good),
        (60_000, Expect::Good),
        (65 * 1024 - 22, Expect::Good),
        (65 * 1024 - 21, bad([EndRecord])),
        (70_000, bad([EndRecord])),
    ] {
        cases.add(&format!("{after} bytes after"), expect, |m| {
            m.zip().with(|z| z.after = vec![b'x'; after])
        });
    }
    cases.add("signature in the comment", strict([ClientsDiffer]), |m| {
        // Read as the end record of an archive without entries.
        let comment = [SIGNATURE, &[0; 18]].concat();
        m.zip().with(|z| z.comment = comment)
    });
    cases.add(
        "signature in the comment with a comment",
        bad([EndRecord]),
        |m| {
            let comment = [SIGNATURE, &[0; 16], b"\x01\x00"].concat();
            m.zip().with(|z| z.comment = comment)
        },
    );
    cases.add("signature at the very end", Expect::Good, |m| {
        m.zip().with(|z| z.comment = [b"x", SIGNATURE].concat())
    });
    cases.add("signature, 21 bytes from the end", Expect::Good, |m| {
        m.zip().with(|z| z.comment = [SIGNATURE, &[0; 17]].concat())
    });
    cases.add("two archives", Expect::Good, |m| {
        m.zip()
            .with(|z| z.before = RawZip::new(vec![m.empty("x")]).bytes())
    });
    cases.add(
        "two archives, the second as it was",
        strict([ClientsDiffer]),
        |m| {
            m.zip().with(|z| {
                z.before = RawZip::new(vec![m.empty("x")]).bytes();
                z.is_shifted = true;
            })
        },
    );
    for (name, entries, expect) in [
        ("one entry less", 1, bad([EntryCount])),
        ("one entry more", 3, bad([EntryCount])),
        ("no entries", 0, bad([EntryCount])),
        ("most entries", 0xfffe, bad([EntryCount])),
    ] {
        cases.add(name, expect, |m| {
            m.zip().with(|z| z.end_entries = Some(entries))
        });
    }
    cases.add("disk numbers", Expect::Good, |m| {
        m.zip().with(|z| z.end_disk = 7)
    });
    cases.add("size less by one", Expect::Good, |m| {
        m.zip().with(|z| z.end_size = Some(directory_size(z) - 1))
    });
    cases.add("size 0", Expect::Good, |m| {
        m.zip().with(|z| z.end_size = Some(0))
    });
    cases.add("size more by one", bad([EntryCount]), |m| {
        m.zip().with(|z| z.end_size = Some(directory_size(z) + 1))
    });
    cases.add("size more than there is", bad([EndRecord]), |m| {
        m.zip().with(|z| z.end_size = Some(1_000_000))
    });
    cases.add("size 4 GiB - 2", bad([EndRecord]), |m| {
        m.zip().with(|z| z.end_size = Some(u32::MAX - 1))
    });
    cases.add("offset less by one", bad([LocalHeader]), |m| {
        m.zip()
            .with(|z| z.end_offset = Some(directory_offset(z) - 1))
    });
    cases.add("offset 0", bad([LocalHeader]), |m| {
        m.zip().with(|z| z.end_offset = Some(0))
    });
    cases.add("offset more by one", bad([LocalHeader]), |m| {
        m.zip()
            .with(|z| z.end_offset = Some(directory_offset(z) + 1))
    });
    cases.add("offset of another directory", Expect::Good, |m| {
        // Its size leads to the second one, its offset to the first.
        let first = m.with([m.empty("x")]);
        let offset = directory_offset(&first);
        RawZip::new(vec![m.package()]).with(|z| {
            z.before = first.bytes();
            z.end_offset = Some(offset);
            z.end_entries = Some(3);
        })
    });
    cases.add("all offsets more by five", strict([ClientsDiffer]), |m| {
        let mut offset = 5;
        m.zip().with(|z| {
            z.end_offset = Some(directory_offset(z) + 5);
            for entry in &mut z.entries {
                entry.offset = Some(offset);
                offset += u32::try_from(30 + entry.local.name.len() + entry.data.len()).unwrap();
            }
        })
    });
    cases.into_list()
}

fn directory_size(zip: &RawZip) -> u32 {
    let bare = RawZip {
        no_end: true,
        ..zip.clone()
    };
    u32::try_from(bare.bytes().len()).unwrap() - directory_offset(zip)
}

fn directory_offset(zip: &RawZip) -> u32 {
    let bytes = zip.bytes();
    let at = bytes.windows(4).position(|window| window == b"PK\x01\x02");
    u32::try_from(at.unwrap()).unwrap()
}

/// The zip64 end record: when it is looked for, and what in it is believed.
fn zip64_end_record() -> Vec<Case> {
    let mut cases = Cases::new("zip64-end");
    let with = |z: &mut RawZip| z.zip64 = Some(Zip64::new());
    cases.add("not needed", Expect::Good, |m| m.zip().with(with));
    cases.add("for the entries", Expect::Good, |m| {
        m.zip().with(with).with(|z| z.end_entries = Some(0xffff))
    });
    cases.add("for the offset", Expect::Good, |m| {
        m.zip().with(with).with(|z| z.end_offset = Some(u32::MAX))
    });
    cases.add("for everything", Expect::Good, |m| {
        m.zip().with(with).with(|z| {
            z.end_entries = Some(0xffff);
            z.end_size = Some(u32::MAX);
            z.end_offset = Some(u32::MAX);
        })
    });
    cases.add("for the size", bad([EndRecord]), |m| {
        m.zip().with(with).with(|z| z.end_size = Some(u32::MAX))
    });
    cases.until_126();
    cases.add("for a size of 0xffff", strict([ClientsDiffer]), |m| {
        m.zip().with(with).with(|z| z.end_size = Some(0xffff))
    });
    cases.until_126();
    cases.add("missing for the entries", bad([EntryCount]), |m| {
        m.zip().with(|z| z.end_entries = Some(0xffff))
    });
    // The base is negative, and so are the places of all entries.
    cases.add("missing for the offset", bad([LocalHeader]), |m| {
        m.zip().with(|z| z.end_offset = Some(u32::MAX))
    });
    cases.add("size and offset largest", bad([EndRecord]), |m| {
        m.zip().with(with).with(|z| {
            z.end_entries = Some(0xffff);
            let largest = Some(i64::MAX.cast_unsigned());
            z.zip64 = Some(Zip64 {
                size: largest,
                offset: largest,
                ..Zip64::new()
            });
        })
    });
    type Change = fn(&mut Zip64);
    let changes: [(&str, Expect, Change); 17] = [
        ("signature", bad([EndRecord]), |z| z.signature[3] ^= 1),
        ("locator's signature", bad([EntryCount]), |z| {
            z.locator_signature[3] ^= 1
        }),
        ("locator's disk", bad([EntryCount]), |z| z.locator_disk = 1),
        ("no disks", bad([EntryCount]), |z| z.locator_disks = 0),
        ("two disks", bad([EntryCount]), |z| z.locator_disks = 2),
        ("locator to 0", bad([EndRecord]), |z| {
            z.locator_offset = Some(0)
        }),
        ("locator beyond the end", bad([EndRecord]), |z| {
            z.locator_offset = Some(1_000_000);
        }),
        ("locator far beyond", bad([EndRecord]), |z| {
            z.locator_offset = Some(i64::MAX.cast_unsigned());
        }),
        ("locator to a negative place", bad([EntryCount]), |z| {
            z.locator_offset = Some(u64::MAX);
        }),
        ("one entry more", bad([EntryCount]), |z| z.entries = Some(3)),
        ("65,536 entries more", strict([ClientsDiffer]), |z| {
            z.entries = Some(65_538)
        }),
        ("2^32 entries more", strict([ClientsDiffer]), |z| {
            z.entries = Some((1 << 32) + 2)
        }),
        ("size beyond", bad([EndRecord]), |z| z.size = Some(1 << 40)),
        ("size negative", bad([EndRecord]), |z| {
            z.size = Some(u64::MAX)
        }),
        ("size largest", bad([EndRecord]), |z| {
            z.size = Some(i64::MAX.cast_unsigned())
        }),
        ("offset negative", bad([EndRecord]), |z| {
            z.offset = Some(u64::MAX)
        }),
        ("offset largest", bad([LocalHeader]), |z| {
            z.offset = Some(i64::MAX.cast_unsigned());
        }),
    ];
    for (name, expect, change) in changes {
        cases.add(name, expect, |m| {
            let mut record = Zip64::new();
            change(&mut record);
            m.zip().with(|z| {
                z.zip64 = Some(record);
                z.end_entries = Some(0xffff);
            })
        });
    }
    cases.into_list()
}

/// Bytes that belong to nothing.
fn between() -> Vec<Case> {
    let mut cases = Cases::new("between");
    let junk = || b"not a record".to_vec();
    cases.add("before", Expect::Good, |m| {
        m.zip().with(|z| z.before = junk())
    });
    cases.add("much before", Expect::Good, |m| {
        m.zip().with(|z| z.before = vec![7; 200_000])
    });
    cases.add(
        "before, offsets as they were",
        strict([ClientsDiffer]),
        |m| m.zip().with(|z| (z.before, z.is_shifted) = (junk(), true)),
    );
    cases.add(
        "much before, offsets as they were",
        strict([ClientsDiffer]),
        |m| {
            m.zip()
                .with(|z| (z.before, z.is_shifted) = (vec![b'P'; 200_000], true))
        },
    );
    cases.add("entries", Expect::Good, |m| {
        m.zip().with(|z| z.entries[1].before = junk())
    });
    cases.add("content and next entry", Expect::Good, |m| {
        m.zip().with(|z| z.entries[0].behind = junk())
    });
    cases.add("entries and directory", Expect::Good, |m| {
        m.zip().with(|z| z.before_directory = junk())
    });
    cases.add("directory and end", Expect::Good, |m| {
        m.zip().with(|z| z.after_directory = junk())
    });
    cases.add(
        "a header between directory and end",
        bad([EntryCount]),
        |m| {
            let header = RawZip::new(vec![m.empty("x").with(|e| e.is_written = false)]);
            let header = header.with(|z| z.no_end = true).bytes();
            m.zip().with(|z| z.after_directory = header)
        },
    );
    cases.add("an entry that is not listed", Expect::Good, |m| {
        m.with([m.empty("../x").with(|e| e.is_listed = false)])
    });
    cases.into_list()
}

/// Central headers.
fn central_headers() -> Vec<Case> {
    let mut cases = Cases::new("central");
    cases.add("signature", bad([EntryCount]), |m| {
        m.zip().with(|z| z.entries[1].central.signature[0] = b'Q')
    });
    cases.add("signature, not counted", Expect::Good, |m| {
        m.zip().with(|z| {
            z.entries[1].central.signature[0] = b'Q';
            z.end_entries = Some(1);
        })
    });
    cases.add("comment", Expect::Good, |m| {
        m.zip()
            .with(|z| z.entries[0].comment = b"a comment".to_vec())
    });
    cases.add("longest comment, longest field", Expect::Good, |m| {
        m.zip().with(|z| {
            z.entries[0].comment = vec![b'x'; 65_535];
            z.entries[0].central.extra = extra(0x4242, &vec![0; 65_531]);
        })
    });
    cases.add("disk", Expect::Good, |m| {
        m.zip().with(|z| z.entries[0].disk = 3)
    });
    cases.add("made by anything", Expect::Good, |m| {
        m.zip().with(|z| z.entries[0].made_by = 0xffff)
    });
    cases.add("unknown field", Expect::Good, |m| {
        m.zip()
            .with(|z| z.entries[0].central.extra = extra(0x7777, b"something"))
    });
    cases.add("field that is cut off", Expect::Good, |m| {
        m.zip()
            .with(|z| z.entries[0].central.extra = b"\x55\x54\x09\x00\x03".to_vec())
    });
    cases.add("three bytes of a field", Expect::Good, |m| {
        m.zip()
            .with(|z| z.entries[0].central.extra = b"\x01\x00\x08".to_vec())
    });
    cases.add("times", Expect::Good, |m| {
        m.zip().with(|z| {
            let unix = extra(0x5455, &[1, 0, 0, 0, 0]);
            let old = extra(0x5855, &[0; 8]);
            let ntfs = extra(0x000a, &[0, 0, 0, 0, 1, 0, 24, 0]);
            z.entries[0].central.extra = [unix, old, ntfs].concat();
        })
    });
    cases.add("another name in a Unicode path field", Expect::Good, |m| {
        m.zip().with(|z| {
            let entry = &mut z.entries[1];
            let mut hash = flate2::Crc::new();
            hash.update(&entry.central.name);
            let field = [&[1][..], &hash.sum().to_le_bytes(), b"../evil.go"].concat();
            entry.central.extra = extra(0x7075, &field);
            entry.local.extra.clone_from(&entry.central.extra);
        })
    });
    // A comment that is said to reach to the end of the file, or beyond. Where it does exactly, nothing follows that could
    // be looked at; where it goes beyond, the header is none.
    for (name, more, counted, expect) in [
        ("up to the end", 0_i16, 2, bad([EntryCount])),
        ("up to the end, not counted", 0, 1, bad([EntryCount])),
        ("beyond the end", 1, 2, bad([EntryCount])),
        ("beyond the end, not counted", 1, 1, Expect::Good),
        ("up to the last byte", -1, 2, Expect::Good),
        ("up to the last byte, not counted", -1, 1, bad([EntryCount])),
    ] {
        cases.add_bytes(&format!("comment {name}"), expect, |m| {
            let mut bytes = m.zip().with(|z| z.end_entries = Some(counted)).bytes();
            let last = last_header(&bytes);
            let name_len = u16::from_le_bytes([bytes[last + 28], bytes[last + 29]]);
            let rest = bytes.len() - last - 46 - usize::from(name_len);
            let len = i16::try_from(rest).unwrap() + more;
            bytes[last + 32..last + 34].copy_from_slice(&len.to_le_bytes());
            bytes
        });
    }
    cases.add_bytes("fixed part up to the end", bad([EntryCount]), |m| {
        // The whole archive with the directory as the comment of the end record, which ends with the fixed part.
        let mut bytes = m.zip().bytes();
        let last = last_header(&bytes);
        bytes.truncate(last + 46);
        let directory = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
        let at = u32::try_from(directory + 22).unwrap();
        let comment = u16::try_from(bytes.len() - directory).unwrap();
        let mut end = [SIGNATURE, &[0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]].concat();
        end.extend_from_slice(&at.to_le_bytes());
        end.extend_from_slice(&comment.to_le_bytes());
        bytes.splice(directory..directory, end);
        bytes
    });
    cases.into_list()
}

fn last_header(bytes: &[u8]) -> usize {
    (0..bytes.len() - 4)
        .rev()
        .find(|&at| bytes[at..].starts_with(b"PK\x01\x02"))
        .unwrap()
}

/// Zip64 fields of central headers.
fn zip64_fields() -> Vec<Case> {
    let mut cases = Cases::new("zip64-field");
    const ALL: u32 = u32::MAX;
    type Change = fn(&mut Entry);
    let changes: [(&str, Expect, Change); 20] = [
        ("not needed", Expect::Good, |e| {
            e.central.extra = zip64_extra(&[1, 2, 3]);
        }),
        ("not needed and short", Expect::Good, |e| {
            e.central.extra = extra(1, &[7; 5]);
        }),
        ("size", Expect::Good, |e| {
            e.central.extra = zip64_extra(&[u64::from(e.central.size)]);
            e.central.size = ALL;
        }),
        ("compressed size", Expect::Good, |e| {
            e.central.extra = zip64_extra(&[u64::from(e.central.compressed)]);
            e.central.compressed = ALL;
        }),
        ("both sizes", Expect::Good, |e| {
            let sizes = [e.central.size, e.central.compressed].map(u64::from);
            e.central.extra = zip64_extra(&sizes);
            (e.central.size, e.central.compressed) = (ALL, ALL);
        }),
        ("behind other fields", Expect::Good, |e| {
            let field = zip64_extra(&[u64::from(e.central.size)]);
            e.central.extra = [extra(9, b"xyz"), field].concat();
            e.central.size = ALL;
        }),
        ("longer than needed", Expect::Good, |e| {
            e.central.extra = zip64_extra(&[u64::from(e.central.size), 1, 2, 3]);
            e.central.size = ALL;
        }),
        ("offset", Expect::Good, |e| {
            e.central.extra = zip64_extra(&[0]);
            e.offset = Some(ALL);
        }),
        ("negative offset", bad([LocalHeader]), |e| {
            e.central.extra = zip64_extra(&[u64::MAX]);
            e.offset = Some(ALL);
        }),
        ("largest offset", bad([LocalHeader]), |e| {
            e.central.extra = zip64_extra(&[i64::MAX.cast_unsigned()]);
            e.offset = Some(ALL);
        }),
        ("short", bad([EntryCount]), |e| {
            e.central.extra = extra(1, &[0; 7]);
            e.central.size = ALL;
        }),
        ("short for the second value", bad([EntryCount]), |e| {
            e.central.extra = extra(1, &[0; 12]);
            (e.central.size, e.central.compressed) = (ALL, ALL);
        }),
        ("size missing", bad([TotalSize, GoModSize]), |e| {
            e.central.size = ALL
        }),
        ("compressed size missing", bad([EntryCount]), |e| {
            e.central.compressed = ALL
        }),
        ("offset missing", bad([EntryCount]), |e| {
            e.offset = Some(ALL)
        }),
        ("size huge", bad([TotalSize, GoModSize]), |e| {
            e.central.extra = zip64_extra(&[1 << 40]);
            e.central.size = ALL;
        }),
        ("size negative", bad([TotalSize, GoModSize]), |e| {
            e.central.extra = zip64_extra(&[u64::MAX]);
            e.central.size = ALL;
        }),
        // Inflating ends where the stream does, whatever is said to belong to it.
        ("compressed size huge", strict([Overlap]), |e| {
            e.central.extra = zip64_extra(&[1 << 40]);
            e.central.compressed = ALL;
        }),
        ("compressed size negative", strict([Overlap]), |e| {
            e.central.extra = zip64_extra(&[u64::MAX]);
            e.central.compressed = ALL;
        }),
        ("two fields", strict([ClientsDiffer]), |e| {
            let fields = [u64::from(e.central.size), 7].map(|size| zip64_extra(&[size]));
            e.central.extra = fields.concat();
            e.central.size = ALL;
        }),
    ];
    for (name, expect, change) in changes {
        let is_until_126 = matches!(
            name,
            "compressed size missing" | "offset missing" | "two fields"
        );
        cases.add(name, expect, |m| {
            m.zip().with(|z| change(&mut z.entries[0]))
        });
        if is_until_126 {
            cases.until_126();
        }
    }
    cases.add("makes the last header none", strict([ClientsDiffer]), |m| {
        m.with([m.empty("x").with(|e| e.offset = Some(ALL))])
            .with(|z| z.end_entries = Some(2))
    });
    cases.until_126();
    cases.into_list()
}

/// Local headers: where they are, and what in them is believed.
fn local_headers() -> Vec<Case> {
    let mut cases = Cases::new("local");
    type Change = fn(&mut Entry);
    let changes: [(&str, Expect, Change); 21] = [
        ("signature", bad([LocalHeader]), |e| {
            e.local.signature[2] = 1
        }),
        ("signature of a central one", bad([LocalHeader]), |e| {
            e.local.signature = *b"PK\x01\x02";
        }),
        ("offset more by one", bad([LocalHeader]), |e| {
            e.offset = Some(1)
        }),
        ("offset beyond the end", bad([LocalHeader]), |e| {
            e.offset = Some(1_000_000)
        }),
        ("offset largest", bad([LocalHeader]), |e| {
            e.offset = Some(u32::MAX - 1)
        }),
        ("other name", strict([LocalName]), |e| {
            e.local.name = b"evil/../../name".to_vec();
        }),
        ("other case", strict([LocalName]), |e| {
            e.local.name = e.local.name.to_ascii_uppercase();
        }),
        ("no name", strict([LocalName]), |e| e.local.name.clear()),
        ("longest name", strict([LocalName]), |e| {
            e.local.name = vec![b'x'; 65_535]
        }),
        ("other method", Expect::Good, |e| e.local.method = 99),
        ("other flags", Expect::Good, |e| e.local.flags = 0xffff),
        ("other checksum", Expect::Good, |e| e.local.crc = 7),
        ("other sizes", Expect::Good, |e| {
            (e.local.compressed, e.local.size) = (7, 7);
        }),
        ("largest sizes", Expect::Good, |e| {
            (e.local.compressed, e.local.size) = (u32::MAX, u32::MAX);
        }),
        ("field", Expect::Good, |e| {
            e.local.extra = extra(0x7777, b"something")
        }),
        ("field that is cut off", Expect::Good, |e| {
            e.local.extra = vec![1, 0, 99]
        }),
        ("longest field", Expect::Good, |e| {
            e.local.extra = vec![0; 65_535]
        }),
        ("zip64 field", Expect::Good, |e| {
            e.local.extra = zip64_extra(&[1 << 40, 1 << 40])
        }),
        // The next entry is where it should be: with its content, and not with the sizes of this one.
        ("not there", bad([ContentSize]), |e| e.is_written = false),
        ("another kind of record", bad([LocalHeader]), |e| {
            e.local.signature = *b"PK\x06\x08";
        }),
        ("spanning marker before", Expect::Good, |e| {
            e.before = b"PK\x07\x08".to_vec()
        }),
    ];
    for (name, expect, change) in changes {
        cases.add(name, expect, |m| {
            m.zip().with(|z| change(&mut z.entries[0]))
        });
    }
    cases.add_bytes("name longer by one", bad([DamagedContent]), |m| {
        let mut bytes = m.zip().bytes();
        bytes[26] += 1;
        bytes
    });
    cases.add(
        "two entries, one content",
        strict([LocalName, Overlap]),
        |m| {
            let second = m.empty("b").with(|e| e.is_written = false);
            m.with([m.empty("a")]).with(|z| {
                let first = z.bytes();
                let at = first
                    .windows(4)
                    .enumerate()
                    .filter(|(_, w)| *w == b"PK\x03\x04");
                let at = at.map(|(at, _)| u32::try_from(at).unwrap());
                let at = at.collect::<Vec<_>>().pop();
                z.entries.push(second.with(|e| e.offset = at));
            })
        },
    );
    cases.add("an entry in another's content", strict([Overlap]), |m| {
        let inner = RawZip::new(vec![m.entry("inner", "text")]).with(|z| z.no_end = true);
        let inner = inner.bytes();
        let local = inner.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
        let outer = Entry::stored(m.name("outer"), &inner[..local]);
        let offset = m.zip().bytes();
        let offset = offset.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
        let offset = offset + 30 + outer.local.name.len();
        let listed = m.entry("inner", "text").with(|e| {
            e.is_written = false;
            e.offset = Some(u32::try_from(offset).unwrap());
        });
        m.with([outer, listed])
    });
    cases.add("content runs into the next entry", strict([Overlap]), |m| {
        m.zip().with(|z| z.entries[0].central.compressed += 10)
    });
    cases.add("content runs into the directory", strict([Overlap]), |m| {
        m.zip().with(|z| z.entries[1].central.compressed += 100)
    });
    cases.add(
        "content is the directory",
        strict([Checksum, Overlap]),
        |m| {
            // Its checksum would have to be that of itself; left out, the go command does not compare it.
            let last = m.empty("x").both(|header| {
                (header.compressed, header.size, header.crc) = (100, 100, 0);
            });
            m.with([last])
        },
    );
    cases.add("behind the directory", Expect::Good, |m| {
        let late = RawZip::new(vec![m.entry("x", "late")]).with(|z| z.no_end = true);
        let late = late.bytes();
        let len = late.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
        let listed = m.entry("x", "late").with(|e| e.is_written = false);
        let mut zip = m.with([listed]).with(|z| z.comment = late[..len].to_vec());
        let offset = zip.bytes().len() - len;
        zip.entries[2].offset = Some(u32::try_from(offset).unwrap());
        zip
    });
    cases.add("65,536 entries", strict([DirectoryEntry]), |m| {
        let directories = (0..65_536 - 2).map(|number| m.empty(&format!("{number}/")));
        m.with(directories.collect::<Vec<_>>())
            .with(|z| z.end_entries = Some(0))
    });
    cases.into_list()
}

/// A good archive that ends too early, or begins too late.
fn truncated() -> Vec<Case> {
    let mut cases = Cases::new("cut");
    for part in 1..20 {
        cases.add_bytes(&format!("after {part}/20"), bad([EndRecord]), |m| {
            let mut bytes = m.zip().bytes();
            bytes.truncate(bytes.len() * part / 20);
            bytes
        });
    }
    // The go command takes the offsets for too large by that much, and finds everything but what was lost.
    for lost in [1, 10, 100] {
        cases.add_bytes(&format!("first {lost} bytes"), bad([LocalHeader]), |m| {
            m.zip().bytes()[lost..].to_vec()
        });
    }
    cases.into_list()
}
