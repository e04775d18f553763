//! An event as people read it.

use indicatif::HumanBytes;
use serde::Deserialize;

use crate::http::escape_control;
use crate::store::Event;

/// Longest text of one column, in bytes; module paths and versions are shorter.
const LONGEST: usize = 1024;

/// The name of an event, of whichever version of this program.
#[derive(Deserialize)]
struct Named {
    #[serde(rename = "Event")]
    event: String,
}

/// A line with columns that begin at one place: time, event, size, then what it is about.
pub(super) fn told(event: &Event, json: &str) -> String {
    let name = serde_json::from_str(json).map_or_else(|_| "?".to_owned(), |it: Named| it.event);
    let name = escape_control(&name, LONGEST);
    let size = event
        .size
        .map_or_else(|| "-".to_owned(), |size| HumanBytes(size).to_string());
    let about = if event.is_about_the_journal() {
        "the journal: what can not be read of it before this is known".to_owned()
    } else {
        escape_control(&format!("{}@{}", event.path, event.version), LONGEST)
    };
    let token = match &event.token {
        Some(token) => format!("  by {}", escape_control(token, LONGEST)),
        None => String::new(),
    };
    format!(
        "{time:.0}  {name:<7}  {size:>10}  {about}{token}",
        time = event.time
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns() {
        for (json, text) in [
            (
                r#"{"Time":"2026-01-02T03:04:05.000006Z","Event":"publish","Path":"a.b/c","Version":"v1.0.0","Sum":"h1:x","Size":2048,"Token":"ci"}"#,
                "2026-01-02T03:04:05Z  publish    2.00 KiB  a.b/c@v1.0.0  by ci",
            ),
            (
                r#"{"Time":"2026-01-02T03:04:05.999999Z","Event":"evict","Path":"a.b/c","Version":"v1.0.0"}"#,
                "2026-01-02T03:04:05Z  evict             -  a.b/c@v1.0.0",
            ),
            (
                r#"{"Time":"2026-01-02T03:04:05Z","Event":"repair","Path":"","Version":""}"#,
                "2026-01-02T03:04:05Z  repair            -  the journal: what can not be read of it before this is known",
            ),
            (
                r#"{"Time":"2026-01-02T03:04:05Z","Event":"fetch","Path":"a\u001b[2J","Version":"v1"}"#,
                "2026-01-02T03:04:05Z  fetch             -  a\\u{1b}[2J@v1",
            ),
        ] {
            let event = serde_json::from_str(json).unwrap();
            assert_eq!(told(&event, json), text);
        }
    }
}
