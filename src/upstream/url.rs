//! Where one upstream is.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::list::UpstreamListFault;
use crate::transport::{Credentials, is_loopback_host};

/// The URL of an upstream: `https:`, `http:` or `file:`, as `GOPROXY` takes it.
///
/// A user name and a password in it are taken out when it is read and sent in a header. It shows as `https://xxxxx@host/path`
/// then, and a query, which may hold a secret too, as `?xxxxx`; `Debug` shows no more.
#[derive(Clone)]
pub struct UpstreamUrl {
    shown: String,
    place: Place,
}

/// What a URL leads to.
#[derive(Clone)]
pub(super) enum Place {
    /// A proxy that speaks HTTP. No path ends in a slash but that of the root; there is no user name in the URL.
    Http {
        url: Url,
        credentials: Option<Credentials>,
    },
    /// A folder in the layout of the protocol: an absolute path.
    Folder(PathBuf),
}

impl UpstreamUrl {
    /// What it leads to.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// The URL as it may be shown.
    #[must_use]
    pub fn redacted(&self) -> &str {
        &self.shown
    }

    /// Whether it leads to whoever listens at this address of this machine, as far as the URL itself tells: by the address,
    /// or as `localhost`.
    #[must_use]
    pub fn leads_to(&self, listener: SocketAddr) -> bool {
        let Place::Http { url, .. } = &self.place else {
            return false;
        };
        if url.port_or_known_default() != Some(listener.port()) {
            return false;
        }
        let host = url.host_str().unwrap_or_default();
        let listens_at = listener.ip().to_canonical();
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => {
                let address = address.to_canonical();
                address == listens_at || (listens_at.is_unspecified() && address.is_loopback())
            }
            Err(_) => {
                is_loopback_host(host) && (listens_at.is_loopback() || listens_at.is_unspecified())
            }
        }
    }

    /// Reads one, a scheme included.
    pub(super) fn parse(text: &str) -> Result<Self, UpstreamListFault> {
        // The library takes `https:host` and other spellings that Go does not.
        let (scheme, rest) = text.split_once(':').ok_or(UpstreamListFault::NoScheme)?;
        match scheme.to_ascii_lowercase().as_str() {
            "file" => folder(rest),
            "http" | "https" if rest.starts_with("//") => http(text),
            "http" | "https" => Err(UpstreamListFault::NoUrl),
            _ => Err(UpstreamListFault::Scheme),
        }
    }
}

fn http(text: &str) -> Result<UpstreamUrl, UpstreamListFault> {
    let mut url = Url::parse(text).map_err(|_| UpstreamListFault::NoUrl)?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err(UpstreamListFault::NoHost);
    }
    url.set_fragment(None);
    let credentials = Credentials::of_url(url.username(), url.password());
    // These fail for URLs without a host only.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let is_exposed = url.scheme() == "http" && !url.host_str().is_some_and(is_loopback_host);
    if credentials.is_some() && is_exposed {
        return Err(UpstreamListFault::Exposed);
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    let shown = shown(&url, credentials.is_some());
    Ok(UpstreamUrl {
        shown,
        place: Place::Http { url, credentials },
    })
}

fn shown(url: &Url, has_credentials: bool) -> String {
    let mut shown = url.clone();
    if url.query().is_some() {
        shown.set_query(Some("xxxxx"));
    }
    if has_credentials {
        // It fails for URLs without a host only.
        let _ = shown.set_username("xxxxx");
    }
    let text = shown.as_str();
    match url.query() {
        None => text.trim_end_matches('/').to_owned(),
        Some(_) => text.to_owned(),
    }
}

/// Go takes `file:///path` and `file:/path`, and nothing but a path.
fn folder(rest: &str) -> Result<UpstreamUrl, UpstreamListFault> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if !path.starts_with('/') || path.contains(['?', '#']) {
        return Err(UpstreamListFault::FileElements);
    }
    let decoded = percent_decode_str(path)
        .decode_utf8()
        .map_err(|_| UpstreamListFault::NoUrl)?;
    if decoded.contains('\0') {
        return Err(UpstreamListFault::NoUrl);
    }
    Ok(UpstreamUrl {
        shown: format!("file://{}", path.trim_end_matches('/')),
        place: Place::Folder(PathBuf::from(&*decoded)),
    })
}

impl PartialEq for UpstreamUrl {
    /// Whether both lead to the same place. Credentials do not count.
    fn eq(&self, other: &Self) -> bool {
        match (&self.place, &other.place) {
            (Place::Http { url, .. }, Place::Http { url: other, .. }) => url == other,
            (Place::Folder(path), Place::Folder(other)) => path == other,
            _ => false,
        }
    }
}

impl Eq for UpstreamUrl {}

impl fmt::Display for UpstreamUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.shown)
    }
}

impl fmt::Debug for UpstreamUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UpstreamUrl").field(&self.shown).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_there() {
        for (url, listener, leads) in [
            ("http://127.0.0.1:3000", "127.0.0.1:3000", true),
            ("http://127.0.0.1:3000/go", "127.0.0.1:3000", true),
            ("http://localhost:3000", "127.0.0.1:3000", true),
            ("http://[::1]:3000", "[::1]:3000", true),
            ("http://127.0.0.1:3000", "0.0.0.0:3000", true),
            ("http://127.0.0.1:3000", "[::]:3000", true),
            ("http://[::ffff:127.0.0.1]:3000", "127.0.0.1:3000", true),
            ("http://127.0.0.1:3001", "127.0.0.1:3000", false),
            ("http://10.0.0.1:3000", "0.0.0.0:3000", false),
            ("http://mirror.example:3000", "0.0.0.0:3000", false),
            ("http://127.0.0.1", "127.0.0.1:80", true),
            ("file:///srv", "127.0.0.1:80", false),
        ] {
            let parsed = UpstreamUrl::parse(url).unwrap();
            assert_eq!(
                parsed.leads_to(listener.parse().unwrap()),
                leads,
                "{url} {listener}"
            );
        }
    }
}
