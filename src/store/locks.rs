//! Locks by name: who does the same thing to the same version waits, everybody else goes on.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A fixed number of locks that all names share. Two names may have one; then one waits without need.
#[derive(Debug)]
pub struct Locks {
    locks: [Mutex<()>; 64],
    state: RandomState,
}

impl Default for Locks {
    /// Locks that nobody holds.
    fn default() -> Self {
        Self {
            locks: [const { Mutex::new(()) }; 64],
            state: RandomState::new(),
        }
    }
}

impl Locks {
    /// The lock of a name, held until the guard is dropped. Waits for whoever holds it.
    pub fn lock(&self, name: impl Hash) -> MutexGuard<'_, ()> {
        let number = self.state.hash_one(name) % 64;
        let lock = &self.locks[usize::try_from(number).unwrap_or_default()];
        // There is nothing in it that a panic could leave half-done.
        lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
