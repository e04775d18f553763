//! What a collector answers, and what to do about it.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde::Deserialize;

/// As much of an answer is read.
const LONGEST: usize = 64 << 10;

/// Why spans were not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// A clause.
    pub(super) why: String,
    /// Whether it is worth trying again.
    pub(super) is_passing: bool,
    /// When the collector wants to be asked again.
    pub(super) again: Option<Duration>,
}

impl Refused {
    /// By a status; `None` if it is none that refuses. The statuses are those of the specification, "Retryable Response
    /// Codes".
    pub(super) fn by_status(status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        if status.is_success() {
            return None;
        }
        Some(Self {
            why: format!("it answers {}", status.as_u16()),
            is_passing: matches!(status.as_u16(), 429 | 502 | 503 | 504),
            again: headers
                .get(RETRY_AFTER)
                .and_then(|seconds| seconds.to_str().ok()?.trim().parse().ok())
                .map(Duration::from_secs),
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Success {
    partial_success: Option<Partial>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Partial {
    rejected_spans: Option<Number>,
}

/// A number of 64 bits is a text in this JSON, and senders that write it as a number are to be understood.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(u64),
    Text(String),
}

/// How many of the spans a collector has taken and not kept. One that answers in other words has kept them.
pub(super) async fn rejected(mut response: Response) -> u64 {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        if body.len() + chunk.len() > LONGEST {
            return 0;
        }
        body.extend_from_slice(&chunk);
    }
    rejected_in(&body)
}

fn rejected_in(body: &[u8]) -> u64 {
    let success: Success = serde_json::from_slice(body).unwrap_or_default();
    let rejected = success
        .partial_success
        .and_then(|partial| partial.rejected_spans);
    match rejected {
        None => 0,
        Some(Number::Number(number)) => number,
        Some(Number::Text(text)) => text.parse().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        for (body, rejected) in [
            ("", 0),
            ("{}", 0),
            ("not json", 0),
            (r#"{"partialSuccess":{}}"#, 0),
            (
                r#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"x"}}"#,
                3,
            ),
            (r#"{"partialSuccess":{"rejectedSpans":4}}"#, 4),
        ] {
            assert_eq!(rejected_in(body.as_bytes()), rejected, "{body}");
        }
    }

    #[test]
    fn statuses() {
        for (status, passing) in [
            (200, None),
            (204, None),
            (307, Some(false)),
            (400, Some(false)),
            (401, Some(false)),
            (429, Some(true)),
            (500, Some(false)),
            (503, Some(true)),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let refused = Refused::by_status(status, &HeaderMap::new());
            assert_eq!(
                refused.map(|refused| refused.is_passing),
                passing,
                "{status}"
            );
        }
    }
}
