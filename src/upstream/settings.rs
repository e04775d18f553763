//! How upstreams are asked.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::direct_source::Direct;
use super::list::UpstreamList;
use super::manners::Manners;
use crate::metrics::Metrics;
use crate::transport::{Fault, InvalidAuthorities};

/// How upstreams are asked, and which.
#[derive(Debug, Clone)]
pub struct UpstreamSettings {
    /// Whom to ask, in turn.
    pub list: UpstreamList,
    /// How long a connection may take to come about, the TLS handshake included.
    pub connect_timeout: Duration,
    /// How long an upstream may be silent: before the first byte of an answer, and between bytes.
    pub response_timeout: Duration,
    /// How often one upstream is asked one thing at most; at least 1.
    pub attempts: u32,
    /// How many requests one upstream is sent at a time; at least 1. Others wait.
    pub max_concurrent: usize,
    /// The largest zip, in bytes.
    pub max_zip_size: u64,
    /// Certificates of authorities to be trusted beside the platform's, in PEM.
    pub ca_file: Option<PathBuf>,
    /// The `.netrc` with logins of upstreams; it need not exist. Read once.
    pub netrc: Option<PathBuf>,
    /// Our pseudonym in `Via` headers: a token (RFC 9110, section 7.6.3).
    pub via: String,
    /// Who fetches from version control.
    pub direct: Option<Arc<dyn Direct>>,
    /// Where requests are counted.
    pub metrics: Metrics,
}

impl UpstreamSettings {
    /// Looks whether upstreams can be asked in this way: reads the CA file and the `.netrc`. Waits for the disk.
    ///
    /// # Errors
    /// As [`Upstreams::new`](super::Upstreams::new), but for `direct`.
    pub fn check(&self) -> Result<(), UpstreamSetupError> {
        Manners::new(self).map(drop)
    }

    /// Whether all is the same but for who fetches from version control.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        // Taken apart so that a new field cannot be forgotten here.
        let Self {
            list,
            connect_timeout,
            response_timeout,
            attempts,
            max_concurrent,
            max_zip_size,
            ca_file,
            netrc,
            via,
            metrics,
            direct: _,
        } = self;
        *list == other.list
            && *connect_timeout == other.connect_timeout
            && *response_timeout == other.response_timeout
            && *attempts == other.attempts
            && *max_concurrent == other.max_concurrent
            && *max_zip_size == other.max_zip_size
            && *ca_file == other.ca_file
            && *netrc == other.netrc
            && *via == other.via
            && *metrics == other.metrics
    }

    /// The defaults, for a list: 10 s to connect, 30 s of silence, 3 attempts, 32 requests at a time, zips of 500 MiB (what
    /// the go command takes), no `direct`.
    #[must_use]
    pub fn new(list: UpstreamList) -> Self {
        Self {
            list,
            connect_timeout: Duration::from_secs(10),
            response_timeout: Duration::from_secs(30),
            attempts: 3,
            max_concurrent: 32,
            max_zip_size: 500 << 20,
            ca_file: None,
            netrc: None,
            via: "athens".to_owned(),
            direct: None,
            metrics: Metrics::default(),
        }
    }
}

/// Upstreams that cannot be asked as the settings say.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamSetupError {
    /// The authorities can not be had.
    #[error(transparent)]
    Authorities(#[from] InvalidAuthorities),
    /// The `.netrc` is there and can not be read.
    #[error("cannot read {path}: {why}", path = path.display())]
    Netrc {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// The pseudonym fits no header.
    #[error(
        "the pseudonym {0:?} for Via headers must consist of letters, digits and -._~ and so on"
    )]
    Via(String),
    /// The list ends in `direct`, and there is nobody to do it.
    #[error("the list of upstreams has `direct`, which is not set up")]
    NoDirect,
    /// The HTTP library does not take the settings.
    #[error("cannot make ready to ask upstreams: {0}")]
    Client(Fault),
}
