//! The state directory and the root are two things.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use super::error::io_error;
use super::{StateDirectory, StateError};

impl StateDirectory {
    /// Makes sure that it does not lie in the folder that is served, by any name: links and other spellings of one
    /// directory are seen through.
    ///
    /// # Errors
    ///
    /// If it does, or if that can not be found out.
    pub fn refuse_inside(&self, root: &Path) -> Result<(), StateError> {
        let served = fs::metadata(root).map_err(|error| io_error("look at", root, error))?;
        let there = existing_part(&self.path)
            .map_err(|error| io_error("find the state directory", &self.path, error))?;
        for directory in there.ancestors() {
            let found =
                fs::metadata(directory).map_err(|error| io_error("look at", directory, error))?;
            if (found.dev(), found.ino()) == (served.dev(), served.ino()) {
                return Err(StateError::InsideRoot {
                    path: self.path.clone(),
                    root: root.to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// The real path of the nearest directory on the way to `path` that exists.
fn existing_part(path: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    for part in absolute.ancestors() {
        match part.canonicalize() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => return result,
        }
        // Nobody can say where `..` of what does not exist will lead.
        if part.components().next_back() == Some(Component::ParentDir) {
            break;
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn never_in_what_is_served() {
        let scratch = tempfile::tempdir().unwrap();
        let base = scratch.path();
        let root = base.join("root");
        fs::create_dir_all(root.join("example.com/m")).unwrap();
        fs::create_dir(base.join("beside")).unwrap();
        symlink(root.join("example.com"), base.join("link")).unwrap();
        symlink(base.join("beside"), root.join("out")).unwrap();
        for (state, inside) in [
            ("root", true),
            ("root/state", true),
            ("root/a/b/c", true),
            ("root/example.com", true),
            ("link", true),
            ("link/state", true),
            ("beside/../root/state", true),
            ("beside", false),
            ("root/out", false),
            ("root/out/state", false),
            ("root/../beside/state", false),
            ("rooted", false),
            ("new/state", false),
            (".", false),
        ] {
            let directory = StateDirectory::new(base.join(state));
            let refused = directory.refuse_inside(&root);
            assert_eq!(refused.is_err(), inside, "{state}: {refused:?}");
            if inside {
                let sentence = refused.unwrap_err().to_string();
                assert!(sentence.contains("lies inside the root"), "{sentence}");
            }
        }
        for unclear in ["new/../root/state", "new/.."] {
            let refused = StateDirectory::new(base.join(unclear)).refuse_inside(&root);
            assert!(matches!(refused, Err(StateError::Io { .. })), "{refused:?}");
        }
        let no_root = StateDirectory::new(base.join("beside")).refuse_inside(&base.join("none"));
        assert!(no_root.is_err());
        assert!(!base.join("new").exists());
    }
}
