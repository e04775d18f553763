//! Keeping the folder within its bounds: fetched versions that nobody uses go, and nothing new is taken where the disk is
//! almost full.
//!
//! Only what is surely somebody else's and was fetched because a client asked for it may go ([`Provenance::is_evictable`]):
//! it can be fetched again. What was published, dropped, carried in or fetched ahead stays, and so does everything of a
//! module that is one's own by now, for nobody is asked about it any more.
//!
//! [`Provenance::is_evictable`]: crate::store::Provenance::is_evictable

mod janitor;
mod limits;
mod plan;
mod room;
mod sweep;
mod tour;
mod tracker;

pub use janitor::Janitor;
pub use limits::Limits;
pub use room::{MinFree, Room};
pub use sweep::{GRACE, Sweep, Swept, Victim};
pub use tracker::Tracker;

use std::time::SystemTime;

/// Seconds since 1970, as last uses are noted.
fn seconds(time: SystemTime) -> u32 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| {
            u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
        })
}
