//! Figures for each upstream.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use prometheus_client::encoding::MetricEncoder;
use prometheus_client::metrics::MetricType;

use super::family::{Family, Labels};
use super::table::UpstreamCounts;
use super::{By, Counter, Gauge, Histogram, Seconds, UpstreamOutcome};

/// The name of the label.
const UPSTREAM: &str = "upstream";
/// The most upstreams that have figures of their own. There are as many as the configuration names.
const MOST: usize = 64;
/// The name of all others.
const OTHERS: &str = "other";

/// A figure for each upstream, by its URL as it may be shown.
#[derive(Debug, Default)]
pub struct ByUpstream<F>(Mutex<Vec<(Arc<str>, Arc<F>)>>);

impl<F: Default> ByUpstream<F> {
    /// The figure of an upstream, made if there is none yet. For the start: whoever counts keeps it.
    fn of(&self, upstream: &str) -> Arc<F> {
        let mut children = self.lock();
        let name = match children.iter().any(|(name, _)| **name == *upstream) {
            false if children.len() >= MOST => OTHERS,
            _ => upstream,
        };
        if let Some((_, child)) = children.iter().find(|(known, _)| **known == *name) {
            return Arc::clone(child);
        }
        let child = Arc::<F>::default();
        children.push((name.into(), Arc::clone(&child)));
        child
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Arc<str>, Arc<F>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Family + Default> Family for ByUpstream<F> {
    fn kind(&self) -> MetricType {
        F::default().kind()
    }

    #[cfg(test)]
    fn label_names(&self, names: &mut Vec<&'static str>) {
        names.push(UPSTREAM);
        F::default().label_names(names);
    }

    fn encode(&self, labels: &mut Labels, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        let children = self.lock().clone();
        for (upstream, child) in children {
            labels.push((UPSTREAM, upstream.to_string().into()));
            child.encode(labels, encoder)?;
            labels.pop();
        }
        Ok(())
    }
}

/// Where the requests to one upstream are counted. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct UpstreamMeter {
    requests: Arc<By<UpstreamOutcome, Counter>>,
    duration: Arc<Histogram<Seconds>>,
    running: Arc<Gauge>,
    received: Arc<Counter>,
}

impl UpstreamCounts {
    /// Where the requests to an upstream are counted; `shown` is its URL without secrets. For the start, not for each
    /// request.
    #[must_use]
    pub fn meter(&self, shown: &str) -> UpstreamMeter {
        UpstreamMeter {
            requests: self.requests.of(shown),
            duration: self.duration.of(shown),
            running: self.running.of(shown),
            received: self.received.of(shown),
        }
    }
}

impl UpstreamMeter {
    /// A request begins.
    #[must_use]
    pub fn begin(&self) -> UpstreamRequest {
        self.running.add(1);
        UpstreamRequest {
            meter: self.clone(),
            began: Instant::now(),
            outcome: UpstreamOutcome::Abandoned,
        }
    }
}

/// A request to an upstream that is under way; counted when it is dropped.
#[derive(Debug)]
pub struct UpstreamRequest {
    meter: UpstreamMeter,
    began: Instant,
    outcome: UpstreamOutcome,
}

impl UpstreamRequest {
    /// So many bytes came.
    pub fn received(&self, bytes: usize) {
        self.meter.received.add(bytes as u64);
    }

    /// How it ends. Until then nobody knows: whoever drops it before has given it up.
    pub fn ends(&mut self, outcome: UpstreamOutcome) {
        self.outcome = outcome;
    }
}

impl Drop for UpstreamRequest {
    fn drop(&mut self) {
        self.meter.running.add(-1);
        self.meter.requests[self.outcome].add_one();
        self.meter.duration.took(self.began.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_never_too_many() {
        let family = ByUpstream::<Counter>::default();
        let first = family.of("0");
        for number in 0..1000 {
            let _ = family.of(&number.to_string());
        }
        assert_eq!(family.lock().len(), MOST + 1);
        assert!(Arc::ptr_eq(&first, &family.of("0")));
        assert!(Arc::ptr_eq(&family.of("998"), &family.of("999")));
    }
}
