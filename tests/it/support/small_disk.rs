//! A small disk, and what fills it.

use std::fs;
use std::path::Path;
use std::process::Command;

use athens::module::ModuleVersion;
use athens::store::ModuleFile;
use tempfile::TempDir;

use super::tools::skip;
use super::tree::{Tree, info_of, zip_with};

/// A file system of its own in memory. Dropping it unmounts it.
pub(crate) struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None`, after a loud word, where mounting is not allowed: to ordinary users, and in many containers.
    pub(crate) fn mount(size: &str) -> Option<Self> {
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

    pub(crate) fn path(&self) -> &Path {
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
pub(crate) fn zip_of_size(version: &ModuleVersion, len: usize) -> Vec<u8> {
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

/// Adds a version with such a zip, and no go.mod in it.
pub(crate) fn add_of_size(tree: &Tree, version: &ModuleVersion, len: usize) {
    let go_mod = format!("module {}\n", version.path());
    for (file, content) in [
        (ModuleFile::Zip, zip_of_size(version, len)),
        (ModuleFile::Mod, go_mod.into_bytes()),
        (ModuleFile::Info, info_of(version).into_bytes()),
    ] {
        tree.write(version, file, &content);
    }
}

/// Leaves this much room on a disk, in bytes.
pub(crate) fn fill(filler: &Path, room: u64) {
    use std::io::Write as _;
    let mut file = fs::File::create(filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    let len = file.metadata().unwrap().len();
    file.set_len(len.saturating_sub(room)).unwrap();
}
