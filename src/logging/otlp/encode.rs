//! Spans in the JSON form of OTLP: ids in hexadecimal, numbers of 64 bits as text, enumerations as numbers.

use serde::Serialize;

use crate::trace::{FinishedSpan, Value};

/// Names and values of a resource.
pub(super) type Resource = Vec<(String, String)>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    resource_spans: [ResourceSpans<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: ResourceJson<'a>,
    scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(Serialize)]
struct ResourceJson<'a> {
    attributes: Vec<Attribute<'a>>,
}

#[derive(Serialize)]
struct ScopeSpans<'a> {
    scope: Scope,
    spans: Vec<SpanJson<'a>>,
}

#[derive(Serialize)]
struct Scope {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpanJson<'a> {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_state: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    name: &'a str,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<Attribute<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'a>>,
}

#[derive(Serialize)]
struct Status<'a> {
    code: u8,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
}

/// "It failed."
const ERROR: u8 = 2;

#[derive(Serialize)]
struct Attribute<'a> {
    key: &'a str,
    value: ValueJson<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum ValueJson<'a> {
    StringValue(&'a str),
    IntValue(String),
}

/// The body of a request that carries these spans.
pub(super) fn encode(resource: &Resource, spans: &[FinishedSpan]) -> Vec<u8> {
    let request = Request {
        resource_spans: [ResourceSpans {
            resource: ResourceJson {
                attributes: resource
                    .iter()
                    .map(|(key, value)| Attribute {
                        key,
                        value: ValueJson::StringValue(value),
                    })
                    .collect(),
            },
            scope_spans: [ScopeSpans {
                scope: Scope {
                    name: "athens",
                    version: env!("CARGO_PKG_VERSION"),
                },
                spans: spans.iter().map(span).collect(),
            }],
        }],
    };
    // Structs of text and numbers: there is nothing in them that JSON can not say.
    serde_json::to_vec(&request).unwrap_or_default()
}

fn span(span: &FinishedSpan) -> SpanJson<'_> {
    SpanJson {
        trace_id: span.trace.to_string(),
        span_id: span.id.to_string(),
        trace_state: span.state.as_ref().map(|state| state.as_str()),
        parent_span_id: span.parent.map(|parent| parent.to_string()),
        name: span.name,
        kind: span.kind as u8,
        start_time_unix_nano: span.start.to_string(),
        end_time_unix_nano: span.end.to_string(),
        attributes: span
            .attributes
            .iter()
            .map(|(key, value)| Attribute {
                key,
                value: match value {
                    Value::Text(text) => ValueJson::StringValue(text),
                    Value::Number(number) => ValueJson::IntValue(number.to_string()),
                },
            })
            .collect(),
        status: span.failure.as_ref().map(|why| Status {
            code: ERROR,
            message: why,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{SpanKind, TraceParent};

    #[test]
    fn json() {
        let parent =
            TraceParent::parse(b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
        let span = FinishedSpan {
            trace: parent.trace,
            id: parent.span,
            parent: None,
            state: None,
            name: "GET",
            kind: SpanKind::Server,
            start: 1_700_000_000_000_000_000,
            end: 1_700_000_000_000_000_001,
            attributes: vec![("url.path", "/\"".into()), ("status", 200_u16.into())],
            failure: Some("why".to_owned()),
        };
        let body = encode(
            &vec![("service.name".to_owned(), "athens".to_owned())],
            &[span],
        );
        let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let of_resource = &json["resourceSpans"][0];
        assert_eq!(
            of_resource["resource"]["attributes"],
            serde_json::json!([{"key": "service.name", "value": {"stringValue": "athens"}}])
        );
        assert_eq!(
            of_resource["scopeSpans"][0]["spans"],
            serde_json::json!([{
                "traceId": "0af7651916cd43dd8448eb211c80319c",
                "spanId": "b7ad6b7169203331",
                "name": "GET",
                "kind": 2,
                "startTimeUnixNano": "1700000000000000000",
                "endTimeUnixNano": "1700000000000000001",
                "attributes": [
                    {"key": "url.path", "value": {"stringValue": "/\""}},
                    {"key": "status", "value": {"intValue": "200"}},
                ],
                "status": {"code": 2, "message": "why"},
            }])
        );
    }
}
