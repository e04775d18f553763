//! How proxies are asked, whichever they are.

use std::time::Duration;

use reqwest::Client;
use tokio::sync::Semaphore;

use super::settings::{UpstreamSettings, UpstreamSetupError};
use crate::metrics::Metrics;
use crate::transport::{Authorities, Fault, Netrc, client_builder};

/// How often a redirect is followed.
const MOST_REDIRECTS: usize = 10;

/// How all proxies are asked.
#[derive(Debug)]
pub(super) struct Manners {
    /// For proxies on this machine, to which no other proxy leads.
    pub(super) loopback_client: Client,
    /// For all others.
    pub(super) client: Client,
    /// The logins that the URLs themselves do not have.
    pub(super) netrc: Netrc,
    /// How long they may be silent.
    pub(super) response_timeout: Duration,
    /// How often one is asked one thing.
    pub(super) attempts: u32,
    /// How many requests one gets at a time.
    pub(super) max_concurrent: usize,
    /// Our entry in `Via` headers.
    pub(super) via: String,
    /// Where requests are counted.
    pub(super) metrics: Metrics,
}

impl Manners {
    /// Makes them of the settings. Reads the CA file and the `.netrc`: waits for the disk.
    pub(super) fn new(settings: &UpstreamSettings) -> Result<Self, UpstreamSetupError> {
        let authorities = match &settings.ca_file {
            Some(path) => Authorities::read(path)?,
            None => Authorities::default(),
        };
        let netrc = match &settings.netrc {
            None => None,
            Some(path) => Netrc::read(path).map_err(|why| UpstreamSetupError::Netrc {
                path: path.clone(),
                why,
            })?,
        };
        if settings.via.is_empty() || !settings.via.bytes().all(is_token_character) {
            return Err(UpstreamSetupError::Via(settings.via.clone()));
        }
        Ok(Self {
            loopback_client: client(settings, &authorities, true)?,
            client: client(settings, &authorities, false)?,
            netrc: netrc.unwrap_or_default(),
            response_timeout: settings.response_timeout,
            attempts: settings.attempts,
            max_concurrent: settings.max_concurrent.clamp(1, Semaphore::MAX_PERMITS),
            via: format!("1.1 {}", settings.via),
            metrics: settings.metrics.clone(),
        })
    }
}

/// What a pseudonym consists of: RFC 9110, section 5.6.2.
fn is_token_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn client(
    settings: &UpstreamSettings,
    authorities: &Authorities,
    is_loopback: bool,
) -> Result<Client, UpstreamSetupError> {
    let builder = client_builder(authorities)
        .connect_timeout(settings.connect_timeout)
        .read_timeout(settings.response_timeout)
        .redirect(reqwest::redirect::Policy::custom(redirect));
    let builder = match is_loopback {
        true => builder.no_proxy(),
        false => builder,
    };
    builder
        .build()
        .map_err(|error| UpstreamSetupError::Client(Fault::of(error)))
}

/// Follows redirects as the go command does: so many, and never from a safe connection to one that others can read. The
/// library sends `Authorization` to the same host and port only.
fn redirect(attempt: reqwest::redirect::Attempt<'_>) -> reqwest::redirect::Action {
    let was_secure = attempt
        .previous()
        .last()
        .is_some_and(|url| url.scheme() == "https");
    if attempt.previous().len() > MOST_REDIRECTS {
        attempt.error(format!("after {MOST_REDIRECTS} redirects there is another"))
    } else if was_secure && attempt.url().scheme() != "https" {
        attempt.error("from https to http")
    } else {
        attempt.follow()
    }
}
