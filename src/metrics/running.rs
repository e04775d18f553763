//! Counting what is under way.

use super::{Gauge, Metrics, Table};

/// Something that is under way, counted in a [`Gauge`] until it is dropped.
#[derive(Debug)]
pub struct Running {
    metrics: Metrics,
    gauge: fn(&Table) -> &Gauge,
}

impl Metrics {
    /// Counts one more in a gauge, for as long as the result lives.
    #[must_use]
    pub fn running(&self, gauge: fn(&Table) -> &Gauge) -> Running {
        gauge(self).add(1);
        Running {
            metrics: self.clone(),
            gauge,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        (self.gauge)(&self.metrics).add(-1);
    }
}
