//! Directories, against `CreateFromDir` of x/mod: the same files and the same sum, or the same refusals.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use athens::modzip::CreateError;
use athens::modzip::create::{Omission, WrongGoMod};

use super::{from_directory, oracle, write};
use crate::support::tree::version;

const MODULE: &str = "example.com/m@v1.2.3";

/// A tree that holds one of everything.
fn everything(root: &Path, go: &str) {
    write(root, "go.mod", format!("module example.com/m\n{go}"));
    for path in [
        "m.go",
        "a-b/x.go",
        "a/x.go",
        "a.go",
        "LICENSE",
        "docs/Überblick (1).md",
        ".github/x.yml",
        "-dash",
        "vendor/modules.txt",
        "vendor/x.go",
        "vendor/a.b/c/x.go",
        "vendor/a.b/c/d/x.go",
        "vendor/a.b/.git/config",
        "a/vendor/x.go",
        "a/vendor/modules.txt",
        "a/vendor/b/x.go",
        "nested/go.mod",
        "nested/x.go",
        "nested/c:d",
        "nested/deep/x.go",
        "shouting/GO.MOD",
        "shouting/x.go",
        "directory/go.mod/x.go",
        ".hg_archival.txt",
        "a/.hg_archival.txt",
        ".git/config",
        "a/.svn/x",
        ".hg/x",
        "b/.bzr/x",
        "b/git",
        "testdata/.gitignore",
    ] {
        write(root, path, path);
    }
    write(root, "empty", "");
    write(root, "large", b"0123456789abcdef\r\n".repeat(30_000));
    symlink("m.go", root.join("link")).unwrap();
    symlink("a", root.join("linked")).unwrap();
    symlink("nowhere", root.join("dangling")).unwrap();
    std::fs::create_dir(root.join("linked-module")).unwrap();
    symlink("../go.mod", root.join("linked-module/go.mod")).unwrap();
    write(root, "linked-module/x.go", "");
    let script = write(root, "run.sh", "#!/bin/sh\n");
    std::fs::set_permissions(script, PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::create_dir(root.join("hollow")).unwrap();
}

/// A directory, made by a function.
type Case = (&'static str, fn(&Path));

const GOOD: &[Case] = &[
    ("empty", |_| ()),
    ("no go.mod", |root| drop(write(root, "m.go", "package m\n"))),
    ("no go line", |root| everything(root, "")),
    ("go 1.23", |root| everything(root, "go 1.23\n")),
    ("go 1.23.9", |root| everything(root, "go 1.23.9\n")),
    ("go 1.24", |root| everything(root, "go 1.24\n")),
    ("go 1.24rc1", |root| everything(root, "go 1.24rc1\n")),
    ("go 1.25.3", |root| everything(root, "go 1.25.3\n")),
    ("go 1.24.x", |root| everything(root, "go 1.24.x\n")),
    ("go 1.24.1rc1", |root| everything(root, "go 1.24.1rc1\n")),
    ("go next", |root| everything(root, "go next\n")),
    ("a broken go.mod", |root| everything(root, "go 1.24\n)\n")),
];

const BAD: &[Case] = &[
    ("a colon", |root| drop(write(root, "a/b:c", ""))),
    ("many", |root| {
        for name in [
            "con",
            "aux.go",
            "x.",
            "*",
            "a'b",
            "\u{301}",
            "😀",
            "a/nul/x",
            "new\nline",
        ] {
            write(root, name, "");
        }
    }),
    ("GO.MOD", |root| drop(write(root, "GO.MOD", ""))),
    ("collisions", |root| {
        for name in ["x.go", "X.go", "a/x", "A/y", "K", "\u{212a}", "ſ/x", "s"] {
            write(root, name, "");
        }
    }),
    ("a large go.mod", |root| {
        write(root, "go.mod", vec![b'\n'; (16 << 20) + 1]);
    }),
    ("a large licence", |root| {
        write(root, "LICENSE", vec![b'\n'; (16 << 20) + 1]);
    }),
];

#[test]
fn xmod_makes_the_same_of_them() {
    let version = version(MODULE);
    let scratch = tempfile::tempdir().unwrap();
    let mut requests = Vec::new();
    let mut made = Vec::new();
    for (index, (_, make)) in GOOD.iter().chain(BAD).enumerate() {
        let dir = scratch.path().join(format!("{index}"));
        std::fs::create_dir(&dir).unwrap();
        make(&dir);
        let zip = scratch.path().join(format!("{index}.zip"));
        made.push(from_directory(&dir, &version, &zip));
        requests.push(oracle::request("directory", &version, &dir));
        requests.push(oracle::request("zip", &version, &zip));
    }
    let Some(answers) = oracle::ask(&requests) else {
        return;
    };
    for (index, ((name, _), made)) in GOOD.iter().chain(BAD).zip(made).enumerate() {
        let [theirs, ours] = &answers[2 * index..2 * index + 2] else {
            unreachable!("two answers for each case")
        };
        match made {
            Ok(created) => {
                assert_eq!(theirs, ours, "{name}");
                assert_eq!(created.files, ours.files, "{name}");
                assert!(index < GOOD.len(), "{name}");
            }
            Err(CreateError::Refused(refusals)) => {
                let mut ours: Vec<_> = refusals.0.into_iter().map(|one| one.path).collect();
                ours.sort();
                assert_eq!(theirs.invalid, ours, "{name}");
                assert!(index >= GOOD.len(), "{name}");
            }
            Err(CreateError::GoMod(WrongGoMod::TooLarge(_))) => {
                assert_eq!(theirs.invalid, ["go.mod"], "{name}");
            }
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

#[test]
fn what_is_left_out_is_told_with_the_reason() {
    let version = version(MODULE);
    let dir = tempfile::tempdir().unwrap();
    everything(dir.path(), "go 1.24\n");
    let _socket = UnixListener::bind(dir.path().join("socket")).unwrap();
    for name in [
        ".DS_Store",
        "a/m.go~",
        ".m.go.swp",
        "docs/Thumbs.db",
        "#m.go#",
    ] {
        write(dir.path(), name, "");
    }
    let zip = tempfile::NamedTempFile::new().unwrap();
    let created = from_directory(dir.path(), &version, zip.path()).unwrap();
    let omitted: Vec<_> = created
        .omitted
        .iter()
        .map(|omitted| (omitted.path.as_str(), omitted.why))
        .collect();
    assert_eq!(
        omitted,
        [
            ("#m.go#", Omission::Litter),
            (".DS_Store", Omission::Litter),
            (".git/", Omission::VersionControl),
            (".hg/", Omission::VersionControl),
            (".hg_archival.txt", Omission::HgArchival),
            (".m.go.swp", Omission::Litter),
            ("a/.svn/", Omission::VersionControl),
            ("a/m.go~", Omission::Litter),
            ("a/vendor/b/x.go", Omission::Vendored),
            ("b/.bzr/", Omission::VersionControl),
            ("dangling", Omission::SymbolicLink),
            ("docs/Thumbs.db", Omission::Litter),
            ("link", Omission::SymbolicLink),
            ("linked", Omission::SymbolicLink),
            ("linked-module/", Omission::NestedModule),
            ("nested/", Omission::NestedModule),
            ("shouting/", Omission::NestedModule),
            ("socket", Omission::Irregular),
            ("vendor/a.b/.git/", Omission::Vendored),
            ("vendor/a.b/c/", Omission::Vendored),
            ("vendor/modules.txt", Omission::Vendored),
        ]
    );
}

#[test]
fn a_go_mod_that_would_not_be_there_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "real", "module example.com/m\n");
    symlink("real", dir.path().join("go.mod")).unwrap();
    let zip = tempfile::NamedTempFile::new().unwrap();
    let error = from_directory(dir.path(), &version(MODULE), zip.path()).unwrap_err();
    assert!(matches!(
        error,
        CreateError::GoMod(WrongGoMod::NotAFile { .. })
    ));
    std::fs::remove_file(dir.path().join("go.mod")).unwrap();
    std::fs::create_dir(dir.path().join("go.mod")).unwrap();
    let error = from_directory(dir.path(), &version(MODULE), zip.path()).unwrap_err();
    assert!(matches!(
        error,
        CreateError::GoMod(WrongGoMod::NotAFile { .. })
    ));
    let error = from_directory(&dir.path().join("none"), &version(MODULE), zip.path()).unwrap_err();
    assert!(matches!(error, CreateError::Read { .. }));
}
