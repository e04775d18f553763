//! What is around the commit and must not matter.

use super::{Case, Refused, SameSum, at_root, plain};

pub(in super::super) const CASES: &[Case] = &[
    at_root("the work tree", SameSum, |repo, module| {
        repo.write(".gitignore", "*.log\n");
        plain(repo, module, &["m.go", "gone.go"]);
        repo.files(&["new.go", "x.log", ".DS_Store", "nested/go.mod"])
            .write("m.go", "changed");
        repo.write(".gitattributes", "* text eol=crlf\n");
        std::fs::remove_file(repo.root().join("gone.go")).unwrap();
        repo.files(&["staged.go"]).git(["add", "staged.go"]);
    }),
    at_root("tracked and ignored", SameSum, |repo, module| {
        repo.write(".gitignore", "*.log\n/build/\n");
        plain(repo, module, &["x.log", "build/x.go"]);
    }),
    at_root("the configuration", SameSum, |repo, module| {
        repo.write("x.txt", "a\r\nb\n$Id$\n")
            .write(".gitattributes", "*.txt filter=ours\n");
        plain(repo, module, &["m.go"]);
        let marker = repo.root().join("ran");
        let script = repo.root().join(".git/script");
        std::fs::write(
            &script,
            format!("#!/bin/sh\ntouch '{}'\necho changed\n", marker.display()),
        )
        .unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        let script = script.to_str().unwrap();
        repo.write(
            ".git/info/attributes",
            "*.go export-ignore\n*.txt text eol=crlf ident\n",
        );
        repo.write(".git/more-attributes", "* export-ignore\n");
        for (key, value) in [
            ("core.autocrlf", "true"),
            ("core.eol", "crlf"),
            ("core.attributesFile", ".git/more-attributes"),
            ("core.fsmonitor", script),
            ("core.pager", script),
            ("core.hooksPath", script),
            ("pager.log", script),
            ("pager.ls-tree", script),
            ("filter.ours.smudge", script),
            ("filter.ours.required", "true"),
            ("log.showSignature", "true"),
            ("gpg.program", script),
            ("tar.umask", "0077"),
            ("tar.tar.command", script),
            ("core.quotePath", "false"),
        ] {
            repo.git(["config", key, value]);
        }
    }),
    at_root("a replaced object", SameSum, |repo, module| {
        plain(repo, module, &["m.go", "other.go"]);
        let id = |path: &str| repo.git(["rev-parse", &format!("HEAD:{path}")]);
        repo.git(["replace", &id("m.go"), &id("other.go")]);
        repo.files(&["new.go"]).commit();
        repo.git(["replace", "v1.0.0", "main"]);
    }),
    at_root("an annotated tag", SameSum, |repo, module| {
        repo.go_mod("go.mod", module, "").commit();
        repo.git(["tag", "-a", "-m", "x", "v1.0.0"]);
    }),
    at_root("a branch like the tag", SameSum, |repo, module| {
        plain(repo, module, &["m.go"]);
        repo.files(&["new.go"]).commit().git(["branch", "v1.0.0"]);
    }),
    at_root("packed", SameSum, |repo, module| {
        plain(repo, module, &["m.go"]);
        repo.git(["gc", "--quiet", "--aggressive"]);
        repo.git(["pack-refs", "--all"]);
    }),
    at_root("hashes of 256 bits", SameSum, |repo, module| {
        plain(repo, module, &["m.go"]);
    }),
    Case {
        version: "v1.1.0-rc.1",
        tag: "v1.1.0-rc.1",
        ..at_root("a release candidate", SameSum, |repo, module| {
            plain(repo, module, &["m.go"]);
            repo.files(&["new.go"]).commit().tag("v1.1.0-rc.1");
        })
    },
    Case {
        version: "v0.0.0-20231114221321-000000000000",
        tag: "main",
        ..at_root("a pseudo-version", SameSum, |repo, module| {
            repo.go_mod("go.mod", module, "").files(&["m.go"]).commit();
        })
    },
    Case {
        tag: "v9.9.9",
        version: "v1.0.9",
        ..at_root("no such tag", Refused, |repo, module| {
            plain(repo, module, &[])
        })
    },
];
