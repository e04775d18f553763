//! Tools that a machine may lack, waiting for what does not announce itself, and trees of files.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

/// How long [`eventually`] asks before it gives up. It only matters when a test is about to fail.
const PATIENCE: Duration = Duration::from_secs(30);

/// Says that a test is skipped because something is missing; a failure where everything has to be there (`CI=true`).
///
/// # Panics
///
/// If `CI` is `true`.
pub(crate) fn skip(missing: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{missing}");
    // Past the test harness, which shows what is printed through macros only for tests that fail.
    let _ = writeln!(std::io::stderr(), "SKIPPED a test: {missing}");
}

/// Where a program is; `None`, after [`skip`], if the machine lacks it.
pub(crate) fn require_tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        // Servers are where only root's PATH goes.
        .chain(["/usr/local/sbin", "/usr/sbin"].map(PathBuf::from))
        .map(|dir| dir.join(name))
        .find(|candidate| candidate.is_file());
    if found.is_none() {
        skip(&format!("{name} is not installed; tests/run installs it"));
    }
    found
}

/// Asks again and again until there is an answer.
///
/// # Panics
///
/// If there is none for a long time.
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "{what}: not after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Cargo's target directory.
pub(crate) fn target_dir() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("cargo's tmp is in its target directory")
}

/// Asks again and again until something holds.
///
/// # Panics
///
/// If it does not for a long time.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    eventually(what, || holds().then_some(()));
}

/// The repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Copies a directory with all that is below it.
///
/// # Panics
///
/// If anything cannot be copied.
pub(crate) fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// Every file below a directory, by its path relative to it.
///
/// # Panics
///
/// If a directory cannot be read.
pub(crate) fn files_below(dir: &Path) -> Vec<String> {
    fn walk(dir: &Path, prefix: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &format!("{name}/"), found);
            } else {
                found.push(name);
            }
        }
    }
    let mut found = Vec::new();
    if dir.is_dir() {
        walk(dir, "", &mut found);
    }
    found.sort();
    found
}

/// The hexadecimal sum of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
