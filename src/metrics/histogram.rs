//! How things are distributed: how many were at most so long, or so large.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::MetricEncoder;
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;

use super::family::{Family, Labels, NoLabels};

/// What a histogram measures: whole steps, so that adding them up is one atomic addition.
pub trait Scale: fmt::Debug + 'static {
    /// The upper bounds of the buckets, in steps, ascending. What is larger is counted without a bound.
    const BOUNDS: &'static [u64];
    /// How many steps make one of the unit.
    const STEPS: f64;
}

/// Times, in steps of a microsecond: from a file in the page cache to a fetch that takes minutes.
#[derive(Debug)]
pub struct Seconds;

impl Scale for Seconds {
    const BOUNDS: &'static [u64] = &[
        250,
        500,
        1_000,
        2_500,
        5_000,
        10_000,
        25_000,
        50_000,
        100_000,
        250_000,
        500_000,
        1_000_000,
        2_500_000,
        5_000_000,
        10_000_000,
        30_000_000,
        60_000_000,
        300_000_000,
    ];
    const STEPS: f64 = 1e6;
}

/// Sizes: from an `.info` to the largest zip.
#[derive(Debug)]
pub struct Bytes;

impl Scale for Bytes {
    const BOUNDS: &'static [u64] = &[
        256,
        1 << 10,
        4 << 10,
        16 << 10,
        64 << 10,
        256 << 10,
        1 << 20,
        4 << 20,
        16 << 20,
        64 << 20,
        256 << 20,
        512 << 20,
    ];
    const STEPS: f64 = 1.0;
}

/// How many were how large. It is written once it has counted something.
#[derive(Debug)]
pub struct Histogram<S> {
    /// One for each bound, and one for what is larger. How many there were in all is their sum, so that the two never
    /// contradict each other.
    buckets: Box<[AtomicU64]>,
    sum: AtomicU64,
    scale: PhantomData<S>,
}

impl<S: Scale> Histogram<S> {
    fn count(&self, steps: u64) {
        let bucket = S::BOUNDS.partition_point(|bound| *bound < steps);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(steps, Ordering::Relaxed);
    }
}

impl Histogram<Seconds> {
    /// Something took so long.
    pub fn took(&self, time: Duration) {
        self.count(u64::try_from(time.as_micros()).unwrap_or(u64::MAX >> 16));
    }
}

impl Histogram<Bytes> {
    /// Something was so large.
    pub fn had(&self, bytes: u64) {
        self.count(bytes);
    }
}

impl<S: Scale> Default for Histogram<S> {
    fn default() -> Self {
        Self {
            buckets: (0..=S::BOUNDS.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
            scale: PhantomData,
        }
    }
}

impl<S: Scale> Family for Histogram<S> {
    fn kind(&self) -> MetricType {
        MetricType::Histogram
    }

    fn encode(&self, labels: &mut Labels, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        let bounds = S::BOUNDS.iter().map(|steps| *steps as f64 / S::STEPS);
        let buckets: Vec<(f64, u64)> = bounds
            .chain([f64::INFINITY])
            .zip(&self.buckets)
            .map(|(bound, bucket)| (bound, bucket.load(Ordering::Relaxed)))
            .collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        if count == 0 {
            return Ok(());
        }
        let sum = self.sum.load(Ordering::Relaxed) as f64 / S::STEPS;
        let no_exemplars: Option<&HashMap<usize, Exemplar<NoLabels, f64>>> = None;
        let mut encoder = encoder.encode_family(labels)?;
        encoder.encode_histogram(sum, count, &buckets, no_exemplars)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let histogram = Histogram::<Bytes>::default();
        for bytes in [0, 256, 257, 512 << 20, u64::from(u32::MAX)] {
            histogram.had(bytes);
        }
        let counts: Vec<u64> = histogram
            .buckets
            .iter()
            .map(|bucket| bucket.load(Ordering::Relaxed))
            .collect();
        assert_eq!(counts, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    }

    #[test]
    fn bounds_ascend() {
        for bounds in [Seconds::BOUNDS, Bytes::BOUNDS] {
            assert!(bounds.is_sorted_by(|one, next| one < next), "{bounds:?}");
        }
    }
}
