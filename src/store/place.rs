//! What a directory's file system has room for, and whether it may be written.

use std::io;
use std::path::Path;

use rustix::fs::{Access, access, statvfs};

/// The bytes that are free on the file system of a path, for whoever is not root. Waits for the disk.
///
/// # Errors
///
/// If nothing is there, or the system does not say.
pub fn free_space(path: &Path) -> io::Result<u64> {
    let stat = statvfs(path)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Whether this user may make files in a directory. Writes nothing.
///
/// # Errors
///
/// If nothing is there, or the system does not say.
pub fn may_write(directory: &Path) -> io::Result<bool> {
    match access(directory, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::ACCESS | rustix::io::Errno::ROFS | rustix::io::Errno::PERM) => {
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_directory_and_of_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert!(free_space(dir.path()).unwrap() > 0);
        assert!(may_write(dir.path()).unwrap());
        let none = dir.path().join("none");
        assert!(free_space(&none).is_err());
        assert!(may_write(&none).is_err());
    }
}
