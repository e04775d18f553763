//! Entries that are no ordinary files, or not for every client; and go.mod files for the wrong module.

use athens::modzip::Rule::{
    DirectoryContent, DirectoryEntry, Encrypted, FileAndDirectory, GoModModule, GoModSyntax,
    IrregularFile, LocalHeader, Overlap,
};

use super::case::{Case, Cases, Expect, bad, strict};
use crate::support::raw_zip::{Entry, RawZip};

pub(super) fn cases() -> Vec<Case> {
    let mut list = directories();
    list.extend(modes());
    list.extend(flags());
    list.extend(go_mods());
    list
}

fn directories() -> Vec<Case> {
    let mut cases = Cases::new("directory");
    let sets: [(&[&str], Expect); 9] = [
        (&["d/"], strict([DirectoryEntry])),
        (&["d/", "d/x"], strict([DirectoryEntry])),
        (&["d/x", "d/"], strict([DirectoryEntry])),
        (&["d/", "d/", "d/"], strict([DirectoryEntry])),
        (&["a/b/c/d/"], strict([DirectoryEntry])),
        (&[""], strict([DirectoryEntry])),
        (&["", ""], strict([DirectoryEntry])),
        (&["go.mod/x/"], bad([FileAndDirectory])),
        (&["sub/go.mod/", "GO.SUM/"], strict([DirectoryEntry])),
    ];
    for (names, expect) in sets {
        cases.add(&format!("{names:?}"), expect, |m| {
            m.with(names.iter().map(|name| m.empty(name)))
        });
    }
    cases.add("only the root", strict([DirectoryEntry]), |m| {
        RawZip::new(vec![m.empty("")])
    });
    type Change = fn(Entry) -> Entry;
    let changes: [(&str, Expect, Change); 6] = [
        ("with content", bad([DirectoryContent]), |e| {
            Entry::stored(e.central.name, b"text")
        }),
        ("with a size and no content", bad([DirectoryContent]), |e| {
            e.both(|header| header.size = 5)
        }),
        ("with compressed nothing", strict([DirectoryEntry]), |e| {
            Entry::new(e.central.name, b"")
        }),
        ("of an unknown method", strict([DirectoryEntry]), |e| {
            e.both(|header| header.method = 99)
        }),
        ("with a checksum", strict([DirectoryEntry]), |e| {
            e.both(|header| header.crc = 7)
        }),
        ("without a local header", bad([LocalHeader]), |e| {
            e.with(|e| e.local.signature = *b"none")
        }),
    ];
    for (name, expect, change) in changes {
        cases.add(name, expect.clone(), |m| m.with([change(m.empty("d/"))]));
        cases.add(
            &format!("first one {name}"),
            strict([DirectoryEntry]),
            |m| m.with([change(m.empty("d/")), m.empty("d/")]),
        );
        cases.add(&format!("second one {name}"), expect, |m| {
            m.with([m.empty("d/"), change(m.empty("d/"))])
        });
    }
    cases.into_list()
}

fn modes() -> Vec<Case> {
    let mut cases = Cases::new("mode");
    const UNIX: u16 = 3 << 8;
    const MACOS: u16 = 19 << 8;
    const NTFS: u16 = 11 << 8;
    const VFAT: u16 = 14 << 8;
    for (name, made_by, attributes, is_regular) in [
        ("regular", UNIX, 0o100_644 << 16, true),
        ("executable", UNIX, 0o100_755 << 16, true),
        ("setuid", UNIX, 0o104_755 << 16, true),
        ("permissions only", UNIX, 0o644 << 16, true),
        ("no permissions", UNIX, 0, true),
        ("symbolic link", UNIX, 0o120_777 << 16, false),
        ("symbolic link, macOS", MACOS, 0o120_777 << 16, false),
        ("regular, macOS", MACOS, 0o100_644 << 16, true),
        ("directory", UNIX, 0o040_755 << 16, false),
        ("pipe", UNIX, 0o010_644 << 16, false),
        ("socket", UNIX, 0o140_644 << 16, false),
        ("block device", UNIX, 0o060_644 << 16, false),
        ("character device", UNIX, 0o020_644 << 16, false),
        ("type that is none", UNIX, 0o170_644 << 16, false),
        ("symbolic link of FAT", 0, 0o120_777 << 16, true),
        ("symbolic link of OS/2", 6 << 8, 0o120_777 << 16, true),
        ("directory, FAT", 0, 0x10, false),
        ("directory, NTFS", NTFS, 0x10, false),
        ("directory, VFAT", VFAT, 0x10, false),
        ("read only, FAT", 0, 1, true),
        ("hidden system archive, FAT", 0, 0x26, true),
        ("FAT directory on Unix", UNIX, 0x10, true),
    ] {
        let expect = if is_regular {
            Expect::Good
        } else {
            strict([IrregularFile])
        };
        cases.add(name, expect, |m| {
            let entry = Entry::stored(m.name("x"), b"../../../../etc/passwd");
            m.with([entry.with(|e| (e.made_by, e.attributes) = (made_by | 20, attributes))])
        });
    }
    cases.into_list()
}

fn flags() -> Vec<Case> {
    let mut cases = Cases::new("flag");
    for bit in (0..16).filter(|&bit| bit != 3) {
        let expect = if matches!(bit, 0 | 6 | 13) {
            strict([Encrypted])
        } else {
            Expect::Good
        };
        cases.add(&format!("bit {bit}"), expect, |m| {
            m.with([m.entry("x", "text").both(|header| header.flags |= 1 << bit)])
        });
    }
    cases.add("encrypted only in the local header", Expect::Good, |m| {
        m.with([m.entry("x", "text").with(|e| e.local.flags |= 1)])
    });
    cases.add(
        "encrypted, a link, and over another",
        strict([Encrypted, IrregularFile, Overlap]),
        |m| {
            m.with([m.entry("x", "text").with(|e| {
                e.central.flags |= 1;
                e.made_by = 3 << 8;
                e.attributes = 0o120_777 << 16;
                e.central.compressed += 30;
            })])
        },
    );
    cases.into_list()
}

fn go_mods() -> Vec<Case> {
    let mut cases = Cases::new("module-line");
    for (name, content, expect) in [
        ("as it should be", "module PATH\n", Expect::Good),
        ("without a newline", "module PATH", Expect::Good),
        ("CRLF", "module PATH\r\n", Expect::Good),
        ("quoted", "module \"PATH\"\n", Expect::Good),
        ("block", "module (\n\tPATH\n)\n", Expect::Good),
        (
            "comments",
            "// Deprecated: no.\nmodule PATH // here\n",
            Expect::Good,
        ),
        (
            "unknown directive",
            "module PATH\n\nfuture (\n\tthing\n)\n",
            Expect::Good,
        ),
        (
            "other module",
            "module example.com/other\n",
            strict([GoModModule]),
        ),
        ("longer path", "module PATH/x\n", strict([GoModModule])),
        (
            "other case",
            "module EXAMPLE.com/m\n",
            strict([GoModModule]),
        ),
        ("empty", "", strict([GoModModule])),
        ("no module line", "go 1.20\n", strict([GoModModule])),
        (
            "two module lines",
            "module PATH\nmodule PATH\n",
            strict([GoModSyntax]),
        ),
        ("NULs", "\0\0\0\0\0\0\0\0", strict([GoModSyntax])),
        ("HTML", "<html>not found</html>", strict([GoModModule])),
        (
            "open block",
            "module PATH\nrequire (\n",
            strict([GoModSyntax]),
        ),
        (
            "byte order mark",
            "\u{feff}module PATH\n",
            strict([GoModSyntax]),
        ),
        (
            "wrong require",
            "module PATH\nrequire example.com/x master\n",
            strict([GoModSyntax]),
        ),
    ] {
        cases.add(name, expect, |m| {
            let content = content.replace("PATH", m.version().path().as_str());
            RawZip::new(vec![m.entry("go.mod", &content), m.package()])
        });
        if name == "block" {
            // Go 1.13 wants the module on one line.
            cases.since(14);
        }
    }
    cases.into_list()
}
