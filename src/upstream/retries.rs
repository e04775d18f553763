//! When to ask the same upstream again.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use super::error::{Again, FetchError};

/// The first pause, at most; each later one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest `Retry-After` that is waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// After this time, what went wrong is final.
const BUDGET: Duration = Duration::from_secs(120);

/// The attempts at one question to one upstream.
#[derive(Debug)]
pub(super) struct Retries {
    left: u32,
    pause: Duration,
    begun: Instant,
}

impl Retries {
    /// So many attempts, the first included.
    pub(super) fn new(attempts: u32) -> Self {
        Self {
            left: attempts.saturating_sub(1),
            pause: FIRST_PAUSE,
            begun: Instant::now(),
        }
    }

    /// How long to wait before the next attempt; `None` if the error is final.
    pub(super) fn pause_after(&mut self, error: &FetchError) -> Option<Duration> {
        let pause = match error.again() {
            Again::No => return None,
            // Between half of it and all, so that those who failed together do not come back together.
            Again::Soon => self.pause / 2 + (self.pause / 2).mul_f64(random()),
            Again::After(pause) if pause > LONGEST_PAUSE => return None,
            Again::After(pause) => pause,
        };
        self.left = self.left.checked_sub(1)?;
        self.pause *= 2;
        (self.begun.elapsed() + pause <= BUDGET).then_some(pause)
    }
}

/// A number from 0 to 1. It need not be a secret: the seed of a hash map will do.
fn random() -> f64 {
    RandomState::new().hash_one(()) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::FetchErrorKind;

    #[test]
    fn pauses() {
        let error =
            |again| FetchError::new(FetchErrorKind::Failed, "u", "a", "w").with_again(again);
        let mut retries = Retries::new(3);
        let first = retries.pause_after(&error(Again::Soon)).unwrap();
        assert!(
            first >= FIRST_PAUSE / 2 && first <= FIRST_PAUSE,
            "{first:?}"
        );
        let second = retries.pause_after(&error(Again::Soon)).unwrap();
        assert!(
            second >= FIRST_PAUSE && second <= FIRST_PAUSE * 2,
            "{second:?}"
        );
        assert_eq!(retries.pause_after(&error(Again::Soon)), None);

        let second = Duration::from_secs(1);
        let after = |pause| Retries::new(2).pause_after(&error(Again::After(pause)));
        assert_eq!(after(second), Some(second));
        assert_eq!(after(LONGEST_PAUSE + second), None);
        assert_eq!(Retries::new(9).pause_after(&error(Again::No)), None);
        assert_eq!(Retries::new(0).pause_after(&error(Again::Soon)), None);
        let mut spent = Retries::new(9);
        spent.begun = Instant::now().checked_sub(BUDGET).unwrap();
        assert_eq!(spent.pause_after(&error(Again::Soon)), None);
    }
}
