//! The options of `athens fetch`: those of `athens serve` that say whom to ask.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::concealing::Concealing;
use super::{ConfigError, GoEnvironment, ServeConfig, ServeSettings, TimeSpan, WatchName};
use crate::housekeeping::Limits;
use crate::module::PathPatterns;
use crate::proxy::ProxySettings;
use crate::sumdb::DatabaseSetting;
use crate::upstream::UpstreamList;

/// Nobody waits for an answer but the one who started the command: a fetch may take as long as it ever may.
const FETCH_TIMEOUT: Duration = Duration::from_secs(3600);

/// Where to fetch from, and into which folder; none of it filled in.
///
/// The doc comments are the help text. The variables are those of the server.
#[derive(Args, Clone, Debug, Default, PartialEq)]
pub struct FetchSettings {
    /// Folder that holds the modules [default: storage-root]
    #[arg(long, env = "ATHENS_ROOT", value_name = "DIR")]
    pub root: Option<PathBuf>,

    /// Whom to ask: URLs as in GOPROXY, separated by , or |, and direct or off [default: what `go env GOPROXY` says]
    #[arg(
        long,
        env = "ATHENS_UPSTREAM",
        value_name = "LIST",
        value_parser = Concealing::<UpstreamList>::new(),
        hide_env_values = true
    )]
    pub upstream: Option<UpstreamList>,

    /// Checksum databases, the first of which verifies: as in GOSUMDB, NAME, KEY or 'KEY URL', or off. May be given several
    /// times, or as a list with commas [default: what `go env GOSUMDB` says]
    #[arg(
        long,
        env = "ATHENS_SUMDB",
        value_name = "DATABASE",
        value_delimiter = ','
    )]
    pub sumdb: Option<Vec<DatabaseSetting>>,

    /// Modules whose names no upstream and no checksum database is told: patterns as in GOPRIVATE
    /// [default: what `go env GOPRIVATE` says]
    #[arg(long, env = "ATHENS_PRIVATE", value_name = "PATTERNS")]
    pub private: Option<PathPatterns>,

    /// Modules that may be fetched straight from version control: patterns as in GOPRIVATE [default: all if the list of
    /// upstreams says direct, else the private ones]
    #[arg(long, env = "ATHENS_DIRECT", value_name = "PATTERNS")]
    pub direct: Option<PathPatterns>,

    /// Certificates of authorities, in PEM, that upstreams may have besides those of the platform [default: none]
    #[arg(long, env = "ATHENS_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,

    /// File with logins of upstreams; where it is named, also for version control hosts [default: $NETRC, else ~/.netrc]
    #[arg(long, env = "ATHENS_NETRC", value_name = "FILE")]
    pub netrc: Option<PathBuf>,
}

impl FetchSettings {
    /// Puts together what was typed, the configuration file of a server if its rules are to hold, and the defaults.
    ///
    /// # Errors
    ///
    /// As [`ServeConfig::resolve`].
    pub fn resolve(
        self,
        file: Option<&Path>,
        go: impl FnOnce() -> Option<GoEnvironment>,
    ) -> Result<ProxySettings, ConfigError> {
        let settings = ServeSettings {
            root: self.root,
            upstream: self.upstream,
            sumdb: self.sumdb,
            private: self.private,
            direct: self.direct,
            ca_file: self.ca_file,
            netrc: self.netrc,
            // Nobody looks at the folder through this process.
            watch: Some(WatchName::Off),
            scan_interval: Some(TimeSpan(Duration::ZERO)),
            ..ServeSettings::default()
        };
        let mut proxy = ServeConfig::resolve(settings, file, go)?.proxy;
        proxy.fetch.fetch_timeout = FETCH_TIMEOUT;
        // To make room is for the server, or for `athens gc`.
        proxy.limits = Limits::default();
        proxy.keeps_fetched = true;
        Ok(proxy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_comes_before_what_go_says() {
        let settings = FetchSettings {
            root: Some("modules".into()),
            upstream: Some("https://a.example".parse().unwrap()),
            ..FetchSettings::default()
        };
        let go = GoEnvironment {
            goproxy: "https://b.example".to_owned(),
            gosumdb: "off".to_owned(),
            goprivate: "corp.example".to_owned(),
            ..GoEnvironment::default()
        };
        let proxy = settings.resolve(None, || Some(go)).unwrap();
        assert_eq!(proxy.root, Path::new("modules"));
        let list = proxy.upstreams.unwrap().list.to_string();
        assert_eq!(list, "https://a.example");
        assert_eq!(proxy.policy.private.to_string(), "corp.example");
        assert!(proxy.checksum_databases.is_empty());
        assert_eq!(proxy.fetch.fetch_timeout, FETCH_TIMEOUT);
    }
}
