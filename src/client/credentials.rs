//! What a client shows to be let in.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use crate::auth::PlainToken;

/// What goes into the `Authorization` header. `Debug` shows nothing of it, and it has no `Display`.
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    Token(PlainToken),
    /// A name and a password, of a `.netrc` or a URL: sent as they are, for there may be something before the server
    /// that wants them.
    Password {
        name: String,
        password: String,
    },
}

impl Credentials {
    /// A token.
    #[must_use]
    pub fn token(token: PlainToken) -> Self {
        Self(Kind::Token(token))
    }

    /// A user name and a password, which may be a token.
    #[must_use]
    pub fn password(name: &str, password: &str) -> Self {
        Self(Kind::Password {
            name: name.to_owned(),
            password: password.to_owned(),
        })
    }

    /// What stands before the `@` of a URL, percent-encoded; `None` if nothing does.
    pub(super) fn of_url(name: &str, password: Option<&str>) -> Option<Self> {
        if name.is_empty() && password.is_none() {
            return None;
        }
        let decode = |text| percent_decode_str(text).decode_utf8_lossy();
        Some(Self::password(
            &decode(name),
            &decode(password.unwrap_or_default()),
        ))
    }

    /// The value of the `Authorization` header.
    pub(super) fn header(&self) -> String {
        match &self.0 {
            Kind::Token(token) => format!("Bearer {}", token.reveal()),
            Kind::Password { name, password } => {
                format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
            }
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::presented_token;

    #[test]
    fn what_the_server_reads() {
        let token = PlainToken::generate().unwrap();
        for credentials in [
            Credentials::token(token.clone()),
            Credentials::password("any", token.reveal()),
            Credentials::of_url("a%3Ab", Some(token.reveal())).unwrap(),
        ] {
            let is_whole = presented_token(credentials.header().as_bytes()).is_ok();
            // A name with a colon ends at it: RFC 7617.
            assert_eq!(is_whole, !credentials.header().starts_with("Basic YTpi"));
            assert_eq!(format!("{credentials:?}"), "Credentials(..)");
        }
        assert!(Credentials::of_url("", None).is_none());
    }
}
