//! What a server said.

use serde::Deserialize;

/// The answer to a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is there.
    Published {
        /// Whether it is new; `false` if the same content was there before.
        is_new: bool,
        /// What the server has.
        version: PublishedVersion,
        /// The same, as the server said it: one JSON object.
        json: String,
    },
    /// The zip is not fit to be published: a JSON object with the findings.
    Findings(String),
    /// The server does not want it, and asking again does not help: the status, and what it said.
    Refused(u16, String),
    /// The server failed, or is none of ours: the status, and what it said.
    Failed(u16, String),
    /// The server sends clients elsewhere.
    Moved(String),
}

/// What a server says of a version that was published.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PublishedVersion {
    /// The module.
    pub path: String,
    /// The version.
    pub version: String,
    /// The `h1:` sum of the zip.
    pub sum: String,
    /// The `h1:` sum of the go.mod.
    pub go_mod_sum: String,
}

impl Answer {
    /// Reads an answer: its status, whether it says that it is JSON, where it redirects to, and its body.
    pub(super) fn read(status: u16, is_json: bool, location: Option<&str>, body: String) -> Self {
        match status {
            200 | 201 => match serde_json::from_str(&body) {
                Ok(version) => Self::Published {
                    is_new: status == 201,
                    version,
                    json: body.trim_end().to_owned(),
                },
                Err(_) => Self::Failed(
                    status,
                    "the answer is not one of athens; is this the right URL?".to_owned(),
                ),
            },
            422 if is_json => Self::Findings(body.trim_end().to_owned()),
            301..=303 | 307 | 308 => Self::Moved(location.unwrap_or_default().to_owned()),
            401 | 403 | 409 | 410 | 413 | 422 | 429 => Self::Refused(status, body),
            _ => Self::Failed(status, body),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_status() {
        let json = r#"{"Path":"a.b/m","Version":"v1.0.0","Time":null,"Sum":"h1:a","GoModSum":"h1:b","Size":1}"#;
        let read = |status, body: &str| Answer::read(status, true, None, body.to_owned());
        for (status, new) in [(201, true), (200, false)] {
            let Answer::Published {
                is_new, json: kept, ..
            } = read(status, &format!("{json}\n"))
            else {
                panic!("{status}");
            };
            assert_eq!((is_new, kept.as_str()), (new, json));
        }
        assert!(matches!(read(200, "<html>"), Answer::Failed(200, _)));
        assert!(matches!(read(422, "{}"), Answer::Findings(_)));
        assert!(matches!(read(409, "x"), Answer::Refused(409, _)));
        assert!(matches!(read(404, "x"), Answer::Failed(404, _)));
        assert!(matches!(read(500, "x"), Answer::Failed(500, _)));
        assert_eq!(
            Answer::read(308, false, Some("https://a.b"), String::new()),
            Answer::Moved("https://a.b".to_owned())
        );
    }
}
