//! Which line of the journal is the one by which a version came that is there.
//!
//! That of most versions is the only one about them, so only the others take memory: versions that went, and lines that
//! say once more what was known.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{Event, VersionKey};

/// What is known of a version that went at least once.
#[derive(Debug, Clone, Copy, Default)]
struct Again {
    is_gone: bool,
    /// When it came last, if it came back.
    came: Option<Timestamp>,
}

/// Of a journal that is read in order.
#[derive(Debug, Default)]
pub(super) struct Comings {
    newest: Option<Timestamp>,
    again: HashMap<VersionKey, Again>,
    /// The times of arrivals of what was there, in order.
    repeats: Vec<Timestamp>,
}

/// What an event means for who wants to know what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coming {
    /// By this event the version came that is there.
    There,
    /// By this event it came last, and it is gone.
    Gone,
    /// It is no arrival, or not the last.
    Nothing,
}

impl Comings {
    /// Takes note of the next event. `was_known`: whether an event before was about this version.
    pub(super) fn note(&mut self, key: VersionKey, event: &Event, was_known: bool) {
        // A line without an end is read again when it has one.
        if Some(event.time) <= self.newest {
            return;
        }
        self.newest = Some(event.time);
        if event.event.is_departure() {
            self.again.entry(key).or_default().is_gone = true;
        } else if event.event.is_arrival() {
            match self.again.get_mut(&key) {
                Some(again) if again.is_gone => {
                    *again = Again {
                        is_gone: false,
                        came: Some(event.time),
                    }
                }
                None if !was_known => {}
                _ => self.repeats.push(event.time),
            }
        }
    }

    /// The time of the newest event that was noted.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.newest
    }

    /// What an event means that was noted.
    pub(super) fn of(&self, event: &Event) -> Coming {
        if !event.event.is_arrival() || self.repeats.binary_search(&event.time).is_ok() {
            return Coming::Nothing;
        }
        let key = VersionKey::of_names(&event.path, &event.version);
        match self.again.get(&key) {
            None => Coming::There,
            Some(again) if again.came.is_some_and(|came| came != event.time) => Coming::Nothing,
            Some(again) if again.is_gone => Coming::Gone,
            Some(_) => Coming::There,
        }
    }
}
