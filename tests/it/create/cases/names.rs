//! Names of files.

use super::{Case, Refused, SameSum, at_root, plain};

pub(in super::super) const CASES: &[Case] = &[
    at_root("unusual names", SameSum, |repo, module| {
        plain(
            repo,
            module,
            &[
                "-dash",
                "--output=x",
                ".dot/.x",
                "...x",
                "a b/c d.txt",
                "!#$%&()+,-.=@[]^_{}~",
                "[x]",
                "{a,b}",
                "com0",
                "x~1",
                "Überblick.md",
                "世界/世界.txt",
                "ÀÉ/ß",
                "a..b",
                "#!",
            ],
        );
    }),
    at_root("long names", SameSum, |repo, module| {
        let name = |length: usize| "n".repeat(length);
        let folder = |length: usize| "d".repeat(length);
        let deep = "directory/".repeat(30);
        plain(
            repo,
            module,
            &[
                &name(99),
                &name(100),
                &name(101),
                &name(255),
                &format!("{}/{}", folder(100), name(100)),
                &format!("{}/{}", folder(155), name(100)),
                &format!("{}/{}", folder(156), name(101)),
                &format!("{deep}x"),
                &format!("é{}", name(150)),
            ],
        );
    }),
    at_root("a colon", Refused, |repo, module| {
        plain(repo, module, &["a/b:c"])
    }),
    at_root("a quote", Refused, |repo, module| {
        plain(repo, module, &["it's"])
    }),
    at_root("a new line", Refused, |repo, module| {
        plain(repo, module, &["a\nb"])
    }),
    at_root("a device", Refused, |repo, module| {
        plain(repo, module, &["a/Aux.go"])
    }),
    at_root("a composed name", SameSum, |repo, module| {
        plain(repo, module, &["\u{e9}"])
    }),
    at_root("a decomposed name", Refused, |repo, module| {
        plain(repo, module, &["e\u{301}"])
    }),
    at_root("a name that is no utf-8", Refused, |repo, module| {
        use std::os::unix::ffi::OsStrExt as _;
        repo.write(std::ffi::OsStr::from_bytes(b"x\xff"), "");
        plain(repo, module, &[]);
    }),
    at_root("bad names where nobody looks", SameSum, |repo, module| {
        plain(
            repo,
            module,
            &[
                "m.go",
                "nested/go.mod",
                "nested/a:b",
                "vendor/a.b/c:d",
                "vendor/a.b/X",
                "vendor/a.b/x",
            ],
        );
    }),
    at_root("two files of one name", Refused, |repo, module| {
        plain(repo, module, &["x.go", "X.go"])
    }),
    at_root("two directories of one name", Refused, |repo, module| {
        plain(repo, module, &["d/x.go", "D/y.go"])
    }),
    at_root("a link with a bad name", Refused, |repo, module| {
        repo.link("m.go", "a:b");
        plain(repo, module, &["m.go"]);
    }),
    at_root("a link and a file of one name", Refused, |repo, module| {
        repo.link("m.go", "M.go");
        plain(repo, module, &["m.go"]);
    }),
    at_root("go.mod in capitals", Refused, |repo, module| {
        repo.write("GO.MOD", format!("module {module}\n"))
            .commit()
            .tag("v1.0.0");
    }),
    at_root("both kinds of go.mod", Refused, |repo, module| {
        plain(repo, module, &["Go.mod"])
    }),
    at_root("a go.mod that is a link", Refused, |repo, module| {
        repo.write("real", format!("module {module}\n"))
            .link("real", "go.mod")
            .commit()
            .tag("v1.0.0");
    }),
    at_root("a go.mod that is a directory", Refused, |repo, _| {
        repo.files(&["go.mod/x.go", "m.go"]).commit().tag("v1.0.0");
    }),
];
