//! Who asks about a version waits for whoever asks about the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

/// A lock for each name, as long as somebody wants it.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// The lock of a name, held until it is dropped. Waits for whoever holds it, and for nobody else.
    pub(super) async fn take(&self, name: &str) -> OwnedMutexGuard<()> {
        self.turn(name).lock_owned().await
    }

    fn turn(&self, name: &str) -> Arc<tokio::sync::Mutex<()>> {
        // What a panic can leave behind is a lock that nobody wants any more.
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| turn.strong_count() > 0);
        if let Some(turn) = turns.get(name).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::default();
        turns.insert(name.to_owned(), Arc::downgrade(&turn));
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_at_a_time_by_name_and_nothing_is_left() {
        let turns = Turns::default();
        let first = turns.take("a").await;
        let other = turns.take("b").await;
        {
            let mut second = std::pin::pin!(turns.take("a"));
            let waits = std::future::poll_fn(|cx| {
                std::task::Poll::Ready(second.as_mut().poll(cx).is_pending())
            });
            assert!(waits.await);
            drop(first);
            drop(second.await);
        }
        drop(other);
        drop(turns.take("c").await);
        assert_eq!(turns.0.lock().unwrap().len(), 1);
    }
}
