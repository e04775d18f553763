//! How often each client asks.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::rate::RateLimit;

const SHARDS: u64 = 16;
/// Clients that are remembered, in each of two generations of a shard.
const CLIENTS: usize = 2048;

/// What each client has used of its rate. Of each one a moment is kept: when it has made up for all that it asked.
///
/// So many clients are remembered and no more, whoever sends what from however many addresses: those that asked last. Who
/// is forgotten starts anew, which is worth a burst to him, and what many clients ask together is for the bound on all
/// requests.
#[derive(Debug)]
pub(super) struct Rates {
    interval: Duration,
    tolerance: Duration,
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS as usize],
}

/// Two generations: who asks is in the young one. When that is full, it becomes the old one and the old one is forgotten;
/// so the room is bounded without any search.
#[derive(Debug, Default)]
struct Shard {
    young: HashMap<IpAddr, Instant>,
    old: HashMap<IpAddr, Instant>,
}

impl Rates {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self {
            interval: limit.interval(),
            tolerance: limit.tolerance(),
            hasher: RandomState::new(),
            shards: Default::default(),
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// If it is too much, and then it is not counted: in whole seconds, after what time it will not be.
    pub(super) fn ask(&self, host: IpAddr, now: Instant) -> Result<(), Duration> {
        let shard = (self.hasher.hash_one(host) % SHARDS) as usize;
        let mut shard = self.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let even = shard.entry(host, now);
        let backlog = even.saturating_duration_since(now) + self.interval;
        if backlog > self.tolerance {
            let wait = backlog - self.tolerance;
            let started = u64::from(wait.subsec_nanos() > 0);
            return Err(Duration::from_secs(wait.as_secs() + started));
        }
        *even = now + backlog;
        Ok(())
    }
}

impl Shard {
    fn entry(&mut self, host: IpAddr, now: Instant) -> &mut Instant {
        if !self.young.contains_key(&host) && self.young.len() >= CLIENTS {
            std::mem::swap(&mut self.young, &mut self.old);
            // Keeps its memory, for it will be needed again.
            self.young.clear();
        }
        let old = &mut self.old;
        self.young
            .entry(host)
            .or_insert_with(|| old.remove(&host).unwrap_or(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    #[test]
    fn a_burst_then_the_rate() {
        let rates = Rates::new("2/s:5".parse().unwrap());
        let start = Instant::now();
        let at = |milliseconds| rates.ask(address(1), start + Duration::from_millis(milliseconds));
        for _ in 0..5 {
            assert_eq!(at(0), Ok(()));
        }
        let second = Err(Duration::from_secs(1));
        assert_eq!([at(0), at(0), at(499)], [second; 3]);
        assert_eq!([at(500), at(501), at(1000)], [Ok(()), second, Ok(())]);
        for _ in 0..5 {
            assert_eq!(at(60_000), Ok(()));
        }
        assert_eq!(at(60_000), second);
        assert_eq!(rates.ask(address(2), start), Ok(()), "nobody else's affair");
    }

    #[test]
    fn the_table_is_bounded() {
        let rates = Rates::new("1/s:1".parse().unwrap());
        let now = Instant::now();
        let last = 200_000;
        for number in 0..=last {
            assert_eq!(rates.ask(address(number), now), Ok(()));
        }
        for shard in &rates.shards {
            let shard = shard.lock().unwrap();
            assert!(shard.young.len() <= CLIENTS && shard.old.len() <= CLIENTS);
        }
        assert!(rates.ask(address(last), now).is_err(), "the last is known");
    }
}
