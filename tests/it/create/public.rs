//! Public modules, unpacked by the go command and packed again by us.
//!
//! The go command has compared the sum of each zip with the checksum database before it wrote it down, so an equal
//! sum is the one that everybody has.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::tools::{repository, require_tool, skip};
use crate::support::tree::version;

use super::{from_directory, oracle};

/// A line each: `path@version`; `#` begins a comment.
fn modules() -> Vec<String> {
    let list = repository().join("tests/it/testdata/create/public.txt");
    std::fs::read_to_string(list)
        .unwrap()
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

/// Kept between runs: what was downloaded once needs no network.
fn cache() -> PathBuf {
    repository().join("target/create-public-modules")
}

/// The modules with their unpacked directories and sums; `None` if they cannot be had.
fn download(modules: &[String]) -> Option<Vec<oracle::Downloaded>> {
    require_tool("go")?;
    // A directory without a go.mod: the modules of this machine's user have no say.
    let empty = tempfile::tempdir().unwrap();
    let output = Command::new("go")
        .args(["mod", "download", "-json"])
        .args(modules)
        .current_dir(empty.path())
        .env("GOMODCACHE", cache())
        .env("GOFLAGS", "-modcacherw")
        .env("GOWORK", "off")
        .env("GO111MODULE", "on")
        .env("GOTOOLCHAIN", "local")
        .output()
        .expect("go can be started");
    if output.status.success() {
        return Some(oracle::downloaded(&output.stdout));
    }
    let reasons: Vec<_> = oracle::downloaded(&output.stdout)
        .into_iter()
        .map(|module| module.error)
        .filter(|error| !error.is_empty())
        .collect();
    skip(&format!(
        "public modules cannot be downloaded: {} {reasons:?}",
        String::from_utf8_lossy(&output.stderr)
    ));
    None
}

fn ziphash(module: &oracle::Downloaded) -> String {
    let version = version(&format!("{}@{}", module.path, module.version));
    let file = cache().join("cache/download").join(format!(
        "{}/@v/{}.ziphash",
        version.path().escaped().as_str(),
        version.version().escaped().as_str()
    ));
    std::fs::read_to_string(file).unwrap()
}

#[test]
fn have_the_sums_that_everybody_has() {
    let modules = modules();
    assert!(modules.len() >= 20, "{} modules", modules.len());
    let Some(downloaded) = download(&modules) else {
        return;
    };
    assert_eq!(downloaded.len(), modules.len());
    let zips = tempfile::tempdir().unwrap();
    let mut requests = Vec::new();
    for (index, module) in downloaded.iter().enumerate() {
        let version = version(&format!("{}@{}", module.path, module.version));
        let zip = zips.path().join(format!("{index}.zip"));
        let created = from_directory(Path::new(&module.dir), &version, &zip).unwrap();
        assert_eq!(created.omitted, [], "{version}");
        requests.push(oracle::request("zip", &version, &zip));
    }
    let Some(answers) = oracle::ask(&requests) else {
        return;
    };
    for (module, answer) in downloaded.iter().zip(answers) {
        assert_eq!(answer.error, "", "{}", module.path);
        assert_eq!(answer.sum, ziphash(module), "{}", module.path);
        assert_eq!(answer.sum, module.sum, "{}", module.path);
    }
}
