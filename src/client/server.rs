//! Where a server is.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

use crate::module::ModuleVersion;
use crate::transport::{Credentials, is_loopback_host};

/// The base URL of a server: `https://goproxy.corp.example/go`, what `GOPROXY` is set to.
///
/// A user name and a password in it are taken out when it is read, and kept apart as [`Credentials`]: the URL can be
/// shown to anybody.
///
/// ```
/// use athens::client::ServerUrl;
///
/// let server: ServerUrl = "https://any:secret@Proxy.corp.example:8443/go/".parse()?;
/// assert_eq!(server.to_string(), "https://proxy.corp.example:8443/go");
/// assert!(!format!("{server:?}").contains("secret"));
/// assert!(!server.is_exposed());
/// # Ok::<(), athens::client::InvalidServerUrl>(())
/// ```
#[derive(Clone)]
pub struct ServerUrl {
    url: Url,
    credentials: Option<Credentials>,
}

/// A text that is not the URL of a server. It does not repeat the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the server's URL must look like https://goproxy.corp.example or http://127.0.0.1:3000: {why}"
)]
pub struct InvalidServerUrl {
    why: &'static str,
}

impl ServerUrl {
    /// What stood before the `@` in the URL.
    #[must_use]
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// The host, without brackets, in small letters.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.url.host_str().unwrap_or_default();
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port, the usual one of the scheme if none was given.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or_default()
    }

    /// Whether the server is on this machine: a loopback address, or `localhost`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback_host(self.host())
    }

    /// Whether what is sent can be read on the way: plain HTTP, to another machine.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        self.url.scheme() != "https" && !self.is_loopback()
    }

    /// What a `.netrc` calls the server: the host, and the port unless it is the usual one. The go command compares it
    /// with what stands in the URL, so that an IPv6 address keeps its brackets.
    #[must_use]
    pub fn machine(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Whether it is reached over TLS. The go command sends credentials nowhere else.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The URL of something on the server; `path` is a part of a URL, without a slash before it.
    pub(super) fn at(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{path}", self.url.path().trim_end_matches('/')));
        url
    }

    /// Where the zip of a version is read, and written.
    pub(super) fn zip_url(&self, version: &ModuleVersion) -> Url {
        self.at(&format!(
            "{}/@v/{}.zip",
            version.path().escaped(),
            version.version().escaped().as_str(),
        ))
    }
}

impl FromStr for ServerUrl {
    type Err = InvalidServerUrl;

    fn from_str(text: &str) -> Result<Self, InvalidServerUrl> {
        let refused = |why| InvalidServerUrl { why };
        let mut url: Url = text
            .trim()
            .parse()
            .map_err(|_| refused("it is no URL at all"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("it must start with http:// or https://"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(refused("it names no host"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused("it has a ? or # in it"));
        }
        let credentials = Credentials::of_url(url.username(), url.password());
        // These fail for URLs without a host only.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Ok(Self { url, credentials })
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.url.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServerUrl")
            .field(&self.url.as_str())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_on_the_way() {
        for (url, exposed) in [
            ("http://127.0.0.1:3000", false),
            ("http://127.9.9.9", false),
            ("http://[::1]:3000", false),
            ("http://[::ffff:127.0.0.1]", false),
            ("http://localhost:3000", false),
            ("http://LOCALHOST", false),
            ("https://corp.example", false),
            ("http://corp.example", true),
            ("http://10.0.0.1", true),
            ("http://0.0.0.0:3000", true),
            ("http://localhost.corp.example", true),
            ("http://127.0.0.1.corp.example", true),
        ] {
            let server: ServerUrl = url.parse().unwrap();
            assert_eq!(server.is_exposed(), exposed, "{url}");
        }
    }

    #[test]
    fn where_a_version_goes() {
        let version = ModuleVersion::new(
            "example.com/Corp/m".parse().unwrap(),
            "v2.0.0-RC1+incompatible".parse().unwrap(),
        )
        .unwrap();
        for (base, zip) in [
            ("http://[::1]:3000", "http://[::1]:3000/"),
            ("https://u:p@a.b/", "https://a.b/"),
            ("https://a.b:443/x/go//", "https://a.b/x/go/"),
        ] {
            let server: ServerUrl = base.parse().unwrap();
            assert_eq!(
                server.zip_url(&version).as_str(),
                format!("{zip}example.com/!corp/m/@v/v2.0.0-!r!c1+incompatible.zip")
            );
        }
    }

    #[test]
    fn what_a_netrc_calls_it() {
        for (url, machine) in [
            ("https://Corp.example/go", "corp.example"),
            ("https://corp.example:443", "corp.example"),
            ("https://corp.example:8443/", "corp.example:8443"),
            ("http://[::1]:3000", "[::1]:3000"),
        ] {
            let server: ServerUrl = url.parse().unwrap();
            assert_eq!(server.machine(), machine, "{url}");
        }
    }

    #[test]
    fn what_is_no_server() {
        for text in [
            "",
            "corp.example",
            "corp.example:3000",
            "ftp://corp.example",
            "file:///srv",
            "http://",
            "https://u:hunter2@corp.example/?a",
            "https://u:hunter2@corp.example/#a",
            "https://u:hunter2@corp.example:port",
        ] {
            let error = text.parse::<ServerUrl>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }
}
