//! How a request ended, in a word.

use std::fmt;

/// How a request ended. Where several things happened on the way, the later one of this list counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Outcome {
    /// It was here: in the folder, or remembered and still fresh.
    Hit = 1,
    /// An upstream was asked while the client waited.
    Fetched,
    /// An answer that has grown old, for the upstreams did not give a newer one yet.
    Stale,
    /// A version was published.
    Published,
    /// A version was published that was here before, the same to the byte.
    Unchanged,
    /// A version was deleted.
    Deleted,
    /// What was remembered of a module was asked for anew.
    Refreshed,
    /// It is not here, and could not be fetched.
    Absent,
    /// The client may not have it, or did not ask for it well.
    Refused,
    /// We failed, or who we had to ask.
    Failed,
    /// The client has or asks more than one client may; nothing was done.
    Limited,
    /// So many requests were being answered that this one was not; nothing was done.
    Overloaded,
}

impl Outcome {
    const ALL: [Self; 12] = [
        Self::Hit,
        Self::Fetched,
        Self::Stale,
        Self::Published,
        Self::Unchanged,
        Self::Deleted,
        Self::Refreshed,
        Self::Absent,
        Self::Refused,
        Self::Failed,
        Self::Limited,
        Self::Overloaded,
    ];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Fetched => "fetched",
            Self::Stale => "stale",
            Self::Published => "published",
            Self::Unchanged => "unchanged",
            Self::Deleted => "deleted",
            Self::Refreshed => "refreshed",
            Self::Absent => "absent",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Limited => "limited",
            Self::Overloaded => "overloaded",
        }
    }

    pub(super) fn number(self) -> u8 {
        self as u8
    }

    pub(super) fn of_number(number: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.number() == number)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::of_number(outcome.number()), Some(outcome));
        }
        assert_eq!(Outcome::of_number(0), None);
        assert!(Outcome::Hit < Outcome::Fetched && Outcome::Fetched < Outcome::Stale);
    }
}
