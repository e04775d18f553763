//! From a git tag, and from a tree that is not what the tag says.

use super::{Publisher, versions};
use crate::support::tools::require_tool;

/// A repository with a module at its root and one in `tools/lint`, and a LICENSE.
fn repository(publisher: &Publisher) {
    publisher.write("repo/go.mod", "module a.example/repo\n\ngo 1.21\n");
    publisher.write("repo/LICENSE", "MIT\n");
    publisher.write("repo/repo.go", "package repo\n");
    publisher.write(
        "repo/tools/lint/go.mod",
        "module a.example/repo/tools/lint\n\ngo 1.21\n",
    );
    publisher.write("repo/tools/lint/lint.go", "package lint\n");
    publisher.git("repo", &["init", "-q", "-b", "main"]);
    publisher.git("repo", &["add", "-A"]);
    publisher.git("repo", &["commit", "-q", "-m", "first"]);
}

#[test]
fn the_tag_says_the_version() {
    if require_tool("git").is_none() {
        return;
    }
    let publisher = Publisher::new();
    let server = publisher.server();
    let url = server.url();
    repository(&publisher);
    let untagged = publisher.run(&["repo", "--server", &url]);
    assert_eq!(untagged.code, Some(2), "{untagged:?}");
    assert!(
        untagged
            .stderr
            .contains("it must look like v1.0.0, and the commit has no tags; or give --version"),
        "{untagged:?}"
    );

    publisher.git("repo", &["tag", "v1.2.0"]);
    publisher.git("repo", &["tag", "-a", "-m", "x", "tools/lint/v0.3.0"]);
    let root = publisher.run(&["repo", "--server", &url]);
    assert_eq!(root.code, Some(0), "{root:?}");
    assert!(
        root.stdout
            .starts_with("published a.example/repo@v1.2.0 to "),
        "{root:?}"
    );
    let info =
        std::fs::read_to_string(publisher.path("root/a.example/repo/@v/v1.2.0.info")).unwrap();
    for part in [
        r#""VCS":"git""#,
        r#""Ref":"refs/tags/v1.2.0""#,
        r#""Hash":""#,
    ] {
        assert!(info.contains(part), "{part} in {info}");
    }

    let dry = publisher.run(&["repo/tools/lint", "--dry-run"]);
    assert!(
        dry.stdout.starts_with(
            "a.example/repo/tools/lint@v0.3.0, from the git tag tools/lint/v0.3.0, commit "
        ),
        "{dry:?}"
    );
    // The license of the repository comes along.
    assert!(
        dry.stdout.contains("\n  LICENSE\n  go.mod\n  lint.go\n"),
        "{dry:?}"
    );
    let nested = publisher.run(&["repo/tools/lint", "--version", "v0.3.0", "--server", &url]);
    assert_eq!(nested.code, Some(0), "{nested:?}");
    let files = versions(&publisher, "a.example/repo/tools/lint");
    assert!(files.contains(&"v0.3.0.zip".to_owned()), "{files:?}");

    // A version without a tag is of the directory.
    let other = publisher.run(&["repo", "--version", "v1.3.0", "--dry-run"]);
    assert!(
        other
            .stdout
            .starts_with("a.example/repo@v1.3.0, from the directory repo\n"),
        "{other:?}"
    );
}

#[test]
fn changes_that_are_in_no_commit_are_refused() {
    if require_tool("git").is_none() {
        return;
    }
    let publisher = Publisher::new();
    repository(&publisher);
    publisher.git("repo", &["tag", "v1.2.0"]);
    publisher.write("repo/repo.go", "package repo // changed\n");
    publisher.write("repo/new.go", "package repo\n");
    for version in [&[][..], &["--version", "v1.2.0"]] {
        let dirty = publisher.run(&[&["repo", "--dry-run"], version].concat());
        assert_eq!(dirty.code, Some(1), "{dirty:?}");
        for line in [
            "\n  changed: repo.go\n",
            "\n  new: new.go\n",
            "--allow-dirty",
        ] {
            assert!(dirty.stderr.contains(line), "{line} in {dirty:?}");
        }
        let allowed = publisher.run(&[&["repo", "--dry-run", "--allow-dirty"], version].concat());
        assert_eq!(allowed.code, Some(0), "{allowed:?}");
        assert!(
            allowed
                .stdout
                .starts_with("a.example/repo@v1.2.0, from the directory repo\n"),
            "{allowed:?}"
        );
        assert!(allowed.stdout.contains("\n  new.go\n"), "{allowed:?}");
    }
}
