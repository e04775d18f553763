//! What clients call this server.

use std::fmt;
use std::str::FromStr;

/// The URL of this server as clients see it: `https://goproxy.corp.example/go`, without a slash at its end.
///
/// It is written into HTML and read by the go command, so it holds no user, no query and no characters that would need
/// care there. It is `https`, or `http` for those who run the go command with `GOINSECURE`.
///
/// ```
/// use athens::http::PublicUrl;
///
/// let url: PublicUrl = "https://goproxy.corp.example/go/".parse()?;
/// assert_eq!(url.to_string(), "https://goproxy.corp.example/go");
/// assert!("goproxy.corp.example".parse::<PublicUrl>().is_err());
/// # Ok::<(), athens::http::InvalidPublicUrl>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

/// A text that is no [`PublicUrl`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the public URL must look like https://goproxy.corp.example or https://host.example:8443/go: letters, digits and \
     -._~:/[] only, without a user and a query"
)]
pub struct InvalidPublicUrl;

impl PublicUrl {
    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PublicUrl {
    type Err = InvalidPublicUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPublicUrl> {
        let url = text.trim_end_matches('/');
        let rest = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"))
            .ok_or(InvalidPublicUrl)?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/[]".contains(c);
        let host = rest.split('/').next().unwrap_or_default();
        if host.is_empty() || host.starts_with(':') || !rest.chars().all(is_plain) {
            return Err(InvalidPublicUrl);
        }
        Ok(Self(url.to_owned()))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses() {
        for text in [
            "",
            "https://",
            "https:///go",
            "https://:80",
            "ftp://a.example",
            "https://u:p@a.example",
            "https://a.example/?x",
            "https://a.example/\"><script>",
            "https://a.example/a b",
        ] {
            assert!(text.parse::<PublicUrl>().is_err(), "{text:?}");
        }
        assert!("http://[::1]:3000".parse::<PublicUrl>().is_ok());
    }
}
