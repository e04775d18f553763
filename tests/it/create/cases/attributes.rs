//! What `.gitattributes` says, and what of it counts.

use super::{Case, SameSum, at_root, in_sub, plain, sub};

pub(in super::super) const CASES: &[Case] = &[
    at_root("export-ignore", SameSum, |repo, module| {
        repo.write(
            ".gitattributes",
            "*.txt export-ignore\ntests export-ignore\n/docs/** export-ignore\n",
        );
        repo.write(
            "a/.gitattributes",
            "x.go export-ignore\n.gitattributes export-ignore\n",
        );
        plain(
            repo,
            module,
            &["x.txt", "tests/x.go", "docs/a/b.md", "a/x.go", "a/y.go"],
        );
    }),
    at_root("export-subst", SameSum, |repo, module| {
        repo.write(".gitattributes", "*.go export-subst\n");
        repo.write("v.go", "package m // $Format:%H %d$\n");
        plain(repo, module, &[]);
    }),
    at_root("a macro", SameSum, |repo, module| {
        repo.write(
            ".gitattributes",
            "[attr]gone export-ignore -text\n*.go gone\n",
        );
        repo.write("x.go", "a\r\nb\n");
        plain(repo, module, &["y.go"]);
    }),
    at_root("line ends", SameSum, |repo, module| {
        repo.write(
            ".gitattributes",
            "*.crlf text eol=crlf\n*.lf text eol=lf\n*.raw -text\n*.auto text=auto\n\
             *.autocrlf text=auto eol=crlf\n*.old crlf\n",
        );
        plain(repo, module, &[]);
        for extension in ["crlf", "lf", "raw", "auto", "autocrlf", "old", "none"] {
            repo.stage(&format!("unix.{extension}"), "100644", b"a\nb\n");
            repo.stage(&format!("windows.{extension}"), "100644", b"a\r\nb\r\n");
            repo.stage(&format!("mixed.{extension}"), "100644", b"a\nb\r\nc\rd");
            repo.stage(&format!("binary.{extension}"), "100644", b"a\nb\0\r\nc\n");
        }
        repo.git(["tag", "--delete", "v1.0.0"]);
        repo.commit_index().tag("v1.0.0");
    }),
    at_root("a go.mod with other line ends", SameSum, |repo, module| {
        repo.write(".gitattributes", "go.mod text eol=crlf\n");
        repo.files(&["vendor/modules.txt"]);
        repo.write("go.mod", format!("module {module}\n\ngo 1.24\n"))
            .commit()
            .tag("v1.0.0");
    }),
    at_root("ident", SameSum, |repo, module| {
        repo.write(".gitattributes", "*.go ident\n")
            .write("x.go", "// $Id$\n");
        plain(repo, module, &[]);
    }),
    at_root("another encoding", SameSum, |repo, module| {
        repo.write(
            ".gitattributes",
            "*.txt text working-tree-encoding=UTF-16LE eol=crlf\n",
        );
        plain(repo, module, &[]);
        repo.stage("x.txt", "100644", "é\n".as_bytes());
        repo.git(["tag", "--delete", "v1.0.0"]);
        repo.commit_index().tag("v1.0.0");
    }),
    at_root("a go.mod in another encoding", SameSum, |repo, module| {
        repo.files(&["vendor/modules.txt"]).commit();
        repo.stage(
            ".gitattributes",
            "100644",
            b"go.mod text working-tree-encoding=UTF-16LE\n",
        );
        let go_mod = format!("module {module}\n\ngo 1.24\n");
        repo.stage("go.mod", "100644", go_mod.as_bytes())
            .commit_index()
            .tag("v1.0.0");
    }),
    at_root("a filter that nobody has", SameSum, |repo, module| {
        repo.write(
            ".gitattributes",
            "*.bin filter=lfs diff=lfs merge=lfs -text\n",
        );
        repo.write(
            "x.bin",
            "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        );
        plain(repo, module, &[]);
    }),
    in_sub("attributes above", SameSum, |repo, module| {
        repo.write(
            ".gitattributes",
            "*.txt text eol=crlf\nsub/*.go export-ignore\nLICENSE text eol=crlf\n",
        );
        repo.write("sub/.gitattributes", "keep.txt -text\n");
        sub(
            repo,
            module,
            &["sub/x.txt", "sub/keep.txt", "sub/x.go", "LICENSE"],
        );
    }),
];
