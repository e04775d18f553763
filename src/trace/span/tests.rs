//! Which spans are recorded, and below which.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::trace::{RequestId, Sample, Sink, Tracer};

#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Vec<FinishedSpan>>>);

impl Sink for Kept {
    fn take(&self, span: FinishedSpan) {
        self.0.lock().unwrap().push(span);
    }
}

impl Kept {
    fn spans(&self) -> Vec<FinishedSpan> {
        self.0.lock().unwrap().clone()
    }
}

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn begin(tracer: &Tracer, parent: &str) -> Context {
    let parent = TraceParent::parse(parent.as_bytes());
    tracer.begin(RequestId::random(), parent, None, false)
}

async fn work() -> Option<String> {
    let mut outer = Span::start("outer", SpanKind::Internal);
    outer.set("key", "value");
    outer
        .run(async {
            let inner = Span::start("inner", SpanKind::Client);
            inner.passed_on().map(|(parent, _)| parent.to_string())
        })
        .await
}

#[tokio::test]
async fn spans_are_parts_of_each_other() {
    let kept = Kept::default();
    let context = begin(&Tracer::new(kept.clone(), "0".parse().unwrap()), PARENT);
    let sent = in_context(context.clone(), work()).await.unwrap();
    let request = context.request();
    request.record("request", Duration::from_secs(1), Vec::new(), None);
    let spans = kept.spans();
    let [inner, outer, server] = &spans[..] else {
        panic!("{spans:#?}");
    };
    assert_eq!(
        (inner.name, outer.name, server.name),
        ("inner", "outer", "request")
    );
    assert_eq!(inner.parent, Some(outer.id));
    assert_eq!(outer.parent, Some(server.id));
    assert_eq!(server.parent.unwrap().to_string(), "b7ad6b7169203331");
    assert_eq!(server.end - server.start, 1_000_000_000);
    assert_eq!(outer.attributes, [("key", Value::from("value"))]);
    assert_eq!(sent, format!("00-{}-{}-01", server.trace, inner.id));
}

#[tokio::test]
async fn nobody_records_what_is_not_sampled() {
    let kept = Kept::default();
    let tracer = Tracer::new(kept.clone(), Sample::ALL);
    let context = begin(&tracer, &PARENT.replace("-01", "-00"));
    let sent = in_context(context.clone(), work()).await.unwrap();
    let request = context.request();
    request.record("request", Duration::ZERO, Vec::new(), None);
    assert!(kept.spans().is_empty());
    // Passed on from us, so that whoever is asked does not record either.
    assert!(
        sent.starts_with("00-0af7651916cd43dd8448eb211c80319c-"),
        "{sent}"
    );
    assert!(
        sent.ends_with("-00") && !sent.contains("b7ad6b7169203331"),
        "{sent}"
    );
}

#[tokio::test]
async fn without_tracing_the_trace_of_a_client_is_passed_on() {
    let sent = in_context(begin(&Tracer::off(), PARENT), work()).await;
    assert_eq!(sent.as_deref(), Some(PARENT));
    assert_eq!(
        in_context(begin(&Tracer::off(), "none"), work()).await,
        None
    );
    assert_eq!(work().await, None);
}

#[test]
fn texts_are_cut() {
    let Value::Text(text) = Value::from(&*"ä".repeat(LONGEST_TEXT)) else {
        panic!("no text");
    };
    assert_eq!(text.len(), LONGEST_TEXT);
}
