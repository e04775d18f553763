//! Whether requests are traced, and who takes the spans.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::context::Context;
use super::id::{RequestId, SpanId, TraceId};
use super::parent::{TraceParent, TraceState};
use super::request::{Request, Trace};
use super::span::FinishedSpan;

/// Takes finished spans. It must not wait: it is called where requests are answered.
pub trait Sink: fmt::Debug + Send + Sync {
    /// Takes one, or drops it.
    fn take(&self, span: FinishedSpan);
}

/// Begins the contexts of requests. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Tracer(Option<Arc<On>>);

#[derive(Debug)]
struct On {
    sink: Box<dyn Sink>,
    sample: Sample,
}

impl Tracer {
    /// Records nothing; the traces of clients are passed on as they come.
    #[must_use]
    pub fn off() -> Self {
        Self(None)
    }

    /// Whether nothing is recorded.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.0.is_none()
    }

    /// Gives the spans of this part of the traces that begin here to a sink, and those of the traces that whoever began
    /// them records.
    #[must_use]
    pub fn new(sink: impl Sink + 'static, sample: Sample) -> Self {
        Self(Some(Arc::new(On {
            sink: Box::new(sink),
            sample,
        })))
    }

    /// Begins a request, which may be a part of a trace already. With `is_noted`, somebody reads what is noted of it.
    #[must_use]
    pub fn begin(
        &self,
        id: RequestId,
        parent: Option<TraceParent>,
        state: Option<TraceState>,
        is_noted: bool,
    ) -> Context {
        Context::new(Request::new(id, self.trace(parent, state), is_noted))
    }

    fn trace(&self, parent: Option<TraceParent>, state: Option<TraceState>) -> Option<Trace> {
        let Some(on) = &self.0 else {
            let parent = parent?;
            return Some(Trace {
                id: parent.trace,
                remote: Some(parent.span),
                span: None,
                is_sampled: parent.is_sampled,
                state,
                recorder: None,
            });
        };
        let id = parent.map_or_else(TraceId::random, |parent| parent.trace);
        let is_sampled = parent.map_or_else(|| on.sample.takes(id), |parent| parent.is_sampled);
        Some(Trace {
            id,
            remote: parent.map(|parent| parent.span),
            span: Some(SpanId::random()),
            is_sampled,
            // It belongs to the parent: a new trace has none.
            state: state.filter(|_| parent.is_some()),
            recorder: is_sampled.then(|| self.clone()),
        })
    }

    pub(super) fn take(&self, span: FinishedSpan) {
        if let Some(on) = &self.0 {
            on.sink.take(span);
        }
    }
}

/// Which part of the traces that begin here is recorded: from 0, none, to 1, all.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sample(f64);

/// A text that is no [`Sample`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not a part of all; write a number from 0, for none, to 1, for all, such as 0.1")]
pub struct InvalidSample(String);

impl Sample {
    /// All of them.
    pub const ALL: Self = Self(1.0);

    /// Decided by the trace's id, so that all who sample the same part take the same traces.
    fn takes(self, trace: TraceId) -> bool {
        // 2^53 steps are what both a float and the upper bits of the number hold exactly.
        const STEPS: f64 = 9_007_199_254_740_992.0;
        let step = trace.tail() >> 11;
        let (high, low) = (step >> 32, step & 0xffff_ffff);
        let place = f64::from(u32::try_from(high).unwrap_or(u32::MAX)) * 4_294_967_296.0
            + f64::from(u32::try_from(low).unwrap_or(u32::MAX));
        place / STEPS < self.0
    }
}

impl FromStr for Sample {
    type Err = InvalidSample;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse::<f64>() {
            Ok(part) if (0.0..=1.0).contains(&part) => Ok(Self(part)),
            _ => Err(InvalidSample(text.to_owned())),
        }
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples() {
        for text in ["0", "1", "0.25", "1e-3"] {
            assert!(text.parse::<Sample>().is_ok(), "{text}");
        }
        for text in ["", "2", "-0.1", "NaN", "inf", "half", "50%"] {
            assert!(text.parse::<Sample>().is_err(), "{text}");
        }
        let taken = |part: &str| {
            let sample: Sample = part.parse().unwrap();
            (0..10_000)
                .filter(|_| sample.takes(TraceId::random()))
                .count()
        };
        assert_eq!(taken("0"), 0);
        assert_eq!(taken("1"), 10_000);
        // 40 standard deviations are 2000.
        let half = taken("0.5");
        assert!((3000..7000).contains(&half), "{half}");
    }
}
