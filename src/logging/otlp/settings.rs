//! Where spans are sent, and with which headers.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use crate::trace::Sample;
use crate::transport::Credentials;

/// Below the endpoint, where spans are taken.
const TRACES: &str = "/v1/traces";

/// What is to be known for sending spans.
#[derive(Clone, Debug)]
pub struct OtlpSettings {
    /// The collector.
    pub endpoint: OtlpEndpoint,
    /// Sent along with each request.
    pub headers: OtlpHeaders,
    /// What this server is called there, and what else is to be said of it: names and values.
    pub resource: Vec<(String, String)>,
    /// Which part of the traces that begin here is recorded.
    pub sample: Sample,
    /// Certificates of authorities to trust beside the platform's.
    pub ca_file: Option<PathBuf>,
}

/// Why spans can not be sent as an operator says. It does not repeat the text, which may hold a password.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidOtlp(&'static str);

/// The URL of a collector. It shows without credentials.
///
/// ```
/// use athens::logging::otlp::OtlpEndpoint;
///
/// let base: OtlpEndpoint = "http://me:secret@collector.example:4318".parse()?;
/// assert_eq!(base.to_string(), "http://collector.example:4318/v1/traces");
/// assert!(!format!("{base:?}").contains("secret"));
/// assert!("collector.example:4318".parse::<OtlpEndpoint>().is_err());
/// # Ok::<(), athens::logging::otlp::InvalidOtlp>(())
/// ```
#[derive(Clone)]
pub struct OtlpEndpoint {
    url: Url,
    authorization: Option<HeaderValue>,
}

impl OtlpEndpoint {
    /// The URL of the spans themselves, to which nothing is added: what `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` holds.
    ///
    /// # Errors
    ///
    /// If it is no http or https URL of a host.
    pub fn of_traces(text: &str) -> Result<Self, InvalidOtlp> {
        let no_url = InvalidOtlp("it is no URL; write one such as http://127.0.0.1:4318");
        let mut url: Url = text.trim().parse().map_err(|_| no_url)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidOtlp("it must start with http:// or https://"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(InvalidOtlp("it names no host"));
        }
        if url.fragment().is_some() {
            return Err(InvalidOtlp("it has a # in it"));
        }
        let authorization = Credentials::of_url(url.username(), url.password())
            .and_then(|credentials| secret(&credentials.header()));
        // These fail for URLs without a host only.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Ok(Self { url, authorization })
    }

    pub(super) fn host(&self) -> Option<&str> {
        self.url.host_str()
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }
}

impl FromStr for OtlpEndpoint {
    type Err = InvalidOtlp;

    /// The base of a collector, below which spans have their place.
    fn from_str(text: &str) -> Result<Self, InvalidOtlp> {
        let mut endpoint = Self::of_traces(text)?;
        let path = endpoint.url.path().trim_end_matches('/').to_owned();
        if !path.ends_with(TRACES) {
            endpoint.url.set_path(&format!("{path}{TRACES}"));
        }
        Ok(endpoint)
    }
}

impl fmt::Display for OtlpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A query may hold a key.
        let mut shown = self.url.clone();
        shown.set_query(None);
        f.pad(shown.as_str())
    }
}

impl fmt::Debug for OtlpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OtlpEndpoint")
            .field(&format_args!("{self}"))
            .finish()
    }
}

/// Headers for the collector: `name=value,name=value`, percent-encoded, as in `OTEL_EXPORTER_OTLP_HEADERS`. Secrets: it
/// shows names only.
#[derive(Clone, Default)]
pub struct OtlpHeaders(HeaderMap);

impl OtlpHeaders {
    pub(super) fn map(&self) -> &HeaderMap {
        &self.0
    }
}

impl FromStr for OtlpHeaders {
    type Err = InvalidOtlp;

    fn from_str(text: &str) -> Result<Self, InvalidOtlp> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs(text)? {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| InvalidOtlp("a name in it is not one of a header"))?;
            let value =
                secret(&value).ok_or(InvalidOtlp("a value in it is not one of a header"))?;
            headers.insert(name, value);
        }
        Ok(Self(headers))
    }
}

impl fmt::Debug for OtlpHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Names and values, `name=value,name=value`, the values percent-encoded: how OpenTelemetry writes lists in variables.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, InvalidOtlp> {
    text.split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair
                .split_once('=')
                .ok_or(InvalidOtlp("an entry of it has no ="))?;
            let value = percent_decode_str(value.trim()).decode_utf8();
            let value = value.map_err(|_| InvalidOtlp("a value in it is not UTF-8"))?;
            Ok((name.trim().to_owned(), value.into_owned()))
        })
        .collect()
}

impl OtlpSettings {
    /// What is said of this server: its name, and the pairs of `OTEL_RESOURCE_ATTRIBUTES`.
    ///
    /// # Errors
    ///
    /// If they are no pairs.
    pub fn resource(
        name: Option<&str>,
        attributes: &str,
    ) -> Result<Vec<(String, String)>, InvalidOtlp> {
        const NAME: &str = "service.name";
        const VERSION: &str = "service.version";
        let mut resource = pairs(attributes)?;
        if let Some(name) = name {
            resource.retain(|(key, _)| key != NAME);
            resource.push((NAME.to_owned(), name.to_owned()));
        }
        for (key, value) in [(NAME, "athens"), (VERSION, env!("CARGO_PKG_VERSION"))] {
            if !resource.iter().any(|(known, _)| known == key) {
                resource.push((key.to_owned(), value.to_owned()));
            }
        }
        Ok(resource)
    }

    /// All headers of a request to the collector.
    pub(super) fn request_headers(&self) -> HeaderMap {
        let mut headers = self.headers.map().clone();
        if let Some(authorization) = self.endpoint.authorization() {
            headers
                .entry(AUTHORIZATION)
                .or_insert_with(|| authorization.clone());
        }
        headers
    }
}

/// So that nothing on the way shows it in a log.
fn secret(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints() {
        for (text, url) in [
            ("http://a:4318", "http://a:4318/v1/traces"),
            ("http://a:4318/", "http://a:4318/v1/traces"),
            ("https://a/otlp/", "https://a/otlp/v1/traces"),
            ("https://a/v1/traces", "https://a/v1/traces"),
            ("https://a?key=secret", "https://a/v1/traces"),
        ] {
            let endpoint: OtlpEndpoint = text.parse().unwrap();
            assert_eq!(endpoint.to_string(), url, "{text}");
        }
        let traces = OtlpEndpoint::of_traces("http://a/in").unwrap();
        assert_eq!(traces.to_string(), "http://a/in");
        for text in ["", "a", "a:4318", "ftp://a", "http://", "http://a#b"] {
            assert!(text.parse::<OtlpEndpoint>().is_err(), "{text}");
        }
    }

    #[test]
    fn headers_do_not_show() {
        let headers: OtlpHeaders = "api-key=hunter2, Authorization=Basic%20YTpi ,"
            .parse()
            .unwrap();
        assert_eq!(headers.map()["api-key"], "hunter2");
        assert_eq!(headers.map()["authorization"], "Basic YTpi");
        let shown = format!("{headers:?} {:?}", headers.map());
        assert!(
            !shown.contains("hunter2") && !shown.contains("YTpi"),
            "{shown}"
        );
        for text in ["hunter2", "a b=hunter2", "a=%0ahunter2", "a=%ff"] {
            let error = text.parse::<OtlpHeaders>().unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn what_is_said_of_the_server() {
        let of = |name, attributes| OtlpSettings::resource(name, attributes).unwrap();
        let has = |list: &[(String, String)], key: &str, value: &str| {
            list.iter()
                .filter(|(name, _)| name == key)
                .collect::<Vec<_>>()
                == [&(key.to_owned(), value.to_owned())]
        };
        assert!(has(&of(None, ""), "service.name", "athens"));
        assert!(has(&of(None, "service.name=x"), "service.name", "x"));
        assert!(has(&of(Some("y"), "service.name=x"), "service.name", "y"));
        assert!(has(&of(None, "a=b%20c"), "a", "b c"));
        assert!(OtlpSettings::resource(None, "a").is_err());
    }
}
