//! The bytes of a zip depend on the names and contents of the files, and on nothing else.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use athens::modzip::create_from_git;
use sha2::Digest as _;

use super::{from_directory, write};
use crate::support::repo::{Repo, git, run};
use crate::support::tools::require_tool;
use crate::support::tree::version;

const MODULE: &str = "example.com/m@v1.2.3";

/// Files with these names in this order of their making.
fn make(root: &Path, names: &[&str], mode: u32, age: u64) {
    for name in names {
        let path = write(root, name, name.repeat(5000));
        let time = SystemTime::now() - Duration::from_secs(age);
        std::fs::File::open(&path)
            .unwrap()
            .set_modified(time)
            .unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    }
}

#[test]
fn neither_times_nor_modes_nor_the_place_matter() {
    let version = version(MODULE);
    let names = ["go.mod", "b/x.go", "a", "é", "LICENSE", "b.go"];
    let mut reversed = names;
    reversed.reverse();
    let zip = tempfile::NamedTempFile::new().unwrap();
    let mut zips = Vec::new();
    for (names, mode, age) in [
        (names, 0o644, 0),
        (reversed, 0o700, 1_000_000_000),
        (names, 0o400, 86400),
    ] {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path(), &names, mode, age);
        from_directory(dir.path(), &version, zip.path()).unwrap();
        zips.push(std::fs::read(zip.path()).unwrap());
    }
    assert_eq!(zips[0], zips[1]);
    assert_eq!(zips[0], zips[2]);
}

/// The bytes themselves. Should this fail after an update of the compressor, nothing is broken: sums stay, only a zip
/// that is made again has other bytes than before.
#[test]
fn are_those_of_the_last_release() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), &["go.mod", "a/x.go"], 0o644, 0);
    let zip = tempfile::NamedTempFile::new().unwrap();
    from_directory(dir.path(), &version(MODULE), zip.path()).unwrap();
    let digest = sha2::Sha256::digest(std::fs::read(zip.path()).unwrap());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        digest,
        "1bc31cf4fbbca96920cc5e207f71f5923234dd0ee4ab7278b4e735dbe0bbdd80"
    );
}

/// Work trees, clones and the ways to name a place in them.
#[test]
fn a_commit_gives_the_same_from_everywhere() {
    if require_tool("git").is_none() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let at = |name: &str| scratch.path().join(name);
    let repo = Repo::new(&at("repo"));
    repo.files(&["old.go"]).commit();
    repo.go_mod("go.mod", "example.com/m", "go 1.24\n")
        .files(&["a/x.go", "LICENSE"])
        .commit()
        .tag("v1.2.3");
    let source = format!("file://{}", repo.root().display());
    let id = repo.git(["rev-parse", "HEAD"]);
    repo.git([
        "worktree",
        "add",
        "--quiet",
        "--detach",
        at("linked").to_str().unwrap(),
    ]);
    for (name, options) in [
        ("shared", &["--shared"][..]),
        ("bare", &["--bare"]),
        ("shallow", &["--depth=1"]),
        ("mirror", &["--mirror"]),
    ] {
        let from = if name == "shared" {
            repo.root().to_str().unwrap()
        } else {
            &source
        };
        run(git(scratch.path())
            .args(["clone", "--quiet"])
            .args(options)
            .args([from, name]));
    }
    let zip = |place: &Path, revision: &str| {
        let mut bytes = Vec::new();
        let created = create_from_git(place, revision, "", &version(MODULE), &mut bytes).unwrap();
        let commit = created.commit.unwrap();
        assert_eq!(commit.id, id);
        assert_eq!(commit.time.to_string(), "2023-11-14T22:13:21Z");
        bytes
    };
    let expected = zip(repo.root(), "v1.2.3");
    for place in [
        "repo",
        "repo/a",
        "repo/.git",
        "linked",
        "shared",
        "bare",
        "shallow",
        "mirror",
    ] {
        assert_eq!(zip(&at(place), "HEAD"), expected, "{place}");
    }
    for revision in ["main", "refs/tags/v1.2.3", "HEAD^{}", &id, &id[..10]] {
        assert_eq!(zip(repo.root(), revision), expected, "{revision}");
    }
    // What is committed, unpacked and not in git, is the same module.
    std::fs::remove_dir_all(at("shallow/.git")).unwrap();
    std::fs::remove_file(at("shallow/old.go")).unwrap();
    let from_dir = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(at("shallow/old.go"), "old.go\n").unwrap();
    from_directory(&at("shallow"), &version(MODULE), from_dir.path()).unwrap();
    assert_eq!(std::fs::read(from_dir.path()).unwrap(), expected);
}
