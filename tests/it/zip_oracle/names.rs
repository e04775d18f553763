//! Names of entries: prefix, clean paths, characters, collisions, the place of go.mod.

use athens::modzip::Rule::{
    CaseCollision, Duplicate, FileAndDirectory, FileName, GoModCase, GoModDirectory, GoModPlace,
    LongName, NotUtf8, Prefix, UncleanName,
};

use super::case::{Case, Cases, Expect, bad, strict};
use crate::support::raw_zip::{Entry, RawZip};

pub(super) fn cases() -> Vec<Case> {
    let mut list = single();
    list.extend(prefixes());
    list.extend(raw());
    list.extend(collisions());
    list.extend(go_mods());
    list
}

/// One file of a certain name.
fn single() -> Vec<Case> {
    let mut cases = Cases::new("name");
    let long = "x".repeat(255);
    for name in [
        "x/y/z.go",
        ".github/workflows/x.yml",
        ".git/config",
        "vendor/modules.txt",
        "vendor/example.com/p/p.go",
        "a b.txt",
        " ",
        " x",
        "x ",
        "!#$%&()+,-.=@[]^_{}~",
        "x~1",
        "PROGRA~1.TXT",
        "com0",
        "COM10.txt",
        "console",
        "nul_",
        "lpt",
        "世界.txt",
        "é",
        "ß",
        "İ",
        "ʰ",
        "א",
        "go.sum",
        "go.mod2",
        "x.go.mod",
        "license",
        "sub/LICENSE",
        ".hg_archival.txt",
        ".DS_Store",
        "x/.DS_Store",
        "@",
        "x@v1.0.0/y",
        long.as_str(),
    ] {
        cases.add(&format!("{name:.40}"), Expect::Good, |m| {
            m.with([m.empty(name)])
        });
    }
    cases.add("-dash", Expect::Good, |m| m.with([m.empty("-dash")]));
    cases.since(17);
    for name in ["...x", "x..y"] {
        cases.add(name, Expect::Good, |m| m.with([m.empty(name)]));
        cases.since(16);
    }

    for name in [
        ".",
        "..",
        "...",
        "../x",
        "../../../../../../tmp/x",
        "x/../y",
        "./x",
        "x/./y",
        "/x",
        "/",
        "//",
        "x//y",
        "x//",
        "/etc/passwd",
        "x/..",
        "x/../../y",
        "x/.../y",
    ] {
        cases.add(name, bad([UncleanName]), |m| m.with([m.empty(name)]));
    }
    for name in [
        "x.",
        "x./y",
        "x\\y",
        "..\\x",
        "C:\\x",
        "c:x",
        "x:stream",
        "x*",
        "x?",
        "x<",
        "x>",
        "x|",
        "x\"",
        "x'",
        "x`",
        "x;",
        "x\0",
        "x\0.go",
        "\0",
        "x\n",
        "x\ny",
        "x\r",
        "\t",
        "\x1b[2J",
        "x\x7f",
        "e\u{301}",
        "x\u{ad}",
        "\u{200b}x",
        "\u{202e}og.x",
        "x\u{feff}",
        "\u{a0}",
        "x²",
        "٣",
        "😀",
        "\u{fffd}",
        "con",
        "CON",
        "Con.txt",
        "aux.go",
        "d/NUL",
        "nul.tar.gz",
        "prn/x",
        "com1",
        "COM9.x",
        "lpt5",
        "LPT1",
        "d/x.",
    ] {
        cases.add(&format!("{name:?}"), bad([FileName]), |m| {
            m.with([m.empty(name)])
        });
    }
    // Letters of later versions of Unicode than ours.
    for name in ["\u{1C89}x", "x\u{2EBF0}"] {
        cases.add(&format!("{name:?}"), bad([FileName]), |m| {
            m.with([m.empty(name)])
        });
        cases.until_126();
    }
    let too_long = "x".repeat(256);
    let deep = format!("{}x", "x/".repeat(2100));
    for name in [
        too_long.as_str(),
        &format!("{too_long}/x"),
        &format!("x/{too_long}"),
        &deep,
    ] {
        let shown = format!("{} bytes: {name:.10}", name.len());
        cases.add(&shown, bad([LongName]), |m| m.with([m.empty(name)]));
    }
    cases.into_list()
}

/// A file that is not below the prefix, or only nearly.
fn prefixes() -> Vec<Case> {
    let mut cases = Cases::new("prefix");
    for name in [
        "",
        "x",
        ".DS_Store",
        "__MACOSX/x",
        "go.mod",
        "/",
        "example.com",
        "example.com/prefix",
        "../x",
    ] {
        cases.add(name, bad([Prefix]), |m| m.with([Entry::stored(name, b"")]));
    }
    type Change = fn(&str) -> String;
    let changes: [(&str, Change); 11] = [
        ("no slash", |prefix| prefix.trim_end_matches('/').to_owned()),
        ("longer version", |prefix| {
            prefix.replace("v1.0.0/", "v1.0.01/x")
        }),
        ("other version", |prefix| {
            prefix.replace("v1.0.0", "v1.0.1") + "x"
        }),
        ("no version", |prefix| prefix.replace("@v1.0.0", "") + "x"),
        ("capital letter", |prefix| {
            prefix.replace("example", "Example") + "x"
        }),
        ("capital v", |prefix| prefix.replace("v1", "V1") + "x"),
        ("dot before", |prefix| format!("./{prefix}x")),
        ("slash before", |prefix| format!("/{prefix}x")),
        ("space before", |prefix| format!(" {prefix}x")),
        ("backslashes", |prefix| prefix.replace('/', "\\") + "x"),
        ("doubled slash", |prefix| {
            prefix.replacen('/', "//", 1) + "x"
        }),
    ];
    for (name, change) in changes {
        cases.add(name, bad([Prefix]), |m| {
            let prefix = String::from_utf8(m.name("")).unwrap();
            m.with([Entry::stored(change(&prefix), b"")])
        });
    }
    for (module, is_good) in [
        ("example.com/Prefix/Capital@v1.0.0", true),
        ("example.com/prefix/v2@v2.3.4", true),
        ("example.com/prefix/pre@v1.0.0-RC.1", true),
        (
            "example.com/prefix/pseudo@v0.0.0-20260102150405-abcdef123456",
            true,
        ),
        ("gopkg.in/prefix.v1@v1.0.0", true),
        ("gopkg.in/prefix.v3@v3.0.0-rc.1", true),
        ("example.com/prefix/~tilde/a_b-c.d@v0.0.1", true),
        ("example.com/prefix/old@v2.0.0+incompatible", true),
        ("example.com/Prefix/escaped@v1.0.0-RC", false),
    ] {
        let expect = if is_good { Expect::Good } else { bad([Prefix]) };
        cases.add_module(module, module, expect, |m| {
            let mut zip = m.zip();
            if module.contains("+incompatible") {
                zip = RawZip::new(vec![m.package()]);
            }
            if !is_good {
                let escaped = |name: &[u8]| {
                    let name = String::from_utf8(name.to_vec()).unwrap();
                    name.replace("/P", "/!p").replace("RC", "!r!c")
                };
                for entry in &mut zip.entries {
                    let name = escaped(&entry.central.name).into_bytes();
                    entry.central.name.clone_from(&name);
                    entry.local.name = name;
                }
            }
            zip.bytes()
        });
    }
    cases.into_list()
}

/// Names that are no UTF-8.
fn raw() -> Vec<Case> {
    let mut cases = Cases::new("raw");
    for name in [
        &b"\xff"[..],
        b"x\x80",
        b"\xc3",
        b"\xc3(",
        b"\xed\xa0\x80",
        b"\xc0\xaf",
        b"\xf4\x90\x80\x80",
        b"caf\xe9",
        b"\x82a.txt",
        b"d\xff/x",
    ] {
        let shown = name.escape_ascii().to_string();
        for flags in [0, 1 << 11] {
            cases.add(&format!("{shown}, flags {flags}"), bad([NotUtf8]), |m| {
                let name = [&m.name(""), name].concat();
                m.with([Entry::stored(name, b"").both(|header| header.flags = flags)])
            });
        }
    }
    cases.into_list()
}

/// Names that cannot all be unpacked.
fn collisions() -> Vec<Case> {
    let mut cases = Cases::new("collision");
    let sets: [(&[&str], Expect); 40] = [
        (&["x", "X"], bad([CaseCollision])),
        (&["x.go", "x.GO"], bad([CaseCollision])),
        (&["README", "readme", "Readme"], bad([CaseCollision])),
        (&["a/x", "A/y"], bad([CaseCollision])),
        (&["a/x", "A/x"], bad([CaseCollision])),
        (&["a/b/c/x", "a/B/c/y"], bad([CaseCollision])),
        (&["a/b", "A"], bad([CaseCollision])),
        (&["A", "a/b"], bad([CaseCollision])),
        (&["M.GO"], bad([CaseCollision])),
        (&["k", "\u{212A}"], bad([CaseCollision])),
        (&["K", "\u{212A}"], bad([CaseCollision])),
        (&["s", "ſ"], bad([CaseCollision])),
        (&["S/x", "ſ/y"], bad([CaseCollision])),
        (&["ß", "ẞ"], bad([CaseCollision])),
        (&["σ", "ς"], bad([CaseCollision])),
        (&["Σ", "ς"], bad([CaseCollision])),
        (&["É", "é"], bad([CaseCollision])),
        (&["å", "\u{212B}"], bad([CaseCollision])),
        (&["ω", "\u{2126}"], bad([CaseCollision])),
        (&["Ǆ", "ǅ"], bad([CaseCollision])),
        (&["ǅ", "ǆ"], bad([CaseCollision])),
        (&["Я", "я"], bad([CaseCollision])),
        (&["ꭰ", "Ꭰ"], bad([CaseCollision])),
        (&["Ა", "ა"], bad([CaseCollision])),
        (&["𐐀", "𐐨"], bad([CaseCollision])),
        (&["θ", "ϑ", "ϴ"], bad([CaseCollision])),
        (&["µ", "μ"], bad([CaseCollision])),
        (&["x", "x"], bad([Duplicate])),
        (&["x", "x", "x"], bad([Duplicate])),
        (&["go.mod"], bad([Duplicate])),
        (&["a", "a/b"], bad([FileAndDirectory])),
        (&["a/b", "a"], bad([FileAndDirectory])),
        (&["a", "a-b", "a/b/c"], bad([FileAndDirectory])),
        (&["m.go/x"], bad([FileAndDirectory])),
        (
            &["x", "a/b", "a", "X"],
            bad([FileAndDirectory, CaseCollision]),
        ),
        (&["ß", "ss"], Expect::Good),
        (&["ı", "i"], Expect::Good),
        (&["İ", "i", "ı"], Expect::Good),
        (&["a/x", "a/y", "a-x", "b/a"], Expect::Good),
        (&["ﬁ", "fi"], Expect::Good),
    ];
    for (names, expect) in sets {
        cases.add(&names.join(" "), expect, |m| {
            m.with(names.iter().map(|name| m.empty(name)))
        });
    }
    // Three pairs that Unicode 15.1 made the same but for case.
    for names in [
        ["\u{1FD3}", "\u{390}"],
        ["\u{1FE3}/x", "\u{3B0}/y"],
        ["ﬅ", "ﬆ"],
    ] {
        cases.add(&names.join(" "), strict([CaseCollision]), |m| {
            m.with(names.iter().map(|name| m.empty(name)))
        });
        cases.until_126();
    }
    cases.into_list()
}

/// Files that are called go.mod.
fn go_mods() -> Vec<Case> {
    let mut cases = Cases::new("go-mod");
    for name in [
        "x/go.mod",
        "x/y/go.mod",
        "x/GO.MOD",
        "x/Go.Mod",
        "vendor/go.mod",
        ".x/go.mod",
    ] {
        cases.add(name, bad([GoModPlace]), |m| m.with([m.empty(name)]));
    }
    for name in ["GO.MOD", "Go.mod", "go.MOD"] {
        cases.add(&format!("{name} alone"), bad([GoModCase]), |m| {
            RawZip::new(vec![m.package(), m.empty(name)])
        });
        cases.add(
            &format!("{name} too"),
            bad([GoModCase, CaseCollision]),
            |m| m.with([m.empty(name)]),
        );
    }
    cases.add("in a directory of that name", Expect::Good, |m| {
        m.with([m.empty("x/go.mod/y.txt")])
    });
    cases.add(
        "a directory of that name at the root",
        strict([GoModDirectory]),
        |m| RawZip::new(vec![m.package(), m.empty("go.mod/y.txt")]),
    );
    cases.add(
        "a directory of nearly that name at the root",
        strict([GoModDirectory]),
        |m| RawZip::new(vec![m.package(), m.empty("Go.MOD/x")]),
    );
    cases.add("a directory of nearly that name below", Expect::Good, |m| {
        m.with([m.empty("Sub/GO.mod/x"), m.empty("go.mod1/x")])
    });
    cases.add("none", Expect::Good, |m| RawZip::new(vec![m.package()]));
    cases.add("last", Expect::Good, |m| {
        RawZip::new(vec![m.package(), m.go_mod()])
    });
    cases.into_list()
}
