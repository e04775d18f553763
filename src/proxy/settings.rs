//! How a proxy works.

use std::path::PathBuf;
use std::time::Duration;

use super::{FetchSettings, Policy, WatchMode};
use crate::housekeeping::{Limits, MinFree};
use crate::metrics::Metrics;
use crate::modzip::MAX_ZIP_SIZE;
use crate::sumdb::Database;
use crate::upstream::direct::DirectSettings;
use crate::upstream::{UpstreamSettings, UpstreamSetupError};

/// How a [`ModuleProxy`](super::ModuleProxy) works.
#[derive(Debug, Clone)]
pub struct ProxySettings {
    /// The folder that holds the modules.
    pub root: PathBuf,
    /// Whether nothing below the root is written, whatever the file system allows.
    pub read_only: bool,
    /// How changes below the root are noticed.
    pub watch: WatchMode,
    /// How long a version list is believed that is not watched.
    pub poll_interval: Duration,
    /// How many directories are watched at most.
    pub max_watches: usize,
    /// How much memory version lists may take, in bytes.
    pub cache_size: u64,
    /// How often the tree is walked in the background; zero for once, at start.
    pub scan_interval: Duration,
    /// The largest zip that is taken for publishing, in bytes.
    pub max_zip_size: u64,
    /// What fetched versions are kept within.
    pub limits: Limits,
    /// Whether what is fetched is here on purpose, and never removed to make room.
    pub keeps_fetched: bool,
    /// What is to stay free on the disk of the folder.
    pub min_free: MinFree,
    /// What may be served and fetched.
    pub policy: Policy,
    /// Whom to ask for what is not there; `None` for nobody.
    pub upstreams: Option<UpstreamSettings>,
    /// How modules are fetched from version control; `None` if they are not.
    pub direct: Option<DirectSettings>,
    /// How answers of upstreams are waited for and kept.
    pub fetch: FetchSettings,
    /// Checksum databases: the first verifies what is fetched, all are passed on.
    pub checksum_databases: Vec<Database>,
    /// Whether nothing is fetched, for the whole server.
    pub offline: bool,
    /// Where what is done is counted.
    pub metrics: Metrics,
}

impl ProxySettings {
    /// Looks at the files that upstreams are asked with. Waits for the disk.
    ///
    /// # Errors
    /// If one of them can not be used.
    pub fn check(&self) -> Result<(), UpstreamSetupError> {
        match &self.upstreams {
            Some(upstreams) => upstreams.check(),
            None => Ok(()),
        }
    }

    /// A folder by itself: watched, written, nobody asked about what it lacks, nothing verified with anybody.
    #[must_use]
    pub fn of_folder(root: PathBuf) -> Self {
        Self {
            root,
            read_only: false,
            watch: WatchMode::Native,
            poll_interval: Duration::from_millis(500),
            max_watches: 8192,
            cache_size: 16 << 20,
            scan_interval: Duration::from_secs(3600),
            max_zip_size: MAX_ZIP_SIZE,
            limits: Limits::default(),
            keeps_fetched: false,
            min_free: MinFree::default(),
            policy: Policy::default(),
            upstreams: None,
            direct: None,
            fetch: FetchSettings {
                fetch_timeout: Duration::from_secs(300),
                list_ttl: Duration::from_secs(60),
                negative_ttl: Duration::from_secs(60),
            },
            checksum_databases: Vec::new(),
            offline: false,
            metrics: Metrics::default(),
        }
    }
}
