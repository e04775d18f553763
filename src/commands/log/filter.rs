//! Which events are shown.

use anyhow::bail;
use jiff::{SignedDuration, Timestamp};

use crate::cli::LogArgs;
use crate::module::PathPatterns;
use crate::store::{Event, EventKind};

pub(super) struct Filter {
    pub(super) since: Option<Timestamp>,
    until: Option<Timestamp>,
    modules: Option<PathPatterns>,
    /// Empty: all.
    events: Vec<EventKind>,
}

impl Filter {
    pub(super) fn new(arguments: &LogArgs, now: Timestamp) -> anyhow::Result<Self> {
        let mut events = Vec::new();
        for name in &arguments.event {
            match EventKind::named(name) {
                Some(kind) => events.push(kind),
                None => bail!(
                    "--event {name:?} is none that the journal has; take publish, fetch, import, evict, adopt, delete or repair"
                ),
            }
        }
        Ok(Self {
            since: arguments.since.map(|moment| moment.time(now)),
            until: arguments.until.map(|moment| moment.time(now)),
            modules: arguments.module.clone(),
            events,
        })
    }

    /// Takes only what is later than this.
    pub(super) fn after(&mut self, time: Option<Timestamp>) {
        let after = time.map(|time| time + SignedDuration::from_micros(1));
        self.since = self.since.max(after);
    }

    pub(super) fn takes(&self, event: &Event) -> bool {
        self.since.is_none_or(|since| event.time >= since)
            && self.until.is_none_or(|until| event.time < until)
            && (self.events.is_empty() || self.events.contains(&event.event))
            && self.modules.as_ref().is_none_or(|patterns| {
                let module = event.path.parse();
                module.is_ok_and(|module| patterns.matches(&module))
            })
    }
}
