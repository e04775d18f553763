//! What is logged once in a while, however often it happens.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The same complaint is logged once in this time.
const INTERVAL: Duration = Duration::from_secs(60);

/// Something to be logged, but not a thousand times a second.
#[derive(Debug, Default)]
pub(super) struct Complaint(Mutex<Option<Instant>>);

impl Complaint {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Whether it is to be logged now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| now >= last + INTERVAL);
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_made_once_a_minute() {
        let complaint = Complaint::default();
        let now = Instant::now();
        assert!(complaint.is_due(now));
        assert!(!complaint.is_due(now + INTERVAL / 2));
        assert!(complaint.is_due(now + INTERVAL));
    }
}
