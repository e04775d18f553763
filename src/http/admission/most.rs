//! So many of something at a time, and no more.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many there may be, and how many there are.
#[derive(Debug)]
pub(super) struct Most {
    most: usize,
    taken: AtomicUsize,
}

/// One of them, until this is dropped.
#[derive(Debug)]
pub(super) struct Taken<M: Deref<Target = Most>>(M);

impl Most {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            taken: AtomicUsize::new(0),
        }
    }
}

impl<M: Deref<Target = Most>> Taken<M> {
    /// One more; `None` if there are as many as there may be.
    pub(super) fn of(most: M) -> Option<Self> {
        // Nothing else is told by this number, so nothing has to be seen in its order.
        most.taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
                (taken < most.most).then_some(taken + 1)
            })
            .is_ok()
            .then(|| Self(most))
    }
}

impl<M: Deref<Target = Most>> Drop for Taken<M> {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_most() {
        let most = Most::new(2);
        let first = Taken::of(&most).unwrap();
        let _second = Taken::of(&most).unwrap();
        assert!(Taken::of(&most).is_none());
        drop(first);
        assert!(Taken::of(&most).is_some());
        assert!(Taken::of(&Most::new(0)).is_none());
    }
}
