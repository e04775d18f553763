//! How many of something each client has.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::BuildHasher as _;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SHARDS: u64 = 16;

/// Counts what clients have at a time. Who has nothing is not remembered, so there are never more clients than things.
#[derive(Debug)]
pub(in crate::http) struct Counts {
    /// At least one.
    most: usize,
    hasher: RandomState,
    shards: [Mutex<HashMap<IpAddr, usize>>; SHARDS as usize],
}

/// One thing that a client has, until this is dropped.
#[derive(Debug)]
pub(in crate::http) struct Counted {
    counts: Arc<Counts>,
    host: IpAddr,
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
        let mut shard = self.shard(host);
        let count = shard.entry(host).or_insert(0);
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Counted {
            counts: Arc::clone(self),
            host,
        })
    }

    fn shard(&self, host: IpAddr) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        let shard = (self.hasher.hash_one(host) % SHARDS) as usize;
        self.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Entry::Occupied(mut count) = self.counts.shard(self.host).entry(self.host) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
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
        let mut held: Vec<Counted> = (0..1000)
            .flat_map(|number| [counts.take(address(number)), counts.take(address(number))])
            .flatten()
            .collect();
        assert_eq!(held.len(), 2000);
        assert!(counts.take(address(7)).is_none());
        held.retain(|counted| counted.host != address(7));
        assert!(counts.take(address(7)).is_some());
        drop(held);
        let left: usize = (counts.shards.iter())
            .map(|shard| shard.lock().unwrap().len())
            .sum();
        assert_eq!(left, 0);
    }
}
