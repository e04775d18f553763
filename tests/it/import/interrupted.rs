//! SIGKILL in the middle of imports: the next one goes on, and nothing is half there.

use std::process::Stdio;

use tempfile::TempDir;

use crate::support::carrier::{import, is_verified};
use crate::support::corpus::{corpus, modules_below};
use crate::support::server::athens;
use crate::support::tools::{eventually, files_below};

/// How often an import is killed: after so many more zips each time.
const STEPS: [usize; 8] = [1, 1, 2, 3, 10, 20, 1, 30];

#[test]
fn a_killed_import_is_gone_on_with() {
    let Some(corpus) = corpus() else { return };
    let root = TempDir::new().unwrap();
    let zips = || {
        let names = files_below(root.path());
        names.iter().filter(|name| name.ends_with(".zip")).count()
    };
    for step in STEPS {
        let wanted = zips() + step;
        let mut child = athens()
            .args(["import", "--jobs", "3", "--root"])
            .arg(root.path())
            .arg(corpus.download_dir())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Of another process's files, some may be gone between two looks.
        eventually("it imports", || {
            let is_there = zips_now(root.path()) >= wanted;
            (is_there || child.try_wait().unwrap().is_some()).then_some(())
        });
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let before = zips();
    let (told, outcomes) = import(root.path(), &corpus.download_dir(), &[]);
    assert_eq!(told.code, 0, "{told:?}");
    let there = outcomes
        .values()
        .filter(|(name, _)| name == "already-there");
    assert!(there.count() >= before, "{before}");
    is_verified(root.path());
    let whole = |dir| -> Vec<_> {
        let modules = modules_below(dir).into_iter();
        modules
            .map(|module| (module.escaped, module.files))
            .collect()
    };
    assert_eq!(whole(root.path()), whole(&corpus.download_dir()));
}

/// As many zips as can be seen while somebody writes.
fn zips_now(dir: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return 0;
    };
    entries
        .filter_map(Result::ok)
        .map(|entry| {
            let path = entry.path();
            match path.is_dir() {
                true => zips_now(&path),
                false => usize::from(path.extension().is_some_and(|ending| ending == "zip")),
            }
        })
        .sum()
}
