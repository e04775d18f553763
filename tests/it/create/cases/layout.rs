//! Where modules are in a repository, and what else is there.

use super::{Case, Refused, SameSum, at_root, in_sub, plain, second, sub, vendor};

pub(in super::super) const CASES: &[Case] = &[
    at_root("a plain module", SameSum, |repo, module| {
        plain(
            repo,
            module,
            &["m.go", "a/x.go", "a-b/x.go", "a.go", "LICENSE", "README.md"],
        );
        repo.files(&["later.go"]).commit();
    }),
    at_root("no go.mod", SameSum, |repo, _| {
        repo.files(&["m.go", "vendor/modules.txt"])
            .commit()
            .tag("v1.0.0");
    }),
    at_root("nothing but go.mod", SameSum, |repo, module| {
        plain(repo, module, &[])
    }),
    at_root("no go line", SameSum, |repo, module| {
        vendor(repo, module, "")
    }),
    at_root("vendor of go 1.23", SameSum, |repo, module| {
        vendor(repo, module, "go 1.23\n")
    }),
    at_root("vendor of go 1.24", SameSum, |repo, module| {
        vendor(repo, module, "go 1.24\n")
    }),
    at_root("vendor of go 1.24.0", SameSum, |repo, module| {
        vendor(repo, module, "go 1.24.0\n")
    }),
    at_root("go.mod in vendor", SameSum, |repo, module| {
        plain(
            repo,
            module,
            &[
                "vendor/go.mod",
                "vendor/x.go",
                "a/vendor/go.mod",
                "a/vendor/x.go",
            ],
        );
    }),
    at_root("nested modules", SameSum, |repo, module| {
        repo.go_mod("nested/go.mod", "a.b/c", "");
        repo.go_mod("a/shouting/GO.Mod", "a.b/c", "");
        repo.link("../go.mod", "linked/go.mod");
        plain(
            repo,
            module,
            &[
                "nested/x.go",
                "nested/deep/x.go",
                "nested/bad:name",
                "a/shouting/x.go",
                "linked/x.go",
                "a/go.mod/x.go",
            ],
        );
    }),
    at_root("symbolic links", SameSum, |repo, module| {
        repo.link("m.go", "link.go")
            .link("a", "b")
            .link("../../nowhere", "a/dangling");
        repo.link(&"x/".repeat(150), "long");
        plain(repo, module, &["m.go", "a/x.go"]);
    }),
    at_root("files with the x bit", SameSum, |repo, module| {
        repo.go_mod("go.mod", module, "");
        repo.files(&["run.sh"]).commit();
        repo.git(["update-index", "--chmod=+x", "run.sh"]);
        repo.commit_index().tag("v1.0.0");
    }),
    at_root("a submodule", SameSum, |repo, module| {
        let id = repo
            .go_mod("go.mod", module, "")
            .commit()
            .git(["rev-parse", "HEAD"]);
        repo.stage(
            ".gitmodules",
            "100644",
            b"[submodule \"ext\"]\n\tpath = ext\n\turl = ./ext\n",
        );
        repo.stage_object("ext", "160000", &id);
        repo.stage_object("deep/ext", "160000", &id);
        repo.commit_index().tag("v1.0.0");
    }),
    at_root("what looks like litter", SameSum, |repo, module| {
        plain(
            repo,
            module,
            &[
                ".DS_Store",
                "a/m.go~",
                ".svn/entries",
                "a/.hg/x",
                ".hg_archival.txt",
                "a/.hg_archival.txt",
                ".gitignore",
            ],
        );
    }),
    at_root("sizes", SameSum, |repo, module| {
        repo.write("empty", "")
            .write("block", [b'x'; 512])
            .write("piece", [b'y'; 65536]);
        let noise: Vec<u8> = (0..3_000_001u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        repo.write("large", noise);
        plain(repo, module, &[]);
    }),
    in_sub("a licence from the root", SameSum, |repo, module| {
        plain(repo, module, &["LICENSE", "m.go"]);
        sub(repo, module, &["sub/x.go", "sub/B", "sub/a"]);
    }),
    in_sub("a licence of its own", SameSum, |repo, module| {
        sub(repo, module, &["LICENSE", "sub/LICENSE", "sub/x.go"]);
    }),
    in_sub("no licence", SameSum, |repo, module| {
        sub(repo, module, &["LICENSE.md", "sub/x.go"])
    }),
    in_sub("a licence that is a link", SameSum, |repo, module| {
        repo.link("../LICENSE", "sub/LICENSE");
        sub(repo, module, &["LICENSE", "sub/x.go"]);
    }),
    in_sub("a root licence that is a link", SameSum, |repo, module| {
        repo.link("COPYING", "LICENSE");
        sub(repo, module, &["COPYING", "sub/x.go"]);
    }),
    in_sub(
        "a root licence that is a directory",
        SameSum,
        |repo, module| {
            sub(repo, module, &["LICENSE/MIT", "sub/x.go"]);
        },
    ),
    in_sub("a licence in small letters", Refused, |repo, module| {
        sub(repo, module, &["LICENSE", "sub/license", "sub/x.go"]);
    }),
    in_sub("a licence directory below", Refused, |repo, module| {
        sub(repo, module, &["LICENSE", "sub/LICENSE/MIT"]);
    }),
    in_sub("neighbours", SameSum, |repo, module| {
        plain(repo, module, &["LICENSE"]);
        sub(
            repo,
            module,
            &[
                "sub/x.go",
                "subs/x.go",
                "sub.go",
                "sub-a/x.go",
                "a/sub/x.go",
                "sub/sub/x.go",
            ],
        );
    }),
    in_sub("vendor below", SameSum, |repo, module| {
        repo.go_mod("sub/go.mod", &format!("{module}/sub"), "go 1.24\n");
        repo.files(&[
            "sub/vendor/modules.txt",
            "sub/vendor/a.b/c.go",
            "sub/a/vendor/x.go",
            "vendor/x/y.go",
        ]);
        repo.commit().tag("sub/v1.0.0");
    }),
    in_sub("no go.mod below", Refused, |repo, module| {
        plain(repo, module, &["sub/x.go"]);
        repo.tag("sub/v1.0.0");
    }),
    in_sub("a directory that is a link", Refused, |repo, module| {
        repo.go_mod("real/go.mod", &format!("{module}/sub"), "")
            .link("real", "sub");
        repo.commit().tag("sub/v1.0.0");
    }),
    Case {
        path: "/tools/lint",
        tag: "tools/lint/v1.0.0",
        subdirectory: "tools/lint",
        ..at_root("a deep module", SameSum, |repo, module| {
            repo.go_mod("tools/lint/go.mod", &format!("{module}/tools/lint"), "");
            repo.go_mod("tools/go.mod", &format!("{module}/tools"), "");
            repo.files(&["LICENSE", "tools/LICENSE", "tools/lint/x.go"])
                .commit();
            repo.tag("tools/lint/v1.0.0");
        })
    },
    second("v2 on the branch", "", SameSum, |repo, module| {
        repo.go_mod("go.mod", &format!("{module}/v2"), "")
            .files(&["m.go", "v2/x.go"])
            .commit();
        repo.tag("v2.0.0");
    }),
    second("v2 in a directory", "", SameSum, |repo, module| {
        repo.go_mod("go.mod", module, "")
            .go_mod("v2/go.mod", &format!("{module}/v2"), "");
        repo.files(&["m.go", "v2/x.go", "LICENSE"])
            .commit()
            .tag("v2.0.0");
    }),
    second(
        "v2 in a directory that is named",
        "v2",
        SameSum,
        |repo, module| {
            repo.go_mod("v2/go.mod", &format!("{module}/v2"), "")
                .files(&["v2/x.go", "LICENSE"]);
            repo.commit().tag("v2.0.0");
        },
    ),
    second(
        "v2 on the branch but v2 is named",
        "v2",
        SameSum,
        |repo, module| {
            repo.go_mod("go.mod", &format!("{module}/v2"), "")
                .files(&["m.go", "v2/x.go"])
                .commit();
            repo.tag("v2.0.0");
        },
    ),
    second("v2 twice", "", Refused, |repo, module| {
        let second = format!("{module}/v2");
        repo.go_mod("go.mod", &second, "")
            .go_mod("v2/go.mod", &second, "")
            .commit()
            .tag("v2.0.0");
    }),
    second(
        "v2 on the branch and another in v2",
        "",
        Refused,
        |repo, module| {
            repo.go_mod("go.mod", &format!("{module}/v2"), "")
                .go_mod("v2/go.mod", module, "");
            repo.commit().tag("v2.0.0");
        },
    ),
    second("v2 below something odd", "", SameSum, |repo, module| {
        repo.link("x", "go.mod")
            .go_mod("v2/go.mod", &format!("{module}/v2"), "");
        repo.files(&["v2/x.go"]).commit().tag("v2.0.0");
    }),
    second("v2 nowhere", "", Refused, |repo, module| {
        repo.go_mod("go.mod", module, "").commit().tag("v2.0.0");
    }),
    second("v2 without go.mod", "", Refused, |repo, _| {
        repo.files(&["m.go"]).commit().tag("v2.0.0");
    }),
    Case {
        version: "v1.0.0",
        tag: "v1.0.0",
        path: "",
        ..second("v1 beside v2", "", SameSum, |repo, module| {
            repo.go_mod("v2/go.mod", &format!("{module}/v2"), "");
            plain(repo, module, &["m.go", "v2/x.go"]);
        })
    },
    Case {
        path: "/sub/v2",
        tag: "sub/v2.0.0",
        ..second("sub and v2 in it", "sub/v2", SameSum, |repo, module| {
            repo.go_mod("sub/go.mod", &format!("{module}/sub"), "");
            repo.go_mod("sub/v2/go.mod", &format!("{module}/sub/v2"), "");
            repo.files(&["sub/x.go", "sub/v2/x.go", "LICENSE"])
                .commit()
                .tag("sub/v2.0.0");
        })
    },
    Case {
        path: "/sub/v2",
        tag: "sub/v2.0.0",
        ..second("sub is v2", "sub", SameSum, |repo, module| {
            repo.go_mod("sub/go.mod", &format!("{module}/sub/v2"), "");
            repo.files(&["sub/x.go", "LICENSE"])
                .commit()
                .tag("sub/v2.0.0");
        })
    },
    Case {
        version: "v2.0.0+incompatible",
        path: "",
        ..second("incompatible", "", SameSum, |repo, _| {
            repo.files(&["m.go", "vendor/modules.txt", "LICENSE"])
                .commit()
                .tag("v2.0.0");
        })
    },
    Case {
        version: "v2.0.0+incompatible",
        path: "",
        ..second("incompatible with go.mod", "", Refused, |repo, module| {
            repo.go_mod("go.mod", module, "").commit().tag("v2.0.0");
        })
    },
];
