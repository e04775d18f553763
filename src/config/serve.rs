//! What was meant: the checked configuration of `athens serve`.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::tracing::{self, OtelVariables};
use super::upstream::{self, Said};
use super::{
    ByteSize, ConfigFileError, GoEnvironment, ListenPlace, LogFormatName, ServeSettings, TimeSpan,
    WatchName, file,
};
use crate::http::{BasePath, CertificateFiles, Limits, PublicUrl, TrustedProxies, UploadLimits};
use crate::logging::otlp::OtlpSettings;
use crate::logging::{LogFormat, LogSettings};
use crate::proxy::{ProxySettings, WatchMode};

/// Everything that `athens serve` needs to know.
#[derive(Clone, Debug)]
pub struct ServeConfig {
    /// What is served, and how the folder is watched.
    pub proxy: ProxySettings,
    /// Where to listen; never empty.
    pub listen: Vec<ListenPlace>,
    /// Whether that was said. If not, sockets that were passed on come first.
    pub is_listen_said: bool,
    /// The certificate that is shown, if connections are to be encrypted.
    pub tls: Option<CertificateFiles>,
    /// Whose word is taken for the address of a client.
    pub trusted_proxies: TrustedProxies,
    /// The path below which everything is served.
    pub base_path: BasePath,
    /// What a client may cost.
    pub limits: Limits,
    /// How long running answers may take after the signal to stop.
    pub shutdown_timeout: Duration,
    /// The state directory that was named, if one was.
    pub state: Option<PathBuf>,
    /// Whether reading needs a token.
    pub read_auth: bool,
    /// What uploads may cost.
    pub uploads: UploadLimits,
    /// Who said which upstreams to ask.
    pub upstream_said: Said,
    /// What clients call this server.
    pub public_url: Option<PublicUrl>,
    /// Where versions are imported from in the background.
    pub crawl: Vec<PathBuf>,
    /// How often that is; zero for once, at start.
    pub crawl_interval: Duration,
    /// Where the metrics are, if not beside the modules.
    pub metrics_listen: Option<SocketAddr>,
    /// What is logged, and how.
    pub log: LogSettings,
    /// Where spans are sent, if anywhere.
    pub otlp: Option<OtlpSettings>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file of `--config` was refused.
    #[error(transparent)]
    File(#[from] ConfigFileError),
    /// What the go command is set to can not be used as a default.
    #[error("`go env {variable}` can not be used: {why}; say what to use with --{flag}")]
    GoEnvironment {
        /// The variable.
        variable: &'static str,
        /// What is wrong with it.
        why: String,
        /// The flag to give instead.
        flag: &'static str,
    },
    /// One of two settings that need each other.
    #[error("`{given}` needs `{missing}`: give both, or neither")]
    HalfOfTwo {
        /// The one that is there.
        given: &'static str,
        /// The one that is not.
        missing: &'static str,
    },
    /// A variable that is not ours can not be used.
    #[error("the variable {name} can not be used: {why}")]
    Variable {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A value that is not repeated, for it may hold a secret, can not be used.
    #[error("`{key}` can not be used: {why}")]
    Unusable {
        /// The flag's or key's name.
        key: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A value lies outside its limits.
    #[error("`{key}`: {value} is {problem}")]
    OutOfRange {
        /// The flag's or key's name.
        key: &'static str,
        /// What was given.
        value: String,
        /// Which limit it breaks, and what to write.
        problem: String,
    },
}

// One list of defaults. The help text repeats them in words; a test holds the two together.
const ROOT: &str = "storage-root";
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 3000);
const POLL_INTERVAL: TimeSpan = TimeSpan(Duration::from_millis(500));
const MAX_WATCHES: u32 = 8192;
/// What the go command takes.
const MAX_ZIP_SIZE: ByteSize = ByteSize(500 << 20);
const MAX_UPLOADS: u32 = 8;
pub(super) const FETCH_TIMEOUT: TimeSpan = TimeSpan(Duration::from_secs(300));
pub(super) const UPSTREAM_TIMEOUT: TimeSpan = TimeSpan(Duration::from_secs(30));
pub(super) const CONNECT_TIMEOUT: TimeSpan = TimeSpan(Duration::from_secs(10));
pub(super) const MAX_UPSTREAM_REQUESTS: u32 = 32;
pub(super) const DIRECT_TIMEOUT: TimeSpan = TimeSpan(Duration::from_secs(300));
pub(super) const DIRECT_DISK: ByteSize = ByteSize(2 << 30);
pub(super) const LIST_TTL: TimeSpan = TimeSpan(Duration::from_secs(60));
pub(super) const NEGATIVE_TTL: TimeSpan = TimeSpan(Duration::from_secs(60));
const UPLOAD_TIMEOUT: TimeSpan = TimeSpan(Duration::from_secs(60));
const SCAN_INTERVAL: TimeSpan = TimeSpan(Duration::from_secs(3600));
const CRAWL_INTERVAL: TimeSpan = TimeSpan(Duration::from_secs(3600));
const CACHE_SIZE: ByteSize = ByteSize(16 << 20);
const MAX_CONNECTIONS: u32 = 4096;
const MAX_HEADER_SIZE: ByteSize = ByteSize(32 << 10);
const HEADER_TIMEOUT: TimeSpan = TimeSpan(Duration::from_secs(10));
const IDLE_TIMEOUT: TimeSpan = TimeSpan(Duration::from_secs(120));
const WRITE_TIMEOUT: TimeSpan = TimeSpan(Duration::from_secs(60));
const SHUTDOWN_TIMEOUT: TimeSpan = TimeSpan(Duration::from_secs(30));

/// Below this, looking for changes would keep a core busy.
const LEAST_POLL_INTERVAL: TimeSpan = TimeSpan(Duration::from_millis(10));
/// A timeout that is meant as "off" and written as 0 would cut every client at once: it is refused instead.
const LEAST_TIMEOUT: TimeSpan = TimeSpan(Duration::from_millis(1));
/// What hyper takes as its smallest buffer.
const LEAST_HEADER_SIZE: ByteSize = ByteSize(8 << 10);
/// The headers of all connections lie in memory: 4096 connections of 1 MiB are 4 GiB already.
const MOST_HEADER_SIZE: ByteSize = ByteSize(1 << 20);

impl ServeConfig {
    /// Puts together what was typed (flags, environment) and what the file says, fills in the defaults, and checks. `go`
    /// tells how the go command of this machine is set; it is called once, if a default depends on it.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or has a mistake, or if a value is outside its limits. Whether the root exists and
    /// the ports are free is seen when they are used.
    pub fn resolve(
        typed: ServeSettings,
        file: Option<&Path>,
        go: impl FnOnce() -> Option<GoEnvironment>,
    ) -> Result<Self, ConfigError> {
        let settings = match file {
            Some(path) => typed.or(file::read(path)?),
            None => typed,
        };
        Self::of_settings(settings, go)
    }

    /// Fills in the defaults, and checks.
    pub(super) fn of_settings(
        mut settings: ServeSettings,
        go: impl FnOnce() -> Option<GoEnvironment>,
    ) -> Result<Self, ConfigError> {
        let max_header_size = settings.max_header_size.unwrap_or(MAX_HEADER_SIZE);
        at_least("max-header-size", &max_header_size, &LEAST_HEADER_SIZE)?;
        at_most("max-header-size", &max_header_size, &MOST_HEADER_SIZE)?;
        let max_connections = settings.max_connections.unwrap_or(MAX_CONNECTIONS);
        at_least("max-connections", &max_connections, &1)?;
        let max_zip_size = settings.max_zip_size.unwrap_or(MAX_ZIP_SIZE);
        at_most("max-zip-size", &max_zip_size, &MAX_ZIP_SIZE)?;
        let max_uploads = settings.max_uploads.unwrap_or(MAX_UPLOADS);
        at_least("max-uploads", &max_uploads, &1)?;
        let poll_interval = settings.poll_interval.unwrap_or(POLL_INTERVAL);
        at_least("poll-interval", &poll_interval, &LEAST_POLL_INTERVAL)?;

        let (requests, max_connections_per_client) = super::overload::resolve(&settings)?;
        let (limits, min_free) = super::housekeeping::resolve(&settings)?;
        let root = settings.root.take().unwrap_or_else(|| PathBuf::from(ROOT));
        let ca_file = settings.ca_file.clone();
        let otlp = tracing::resolve(
            &mut settings,
            &OtelVariables::of_process(),
            ca_file.as_deref(),
        )?;
        let upstream = upstream::resolve(&mut settings, &root, max_zip_size, go)?;

        Ok(Self {
            upstream_said: upstream.said,
            public_url: settings.public_url,
            proxy: ProxySettings {
                limits,
                keeps_fetched: false,
                min_free,
                policy: upstream.policy,
                upstreams: upstream.settings,
                fetch: upstream.fetch,
                checksum_databases: upstream.checksum_databases,
                offline: settings.offline.unwrap_or(false),
                root,
                direct: upstream.direct,
                read_only: settings.read_only.unwrap_or(false),
                watch: match settings.watch {
                    Some(WatchName::Native) | None => WatchMode::Native,
                    Some(WatchName::Poll) => WatchMode::Poll,
                    Some(WatchName::Off) => WatchMode::Off,
                },
                poll_interval: poll_interval.0,
                max_watches: to_usize(settings.max_watches.unwrap_or(MAX_WATCHES)),
                cache_size: settings.cache_size.unwrap_or(CACHE_SIZE).0,
                max_zip_size: max_zip_size.0,
                scan_interval: settings.scan_interval.unwrap_or(SCAN_INTERVAL).0,
                metrics: Default::default(),
            },
            is_listen_said: settings
                .listen
                .as_ref()
                .is_some_and(|said| !said.is_empty()),
            listen: match settings.listen {
                Some(places) if !places.is_empty() => places,
                _ => vec![ListenPlace::Address(LISTEN)],
            },
            tls: certificate_files(settings.tls_cert, settings.tls_key)?,
            trusted_proxies: settings
                .trust_proxy
                .unwrap_or_default()
                .into_iter()
                .collect(),
            state: settings.state,
            read_auth: settings.read_auth.unwrap_or(false),
            uploads: UploadLimits {
                max_uploads: to_usize(max_uploads),
                upload_timeout: timeout("upload-timeout", settings.upload_timeout, UPLOAD_TIMEOUT)?,
            },
            base_path: settings.path_prefix.unwrap_or_default(),
            limits: Limits {
                max_connections: to_usize(max_connections),
                max_connections_per_client,
                requests,
                max_header_size: usize::try_from(max_header_size.0).unwrap_or(usize::MAX),
                header_timeout: timeout("header-timeout", settings.header_timeout, HEADER_TIMEOUT)?,
                idle_timeout: timeout("idle-timeout", settings.idle_timeout, IDLE_TIMEOUT)?,
                write_timeout: timeout("write-timeout", settings.write_timeout, WRITE_TIMEOUT)?,
            },
            crawl: settings.crawl.unwrap_or_default(),
            crawl_interval: settings.crawl_interval.unwrap_or(CRAWL_INTERVAL).0,
            // Zero is meaningful here: stop at once.
            shutdown_timeout: settings.shutdown_timeout.unwrap_or(SHUTDOWN_TIMEOUT).0,
            metrics_listen: settings.metrics_listen.map(|address| address.0),
            log: LogSettings {
                no_color: super::environment::no_color(),
                filter: settings.log_level.unwrap_or_default(),
                format: match settings.log_format {
                    Some(LogFormatName::Json) => LogFormat::Json,
                    Some(LogFormatName::Plain) | None => LogFormat::Plain,
                },
            },
            otlp,
        })
    }
}

fn certificate_files(
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
) -> Result<Option<CertificateFiles>, ConfigError> {
    let half = |given, missing| ConfigError::HalfOfTwo { given, missing };
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some(CertificateFiles { certificate, key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(half("tls-cert", "tls-key")),
        (None, Some(_)) => Err(half("tls-key", "tls-cert")),
    }
}

pub(super) fn timeout(
    key: &'static str,
    given: Option<TimeSpan>,
    default: TimeSpan,
) -> Result<Duration, ConfigError> {
    let span = given.unwrap_or(default);
    at_least(key, &span, &LEAST_TIMEOUT)?;
    Ok(span.0)
}

pub(super) fn at_least<T: PartialOrd + fmt::Display>(
    key: &'static str,
    value: &T,
    least: &T,
) -> Result<(), ConfigError> {
    if value >= least {
        return Ok(());
    }
    Err(ConfigError::OutOfRange {
        key,
        value: value.to_string(),
        problem: format!("too small; the least is {least}"),
    })
}

fn at_most<T: PartialOrd + fmt::Display>(
    key: &'static str,
    value: &T,
    most: &T,
) -> Result<(), ConfigError> {
    if value <= most {
        return Ok(());
    }
    Err(ConfigError::OutOfRange {
        key,
        value: value.to_string(),
        problem: format!("too large; the most is {most}"),
    })
}

/// Lossless wherever this program runs; a 16-bit machine would just have a lower limit.
pub(super) fn to_usize(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, Command};

    fn typed(flags: &[&str]) -> ServeSettings {
        use clap::FromArgMatches as _;
        let command = ServeSettings::augment_args(Command::new("test").no_binary_name(true))
            .mut_args(|argument| argument.env(None::<&str>));
        let matches = command.try_get_matches_from(flags).unwrap();
        ServeSettings::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn the_help_names_every_default() {
        let command = ServeSettings::augment_args(Command::new("test"));
        let defaults = [
            ("root", ROOT.to_owned()),
            (
                "listen",
                format!("{LISTEN}, or systemd where sockets were passed on"),
            ),
            ("tls-cert", "none".to_owned()),
            ("tls-key", "none".to_owned()),
            ("trust-proxy", "none".to_owned()),
            ("path-prefix", "none".to_owned()),
            ("read-only", "false".to_owned()),
            ("watch", "native".to_owned()),
            ("poll-interval", POLL_INTERVAL.to_string()),
            ("max-watches", MAX_WATCHES.to_string()),
            ("scan-interval", SCAN_INTERVAL.to_string()),
            ("crawl", "none".to_owned()),
            ("crawl-interval", CRAWL_INTERVAL.to_string()),
            ("max-size", "none".to_owned()),
            ("max-age", "none".to_owned()),
            (
                "min-free",
                "a hundredth of the disk, at most 1GiB".to_owned(),
            ),
            ("cache-size", CACHE_SIZE.to_string()),
            ("state", "that of the platform".to_owned()),
            ("read-auth", "false".to_owned()),
            (
                "upstream",
                "what `go env GOPROXY` says, else off".to_owned(),
            ),
            ("offline", "false".to_owned()),
            ("private", "what `go env GOPRIVATE` says".to_owned()),
            ("allow", "all".to_owned()),
            ("block", "none".to_owned()),
            ("min-age", "0".to_owned()),
            ("sumdb", "what `go env GOSUMDB` says".to_owned()),
            ("fetch-timeout", FETCH_TIMEOUT.to_string()),
            ("upstream-timeout", UPSTREAM_TIMEOUT.to_string()),
            ("connect-timeout", CONNECT_TIMEOUT.to_string()),
            ("max-upstream-requests", MAX_UPSTREAM_REQUESTS.to_string()),
            ("list-ttl", LIST_TTL.to_string()),
            ("negative-ttl", NEGATIVE_TTL.to_string()),
            ("ca-file", "none".to_owned()),
            ("netrc", "$NETRC, else ~/.netrc".to_owned()),
            (
                "direct",
                "all if that list says direct, else the private ones".to_owned(),
            ),
            ("direct-vcs", "*:git".to_owned()),
            ("direct-timeout", DIRECT_TIMEOUT.to_string()),
            ("direct-jobs", "twice the cores, at most 8".to_owned()),
            ("direct-disk", DIRECT_DISK.to_string()),
            ("ssh-agent", "none".to_owned()),
            ("git-config", "none".to_owned()),
            ("git-protocols", "https:ssh".to_owned()),
            ("public-url", "none, they are told nothing".to_owned()),
            ("max-uploads", MAX_UPLOADS.to_string()),
            ("upload-timeout", UPLOAD_TIMEOUT.to_string()),
            ("max-zip-size", MAX_ZIP_SIZE.to_string()),
            ("max-connections", MAX_CONNECTIONS.to_string()),
            ("max-header-size", MAX_HEADER_SIZE.to_string()),
            ("header-timeout", HEADER_TIMEOUT.to_string()),
            ("idle-timeout", IDLE_TIMEOUT.to_string()),
            ("write-timeout", WRITE_TIMEOUT.to_string()),
            ("shutdown-timeout", SHUTDOWN_TIMEOUT.to_string()),
            (
                "max-requests",
                super::super::overload::MAX_REQUESTS.to_string(),
            ),
            ("max-requests-per-client", "half of max-requests".to_owned()),
            ("rate-limit", "none".to_owned()),
            ("max-connections-per-client", "none".to_owned()),
            ("metrics-listen", "none".to_owned()),
            (
                "log-level",
                crate::logging::LogFilter::default().to_string(),
            ),
            ("log-format", "plain".to_owned()),
            (
                "otlp-endpoint",
                "what OTEL_EXPORTER_OTLP_ENDPOINT says, else off".to_owned(),
            ),
            ("otlp-sample", crate::trace::Sample::ALL.to_string()),
        ];
        for (flag, default) in &defaults {
            let argument = command
                .get_arguments()
                .find(|argument| argument.get_long() == Some(*flag))
                .unwrap_or_else(|| panic!("no flag {flag}"));
            let help = argument.get_help().unwrap().to_string();
            assert!(
                help.ends_with(&format!("[default: {default}]")),
                "{flag}: {help}"
            );
            let variable = format!("ATHENS_{}", flag.replace('-', "_").to_uppercase());
            assert_eq!(argument.get_env().unwrap(), variable.as_str(), "{flag}");
        }
        assert_eq!(command.get_arguments().count(), defaults.len());
    }

    #[test]
    fn defaults() {
        let config = ServeConfig::resolve(ServeSettings::default(), None, || None).unwrap();
        assert_eq!(config.listen, [ListenPlace::Address(LISTEN)]);
        assert_eq!(config.proxy.root, Path::new(ROOT));
        assert!(!config.proxy.read_only);
        assert_eq!(config.limits.max_connections, 4096);
        assert_eq!(config.base_path.as_str(), "");
    }

    #[test]
    fn flags_are_stronger_than_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("athens.toml");
        std::fs::write(
            &file,
            "max-watches = 5\nread-only = true\nlisten = \"127.0.0.1:1\"\n",
        )
        .unwrap();
        let flags = typed(&[
            "--max-watches",
            "6",
            "--read-only=false",
            "--listen",
            "127.0.0.1:2,[::1]:3",
        ]);
        let config = ServeConfig::resolve(flags, Some(&file), || None).unwrap();
        assert_eq!(config.proxy.max_watches, 6);
        assert!(!config.proxy.read_only);
        assert_eq!(config.listen.len(), 2);

        let config = ServeConfig::resolve(typed(&["--read-only"]), Some(&file), || None).unwrap();
        assert_eq!(config.proxy.max_watches, 5);
        assert!(config.proxy.read_only);
        assert_eq!(config.listen, ["127.0.0.1:1".parse().unwrap()]);
    }

    #[test]
    fn limits_have_limits() {
        for (flags, message) in [
            (
                ["--max-header-size", "4KiB"],
                "`max-header-size`: 4KiB is too small; the least is 8KiB",
            ),
            (
                ["--max-header-size", "2MiB"],
                "`max-header-size`: 2MiB is too large; the most is 1MiB",
            ),
            (
                ["--max-connections", "0"],
                "`max-connections`: 0 is too small; the least is 1",
            ),
            (
                ["--poll-interval", "1ms"],
                "`poll-interval`: 1ms is too small; the least is 10ms",
            ),
            (
                ["--header-timeout", "0"],
                "`header-timeout`: 0 is too small; the least is 1ms",
            ),
            (
                ["--idle-timeout", "0s"],
                "`idle-timeout`: 0 is too small; the least is 1ms",
            ),
            (
                ["--write-timeout", "0"],
                "`write-timeout`: 0 is too small; the least is 1ms",
            ),
        ] {
            let error = ServeConfig::resolve(typed(&flags), None, || None).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
        assert!(ServeConfig::resolve(typed(&["--scan-interval", "0"]), None, || None).is_ok());
        assert!(ServeConfig::resolve(typed(&["--shutdown-timeout", "0"]), None, || None).is_ok());
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = ServeConfig::resolve(
            ServeSettings::default(),
            Some(Path::new("no-such.toml")),
            || None,
        )
        .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot read the configuration file no-such.toml: "),
            "{error}"
        );
    }
}
