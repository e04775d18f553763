//! Publishing to a disk that is full.

use std::fs;
use std::path::Path;
use std::process::Command;

use athens::module::ModuleVersion;
use athens::store::ModuleFile;
use tempfile::TempDir;

use super::registry::{State, put, url_of};
use super::zips::zip_saying;
use crate::support::http::{Request, get};
use crate::support::tools::{files_below, skip, until};
use crate::support::tree::{version, zip_with};

/// A file system of its own in memory. Dropping it unmounts it.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None`, after a loud word, where mounting is not allowed: to ordinary users, and in many containers.
    fn mount(size: &str) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new("mount");
        command.args([
            "-t",
            "tmpfs",
            "-o",
            &format!("size={size},mode=755"),
            "tmpfs",
        ]);
        match command.arg(directory.path()).output() {
            Ok(output) if output.status.success() => Some(Self(directory)),
            Ok(output) if may_mount() => panic!("mount: {output:?}"),
            _ => {
                skip_mounting();
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a server that is being killed may still have files open.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// Whether this process has the right to mount (`CAP_SYS_ADMIN`, bit 21): then a failure is one.
fn may_mount() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & (1 << 21) != 0)
}

/// Loudly, and never a failure: runners of CI are ordinary users too.
fn skip_mounting() {
    if std::env::var("CI").as_deref() == Ok("true") {
        println!("SKIPPED a test: mounting a small disk is not allowed here");
    } else {
        skip("mounting a small disk is not allowed here");
    }
}

/// A zip of so many bytes that do not compress.
fn zip_of_size(version: &ModuleVersion, len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut content = Vec::with_capacity(len);
    while content.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        content.extend_from_slice(&state.to_le_bytes());
    }
    zip_with(version, &[("data", &content)])
}

#[test]
fn a_full_disk_is_said_and_leaves_nothing() {
    let Some(disk) = SmallDisk::mount("1m") else {
        return;
    };
    let state = State::new();
    let server = state.serve(disk.path(), &[]);
    let (url, token) = (server.url(), state.local_token());
    let send = |request: Request| request.bearer(&token).send(&url);
    let good = version("example.com/m@v1.0.0");
    let (zip, _) = zip_saying(&good, "");
    assert_eq!(send(put(&good, &zip)).status, 201);
    let visible = || {
        let mut files = files_below(disk.path());
        files.retain(|name| !name.starts_with(".athens/journal"));
        files
    };
    until("what is derived is there", || visible().len() == 6);
    let before = visible();

    // Larger than the whole disk: it ends in the middle of the body.
    let large = version("example.com/m@v1.1.0");
    let answer = send(put(&large, &zip_of_size(&large, 2 << 20)));
    assert_eq!(answer.status, 507, "{}", answer.text());
    assert!(answer.text().contains("the storage of this server failed"));
    assert_eq!(visible(), before);

    // The zip has room and what belongs to it has none, from no room at all to enough.
    let filler = disk.path().join(".filler");
    let page = 4096;
    let mut seen = std::collections::BTreeSet::new();
    for room in 0..12 {
        fill(&filler, room * page);
        let next = version(&format!("example.com/n@v1.0.{room}"));
        let (zip, _) = zip_saying(&next, "");
        let answer = send(put(&next, &zip));
        seen.insert(answer.status);
        fs::remove_file(&filler).unwrap();
        let there = get(&url, &url_of(&next, ModuleFile::Zip)).status;
        match answer.status {
            201 => assert_eq!(there, 200, "room for {room} pages"),
            507 => {
                assert_eq!(there, 404, "room for {room} pages: {}", answer.text());
                let zip = disk.path().join(&url_of(&next, ModuleFile::Zip)[1..]);
                assert!(!zip.exists(), "room for {room} pages");
            }
            _ => panic!("room for {room} pages: {} {}", answer.status, answer.text()),
        }
        let staging = disk.path().join(".athens/staging");
        until("the staging area is empty", || {
            files_below(&staging).is_empty()
        });
    }
    assert!(seen.contains(&507), "{seen:?}");

    // Space again: the same version goes in.
    let freed = version("example.com/m@v1.2.0");
    assert_eq!(
        send(put(&freed, &zip_of_size(&freed, 200 << 10))).status,
        201
    );
    assert_eq!(get(&url, &url_of(&good, ModuleFile::Zip)).body, zip);
    assert_eq!(get(&url, "/readyz").status, 200);
}

/// Leaves this much room on a disk, in bytes.
fn fill(filler: &Path, room: u64) {
    use std::io::Write as _;
    let mut file = fs::File::create(filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    let len = file.metadata().unwrap().len();
    file.set_len(len.saturating_sub(room)).unwrap();
}
