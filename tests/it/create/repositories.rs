//! Every repository of the table, against the go command: the `h1:` of our zip is the one that `go mod download`
//! computes from the same repository.

use std::path::Path;
use std::process::Command;

use athens::module::ModuleVersion;

use super::cases::{self, Case, Expected, HOST};
use super::from_git;
use super::oracle::{self, Downloaded};
use crate::support::repo::{Repo, git, run};
use crate::support::tools::require_tool;
use crate::support::tree::version;

/// The repositories, at `<directory>/<name>`.
fn make_all(directory: &Path) {
    for case in cases::all() {
        let root = directory.join(case.repository());
        let repo = match case.name {
            "hashes of 256 bits" => Repo::init(&root, "sha256"),
            _ => Repo::new(&root),
        };
        (case.make)(&repo, &case.root_module());
    }
}

/// The version of a case; a pseudo-version gets the hash of its commit.
fn version_of(case: &Case, repositories: &Path) -> ModuleVersion {
    let text = match case.version.strip_suffix("000000000000") {
        None => case.version.to_owned(),
        Some(start) => {
            let root = repositories.join(case.repository());
            let id = run(git(&root).args(["rev-parse", "HEAD"]));
            format!("{start}{}", &id[..12])
        }
    };
    version(&format!("{}@{text}", case.module()))
}

/// What the go command makes of all versions, straight from the repositories.
fn download(versions: &[ModuleVersion], repositories: &Path) -> Vec<Downloaded> {
    let home = tempfile::tempdir().unwrap();
    let config = format!(
        "[url \"file://{}/\"]\n\tinsteadOf = https://{HOST}/\n",
        repositories.display()
    );
    std::fs::write(home.path().join("gitconfig"), config).unwrap();
    let output = Command::new("go")
        .args(["mod", "download", "-json"])
        .args(versions.iter().map(ToString::to_string))
        .current_dir(home.path())
        .env("HOME", home.path())
        .env("GIT_CONFIG_GLOBAL", home.path().join("gitconfig"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_ALLOW_PROTOCOL", "file")
        .env("GOENV", "off")
        .env("GOPATH", home.path().join("go"))
        .env("GOMODCACHE", home.path().join("go/pkg/mod"))
        .env("GOFLAGS", "-modcacherw")
        .env("GO111MODULE", "on")
        .env("GOPROXY", "direct")
        .env("GONOPROXY", "")
        .env("GOPRIVATE", "")
        .env("GOSUMDB", "off")
        .env("GOVCS", "*:git")
        .env("GOWORK", "off")
        .env("GOTOOLCHAIN", "local")
        .output()
        .unwrap();
    let downloaded = oracle::downloaded(&output.stdout);
    assert_eq!(
        downloaded.len(),
        versions.len(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    downloaded
}

#[test]
fn give_the_sums_of_the_go_command() {
    if require_tool("go").is_none() || require_tool("git").is_none() {
        return;
    }
    let repositories = tempfile::tempdir().unwrap();
    make_all(repositories.path());
    let cases: Vec<_> = cases::all().collect();
    assert!(cases.len() > 75, "{} cases", cases.len());
    let versions: Vec<_> = cases
        .iter()
        .map(|case| version_of(case, repositories.path()))
        .collect();
    let theirs = download(&versions, repositories.path());

    let zips = tempfile::tempdir().unwrap();
    let mut requests = Vec::new();
    let mut wrong = Vec::new();
    for (index, (case, version)) in cases.iter().zip(&versions).enumerate() {
        let root = repositories.path().join(case.repository());
        let zip = zips.path().join(format!("{index}.zip"));
        let ours = from_git(&root, case.tag, case.subdirectory, version, &zip);
        let of_go = &theirs[index];
        assert!(!root.join("ran").exists(), "{}: ran a program", case.name);
        match (case.expected, of_go.error.is_empty(), &ours) {
            (Expected::SameSum, true, Ok(_)) => {
                requests.push((index, oracle::request("zip", version, &zip)));
            }
            (Expected::Refused, false, Err(_)) => {}
            _ => wrong.push(format!(
                "{}: {:?} was expected, go says {of_go:?}, we say {ours:?}",
                case.name, case.expected
            )),
        }
    }
    let (indices, requests): (Vec<_>, Vec<_>) = requests.into_iter().unzip();
    let Some(ours) = oracle::ask(&requests) else {
        return;
    };
    for (index, ours) in indices.into_iter().zip(ours) {
        if ours.sum != theirs[index].sum || !ours.error.is_empty() {
            let name = cases[index].name;
            wrong.push(format!("{name}: go has {}, we {ours:?}", theirs[index].sum));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
