//! Fetches that several wait for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OnceCell;

use super::operations::{Fetched, Operations};

type Landed<E> = Result<Fetched, Arc<E>>;

/// The fetches that are under way. Lookups that need one tile at the same time fetch it once.
#[derive(Debug)]
pub(super) struct Flights<E> {
    flights: Mutex<HashMap<String, Weak<OnceCell<Landed<E>>>>>,
}

impl<E: Send + Sync> Flights<E> {
    pub(super) fn new() -> Self {
        Self {
            flights: Mutex::new(HashMap::new()),
        }
    }

    /// Fetches, or waits for a fetch of the same path that is under way and shares its end, good or bad. When the one who fetches
    /// gives up (its request was cut off), the next in line starts again.
    pub(super) async fn fetch<O: Operations<Error = E>>(
        &self,
        operations: &O,
        path: &str,
    ) -> Landed<E> {
        let seat = self.board(path);
        let flight = || async { operations.fetch(path).await.map_err(Arc::new) };
        seat.cell.get_or_init(flight).await.clone()
    }

    fn board<'a>(&'a self, path: &'a str) -> Seat<'a, E> {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = flights.get(path).and_then(Weak::upgrade);
        let cell = cell.unwrap_or_else(|| {
            let cell = Arc::new(OnceCell::new());
            flights.insert(path.to_owned(), Arc::downgrade(&cell));
            cell
        });
        Seat {
            flights: self,
            path,
            cell,
        }
    }
}

/// One who waits; the last one to leave takes the flight off the table.
struct Seat<'a, E> {
    flights: &'a Flights<E>,
    path: &'a str,
    cell: Arc<OnceCell<Landed<E>>>,
}

impl<E> Drop for Seat<'_, E> {
    fn drop(&mut self) {
        // Nobody boards without this lock.
        let mut flights = self
            .flights
            .flights
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if Arc::strong_count(&self.cell) == 1 {
            flights.remove(self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sumdb::client::tests::memory::{Broken, Memory};
    use std::sync::atomic::Ordering;

    #[tokio::test]
    async fn those_who_wait_share_one_fetch() {
        let outside = Memory::new(10);
        let flights = Flights::new();
        let (a, b) = tokio::join!(
            flights.fetch(&outside, "/latest"),
            flights.fetch(&outside, "/latest")
        );
        assert!(a.is_ok() && a.unwrap() == b.unwrap());
        assert_eq!(outside.fetches.load(Ordering::Relaxed), 1);
        assert!(flights.flights.lock().unwrap().is_empty());

        flights.fetch(&outside, "/latest").await.unwrap();
        assert_eq!(outside.fetches.load(Ordering::Relaxed), 2, "not kept");
    }

    #[tokio::test]
    async fn a_failure_is_shared_and_not_kept() {
        let outside = Memory::new(10);
        let flights = Flights::new();
        outside.cut.store(true, Ordering::Relaxed);
        let (a, b) = tokio::join!(
            flights.fetch(&outside, "/latest"),
            flights.fetch(&outside, "/latest")
        );
        assert_eq!(*a.unwrap_err(), Broken);
        assert_eq!(*b.unwrap_err(), Broken);
        assert_eq!(outside.fetches.load(Ordering::Relaxed), 1);
        outside.cut.store(false, Ordering::Relaxed);
        assert!(flights.fetch(&outside, "/latest").await.is_ok());
    }

    #[tokio::test]
    async fn the_next_in_line_goes_on_for_one_who_left() {
        let outside = Memory::new(10);
        let flights = Flights::new();
        {
            let mut first = Box::pin(flights.fetch(&outside, "/latest"));
            // Memory yields once before it answers, so the first one has started and is not done.
            let polled = std::future::poll_fn(|context| {
                std::task::Poll::Ready(first.as_mut().poll(context).is_pending())
            });
            assert!(polled.await);
        }
        assert!(flights.flights.lock().unwrap().is_empty());
        assert!(flights.fetch(&outside, "/latest").await.is_ok());
        assert_eq!(outside.fetches.load(Ordering::Relaxed), 2);
    }
}
