//! How much a job has written.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// More files and directories than any job needs: a checked module of 500 MiB has some ten thousand.
const MAX_ENTRIES: usize = 1_000_000;

/// How many bytes of the disk are taken by what is below a directory, as far as it can be seen: others write while we
/// look. Stops, and says so, when there is more than `most`, or too many files. Waits for the disk.
pub(super) fn is_over(directory: &Path, most: u64) -> bool {
    let (mut bytes, mut entries) = (0_u64, 0_usize);
    let mut left = vec![directory.to_owned()];
    while let Some(directory) = left.pop() {
        // What is gone meanwhile takes nothing.
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            // Of the entry itself, where it is a link.
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            entries += 1;
            // Files with holes take less than they seem to. Blocks are of 512 bytes, whatever the file system's are.
            bytes = bytes.saturating_add(metadata.blocks().saturating_mul(512));
            if bytes > most || entries > MAX_ENTRIES {
                return true;
            }
            if metadata.is_dir() {
                left.push(entry.path());
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_is_below_and_follows_no_link() {
        let directory = tempfile::tempdir().unwrap();
        let inner = directory.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("file"), vec![1; 1 << 20]).unwrap();
        assert!(is_over(directory.path(), 1 << 19));
        assert!(!is_over(directory.path(), 2 << 20));

        let other = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(directory.path(), other.path().join("link")).unwrap();
        assert!(!is_over(other.path(), 1 << 19));
        assert!(!is_over(&directory.path().join("missing"), 0));
    }
}
