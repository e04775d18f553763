//! One upstream over HTTP.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, VIA};
use reqwest::{Client, Response, StatusCode, Url};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::ask::Ask;
use super::body::HttpBody;
use super::detail;
use super::error::{FetchError, FetchErrorKind};
use super::fault::{failed, refused};
use super::manners::Manners;
use super::measured::outcome;
use super::question::Question;
use super::retries::Retries;
use crate::metrics::UpstreamMeter;
use crate::trace::{Span, SpanKind};
use crate::transport::{Credentials, Fault, is_loopback_host};

/// A proxy that speaks the protocol over HTTP, or a checksum database, which is asked in the same way.
#[derive(Debug)]
pub(super) struct Proxy {
    manners: Arc<Manners>,
    url: Url,
    shown: Arc<str>,
    authorization: Option<HeaderValue>,
    places: Arc<Semaphore>,
    meter: UpstreamMeter,
}

impl Proxy {
    /// The proxy at a URL, which has no user name in it; `shown` is what messages call it.
    pub(super) fn new(
        manners: &Arc<Manners>,
        url: &Url,
        credentials: Option<&Credentials>,
        shown: &str,
    ) -> Self {
        Self {
            authorization: authorization(manners, url, credentials),
            manners: Arc::clone(manners),
            url: url.clone(),
            shown: shown.into(),
            places: Arc::new(Semaphore::new(manners.max_concurrent)),
            meter: manners.metrics.upstream.meter(shown),
        }
    }

    /// The URL, for messages.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// The attempts that a question to it is worth.
    pub(super) fn retries(&self) -> Retries {
        Retries::new(self.manners.attempts)
    }

    /// Asks, again if need be, and takes all of the answer.
    pub(super) async fn get(
        &self,
        question: &Question,
        ask: &Ask,
        max: usize,
    ) -> Result<Bytes, FetchError> {
        let mut retries = self.retries();
        loop {
            let answer = match self.open(question, ask).await {
                Ok(body) => body.collect(max).await,
                Err(error) => Err(error),
            };
            let error = match answer {
                Ok(bytes) => return Ok(bytes),
                Err(error) => error,
            };
            match retries.pause_after(&error) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
        }
    }

    /// Asks once. Only an answer with status 200 has a body.
    pub(super) async fn open(
        &self,
        question: &Question,
        ask: &Ask,
    ) -> Result<HttpBody, FetchError> {
        let mut span = Span::start("GET", SpanKind::Client);
        let answer = self.ask(question, ask, &mut span).await;
        if let Err(error) = &answer {
            span.fail(|| error.to_string());
        }
        answer
    }

    async fn ask(
        &self,
        question: &Question,
        ask: &Ask,
        span: &mut Span,
    ) -> Result<HttpBody, FetchError> {
        let asked = question.path();
        self.describe(asked, span);
        let place = self.place(asked).await?;
        let mut request = self
            .client()
            .get(self.url_of(question))
            .header(VIA, self.via(ask));
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        if let Some((parent, state)) = span.passed_on() {
            request = request.header("traceparent", parent.to_string());
            if let Some(state) = state {
                request = request.header("tracestate", state.as_str());
            }
        }
        let mut counted = self.meter.begin();
        let response = request
            .send()
            .await
            .map_err(|error| failed(Fault::of(error), &self.shown, asked));
        if let Ok(response) = &response {
            span.set("http.response.status_code", response.status().as_u16());
        }
        let response = match response {
            Ok(response) if response.status() == StatusCode::OK => {
                return Ok(self.body(response, asked, place).counted_as(counted));
            }
            Ok(response) => Err(self.refusal(response, asked, place).await),
            Err(error) => Err(error),
        };
        counted.ends(outcome(&response));
        response
    }

    fn describe(&self, asked: &str, span: &mut Span) {
        if span.is_recorded() {
            span.set("http.request.method", "GET");
            span.set("url.full", &*format!("{}/{asked}", self.shown));
            span.set("server.address", self.url.host_str().unwrap_or_default());
            let port = self.url.port_or_known_default();
            span.set("server.port", port.unwrap_or_default());
        }
    }

    fn client(&self) -> &Client {
        match self.url.host_str().is_some_and(is_loopback_host) {
            true => &self.manners.loopback_client,
            false => &self.manners.client,
        }
    }

    fn url_of(&self, question: &Question) -> Url {
        let base = self.url.path().trim_end_matches('/');
        let mut url = self.url.clone();
        // What is encoded already stays as it is.
        url.set_path(&format!("{base}/{}", question.on_the_wire()));
        url
    }

    fn via(&self, ask: &Ask) -> HeaderValue {
        let ours = &self.manners.via;
        let chain = ask.via.as_deref().unwrap_or_default();
        let all = match chain.is_empty() {
            true => ours.clone(),
            false => format!("{chain}, {ours}"),
        };
        // What came in a header fits into one; ours was tried at start.
        HeaderValue::try_from(all)
            .or_else(|_| HeaderValue::try_from(ours))
            .unwrap_or(HeaderValue::from_static("1.1 athens"))
    }

    /// Waits for its turn, no longer than for an answer.
    async fn place(&self, asked: &str) -> Result<OwnedSemaphorePermit, FetchError> {
        let place = Arc::clone(&self.places).acquire_owned();
        match tokio::time::timeout(self.manners.response_timeout, place).await {
            Ok(Ok(place)) => Ok(place),
            // Nobody closes it; if somebody does, there are no more turns.
            Ok(Err(_)) | Err(_) => Err(FetchError::new(
                FetchErrorKind::TimedOut,
                &self.shown,
                asked,
                format_args!(
                    "{} other requests to it are under way",
                    self.manners.max_concurrent
                ),
            )),
        }
    }

    fn body(&self, response: Response, asked: &Arc<str>, place: OwnedSemaphorePermit) -> HttpBody {
        HttpBody::new(
            response,
            (Arc::clone(&self.shown), Arc::clone(asked)),
            self.manners.response_timeout,
            place,
        )
    }

    async fn refusal(
        &self,
        response: Response,
        asked: &Arc<str>,
        place: OwnedSemaphorePermit,
    ) -> FetchError {
        let after = header(&response, RETRY_AFTER).and_then(|after| pause(&after));
        let error = refused(response.status(), after, &self.shown, asked);
        let is_shown = header(&response, CONTENT_TYPE).is_some_and(|kind| detail::is_shown(&kind));
        // Read also if it is not shown: a connection with a rest on it is not used again.
        let mut body = self.body(response, asked, place);
        let mut start = Vec::new();
        let read = async {
            while start.len() < detail::LONGEST_READ {
                match body.chunk().await {
                    Ok(Some(bytes)) => start.extend_from_slice(&bytes),
                    Ok(None) | Err(_) => break,
                }
            }
        };
        // What is there by then will do: the status has said what matters.
        let _ = tokio::time::timeout(detail::LONGEST_WAIT, read).await;
        start.truncate(detail::LONGEST_READ);
        error.with_detail(is_shown.then(|| detail::of_body(&start)).flatten())
    }
}

fn header(response: &Response, name: HeaderName) -> Option<String> {
    let value = response.headers().get(name)?;
    value.to_str().ok().map(str::to_owned)
}

/// `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3).
fn pause(after: &str) -> Option<Duration> {
    let after = after.trim();
    if let Ok(seconds) = after.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(after).ok()?;
    Some(
        date.duration_since(SystemTime::now())
            .unwrap_or(Duration::ZERO),
    )
}

/// What we show to be let in: the login in the URL, else that of the `.netrc`, which as for the go command counts over TLS
/// only, and on this machine.
fn authorization(
    manners: &Manners,
    url: &Url,
    credentials: Option<&Credentials>,
) -> Option<HeaderValue> {
    let host = url.host_str()?;
    let bare_host = host.trim_start_matches('[').trim_end_matches(']');
    let in_netrc = || {
        let is_exposed = url.scheme() != "https" && !is_loopback_host(host);
        let port = url.port_or_known_default().filter(|_| !is_exposed)?;
        manners.netrc.login(bare_host, port)
    };
    let credentials = credentials.cloned().or_else(in_netrc)?;
    let mut value = HeaderValue::try_from(credentials.header()).ok()?;
    // So that nothing on the way shows it in a log.
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses() {
        for (after, expected) in [
            ("3", Some(Duration::from_secs(3))),
            (" 0 ", Some(Duration::ZERO)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(Duration::ZERO)),
            ("soon", None),
            ("-1", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(pause(after), expected, "{after}");
        }
    }
}
