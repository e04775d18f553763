//! How many of something each client has.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::BuildHasher as _;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::most::{Most, Taken};

const SHARDS: u64 = 16;

/// Counts what clients have at a time. Who has nothing is not remembered, so there are never more clients than things, and
/// those who hold a [`ClientCount`].
#[derive(Debug)]
pub(in crate::http) struct Counts {
    /// At least one.
    most: usize,
    hasher: RandomState,
    shards: [Mutex<HashMap<IpAddr, Remembered>>; SHARDS as usize],
}

#[derive(Debug)]
struct Remembered {
    has: Arc<Most>,
    /// How many [`ClientCount`]s there are of it.
    holders: usize,
}

/// What one client has, remembered until this is dropped.
#[derive(Debug)]
pub(super) struct ClientCount {
    counts: Arc<Counts>,
    host: IpAddr,
    has: Arc<Most>,
}

/// One thing that a client has, until this is dropped.
#[derive(Debug)]
pub(in crate::http) struct Counted {
    _one: Taken<Arc<Most>>,
    _client: ClientCount,
}

impl Counts {
    /// Each client may have so many; at least one.
    pub(in crate::http) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            hasher: RandomState::new(),
            shards: Default::default(),
        }
    }

    /// One more for this client; `None` if it has as many as it may have.
    pub(in crate::http) fn take(self: &Arc<Self>, host: IpAddr) -> Option<Counted> {
        let client = self.client(host);
        Some(Counted {
            _one: Taken::of(Arc::clone(&client.has))?,
            _client: client,
        })
    }

    /// What a client has. For who asks often: it is looked up once.
    pub(super) fn client(self: &Arc<Self>, host: IpAddr) -> ClientCount {
        let mut shard = self.shard(host);
        let client = shard.entry(host).or_insert_with(|| Remembered {
            has: Arc::new(Most::new(self.most)),
            holders: 0,
        });
        client.holders += 1;
        ClientCount {
            counts: Arc::clone(self),
            host,
            has: Arc::clone(&client.has),
        }
    }

    fn shard(&self, host: IpAddr) -> MutexGuard<'_, HashMap<IpAddr, Remembered>> {
        let shard = (self.hasher.hash_one(host) % SHARDS) as usize;
        self.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientCount {
    /// One more; `None` if the client has as many as it may have.
    pub(super) fn take(&self) -> Option<Taken<&Most>> {
        Taken::of(&*self.has)
    }
}

impl Drop for ClientCount {
    fn drop(&mut self) {
        if let Entry::Occupied(mut client) = self.counts.shard(self.host).entry(self.host) {
            client.get_mut().holders -= 1;
            if client.get().holders == 0 {
                client.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_nothing_is_forgotten() {
        let counts = Arc::new(Counts::new(2));
        let address = |number: u32| IpAddr::from(number.to_be_bytes());
        let mut held: Vec<(u32, Option<Counted>)> = (0..2000)
            .map(|number| (number / 2, counts.take(address(number / 2))))
            .collect();
        assert!(held.iter().all(|(_, counted)| counted.is_some()));
        assert!(counts.take(address(7)).is_none());
        held.retain(|(number, _)| *number != 7);
        // Whoever keeps it sees what others take.
        let client = counts.client(address(7));
        let first = counts.take(address(7)).unwrap();
        let second = client.take().unwrap();
        assert!(client.take().is_none() && counts.take(address(7)).is_none());
        drop((first, second));
        assert!(client.take().is_some());
        drop(client);
        drop(held);
        let left: usize = (counts.shards.iter())
            .map(|shard| shard.lock().unwrap().len())
            .sum();
        assert_eq!(left, 0);
    }
}
