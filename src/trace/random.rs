//! Numbers that nobody else has.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that this process gives once, and that another one hardly has given: cheap enough for each request.
///
/// A counter from a random start, mixed by a function that maps no two numbers to one (the finalizer of splitmix64).
/// Nothing rests on its being unpredictable.
pub(super) fn number() -> u64 {
    static NEXT: OnceLock<AtomicU64> = OnceLock::new();
    let next = NEXT.get_or_init(|| AtomicU64::new(seed()));
    mix(next.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed))
}

fn mix(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

fn seed() -> u64 {
    getrandom::u64().unwrap_or_else(|_| {
        // No system that we run on is without; if one is, the clock and the process tell ours apart.
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |now| now.as_nanos());
        mix(u64::try_from(now & u128::from(u64::MAX)).unwrap_or(0)) ^ u64::from(std::process::id())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_number_comes_twice() {
        let numbers: HashSet<u64> = (0..10_000).map(|_| number()).collect();
        assert_eq!(numbers.len(), 10_000);
    }
}
