//! Who the server says we are.

use std::time::Duration;

use serde::Deserialize;

use super::ask::{Asker, Reply};
use super::error::ClientError;
use super::server::ServerUrl;
use crate::auth::{Rights, TokenName, parse_modules};
use crate::module::{PathPatterns, Time};
use crate::transport::{Authorities, Credentials};

/// Where a server tells it.
const WHOAMI: &str = "whoami";
/// How long a server may take to tell it. Wrong tokens are answered with a delay.
const PATIENCE: Duration = Duration::from_secs(20);

/// A token, as the server knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What it is called.
    pub name: TokenName,
    /// What it may do.
    pub rights: Rights,
    /// On which modules.
    pub modules: PathPatterns,
    /// Until when.
    pub expires: Option<Time>,
}

/// What a server says of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is one.
    Known(Identity),
    /// It is none, or none any more, or too many wrong ones came before it: the status, and what was said.
    Refused(u16, String),
    /// The server does not tell, or is none of athens: the status, and what was said.
    Silent(u16, String),
    /// The server sends clients elsewhere.
    Moved(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Whoami {
    name: String,
    rights: Vec<String>,
    modules: String,
    expires: Option<String>,
}

impl Verdict {
    /// Reads an answer.
    fn read(reply: Reply) -> Self {
        match reply.status {
            200 => match identity(&reply.body) {
                Some(identity) => Self::Known(identity),
                None => Self::Silent(200, "the answer is not one of athens".to_owned()),
            },
            301..=303 | 307 | 308 => Self::Moved(reply.location.unwrap_or_default()),
            401 | 403 | 429 => Self::Refused(reply.status, reply.body),
            status => Self::Silent(status, reply.body),
        }
    }
}

fn identity(text: &str) -> Option<Identity> {
    let whoami: Whoami = serde_json::from_str(text).ok()?;
    Some(Identity {
        name: whoami.name.parse().ok()?,
        rights: Rights::from_words(whoami.rights.iter().map(String::as_str)).ok()?,
        modules: parse_modules(&whoami.modules).ok()?,
        expires: whoami.expires.map(|time| time.parse()).transpose().ok()?,
    })
}

/// Asks a server what it knows of a token.
///
/// # Errors
///
/// If there was no answer.
pub async fn identify(asker: &Asker, credentials: &Credentials) -> Result<Verdict, ClientError> {
    asker
        .get(WHOAMI, Some(credentials))
        .await
        .map(Verdict::read)
}

/// As [`identify`], for whoever can wait.
///
/// # Errors
///
/// If there was no answer.
pub fn whoami(
    server: &ServerUrl,
    authorities: &Authorities,
    credentials: &Credentials,
) -> Result<Verdict, ClientError> {
    let asker = Asker::new(server, authorities, PATIENCE)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| ClientError::Setup(error.to_string()))?;
    runtime.block_on(identify(&asker, credentials))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Verdict {
        Verdict::read(Reply {
            status,
            body: body.to_owned(),
            date: None,
            location: None,
            content_type: None,
            certificate: None,
        })
    }

    #[test]
    fn what_servers_say() {
        let Verdict::Known(identity) = read(
            200,
            r#"{"Name":"ci","Rights":["read","publish"],"Modules":"a.b/*,c.d","Expires":"2026-01-02T15:04:05Z"}"#,
        ) else {
            panic!("not understood");
        };
        assert_eq!(identity.rights.in_words(), "read and publish");
        assert_eq!(identity.modules.to_string(), "a.b/*,c.d");
        assert_eq!(identity.expires, Some(Time::from_unix(1_767_366_245)));
        for body in [
            "",
            "<html>",
            "{}",
            r#"{"Name":"ci\u001b[m","Rights":["read"],"Modules":"*","Expires":null}"#,
            r#"{"Name":"ci","Rights":["rule"],"Modules":"*","Expires":null}"#,
            r#"{"Name":"ci","Rights":["read"],"Modules":"","Expires":null}"#,
            r#"{"Name":"ci","Rights":["read"],"Modules":"*","Expires":"soon"}"#,
        ] {
            assert!(matches!(read(200, body), Verdict::Silent(200, _)), "{body}");
        }
        assert!(matches!(read(401, "x"), Verdict::Refused(401, _)));
        assert!(matches!(read(404, "x"), Verdict::Silent(404, _)));
        assert_eq!(read(308, ""), Verdict::Moved(String::new()));
    }
}
