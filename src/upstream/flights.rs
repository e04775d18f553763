//! One task for all who want the same.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// Tasks under way, by what they are about: whoever wants what one of them will give waits for it, and starts none of his
/// own.
///
/// A task belongs to nobody: it goes on if all who wait for it leave. It is forgotten when it is done, whatever the end, so
/// that the next one who asks starts afresh. Cheap to clone; clones are the same.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use athens::upstream::Flights;
///
/// let flights: Flights<&str, u32> = Flights::default();
/// let (one, other) = tokio::join!(
///     flights.join("a", || async { 1 }),
///     flights.join("a", || async { 2 }),
/// );
/// assert_eq!((one, other), (Ok(1), Ok(1)));
/// # });
/// ```
pub struct Flights<K, V> {
    running: Arc<Mutex<Running<K, V>>>,
}

type Running<K, V> = HashMap<K, watch::Receiver<Option<V>>>;

/// A task ended without a result: it panicked, or its runtime was shut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the task that was waited for ended without a result")]
pub struct FlightLost;

impl<K, V> Flights<K, V>
where
    K: Hash + Eq + Clone + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Waits for the task about `key`, and starts it if there is none. `make` is called then, before this returns for the
    /// first time, and never under a lock.
    ///
    /// # Errors
    ///
    /// When the task ended without a result; all who waited for it are told.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn join<F, Fut>(&self, key: K, make: F) -> Result<V, FlightLost>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = V> + Send + 'static,
    {
        self.join_or(key, make, || {}).await
    }

    /// The same, and `joined` is called in place of `make` if somebody else has started the task.
    ///
    /// # Errors
    ///
    /// As [`Flights::join`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn join_or<F, Fut>(
        &self,
        key: K,
        make: F,
        joined: impl FnOnce(),
    ) -> Result<V, FlightLost>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = V> + Send + 'static,
    {
        let (sender, mut receiver) = watch::channel(None);
        let is_mine = {
            let mut running = lock(&self.running);
            match running.get(&key) {
                Some(theirs) => {
                    receiver = theirs.clone();
                    false
                }
                None => {
                    running.insert(key.clone(), receiver.clone());
                    true
                }
            }
        };
        if is_mine {
            // From here on it is forgotten also if `make` panics.
            let entry = Entry {
                running: Arc::clone(&self.running),
                key,
                sender: Some(sender),
            };
            let work = make();
            tokio::spawn(async move {
                let value = work.await;
                entry.finish(value);
            });
        } else {
            joined();
        }
        match receiver.wait_for(Option::is_some).await {
            Ok(value) => value.clone().ok_or(FlightLost),
            Err(_) => Err(FlightLost),
        }
    }

    /// How many tasks are under way.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.running).len()
    }

    /// Whether no task is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The entry of a task in the map. Dropping it takes it out, and only then tells those who wait: who asks again because of
/// what he was told must not find it still there.
struct Entry<K: Hash + Eq, V> {
    running: Arc<Mutex<Running<K, V>>>,
    key: K,
    sender: Option<watch::Sender<Option<V>>>,
}

impl<K: Hash + Eq, V> Entry<K, V> {
    fn finish(mut self, value: V) {
        let sender = self.sender.take();
        drop(self);
        if let Some(sender) = sender {
            sender.send_replace(Some(value));
        }
    }
}

impl<K: Hash + Eq, V> Drop for Entry<K, V> {
    fn drop(&mut self) {
        lock(&self.running).remove(&self.key);
    }
}

fn lock<K, V>(running: &Mutex<Running<K, V>>) -> std::sync::MutexGuard<'_, Running<K, V>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self {
            running: Arc::default(),
        }
    }
}

impl<K, V> Clone for Flights<K, V> {
    fn clone(&self) -> Self {
        Self {
            running: Arc::clone(&self.running),
        }
    }
}

impl<K, V> fmt::Debug for Flights<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn many_share_one() {
        let flights: Flights<u8, usize> = Flights::default();
        let begun = Arc::new(AtomicUsize::new(0));
        let (go, wait) = oneshot::channel::<()>();
        let mut wait = Some(wait);
        let mut waiting = Vec::new();
        for _ in 0..50 {
            let (flights, begun) = (flights.clone(), Arc::clone(&begun));
            let wait = wait.take();
            waiting.push(tokio::spawn(async move {
                let work = || async move {
                    wait.unwrap().await.unwrap();
                    begun.fetch_add(1, Ordering::SeqCst) + 7
                };
                flights.join(1, work).await
            }));
            tokio::task::yield_now().await;
        }
        assert_eq!(flights.len(), 1);
        assert_eq!(flights.join(2, || async { 9 }).await, Ok(9));
        go.send(()).unwrap();
        for task in waiting {
            assert_eq!(task.await.unwrap(), Ok(7));
        }
        assert!(flights.is_empty());
        assert_eq!(flights.join(1, || async { 8 }).await, Ok(8));
    }

    #[tokio::test]
    async fn the_first_may_leave() {
        let flights: Flights<u8, u8> = Flights::default();
        let (go, wait) = oneshot::channel::<()>();
        let first = tokio::spawn({
            let flights = flights.clone();
            async move {
                let work = || async move {
                    wait.await.unwrap();
                    5
                };
                flights.join(1, work).await
            }
        });
        while flights.is_empty() {
            tokio::task::yield_now().await;
        }
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        let mut second = Box::pin(flights.join(1, || async { 6 }));
        // Polled once, so that it waits for the first one's task.
        tokio::select! {
            biased;
            _ = &mut second => panic!("nothing let it go on"),
            () = tokio::task::yield_now() => {}
        }
        go.send(()).unwrap();
        assert_eq!(second.await, Ok(5));
        assert!(flights.is_empty());
    }

    #[tokio::test]
    async fn a_panic_is_an_error_for_all() {
        let flights: Flights<u8, u8> = Flights::default();
        let (one, other) = tokio::join!(
            flights.join(1, || async { panic!("as planned") }),
            flights.join(1, || async { 6 }),
        );
        assert_eq!((one, other), (Err(FlightLost), Err(FlightLost)));
        assert!(flights.is_empty());
        assert_eq!(flights.join(1, || async { 8 }).await, Ok(8));
    }
}
