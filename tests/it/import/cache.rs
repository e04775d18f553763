//! Module caches, as go commands leave them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::carrier::{import, is_verified, journal, run};
use crate::support::corpus::{Corpus, corpus, modules_below};
use crate::support::server::athens;
use crate::support::tools::{files_below, require_tool, skip};

/// A copy of the corpus as a GOMODCACHE, and an empty root.
fn cache(corpus: &Corpus) -> (TempDir, PathBuf, PathBuf) {
    let scratch = TempDir::new().unwrap();
    let download = scratch.path().join("mod/cache/download");
    corpus.copy_into(&download);
    let root = scratch.path().join("root");
    fs::create_dir(&root).unwrap();
    (scratch, download, root)
}

/// `path@version` of everything below a directory of which these files are there, and no others.
fn with_files(dir: &Path, wanted: impl Fn(&BTreeSet<&str>) -> bool) -> BTreeSet<String> {
    modules_below(dir)
        .iter()
        .flat_map(|module| {
            let versions = module.files.iter().filter(|(_, files)| wanted(files));
            versions.map(|(version, _)| format!("{}@{version}", module.path()))
        })
        .collect()
}

#[test]
fn everything_in_a_cache_comes_in_and_once() {
    let Some(corpus) = corpus() else { return };
    let (scratch, download, root) = cache(corpus);
    let zips = with_files(&download, |files| files.contains("zip"));
    let others = with_files(&download, |files| !files.contains("zip"));
    assert!(zips.len() > 200 && others.len() > 30);

    let (told, outcomes) = import(&root, &scratch.path().join("mod"), &[]);
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    let of = |wanted: &str| -> BTreeSet<String> {
        let of = outcomes.iter().filter(|(_, (name, _))| name == wanted);
        of.map(|(version, _)| version.clone()).collect()
    };
    assert_eq!(of("imported"), zips);
    assert_eq!(of("incomplete"), others);
    is_verified(&root);

    // The same files, and lists without pseudo-versions and without versions that have no zip.
    let is_kept = |name: &&String| {
        let suffixes = [".info", ".mod", ".zip", ".ziphash"];
        suffixes.iter().any(|suffix| name.ends_with(suffix)) || name.starts_with("sumdb/")
    };
    for name in files_below(&download).iter().filter(is_kept) {
        let [theirs, ours] = [&download, &root].map(|dir| fs::read(dir.join(name)).ok());
        assert!(theirs == ours, "{name}");
    }
    for module in modules_below(&root) {
        let list = fs::read_to_string(root.join(&module.escaped).join("@v/list"));
        let listed: BTreeSet<String> = list
            .unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect();
        assert_eq!(listed, module.listed(), "{}", module.path());
    }
    // They came from elsewhere, and are in the journal once.
    let noted: Vec<String> = journal(&root);
    assert_eq!(noted.len(), zips.len());
    assert!(noted.iter().all(|line| line.starts_with("import ")));

    // Again: nothing is new, and nothing is written.
    let before = files_below(&root);
    let (told, outcomes) = import(&root, &download, &[]);
    assert_eq!(told.code, 0);
    assert!(outcomes.values().all(|(name, _)| name == "already-there"));
    assert_eq!(outcomes.len(), zips.len() + others.len());
    assert_eq!(files_below(&root), before);
    assert_eq!(journal(&root), noted);
}

/// A module of which the corpus has several versions.
const WHOLE: &str = "github.com/google/uuid";

#[test]
fn what_is_torn_is_told_and_what_can_be_mended_is_mended() {
    let Some(corpus) = corpus() else { return };
    let (scratch, download, root) = cache(corpus);
    let versions = download.join(WHOLE).join("@v");
    let whole: Vec<String> = fs::read_dir(&versions)
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".zip").map(str::to_owned)
        })
        .collect();
    let [first, second, third, ..] = whole.as_slice() else {
        panic!("{whole:?}");
    };
    let nuls = |name: String| {
        let len = fs::metadata(versions.join(&name)).unwrap().len();
        fs::write(versions.join(name), vec![0; usize::try_from(len).unwrap()]).unwrap();
    };
    // Torn writes leave NULs: of what can be made from the zip, and of the zip.
    let go_mod = fs::read(versions.join(format!("{first}.mod"))).unwrap();
    nuls(format!("{first}.mod"));
    nuls(format!("{first}.info"));
    nuls(format!("{first}.ziphash"));
    nuls(format!("{second}.zip"));
    // A zip that is sound and not the one that was downloaded.
    let zip = fs::read(versions.join(format!("{third}.zip"))).unwrap();
    fs::write(
        versions.join(format!("{third}.ziphash")),
        "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    )
    .unwrap();
    // What else lies in caches.
    for (name, content) in [
        ("v1.9.0.lock", ""),
        ("v1.9.0.partial", ""),
        ("v1.9.0.zip123456.tmp", "PK"),
        ("v1.9.0.mod123456.tmp", "module"),
        ("list", "v9.9.9\n\0\0\0"),
    ] {
        fs::write(versions.join(name), content).unwrap();
    }
    fs::write(versions.join("v1.9.1.mod"), "").unwrap();
    fs::write(versions.join("v1.9.2.mod"), "//vgo 0.0.4\n\nmodule x\n").unwrap();
    fs::write(versions.join("v1.9.3.info"), r#"{"Version":"v1.9.4"}"#).unwrap();
    fs::write(versions.join("main.info"), r#"{"Version":"v1.0.0"}"#).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(versions.join("v1.9.5.mod"))
            .status()
            .unwrap()
            .success()
    );

    let (told, outcomes) = import(&root, &scratch.path().join("mod"), &["--only", WHOLE]);
    assert_eq!((told.code, told.err.as_str()), (1, ""));
    let refused: Vec<(&str, &str)> = outcomes
        .iter()
        .filter(|(_, (name, _))| name == "refused")
        .map(|(version, (_, why))| (version.as_str(), why.as_str()))
        .collect();
    for (version, problem) in [
        (second.as_str(), "has a zip that the go command can not use"),
        (third.as_str(), "it is torn or was changed"),
        ("v1.9.1", "has a .mod that is empty"),
        ("v1.9.2", "an experimental go command of 2018"),
        ("v1.9.3", "is about version"),
        ("v1.9.5", "is not a regular file"),
    ] {
        let name = format!("{WHOLE}@{version}");
        let found = refused.iter().find(|(refused, _)| *refused == name);
        let why = found.map_or("", |(_, why)| why);
        assert!(why.contains(problem), "{name}: {why:?} of {refused:#?}");
    }
    assert_eq!(refused.len(), 6, "{refused:#?}");
    let passed: Vec<_> = told
        .json()
        .into_iter()
        .filter_map(|line| line["passed"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(passed, [format!("{WHOLE}/@v/main.info")]);

    // What was torn beside a sound zip is made anew.
    let mended = root.join(WHOLE).join("@v");
    assert_eq!(
        fs::read(mended.join(format!("{first}.mod"))).unwrap(),
        go_mod
    );
    let list = fs::read_to_string(mended.join("list")).unwrap();
    assert!(list.lines().any(|line| line == first), "{list}");
    assert!(!list.contains(second.as_str()) && !list.contains("v9.9.9"));
    is_verified(&root);

    // Downloaded again, they come in.
    fs::write(versions.join(format!("{third}.zip")), zip).unwrap();
    fs::remove_file(versions.join(format!("{third}.ziphash"))).unwrap();
    let (_, outcomes) = import(&root, &download, &["--only", WHOLE]);
    assert_eq!(outcomes[&format!("{WHOLE}@{third}")].0, "imported");
    assert_eq!(outcomes[&format!("{WHOLE}@{first}")].0, "already-there");
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let Some(corpus) = corpus() else { return };
    let (_scratch, download, root) = cache(corpus);
    let flags = ["--only", "rsc.io/*,github.com/google"];
    let (dry, dry_outcomes) = import(&root, &download, &[&flags[..], &["--dry-run"]].concat());
    assert_eq!(dry.summary()["dry-run"], true);
    assert_eq!(files_below(&root), [""; 0]);
    let (_, outcomes) = import(&root, &download, &flags);
    assert_eq!(dry_outcomes, outcomes);
    assert!(outcomes.len() > 3, "{outcomes:?}");
}

#[test]
fn text_for_people() {
    let Some(corpus) = corpus() else { return };
    let (_scratch, download, root) = cache(corpus);
    let source = download.to_str().unwrap();
    let told = run(
        &root,
        &["import", source, "--only", "rsc.io/sampler", "--jobs", "1"],
    );
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    let lines: Vec<&str> = told.text().lines().collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains(" imported (") && lines[0].contains(" of zips), 0 there already"));
    let told = run(&root, &["import", source, "--only", "no.such/module"]);
    assert_eq!(told.code, 0);
    assert!(told.text().starts_with("0 versions imported"));
}

/// More is not copied on the machine of whoever runs the tests.
const LARGEST: u64 = 256 << 20;

#[test]
fn the_cache_of_this_machine() {
    let Some(go) = require_tool("go") else { return };
    let output = Command::new(go)
        .args(["env", "GOMODCACHE"])
        .env("GOTOOLCHAIN", "local")
        .output()
        .unwrap();
    let cache = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim());
    let download = cache.join("cache/download");
    let bytes: u64 = files_below(&download)
        .iter()
        .filter_map(|name| Some(fs::metadata(download.join(name)).ok()?.len()))
        .sum();
    if bytes == 0 || bytes > LARGEST {
        return skip_here(&cache, bytes);
    }
    let root = TempDir::new().unwrap();
    let mut command = athens();
    let output = command
        .args(["import", "--json", "--root"])
        .arg(root.path());
    let output = output.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    is_verified(root.path());
    let (told, outcomes) = import(root.path(), &cache, &[]);
    assert_eq!(told.code, 0);
    assert!(outcomes.values().all(|(name, _)| name == "already-there"));
}

/// A machine without a cache, or with a large one, is no failure anywhere.
fn skip_here(cache: &Path, bytes: u64) {
    if std::env::var("CI").as_deref() != Ok("true") {
        skip(&format!("{} has {bytes} bytes", cache.display()));
    }
}

#[test]
fn what_nothing_can_be_taken_from() {
    let scratch = TempDir::new().unwrap();
    let root = scratch.path().join("root");
    let empty = scratch.path().join("empty");
    for dir in [&root, &empty] {
        fs::create_dir(dir).unwrap();
    }
    let text = scratch.path().join("text");
    fs::write(&text, "no bundle").unwrap();
    for (source, code, problem) in [
        (
            empty.to_str().unwrap(),
            2,
            "is no module cache, no GOPATH, no root",
        ),
        (root.to_str().unwrap(), 2, "is the root itself"),
        (text.to_str().unwrap(), 1, "no bundle of athens export"),
        ("/no/such/place", 2, "cannot look at /no/such/place"),
        ("/dev/null", 2, "is neither a directory nor a bundle"),
    ] {
        let told = run(&root, &["import", source]);
        assert_eq!(told.code, code, "{source}: {told:?}");
        assert!(told.err.contains(problem), "{source}: {told:?}");
        assert_eq!(told.text(), "");
    }
    // Without a go command, nobody can say where the cache is.
    let mut command = athens();
    let output = command
        .args(["import", "--root"])
        .arg(&root)
        .env("PATH", &empty)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains("there is no go command"), "{err}");
}
