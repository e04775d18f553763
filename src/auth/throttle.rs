//! Slowing down who presents wrong tokens again and again.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One failure is forgotten after this time, then the next.
const FORGET: Duration = Duration::from_secs(6);
/// So many failures are answered at once: a person who mistypes, a script that is told the new token.
const FREE: u32 = 5;
/// So many failures that are not forgotten yet are answered at all.
const MOST: u32 = 20;
const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(2);
/// Addresses that are remembered.
const ADDRESSES: usize = 10_000;

/// Counts the failures of each address, and says how the next one is to be answered.
///
/// Only failures are asked about, after the token was looked up: **a valid token is never slowed down** by what else
/// comes from its address. Behind one address may stand a whole office or, with a proxy in front of the server,
/// everybody; one job with an old token must not lock them out. Nothing is lost by that: a token has 256 random bits,
/// and no number of guesses finds one. What is limited is the work and the log lines that guessing causes. A request
/// without a token is no failure, for clients ask like that first; nor is a token that exists and is expired or has too
/// few rights, for its holder guesses nothing. The go command repeats what is answered with 401 once: it fails twice.
///
/// An address may fail 20 times in a row, from the sixth time on with a growing delay, then ten times a minute; what is
/// more is refused. IPv6 addresses count by their /64, for one host has all of that. At most 10,000 addresses are
/// remembered; the ones that failed longest ago are forgotten first.
#[derive(Debug)]
pub struct Throttle {
    addresses: Mutex<Addresses>,
}

/// How a failure is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Penalty {
    /// At once.
    None,
    /// After this time, two seconds at most.
    Delay(Duration),
    /// At once, that it was too often; not before this many seconds it will be different. HTTP's 429 with
    /// `Retry-After`.
    Refuse {
        /// Whole seconds, at least one.
        retry_after: u64,
    },
}

/// Two generations: who fails is in the young one. When that has half of the room, it becomes the old one and the old
/// one is forgotten; so the room is bounded without any search for who failed longest ago.
#[derive(Debug)]
struct Addresses {
    young: HashMap<IpAddr, Instant>,
    old: HashMap<IpAddr, Instant>,
    most: usize,
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new()
    }
}

impl Throttle {
    /// One that has seen no failures.
    #[must_use]
    pub fn new() -> Self {
        Self::with_room(ADDRESSES)
    }

    fn with_room(most: usize) -> Self {
        Self {
            addresses: Mutex::new(Addresses {
                young: HashMap::new(),
                old: HashMap::new(),
                most,
            }),
        }
    }

    /// Counts a failure of an address at `now`, and says how to answer it.
    pub fn failed(&self, address: IpAddr, now: Instant) -> Penalty {
        // Nothing in here panics half-way; the table is usable whatever happened to another thread.
        let mut addresses = self
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let forgotten = addresses.entry(host_of(address), now);
        let backlog = forgotten.saturating_duration_since(now) + FORGET;
        if backlog > FORGET * MOST {
            let wait = backlog - FORGET * MOST;
            let started = u64::from(wait.subsec_nanos() > 0);
            return Penalty::Refuse {
                retry_after: (wait.as_secs() + started).max(1),
            };
        }
        *forgotten = now + backlog;
        // Rounded up: a failure that is partly forgotten counts.
        let count = backlog.as_nanos().div_ceil(FORGET.as_nanos());
        match u32::try_from(count).unwrap_or(MOST).checked_sub(FREE + 1) {
            None => Penalty::None,
            Some(over) => {
                let delay = FIRST_DELAY.saturating_mul(1 << over.min(16));
                Penalty::Delay(delay.min(LONGEST_DELAY))
            }
        }
    }

    #[cfg(test)]
    fn remembered(&self) -> usize {
        let addresses = self.addresses.lock().unwrap();
        addresses.young.len() + addresses.old.len()
    }
}

impl Addresses {
    /// When the failures of this address are all forgotten, to be changed.
    fn entry(&mut self, address: IpAddr, now: Instant) -> &mut Instant {
        if !self.young.contains_key(&address) && self.young.len() >= self.most / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        let known = self.old.remove(&address);
        self.young
            .entry(address)
            .or_insert_with(|| known.unwrap_or(now))
    }
}

/// The address of the host rather than of one of its interfaces: IPv6 by /64, IPv4 in IPv6's clothes as IPv4.
#[must_use]
pub fn host_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn slower_and_slower_then_refused() {
        let throttle = Throttle::new();
        let start = Instant::now();
        let answers: Vec<Penalty> = (0..25)
            .map(|_| throttle.failed(ip("192.0.2.1"), start))
            .collect();
        let milliseconds = |number| Penalty::Delay(Duration::from_millis(number));
        assert_eq!(answers[..5], [Penalty::None; 5]);
        assert_eq!(
            answers[5..11],
            [100, 200, 400, 800, 1600, 2000].map(milliseconds)
        );
        assert_eq!(answers[11..20], [milliseconds(2000); 9]);
        assert_eq!(answers[20..], [Penalty::Refuse { retry_after: 6 }; 5]);
        // Nobody else has anything of it.
        assert_eq!(throttle.failed(ip("192.0.2.2"), start), Penalty::None);
    }

    #[test]
    fn retry_after_is_true_and_everything_is_forgotten() {
        let throttle = Throttle::new();
        let address = ip("2001:db8::1");
        let start = Instant::now();
        for _ in 0..20 {
            throttle.failed(address, start);
        }
        let later = |time: Duration| throttle.failed(address, start + time);
        assert_eq!(
            later(Duration::from_millis(500)),
            Penalty::Refuse { retry_after: 6 }
        );
        assert_eq!(
            later(Duration::from_millis(5500)),
            Penalty::Refuse { retry_after: 1 }
        );
        assert_eq!(later(seconds(6)), Penalty::Delay(seconds(2)));
        assert_eq!(later(seconds(6)), Penalty::Refuse { retry_after: 6 });
        assert_eq!(later(seconds(6 + 120)), Penalty::None);
    }

    #[test]
    fn who_counts_as_one() {
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("2001:db8::1", "2001:db8::ffff:1:2:3", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
        ] {
            assert_eq!(
                host_of(ip(one)) == host_of(ip(other)),
                same,
                "{one} {other}"
            );
        }
    }

    #[test]
    fn room_for_so_many_and_the_oldest_go_first() {
        let throttle = Throttle::with_room(100);
        let start = Instant::now();
        let address = |number: u32| IpAddr::from(number.to_be_bytes());
        for _ in 0..20 {
            throttle.failed(address(0), start);
        }
        for number in 1..80 {
            throttle.failed(address(number), start);
        }
        let refused = |address| matches!(throttle.failed(address, start), Penalty::Refuse { .. });
        assert!(refused(address(0)), "79 others are no reason to forget");
        for number in 80..1000 {
            throttle.failed(address(number), start);
            assert!(throttle.remembered() <= 100);
        }
        assert!(!refused(address(0)), "forgotten");
        assert!(throttle.remembered() <= 100);
    }

    #[test]
    fn a_clock_that_goes_back_is_survived() {
        let throttle = Throttle::new();
        let start = Instant::now();
        throttle.failed(ip("192.0.2.1"), start + seconds(60));
        for _ in 0..30 {
            throttle.failed(ip("192.0.2.1"), start);
        }
    }
}
