//! How long what was answered is still true.

use std::time::Duration;

use super::{Catalog, WatchMode};
use crate::module::ModulePath;

/// How long an answer is given again at the most without a look at the folder. Changes that the watcher sees, and our own, are
/// known at once; this is for the others: a file that somebody takes away from a module whose list nobody asks for.
const TRUST_IN_ANSWERS: Duration = Duration::from_millis(500);

impl Catalog {
    /// A number that is another one after each sign that any version has changed: from the watcher, or from a change of our
    /// own, which gives it before anybody is told that it is done.
    pub fn changes(&self) -> u64 {
        self.inner.slots.changes()
    }

    /// How long an answer about a version may be given again without a look at the folder, if no sign of a change comes;
    /// zero if each question is to be answered from the folder.
    pub fn trust_in_answers(&self) -> Duration {
        match self.inner.settings.watch {
            WatchMode::Off => Duration::ZERO,
            WatchMode::Native | WatchMode::Poll => {
                self.inner.settings.poll_interval.min(TRUST_IN_ANSWERS)
            }
        }
    }

    /// Whether the watcher gives a sign when the list of a module changes.
    pub fn is_watched(&self, module: &ModulePath) -> bool {
        let slot = self.inner.slots.get(module.escaped().as_str());
        slot.is_some_and(|slot| self.inner.is_watched(&slot))
    }

    /// How much memory lists may take, in bytes.
    pub fn cache_size(&self) -> u64 {
        self.inner.settings.cache_size
    }

    /// Has every answer looked up anew, as after a change.
    pub fn count_change(&self) {
        self.inner.slots.count_change();
    }
}
