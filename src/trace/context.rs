//! Which request a task works for.

use std::sync::Arc;

use super::id::SpanId;
use super::outcome::Outcome;
use super::parent::{TraceParent, TraceState};
use super::request::Request;

tokio::task_local! {
    static CURRENT: Context;
}

/// A request, and the part of the work for it that is under way. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Context {
    request: Arc<Request>,
    /// The span under way, below the request's own.
    span: Option<SpanId>,
}

impl Context {
    pub(super) fn new(request: Request) -> Self {
        Self {
            request: Arc::new(request),
            span: None,
        }
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &Arc<Request> {
        &self.request
    }

    pub(super) fn span(&self) -> Option<SpanId> {
        self.span.or(self.request.trace()?.span)
    }

    pub(super) fn within(&self, span: SpanId) -> Self {
        Self {
            request: Arc::clone(&self.request),
            span: Some(span),
        }
    }

    /// What to say of the trace to whoever is asked: `traceparent`, and `tracestate` if there is one.
    pub(super) fn passed_on(&self) -> Option<(TraceParent, Option<&TraceState>)> {
        let trace = self.request.trace()?;
        Some((trace.parent(self.span)?, trace.state.as_ref()))
    }

    /// Runs something that does not wait.
    pub fn enter<T>(&self, job: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.clone(), job)
    }
}

/// The context of the running task, if it works for a request.
#[must_use]
pub fn current() -> Option<Context> {
    CURRENT.try_with(Clone::clone).ok()
}

/// A future that works for a request.
pub fn in_context<F: Future>(context: Context, future: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(context, future)
}

/// A future that works for the request that the running task works for, if any, wherever it is run.
pub fn in_current<F: Future>(future: F) -> impl Future<Output = F::Output> + use<F> {
    let context = current();
    async move {
        match context {
            Some(context) => CURRENT.scope(context, future).await,
            None => future.await,
        }
    }
}

/// A job that works for the request that the running task works for, if any, on whatever thread.
pub fn blocking_in_current<T>(job: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let context = current();
    move || match context {
        Some(context) => context.enter(job),
        None => job(),
    }
}

/// Notes whose token the current request came with.
pub fn note_token(name: &str) {
    with_request(|request| request.note_token(name));
}

/// Notes which module the current request is about.
pub fn note_module(module: &str) {
    with_request(|request| request.note_module(module));
}

/// Notes which version the current request is about.
pub fn note_version(version: &str) {
    with_request(|request| request.note_version(version));
}

/// Notes how the current request ends, as far as is known yet.
pub fn note_outcome(outcome: Outcome) {
    with_request(|request| request.note_outcome(outcome));
}

fn with_request(note: impl FnOnce(&Request)) {
    // Work that is done for nobody is nothing to note anything of.
    let _ = CURRENT.try_with(|context| note(&context.request));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{RequestId, Tracer};

    fn context() -> Context {
        Tracer::off().begin(RequestId::given(b"one").unwrap(), None, None, true)
    }

    fn current_id() -> Option<String> {
        current().map(|context| context.request().id().to_string())
    }

    #[tokio::test]
    async fn tasks_and_threads_take_it_along() {
        assert_eq!(current_id(), None);
        let work = async {
            let task = tokio::spawn(in_current(async { current_id() }));
            let thread = tokio::task::spawn_blocking(blocking_in_current(current_id));
            let lost = tokio::spawn(async { current_id() });
            (
                current_id(),
                task.await.unwrap(),
                thread.await.unwrap(),
                lost.await.unwrap(),
            )
        };
        let one = Some("one".to_owned());
        let seen = in_context(context(), work).await;
        assert_eq!(seen, (one.clone(), one.clone(), one, None));
    }

    #[test]
    fn notes() {
        let context = context();
        context.enter(|| {
            note_module("example.com/m");
            note_module("example.com/other");
            note_outcome(Outcome::Fetched);
            note_outcome(Outcome::Hit);
        });
        let request = context.request();
        assert_eq!(request.module(), Some("example.com/m"));
        assert_eq!(request.version(), None);
        assert_eq!(request.outcome(), Some(Outcome::Fetched));
        note_module("for nobody");
    }
}
