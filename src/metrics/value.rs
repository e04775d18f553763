//! Single figures.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use prometheus_client::encoding::MetricEncoder;
use prometheus_client::metrics::MetricType;

use super::family::{Family, Labels, NO_EXEMPLAR};

/// How often something happened.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// It happened.
    pub fn add_one(&self) {
        self.add(1);
    }

    /// It happened so many times.
    pub fn add(&self, times: u64) {
        self.0.fetch_add(times, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Family for Counter {
    fn kind(&self) -> MetricType {
        MetricType::Counter
    }

    fn encode(&self, labels: &mut Labels, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        let mut encoder = encoder.encode_family(labels)?;
        encoder.encode_counter(&self.get(), NO_EXEMPLAR)
    }
}

/// A [`Counter`] that is written once it has counted: for families of many labels, most combinations of which never happen.
#[derive(Debug, Default)]
pub struct RareCounter(Counter);

impl RareCounter {
    /// It happened.
    pub fn add_one(&self) {
        self.0.add_one();
    }
}

impl Family for RareCounter {
    fn kind(&self) -> MetricType {
        MetricType::Counter
    }

    fn encode(&self, labels: &mut Labels, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        match self.0.get() {
            0 => Ok(()),
            _ => self.0.encode(labels, encoder),
        }
    }
}

/// How many of something there are now: counted up and down, by [`super::Running`].
#[derive(Debug, Default)]
pub struct Gauge(AtomicI64);

impl Gauge {
    pub(super) fn add(&self, more: i64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }
}

impl Family for Gauge {
    fn kind(&self) -> MetricType {
        MetricType::Gauge
    }

    fn encode(&self, labels: &mut Labels, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        let mut encoder = encoder.encode_family(labels)?;
        encoder.encode_gauge(&self.0.load(Ordering::Relaxed))
    }
}

/// What is not known; see [`Sampled`].
const UNKNOWN: u64 = u64::MAX;

/// A figure that somebody else knows, as of the last time that it was looked at. Until then, or where it can not be known,
/// it is not written: 0 would be a lie.
#[derive(Debug)]
pub struct Sampled(AtomicU64);

impl Sampled {
    /// It is so much; `None` if that is not known.
    pub fn set(&self, value: Option<u64>) {
        self.0.store(value.unwrap_or(UNKNOWN), Ordering::Relaxed);
    }

    fn get(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|value| *value != UNKNOWN)
    }
}

impl Default for Sampled {
    fn default() -> Self {
        Self(AtomicU64::new(UNKNOWN))
    }
}

impl Family for Sampled {
    fn kind(&self) -> MetricType {
        MetricType::Gauge
    }

    fn encode(&self, labels: &mut Labels, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        match self.get() {
            None => Ok(()),
            Some(value) => encoder.encode_family(labels)?.encode_gauge(&value),
        }
    }
}

/// The same for a time in seconds, which is known in milliseconds.
#[derive(Debug, Default)]
pub struct SampledSeconds(Sampled);

impl SampledSeconds {
    /// It is so many milliseconds; `None` if that is not known.
    pub fn set_milliseconds(&self, milliseconds: Option<u64>) {
        self.0.set(milliseconds);
    }

    fn seconds(&self) -> Option<f64> {
        // Exact for as long as anybody measures.
        Some(self.0.get()? as f64 / 1000.0)
    }
}

impl Family for SampledSeconds {
    fn kind(&self) -> MetricType {
        MetricType::Gauge
    }

    fn encode(&self, labels: &mut Labels, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        match self.seconds() {
            None => Ok(()),
            Some(seconds) => encoder.encode_family(labels)?.encode_gauge(&seconds),
        }
    }
}

/// The same for a time that only grows.
#[derive(Debug, Default)]
pub struct SampledTotal(SampledSeconds);

impl SampledTotal {
    /// It is so many milliseconds in all; `None` if that is not known.
    pub fn set_milliseconds(&self, milliseconds: Option<u64>) {
        self.0.set_milliseconds(milliseconds);
    }
}

impl Family for SampledTotal {
    fn kind(&self) -> MetricType {
        MetricType::Counter
    }

    fn encode(&self, labels: &mut Labels, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        match self.0.seconds() {
            None => Ok(()),
            Some(seconds) => {
                let mut encoder = encoder.encode_family(labels)?;
                encoder.encode_counter(&seconds, NO_EXEMPLAR)
            }
        }
    }
}

/// Which program this is: always 1, with the version as a label.
#[derive(Debug, Default)]
pub struct BuildInfo;

impl Family for BuildInfo {
    fn kind(&self) -> MetricType {
        MetricType::Gauge
    }

    #[cfg(test)]
    fn label_names(&self, names: &mut Vec<&'static str>) {
        names.push("version");
    }

    fn encode(&self, labels: &mut Labels, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        labels.push(("version", env!("CARGO_PKG_VERSION").into()));
        let written = encoder.encode_family(labels)?.encode_gauge(&1_u64);
        labels.pop();
        written
    }
}
