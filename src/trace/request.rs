//! One request, as everybody who works for it knows it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use super::id::{RequestId, SpanId, TraceId};
use super::outcome::Outcome;
use super::parent::{TraceParent, TraceState};
use super::tracer::Tracer;

/// A request that is being answered.
#[derive(Debug)]
pub struct Request {
    id: RequestId,
    trace: Option<Trace>,
    /// Whether anybody reads what is noted.
    is_noted: bool,
    token: OnceLock<Box<str>>,
    module: OnceLock<Box<str>>,
    version: OnceLock<Box<str>>,
    outcome: AtomicU8,
}

/// The trace of a request.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) id: TraceId,
    /// Who the client says that it is a part of.
    pub(super) remote: Option<SpanId>,
    /// Our own part, if there is tracing.
    pub(super) span: Option<SpanId>,
    pub(super) is_sampled: bool,
    pub(super) state: Option<TraceState>,
    /// Who takes the spans; only if it is sampled.
    pub(super) recorder: Option<Tracer>,
}

impl Request {
    pub(super) fn new(id: RequestId, trace: Option<Trace>, is_noted: bool) -> Self {
        Self {
            id,
            is_noted: is_noted || trace.as_ref().is_some_and(|trace| trace.recorder.is_some()),
            trace,
            token: OnceLock::new(),
            module: OnceLock::new(),
            version: OnceLock::new(),
            outcome: AtomicU8::new(0),
        }
    }

    /// What it is called.
    #[must_use]
    pub fn id(&self) -> &RequestId {
        &self.id
    }

    /// The trace that it belongs to, if to one.
    #[must_use]
    pub fn trace_id(&self) -> Option<TraceId> {
        Some(self.trace.as_ref()?.id)
    }

    pub(super) fn trace(&self) -> Option<&Trace> {
        self.trace.as_ref()
    }

    /// Whether its spans are recorded.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.recorder().is_some()
    }

    pub(super) fn recorder(&self) -> Option<&Tracer> {
        self.trace.as_ref()?.recorder.as_ref()
    }

    /// Notes whose token it came with.
    pub fn note_token(&self, name: &str) {
        self.note(&self.token, name);
    }

    /// Notes which module it is about.
    pub fn note_module(&self, module: &str) {
        self.note(&self.module, module);
    }

    /// Notes which version of it.
    pub fn note_version(&self, version: &str) {
        self.note(&self.version, version);
    }

    fn note(&self, place: &OnceLock<Box<str>>, text: &str) {
        if self.is_noted {
            place.get_or_init(|| text.into());
        }
    }

    /// Notes how it ends, as far as is known yet.
    pub fn note_outcome(&self, outcome: Outcome) {
        self.outcome.fetch_max(outcome.number(), Ordering::Relaxed);
    }

    /// Whose token it came with.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.get().map(|text| &**text)
    }

    /// Which module it is about.
    #[must_use]
    pub fn module(&self) -> Option<&str> {
        self.module.get().map(|text| &**text)
    }

    /// Which version of it.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.get().map(|text| &**text)
    }

    /// How it ends, as far as was noted.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        Outcome::of_number(self.outcome.load(Ordering::Relaxed))
    }
}

impl Trace {
    /// What to say to whoever is asked on behalf of this request, from this span, or from ours.
    pub(super) fn parent(&self, span: Option<SpanId>) -> Option<TraceParent> {
        Some(TraceParent {
            trace: self.id,
            span: span.or(self.span).or(self.remote)?,
            is_sampled: self.is_sampled,
        })
    }
}
