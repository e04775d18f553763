//! How long an answer may be given again, and what ends that.

use std::time::Duration;

use super::ModuleProxy;
use crate::module::ModulePath;

impl ModuleProxy {
    /// A number that is another one after each sign that any version has changed, be it by us or by somebody else. What was
    /// read before a change belongs to the number before it.
    pub fn changes(&self) -> u64 {
        self.catalog.changes()
    }

    /// How long an answer may be given again, if [`changes`](Self::changes) stays the same; zero if each question is to be
    /// answered from the folder.
    pub fn trust_in_answers(&self) -> Duration {
        self.catalog.trust_in_answers()
    }

    /// Whether a sign comes when the list of a module changes. Where none does, a list is believed for a while already when it
    /// is given.
    pub fn hears_of_changes_in(&self, module: &ModulePath) -> bool {
        self.catalog.is_watched(module)
    }

    /// How much memory answers may take that are kept to be given again, in bytes.
    pub fn answers_size(&self) -> u64 {
        self.catalog.cache_size() / 4
    }
}
