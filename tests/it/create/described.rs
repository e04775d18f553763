//! What git says about a directory, and what it is asked when it must not do harm.

use std::path::Path;

use athens::modzip::create::git::{Change, GitError, commit, describe, version_from_tags};
use athens::modzip::{CreateError, create_from_git};

use super::from_directory;
use crate::support::repo::{Repo, git, run};
use crate::support::tools::require_tool;
use crate::support::tree::version;

fn change(path: &str, is_untracked: bool) -> Change {
    Change {
        path: path.to_owned(),
        is_untracked,
    }
}

#[test]
fn a_directory_in_its_repository() {
    if require_tool("git").is_none() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    assert_eq!(describe(scratch.path()).unwrap(), None);
    let root = scratch.path().canonicalize().unwrap().join("a repo");
    let repo = Repo::new(&root);
    repo.files(&["LICENSE", "tools/x.go", "tools/gone.go", "other/x.go"]);
    repo.write(".gitignore", "*.log\n");

    let unborn = describe(&root).unwrap().unwrap();
    assert_eq!((unborn.head, unborn.tags), (None, vec![]));
    assert_eq!(
        unborn.changes,
        [
            change(".gitignore", true),
            change("LICENSE", true),
            change("other/", true),
            change("tools/", true)
        ]
    );

    repo.commit().tag("v1.0.0").tag("x");
    repo.git(["tag", "-a", "-m", "x", "tools/v0.1.0"]);
    repo.git([
        "remote",
        "add",
        "fork",
        "https://me:secret@example.com/fork",
    ]);
    repo.git([
        "remote",
        "add",
        "origin",
        "https://token@example.com/a/b.git",
    ]);
    let clean = describe(&root.join("tools")).unwrap().unwrap();
    assert_eq!(clean.top_level, root);
    assert_eq!(clean.subdirectory, "tools");
    assert_eq!(clean.tags, ["tools/v0.1.0", "v1.0.0", "x"]);
    assert_eq!(clean.remote.as_deref(), Some("https://example.com/a/b.git"));
    assert!(!clean.is_dirty());
    let head = clean.head.unwrap();
    assert_eq!(head.id, repo.git(["rev-parse", "HEAD"]));
    assert_eq!(head.time.to_string(), "2023-11-14T22:13:21Z");
    let module = "example.com/m/tools".parse().unwrap();
    let tagged = version_from_tags(&clean.subdirectory, &module, &clean.tags).unwrap();
    assert_eq!(tagged.tag, "tools/v0.1.0");

    repo.files(&[
        "tools/new.go",
        "tools/x.log",
        "tools/.DS_Store",
        "tools/d/a",
        "tools/d/b",
        "other/new.go",
    ]);
    repo.write("tools/x.go", "changed")
        .write("LICENSE", "changed");
    std::fs::remove_file(root.join("tools/gone.go")).unwrap();
    let dirty = describe(&root.join("tools")).unwrap().unwrap();
    assert_eq!(
        dirty.changes,
        [
            change("LICENSE", false),
            change("tools/d/", true),
            change("tools/gone.go", false),
            change("tools/new.go", true),
            change("tools/x.go", false),
        ]
    );
    let top = describe(&root).unwrap().unwrap();
    assert!(top.changes.contains(&change("other/new.go", true)));
    assert_eq!(top.subdirectory, "");
}

#[test]
fn many_changes_are_counted() {
    if require_tool("git").is_none() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let repo = Repo::new(scratch.path());
    let names: Vec<_> = (0..1005).map(|n| format!("{n}.go")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    repo.files(&names);
    let found = describe(scratch.path()).unwrap().unwrap();
    assert_eq!((found.changes.len(), found.more_changes), (1000, 5));
}

#[test]
fn litter_that_is_tracked_is_part_of_the_module() {
    if require_tool("git").is_none() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let repo = Repo::new(scratch.path());
    repo.go_mod("sub/go.mod", "example.com/m", "")
        .files(&["sub/.DS_Store", "sub/a/x.go~"])
        .commit();
    repo.files(&["sub/x.go~", "sub/b/.DS_Store"]);
    let zip = tempfile::NamedTempFile::new().unwrap();
    let dir = scratch.path().join("sub");
    let created = from_directory(&dir, &version("example.com/m@v1.0.0"), zip.path()).unwrap();
    assert_eq!(created.files, [".DS_Store", "a/x.go~", "go.mod"]);
    let omitted: Vec<_> = created
        .omitted
        .iter()
        .map(|one| one.path.as_str())
        .collect();
    assert_eq!(omitted, ["b/.DS_Store", "x.go~"]);
    // With a repository that cannot be read, the question has no answer.
    std::fs::write(scratch.path().join(".git/config"), "[broken\n").unwrap();
    let error = from_directory(&dir, &version("example.com/m@v1.0.0"), zip.path()).unwrap_err();
    assert!(
        matches!(error, CreateError::Git(GitError::Failed { .. })),
        "{error}"
    );
}

#[test]
fn a_linked_work_tree_has_a_file_that_is_not_published() {
    if require_tool("git").is_none() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let repo = Repo::new(&scratch.path().join("repo"));
    repo.go_mod("go.mod", "example.com/m", "").commit();
    let linked = scratch.path().join("linked");
    run(git(repo.root())
        .args(["worktree", "add", "--quiet"])
        .arg(&linked));
    let zip = tempfile::NamedTempFile::new().unwrap();
    let created = from_directory(&linked, &version("example.com/m@v1.0.0"), zip.path()).unwrap();
    assert_eq!(created.files, ["go.mod"]);
    assert_eq!(
        describe(&linked).unwrap().unwrap().top_level,
        linked.canonicalize().unwrap()
    );
}

#[test]
fn words_from_outside_are_no_options_and_no_paths() {
    if require_tool("git").is_none() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let repo = Repo::new(scratch.path());
    repo.go_mod("go.mod", "example.com/m", "")
        .files(&["a/x.go"])
        .commit();
    let marker = scratch.path().join("marker");
    let version = version("example.com/m@v1.0.0");
    let output = format!("--output={}", marker.display());
    for revision in [
        &output,
        "--help",
        "-h",
        "",
        "HEAD\n",
        "HEAD\0",
        "nothing",
        "HEAD:a",
        "HEAD..HEAD",
        "@{u}",
    ] {
        let error = commit(scratch.path(), revision).unwrap_err();
        assert!(
            matches!(error, GitError::NoSuchCommit(_)),
            "{revision:?}: {error}"
        );
    }
    for directory in ["/", "/a", "a/", "a//b", ".", "..", "a/../..", "a\0"] {
        let error = create_from_git(scratch.path(), "HEAD", directory, &version, std::io::sink())
            .unwrap_err();
        assert!(
            matches!(error, CreateError::Git(GitError::WrongDirectory(_))),
            "{directory:?}: {error}"
        );
    }
    for directory in [output.as_str(), "*", ":(top)a", "[a]", "nothing", "a"] {
        assert!(
            create_from_git(scratch.path(), "HEAD", directory, &version, std::io::sink()).is_err()
        );
    }
    assert!(!marker.exists());
    let nowhere = tempfile::tempdir().unwrap();
    let error = commit(nowhere.path(), "HEAD").unwrap_err();
    assert!(matches!(error, GitError::NoRepository(_)), "{error}");
    let error = commit(Path::new("/does/not/exist"), "HEAD").unwrap_err();
    assert!(matches!(error, GitError::Run { .. }), "{error}");
}

/// Names of directories that mean something to git when they are patterns.
#[test]
fn a_directory_may_have_any_name() {
    if require_tool("git").is_none() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let repo = Repo::new(scratch.path());
    let names = [
        "*",
        "[a]",
        ":(top)x",
        "-x",
        "--output=y",
        "a b",
        "é",
        ":!x",
        "a\\b",
        "a",
    ];
    for name in names {
        repo.go_mod(&format!("{name}/go.mod"), "example.com/m", "")
            .files(&[&format!("{name}/x.go")]);
    }
    repo.commit();
    for name in names {
        let created = create_from_git(
            scratch.path(),
            "HEAD",
            name,
            &version("example.com/m@v1.0.0"),
            std::io::sink(),
        )
        .unwrap();
        assert_eq!(created.files, ["go.mod", "x.go"], "{name}");
        assert_eq!(created.directory.as_deref(), Some(name));
    }
}
