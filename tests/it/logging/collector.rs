//! Spans, as a collector gets them; and collectors that are not there, hang or refuse.

use serde_json::Value;

use super::{path_of, serve};
use crate::support::http::{Request, get};
use crate::support::tools::{eventually, until};
use crate::support::tree::{Tree, info_of, version, zip_of};
use crate::support::upstream::{Reply, Upstream};
use athens::store::ModuleFile;

const MODULE: &str = "example.com/m@v1.0.0";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
/// What the requests of these tests are answered below.
const TRACES: &str = "/v1/traces";

fn collector() -> Upstream {
    let collector = Upstream::start();
    collector.on(TRACES, Reply::ok("{}"));
    collector
}

/// An upstream that has the module.
fn upstream() -> Upstream {
    let upstream = Upstream::start();
    let version = version(MODULE);
    for (file, content) in [
        (ModuleFile::Info, info_of(&version).into_bytes()),
        (
            ModuleFile::Mod,
            crate::support::tree::go_mod(&version).into_bytes(),
        ),
        (ModuleFile::Zip, zip_of(&version)),
    ] {
        upstream.on(&path_of(MODULE, file), Reply::ok(content));
    }
    upstream
}

/// All spans that came up to now.
fn spans(collector: &Upstream) -> Vec<Value> {
    let mut spans = Vec::new();
    for request in collector.requests() {
        assert_eq!(request.target, TRACES);
        assert_eq!(
            request.header("content-type").as_deref(),
            Some("application/json")
        );
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let of_resource = &body["resourceSpans"][0];
        let sent = of_resource["scopeSpans"][0]["spans"].as_array().unwrap();
        spans.extend(sent.iter().cloned());
    }
    spans
}

/// The text of an attribute.
fn attribute(span: &Value, key: &str) -> Option<String> {
    let attributes = span["attributes"].as_array().unwrap();
    let value = &attributes.iter().find(|one| one["key"] == key)?["value"];
    let text = value["stringValue"]
        .as_str()
        .or_else(|| value["intValue"].as_str());
    Some(text.unwrap().to_owned())
}

#[test]
fn a_fetch_is_a_tree_of_spans() {
    let (collector, upstream, tree) = (collector(), upstream(), Tree::new());
    let server = serve(
        tree.root(),
        &upstream.url(),
        &["--otlp-endpoint", &collector.url(), "--otlp-sample", "0"],
        &[
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=hunter2"),
            ("OTEL_SERVICE_NAME", "modules"),
        ],
    );
    let path = path_of(MODULE, ModuleFile::Zip);
    let answer = Request::new("GET", &path)
        .header("X-Request-Id", "one")
        .header("traceparent", &format!("00-{TRACE}-{PARENT}-01"))
        .header("tracestate", "vendor=1")
        .send(&server.url());
    assert_eq!(answer.status, 200);
    // Not of the client's trace, and of no other that is recorded.
    assert_eq!(get(&server.url(), &path).status, 200);
    let find =
        |is_it: &dyn Fn(&Value) -> bool| spans(&collector).into_iter().find(|span| is_it(span));
    let of_request = eventually("the request's span", || find(&|span| span["kind"] == 2));
    assert_eq!(of_request["parentSpanId"], PARENT);
    assert_eq!(of_request["name"], "GET");
    for (key, value) in [
        ("http.request.method", "GET"),
        ("url.path", path.as_str()),
        ("http.response.status_code", "200"),
        ("module", "example.com/m"),
        ("version", "v1.0.0"),
        ("outcome", "fetched"),
        ("request", "one"),
    ] {
        assert_eq!(attribute(&of_request, key).as_deref(), Some(value), "{key}");
    }
    let of_check = eventually("the check's span", || {
        find(&|span| span["name"] == "check zip")
    });
    let is_of_zip = |span: &Value| {
        let url = attribute(span, "url.full");
        span["kind"] == 3 && url.is_some_and(|url| url.ends_with(".zip"))
    };
    let of_zip = eventually("the upstream's span", || find(&is_of_zip));
    assert_eq!(
        attribute(&of_zip, "http.response.status_code").as_deref(),
        Some("200")
    );
    for child in [&of_check, &of_zip] {
        assert_eq!(child["parentSpanId"], of_request["spanId"]);
    }
    // Who is asked becomes a part of the span that asks.
    let asked = upstream.requests();
    let asked = asked
        .iter()
        .find(|one| one.target.ends_with(".zip"))
        .unwrap();
    let expected = format!("00-{TRACE}-{}-01", of_zip["spanId"].as_str().unwrap());
    assert_eq!(asked.header("traceparent"), Some(expected));
    assert_eq!(asked.header("tracestate").as_deref(), Some("vendor=1"));
    server.stop();
    let spans = spans(&collector);
    assert!(
        spans.iter().all(|span| span["traceId"] == TRACE),
        "{spans:#?}"
    );
    assert!(spans.iter().all(|span| span["traceState"] == "vendor=1"));
    let first = &collector.requests()[0];
    assert_eq!(first.header("api-key").as_deref(), Some("hunter2"));
    let body: Value = serde_json::from_slice(&first.body).unwrap();
    let resource = body["resourceSpans"][0]["resource"].to_string();
    assert!(
        resource.contains(r#""stringValue":"modules""#),
        "{resource}"
    );
}

#[test]
fn a_trace_begins_here() {
    let (collector, upstream, tree) = (collector(), upstream(), Tree::new());
    let flags = ["--otlp-endpoint", &collector.url()];
    let server = serve(tree.root(), &upstream.url(), &flags, &[]);
    let path = path_of(MODULE, ModuleFile::Mod);
    assert_eq!(get(&server.url(), &path).status, 200);
    // The end of the server is in no hurry: what waits is sent.
    assert_eq!(server.stop().code(), Some(0));
    let spans = spans(&collector);
    let of_request = spans.iter().find(|span| span["kind"] == 2).unwrap();
    assert_eq!(of_request.get("parentSpanId"), None);
    let sent = upstream.requests()[0].header("traceparent").unwrap();
    let trace = of_request["traceId"].as_str().unwrap();
    assert!(
        sent.starts_with(&format!("00-{trace}-")) && sent.ends_with("-01"),
        "{sent}"
    );
}

#[test]
fn the_variables_of_opentelemetry_name_a_collector() {
    let (collector, tree) = (collector(), Tree::new());
    let url = collector.url();
    for (variables, counts) in [
        (vec![("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str())], true),
        (
            vec![
                ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
                ("OTEL_SDK_DISABLED", "true"),
            ],
            false,
        ),
    ] {
        collector.forget();
        let server = serve(tree.root(), "off", &[], &variables);
        assert_eq!(get(&server.url(), "/healthz").status, 200);
        server.stop();
        assert_eq!(!spans(&collector).is_empty(), counts, "{variables:?}");
    }
}

/// How often the log says that spans can not be sent.
fn complaints(log: &str) -> usize {
    log.matches("spans can not be sent").count()
}

#[test]
fn a_collector_that_is_not_there_costs_a_line() {
    let tree = Tree::new();
    let flags = ["--otlp-endpoint", &Upstream::refusing()];
    let server = serve(tree.root(), "off", &flags, &[]);
    for _ in 0..50 {
        assert_eq!(get(&server.url(), "/healthz").status, 200);
    }
    until("it is told", || complaints(&server.stderr()) > 0);
    for _ in 0..50 {
        assert_eq!(get(&server.url(), "/healthz").status, 200);
    }
    let ended = server.stop_and_collect();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(complaints(&ended.stderr), 1, "{}", ended.stderr);
}

#[test]
fn a_collector_that_hangs_holds_up_nobody() {
    let (collector, tree) = (Upstream::start(), Tree::new());
    collector.on(TRACES, Reply::hang());
    let flags = ["--otlp-endpoint", &collector.url()];
    let server = serve(tree.root(), "off", &flags, &[]);
    assert_eq!(get(&server.url(), "/healthz").status, 200);
    collector.until_hanging(1);
    // More than may wait.
    for _ in 0..3000 {
        assert_eq!(get(&server.url(), "/healthz").status, 200);
    }
    // It ends, though nobody answers.
    let ended = server.stop_and_collect();
    assert_eq!(ended.status.code(), Some(0));
    assert!(
        ended
            .stderr
            .contains("spans that were not sent yet are lost"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_collector_that_comes_back_is_told_the_rest() {
    let (collector, tree) = (Upstream::start(), Tree::new());
    collector.in_turn(TRACES, vec![Reply::status(503, "later"), Reply::ok("{}")]);
    let flags = ["--otlp-endpoint", &collector.url()];
    let server = serve(tree.root(), "off", &flags, &[]);
    assert_eq!(get(&server.url(), "/healthz").status, 200);
    until("it is tried again", || collector.count(TRACES) == 2);
    until("it is told", || {
        server.stderr().contains("takes spans again")
    });
    let bodies: Vec<_> = collector
        .requests()
        .into_iter()
        .map(|one| one.body)
        .collect();
    assert_eq!(bodies[0], bodies[1]);
}

#[test]
fn a_collector_that_refuses_is_not_asked_again() {
    let (collector, tree) = (Upstream::start(), Tree::new());
    collector.on(TRACES, Reply::status(400, "no"));
    let flags = ["--otlp-endpoint", &collector.url()];
    let server = serve(tree.root(), "off", &flags, &[]);
    assert_eq!(get(&server.url(), "/healthz").status, 200);
    until("it is told", || complaints(&server.stderr()) == 1);
    let log = server.stop_and_collect().stderr;
    assert!(
        log.contains("it answers 400") && log.contains("\"lost\":1"),
        "{log}"
    );
    assert_eq!(collector.count(TRACES), 1);
}
