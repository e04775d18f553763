//! Parts of a trace: what was done, for how long, and how it ended.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::context::{Context, current, in_context};
use super::id::{SpanId, TraceId};
use super::parent::{TraceParent, TraceState};
use super::request::Request;

/// Longest text of an attribute, in bytes: what a client sends must not fill the queue.
const LONGEST_TEXT: usize = 1024;

/// What a span is in the eyes of others, with the numbers of OTLP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpanKind {
    /// Work of our own.
    Internal = 1,
    /// A request that we answer.
    Server = 2,
    /// A request that we make.
    Client = 3,
}

/// The value of an attribute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        let end = text.floor_char_boundary(LONGEST_TEXT);
        Self::Text(text[..end].to_owned())
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// A span that has ended.
#[derive(Clone, Debug)]
pub struct FinishedSpan {
    /// Its trace.
    pub trace: TraceId,
    /// What it is called.
    pub id: SpanId,
    /// What it is a part of.
    pub parent: Option<SpanId>,
    /// What others have to say about the trace.
    pub state: Option<TraceState>,
    /// What was done, in few words that are the same for all of the kind.
    pub name: &'static str,
    /// Its kind.
    pub kind: SpanKind,
    /// Nanoseconds since 1970.
    pub start: u64,
    /// Nanoseconds since 1970.
    pub end: u64,
    /// What is known of it.
    pub attributes: Vec<(&'static str, Value)>,
    /// Whether it failed, and why, if more is to be said than its attributes do.
    pub failure: Option<String>,
}

/// A part of a request's trace, under way until it is dropped. Nothing, if nobody records it.
#[derive(Debug)]
#[must_use = "a span ends when it is dropped"]
pub struct Span(Option<Box<Active>>);

#[derive(Debug)]
struct Active {
    context: Context,
    span: FinishedSpan,
    began: Instant,
}

impl Span {
    /// Begins a part of what is under way for the current request.
    pub fn start(name: &'static str, kind: SpanKind) -> Self {
        Self(current().and_then(|context| Active::start(&context, name, kind)))
    }

    /// Whether somebody records it: what costs something to find out is worth it only then.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.0.is_some()
    }

    /// Says something of it.
    pub fn set(&mut self, key: &'static str, value: impl Into<Value>) {
        if let Some(active) = &mut self.0 {
            active.span.attributes.push((key, value.into()));
        }
    }

    /// Says that it failed, and why; the text is made only if somebody records it.
    pub fn fail(&mut self, why: impl FnOnce() -> String) {
        if let Some(active) = &mut self.0 {
            let mut why = why();
            why.truncate(why.floor_char_boundary(LONGEST_TEXT));
            active.span.failure = Some(why);
        }
    }

    /// Runs a future as a part of it.
    pub async fn run<F: Future>(&self, future: F) -> F::Output {
        match &self.0 {
            Some(active) => in_context(active.context.clone(), future).await,
            None => future.await,
        }
    }

    /// What to say of the trace to whoever is asked in this span, or in whatever is under way if nobody records it.
    #[must_use]
    pub fn passed_on(&self) -> Option<(TraceParent, Option<TraceState>)> {
        let of = |context: &Context| {
            let (parent, state) = context.passed_on()?;
            Some((parent, state.cloned()))
        };
        match &self.0 {
            Some(active) => of(&active.context),
            None => of(&current()?),
        }
    }
}

impl Active {
    fn start(context: &Context, name: &'static str, kind: SpanKind) -> Option<Box<Self>> {
        let trace = context.request().trace()?;
        trace.recorder.as_ref()?;
        let id = SpanId::random();
        let now = now();
        Some(Box::new(Self {
            context: context.within(id),
            span: FinishedSpan {
                trace: trace.id,
                id,
                parent: context.span(),
                state: trace.state.clone(),
                name,
                kind,
                start: now,
                end: now,
                attributes: Vec::new(),
                failure: None,
            },
            began: Instant::now(),
        }))
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        let Some(recorder) = self.context.request().recorder() else {
            return;
        };
        recorder.take(FinishedSpan {
            end: (self.span.start).saturating_add(nanoseconds(self.began.elapsed())),
            state: self.span.state.take(),
            attributes: std::mem::take(&mut self.span.attributes),
            failure: self.span.failure.take(),
            ..self.span
        });
    }
}

impl Request {
    /// Records the span of the request itself, which took this long until now.
    pub fn record(
        &self,
        name: &'static str,
        took: std::time::Duration,
        attributes: Vec<(&'static str, Value)>,
        failure: Option<String>,
    ) {
        let Some((trace, recorder)) = self.trace().zip(self.recorder()) else {
            return;
        };
        let Some(id) = trace.span else {
            return;
        };
        let end = now();
        recorder.take(FinishedSpan {
            trace: trace.id,
            id,
            parent: trace.remote,
            state: trace.state.clone(),
            name,
            kind: SpanKind::Server,
            start: end.saturating_sub(nanoseconds(took)),
            end,
            attributes,
            failure,
        });
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, nanoseconds)
}

fn nanoseconds(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
