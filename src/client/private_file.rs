//! Files of the user that nobody else may read: `.netrc`, and the tokens that were kept for `GOAUTH`.

use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// The longest such file, in bytes.
const LONGEST: u64 = 1 << 20;

/// A file that holds secrets, as it is now.
pub(super) struct PrivateFile {
    /// Where it is, past all symbolic links.
    path: PathBuf,
    /// Its text; nothing if there is no file.
    pub(super) text: String,
    /// Its permissions and its owner, if it is there.
    found: Option<(u32, u32)>,
}

impl PrivateFile {
    /// Reads a file that need not be there.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        // Looked at first: opening a pipe would wait for a writer.
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if fs::symlink_metadata(path).is_ok() {
                    return Err(io::Error::other("it is a symbolic link that leads nowhere"));
                }
                return Ok(Self {
                    path: path.to_owned(),
                    text: String::new(),
                    found: None,
                });
            }
            Err(error) => return Err(error),
        };
        if !metadata.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        let mut bytes = Vec::new();
        File::open(path)?
            .take(LONGEST + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LONGEST {
            return Err(io::Error::other(format!(
                "it is larger than {LONGEST} bytes"
            )));
        }
        let text = String::from_utf8(bytes)
            .map_err(|_| io::Error::other("it is no UTF-8 text, so it is left as it is"))?;
        Ok(Self {
            path: path.canonicalize()?,
            text,
            found: Some((permissions(&metadata), metadata.uid())),
        })
    }

    /// Whether it is there.
    pub(super) fn exists(&self) -> bool {
        self.found.is_some()
    }

    /// The permissions, if others than the owner may read or write it.
    pub(super) fn exposed(&self) -> Option<u32> {
        let (mode, _) = self.found?;
        (mode & 0o077 != 0).then_some(mode)
    }

    /// Gives it another text, in one step, readable by its owner alone.
    pub(super) fn replace(&self, text: &str) -> io::Result<()> {
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // Made with mode 0600, in the same directory, so that the rename is one step.
        let mut file = tempfile::Builder::new()
            .prefix(".athens-")
            .tempfile_in(folder)?;
        if let Some((_, owner)) = self.found
            && file.as_file().metadata()?.uid() != owner
        {
            // Root edits the file of somebody else, who is to read it still.
            std::os::unix::fs::fchown(file.as_file(), Some(owner), None)?;
        }
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        File::open(folder)?.sync_all()
    }
}

fn permissions(metadata: &Metadata) -> u32 {
    metadata.mode() & 0o777
}

/// Makes a directory that its owner alone may enter, if there is none.
pub(super) fn make_private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn links_are_kept_and_permissions_mended() {
        let scratch = tempfile::tempdir().unwrap();
        let (real, link) = (scratch.path().join("real"), scratch.path().join("link"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o644)).unwrap();
        symlink("real", &link).unwrap();
        let file = PrivateFile::read(&link).unwrap();
        assert_eq!((file.text.as_str(), file.exposed()), ("old", Some(0o644)));
        file.replace("new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        let again = PrivateFile::read(&link).unwrap();
        assert_eq!((again.exposed(), again.exists()), (None, true));
        // Nothing else is left behind.
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_is_left_alone() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("netrc");
        assert!(!PrivateFile::read(&path).unwrap().exists());
        symlink("nowhere", &path).unwrap();
        assert!(PrivateFile::read(&path).is_err());
        assert!(PrivateFile::read(Path::new("/dev/null")).is_err());
        assert!(PrivateFile::read(scratch.path()).is_err());
        let binary = scratch.path().join("binary");
        fs::write(&binary, [0xff, 0xfe]).unwrap();
        assert!(PrivateFile::read(&binary).is_err());
    }
}
