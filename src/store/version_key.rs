//! Knowing a version by little: sets over all versions of a tree have a million of them.

use sha2::{Digest as _, Sha256};

use crate::module::ModuleVersion;

/// What stands for a version where its name would take too much memory: the first half of a SHA-256 hash of
/// `path@version`. Nobody can make two names that have one, so what is said of a key is said of its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionKey(pub(super) [u8; 16]);

impl VersionKey {
    /// The key of a version.
    pub fn of(version: &ModuleVersion) -> Self {
        Self::of_names(version.path().as_str(), version.version().as_str())
    }

    /// The key of what a line of the journal names, valid or not.
    pub(super) fn of_names(path: &str, version: &str) -> Self {
        let hash = Sha256::new()
            .chain_update(path)
            .chain_update("@")
            .chain_update(version)
            .finalize();
        let mut key = [0; 16];
        key.copy_from_slice(&hash[..16]);
        Self(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_for_each_version() {
        let version = |path: &str, version: &str| {
            ModuleVersion::new(path.parse().unwrap(), version.parse().unwrap()).unwrap()
        };
        let one = VersionKey::of(&version("example.com/m", "v1.0.0"));
        assert_eq!(one, VersionKey::of_names("example.com/m", "v1.0.0"));
        assert_ne!(one, VersionKey::of(&version("example.com/m", "v1.0.1")));
        assert_ne!(one, VersionKey::of(&version("example.com/M", "v1.0.0")));
    }
}
