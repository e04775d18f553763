//! What a client shows to be let in.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

/// What goes into the `Authorization` header. `Debug` shows nothing of it, and it has no `Display`.
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    Bearer(String),
    /// A name and a password, of a `.netrc` or a URL: sent as they are, for there may be something before the server
    /// that wants them.
    Password {
        name: String,
        password: String,
    },
}

impl Credentials {
    /// A token, sent as `Bearer` (RFC 6750).
    #[must_use]
    pub fn bearer(token: &str) -> Self {
        Self(Kind::Bearer(token.to_owned()))
    }

    /// A user name and a password, which may be a token; sent as `Basic` (RFC 7617).
    #[must_use]
    pub fn password(name: &str, password: &str) -> Self {
        Self(Kind::Password {
            name: name.to_owned(),
            password: password.to_owned(),
        })
    }

    /// What stands before the `@` of a URL, percent-encoded; `None` if nothing does.
    #[must_use]
    pub fn of_url(name: &str, password: Option<&str>) -> Option<Self> {
        if name.is_empty() && password.is_none() {
            return None;
        }
        let decode = |text| percent_decode_str(text).decode_utf8_lossy();
        Some(Self::password(
            &decode(name),
            &decode(password.unwrap_or_default()),
        ))
    }

    /// The value of the `Authorization` header. It is the secret: give it to nothing that shows it.
    #[must_use]
    pub fn header(&self) -> String {
        match &self.0 {
            Kind::Bearer(token) => format!("Bearer {token}"),
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

    #[test]
    fn what_is_sent_and_what_is_shown() {
        for (credentials, header) in [
            (Credentials::bearer("hunter2"), "Bearer hunter2"),
            (Credentials::password("a", "b"), "Basic YTpi"),
            (Credentials::of_url("a", Some("%62")).unwrap(), "Basic YTpi"),
            (Credentials::of_url("a", None).unwrap(), "Basic YTo="),
        ] {
            assert_eq!(credentials.header(), header);
            assert_eq!(format!("{credentials:?}"), "Credentials(..)");
        }
        assert!(Credentials::of_url("", None).is_none());
    }
}
