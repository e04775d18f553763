//! What the operator wants.

use std::time::Duration;

/// The size and age that fetched versions are kept within.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// What the folder may take on the disk, in bytes; fetched versions go until it takes less.
    pub max_size: Option<u64>,
    /// How long a fetched version may go unused.
    pub max_age: Option<Duration>,
}

impl Limits {
    /// Whether anything is ever removed.
    pub fn is_any(&self) -> bool {
        self.max_size.is_some() || self.max_age.is_some()
    }

    /// To what size a folder is brought that is too large: a tenth below the most, so that it takes a while until it is
    /// too large again.
    pub(super) fn target(max_size: u64) -> u64 {
        max_size - max_size / 10
    }
}
