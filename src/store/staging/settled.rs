//! Which directories survive a power cut.
//!
//! That a directory is there does not say so: whoever made it may be about to sync the one above it, or have failed to, or have
//! been stopped before.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many directories are remembered. What is forgotten is synced once more.
const MOST: usize = 4096;

/// Directories whose names this process has seen synced.
#[derive(Debug, Default)]
pub(super) struct Settled(Mutex<BTreeSet<String>>);

impl Settled {
    /// Whether the name of this directory, and those of all above it, are synced.
    pub(super) fn has(&self, path: &str) -> bool {
        self.paths().contains(path)
    }

    /// Notes that they are.
    pub(super) fn add(&self, path: &str) {
        let mut paths = self.paths();
        if paths.len() >= MOST {
            paths.clear();
        }
        paths.insert(path.to_owned());
    }

    /// Forgets a directory that was removed, before somebody makes it anew.
    pub(super) fn forget(&self, path: &str) {
        self.paths().remove(path);
    }

    fn paths(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forgotten_is_not_settled() {
        let settled = Settled::default();
        assert!(!settled.has("a"));
        settled.add("a");
        settled.add("a/b");
        settled.forget("a/b");
        assert!(settled.has("a") && !settled.has("a/b"));
        for number in 0..=MOST {
            settled.add(&number.to_string());
        }
        assert!(!settled.has("a") && settled.paths().len() <= MOST);
    }
}
