//! So many connections at a time; and when there are no places left, who has to go for a new one.
//!
//! Threat: a few thousand connections on which nothing comes, or a byte now and then, keep everybody out (slow loris). So a
//! full server closes, for each new connection, the one that waits longest for a request: for the rest of a head, or for
//! the next one. An honest client sends its head at once, so it has its answer before it is its turn; what it then loses is
//! a kept connection that it has not used for longer than any other client. A request that is being answered, and a body
//! in either direction, is never given up.
//!
//! Nobody is closed in the first moment of waiting. Without that, a flood of new connections could push out each other, and
//! honest ones, before they can speak. The longer that moment, the fewer connections a second can be taken while the
//! server is full, and the rest waits in the kernel's queue with the honest ones: with a full second and 4,096 places it
//! would be 4,096. Where there are fewer, it makes no difference: the longest waiting has waited for longer anyway.
//!
//! Connections are kept by the time since when they wait *at the least*. The time of a connection is only looked at when it
//! is the first in that order, and then moved to what it really is, so requests cost nothing here. One that is looked at
//! in vain moves to the present: each is looked at in vain once in that moment at the most.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use super::activity::{Activity, Telling};

/// How long a client may wait before it has to go: for a head, or between two requests. A handshake of TLS needs a round
/// trip, and the longest on earth are some 300 ms.
const GRACE: Duration = Duration::from_millis(500);

/// The places of a server's connections.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    free: Arc<Semaphore>,
    order: Mutex<Order>,
    /// A connection that was told to go stays, since a request came first.
    spared: Arc<Notify>,
}

/// A place, until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
    /// Freed after the connection is out of the order.
    _permit: OwnedSemaphorePermit,
}

/// Who waits longest.
#[derive(Debug, Default)]
struct Order {
    next: u64,
    /// By the time since when they wait at the least, and their numbers.
    connections: BTreeMap<(Instant, u64), Activity>,
    times: HashMap<u64, Instant>,
}

/// Whether a place becomes free.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Room {
    /// Somebody goes.
    Coming,
    /// Nobody may be closed before then.
    NoneBefore(Instant),
}

impl Places {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            free: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
            order: Mutex::default(),
            spared: Arc::default(),
        }
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.most.saturating_sub(self.free.available_permits())
    }

    /// A place for one more connection, if there is one.
    pub(super) fn try_take(self: &Arc<Self>, activity: &Activity) -> Option<Place> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        Some(self.place(permit, activity))
    }

    /// A place for one more connection: waits until one is free, or until somebody went for it. `displaced` is called for each
    /// that has to go.
    ///
    /// Nothing is lost if the future is dropped, but for whoever had to go.
    pub(super) async fn take(
        self: &Arc<Self>,
        activity: &Activity,
        displaced: impl Fn(),
    ) -> Option<Place> {
        loop {
            if let Some(place) = self.try_take(activity) {
                return Some(place);
            }
            let freed = Arc::clone(&self.free).acquire_owned();
            let permit = match self.make_room() {
                Room::Coming => {
                    displaced();
                    tokio::select! {
                        biased;
                        permit = freed => permit,
                        () = self.spared.notified() => continue,
                    }
                }
                Room::NoneBefore(then) => tokio::select! {
                    biased;
                    permit = freed => permit,
                    () = sleep_until(then) => continue,
                },
            };
            // Never closed, so never an error.
            return permit.ok().map(|permit| self.place(permit, activity));
        }
    }

    fn place(self: &Arc<Self>, permit: OwnedSemaphorePermit, activity: &Activity) -> Place {
        let number = self.order().add(activity.clone(), Instant::now());
        Place {
            places: Arc::clone(self),
            number,
            _permit: permit,
        }
    }

    /// Tells the one that waits longest to go.
    fn make_room(&self) -> Room {
        let mut order = self.order();
        let now = Instant::now();
        loop {
            let Some((&(since, number), activity)) = order.connections.first_key_value() else {
                // All places are about to be taken or freed.
                return Room::NoneBefore(now + GRACE);
            };
            if since + GRACE > now {
                return Room::NoneBefore(since + GRACE);
            }
            match activity.tell_to_go(since, &self.spared) {
                Telling::Goes => {
                    order.moves(number, now);
                    return Room::Coming;
                }
                Telling::WaitsSince(since) => order.moves(number, since),
                Telling::Busy => order.moves(number, now),
            }
        }
    }

    /// Locked once for a connection that comes and once for one that goes, and while room is made.
    fn order(&self) -> MutexGuard<'_, Order> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Order {
    fn add(&mut self, activity: Activity, now: Instant) -> u64 {
        let number = self.next;
        self.next += 1;
        self.connections.insert((now, number), activity);
        self.times.insert(number, now);
        number
    }

    fn moves(&mut self, number: u64, since: Instant) {
        if let Some(activity) = self.remove(number) {
            self.connections.insert((since, number), activity);
            self.times.insert(number, since);
        }
    }

    fn remove(&mut self, number: u64) -> Option<Activity> {
        let since = self.times.remove(&number)?;
        self.connections.remove(&(since, number))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.order().remove(self.number);
    }
}

#[cfg(test)]
mod tests;
