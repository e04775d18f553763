//! What is known of the request that work is done for: its id, its trace, and what is to be said of it in the log.
//!
//! The room knows no HTTP and writes nothing. `http` begins a [`Context`] for each request and runs the routes in it;
//! whoever works for the request finds it with [`current`], whatever room he is in, without having been handed it: the
//! log, which adds the request's id to each line, and who asks an upstream, who passes the trace on. Work in tasks and
//! threads of its own takes the context along with [`in_current`] and [`blocking_in_current`].
//!
//! Spans ([`Span`]) cost nothing where nobody records them: without a [`Sink`], and in traces that are not sampled.

mod context;
mod id;
mod outcome;
mod parent;
mod random;
mod request;
mod span;
mod tracer;

pub use context::{
    Context, blocking_in_current, current, in_context, in_current, note_module, note_outcome,
    note_token, note_version,
};
pub use id::{RequestId, SpanId, TraceId};
pub use outcome::Outcome;
pub use parent::{TraceParent, TraceState};
pub use request::Request;
pub use span::{FinishedSpan, Span, SpanKind, Value};
pub use tracer::{InvalidSample, Sample, Sink, Tracer};
