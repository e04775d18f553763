//! What was typed: the options of `athens serve`, from any of the three channels.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Deserializer};

use super::Concealed;
use super::concealing::Concealing;
use super::housekeeping::Age;
use super::listen::{ListenAddress, ListenPlace, one_or_many};
use super::min_age::MinAgeText;
use super::tracing::some_sample;
use super::units::{ByteSize, FromText, TimeSpan, deserialize_text, deserialize_texts};
use crate::http::{BasePath, PublicUrl, RateLimit, TrustedProxy};
use crate::logging::LogFilter;
use crate::module::PathPatterns;
use crate::proxy::Rule;
use crate::sumdb::DatabaseSetting;
use crate::trace::Sample;
use crate::upstream::UpstreamList;

/// The options of `athens serve`, none of them filled in.
///
/// The doc comments are the help text. Field names are the flags, in kebab-case, and the keys of the file.
#[derive(Args, Deserialize, Clone, PartialEq, Default, Debug)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ServeSettings {
    /// Folder that holds the modules, in the layout of the GOPROXY protocol [default: storage-root]
    #[arg(long, env = "ATHENS_ROOT", value_name = "DIR")]
    pub root: Option<PathBuf>,

    /// Where to listen: address and port (port 0 takes a free one), unix: and the path of a socket, or systemd for sockets
    /// that were passed on. May be given several times, or as a list with commas [default: 127.0.0.1:3000, or systemd where
    /// sockets were passed on]
    #[arg(
        long,
        env = "ATHENS_LISTEN",
        value_name = "PLACE",
        value_delimiter = ','
    )]
    #[serde(default, deserialize_with = "one_or_many")]
    pub listen: Option<Vec<ListenPlace>>,

    /// Certificate to show to clients, in PEM, with those of the authorities between: with it, TCP sockets speak TLS,
    /// and HTTP/2 [default: none]
    #[arg(long, env = "ATHENS_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,

    /// Key of that certificate, in PEM, not encrypted [default: none]
    #[arg(long, env = "ATHENS_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,

    /// Reverse proxies whose word is taken for the address of a client: networks, addresses, or unix for all on Unix
    /// sockets. May be given several times, or as a list with commas [default: none]
    #[arg(
        long,
        env = "ATHENS_TRUST_PROXY",
        value_name = "CIDR",
        value_delimiter = ','
    )]
    #[serde(default, deserialize_with = "texts")]
    pub trust_proxy: Option<Vec<TrustedProxy>>,

    /// Path below which everything is served, for a server that shares its host name, such as /go [default: none]
    #[arg(long, env = "ATHENS_PATH_PREFIX", value_name = "PATH")]
    #[serde(default, deserialize_with = "some_text")]
    pub path_prefix: Option<BasePath>,

    /// Never write below the root; derived files are kept in memory [default: false]
    #[arg(
        long,
        env = "ATHENS_READ_ONLY",
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true",
        require_equals = true,
        value_parser = BoolishValueParser::new()
    )]
    pub read_only: Option<bool>,

    /// Directory of tokens, outside the root [default: that of the platform]
    #[arg(
        long,
        env = "ATHENS_STATE",
        value_name = "DIR",
        help_heading = "Who may do what"
    )]
    pub state: Option<PathBuf>,

    /// Reading modules needs a token too, not only publishing and deleting them [default: false]
    #[arg(
        long,
        env = "ATHENS_READ_AUTH",
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true",
        require_equals = true,
        help_heading = "Who may do what"
    )]
    pub read_auth: Option<bool>,

    /// Whom to ask for modules that the folder lacks: URLs as in GOPROXY, separated by , or |, and direct or off. An empty
    /// one is not set [default: what `go env GOPROXY` says, else off]
    #[arg(
        long,
        env = "ATHENS_UPSTREAM",
        value_name = "LIST",
        value_parser = Concealing::<UpstreamList>::new(),
        hide_env_values = true,
        help_heading = "Upstreams"
    )]
    #[serde(default, deserialize_with = "some_text")]
    pub upstream: Option<UpstreamList>,

    /// Serve what is stored, and fetch nothing [default: false]
    #[arg(
        long,
        env = "ATHENS_OFFLINE",
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true",
        require_equals = true,
        value_parser = BoolishValueParser::new(),
        help_heading = "Upstreams"
    )]
    pub offline: Option<bool>,

    /// Modules whose names never leave this server, but to their own origin by version control: patterns as in GOPRIVATE
    /// [default: what `go env GOPRIVATE` says]
    #[arg(
        long,
        env = "ATHENS_PRIVATE",
        value_name = "PATTERNS",
        help_heading = "Upstreams"
    )]
    #[serde(default, deserialize_with = "some_text")]
    pub private: Option<PathPatterns>,

    /// Modules of others that may be fetched and served, all others not: PATTERNS[@VERSIONS][ # REASON], such as
    /// 'example.com/*,example.org/lib@<v2.0.0'. May be given several times, or as a list with semicolons [default: all]
    #[arg(
        long,
        env = "ATHENS_ALLOW",
        value_name = "RULE",
        value_delimiter = ';',
        help_heading = "Upstreams"
    )]
    #[serde(default, deserialize_with = "texts")]
    pub allow: Option<Vec<Rule>>,

    /// Modules that are never served, wherever they came from, by rules as for allow [default: none]
    #[arg(
        long,
        env = "ATHENS_BLOCK",
        value_name = "RULE",
        value_delimiter = ';',
        help_heading = "Upstreams"
    )]
    #[serde(default, deserialize_with = "texts")]
    pub block: Option<Vec<Rule>>,

    /// How old a version of others must be, by the time in its .info: 7d, or for some modules 'PATTERNS=7d'. May be given
    /// several times, or as a list with semicolons; the first that matches decides [default: 0]
    #[arg(
        long,
        env = "ATHENS_MIN_AGE",
        value_name = "[PATTERNS=]TIME",
        value_delimiter = ';',
        help_heading = "Upstreams"
    )]
    #[serde(default, deserialize_with = "texts")]
    pub min_age: Option<Vec<MinAgeText>>,

    /// Checksum databases that are passed on, the first of which verifies what is fetched: as in GOSUMDB, NAME, KEY or
    /// 'KEY URL', or off. May be given several times, or as a list with commas [default: what `go env GOSUMDB` says]
    #[arg(
        long,
        env = "ATHENS_SUMDB",
        value_name = "DATABASE",
        value_delimiter = ',',
        help_heading = "Upstreams"
    )]
    #[serde(default, deserialize_with = "texts")]
    pub sumdb: Option<Vec<DatabaseSetting>>,

    /// Time that a request waits for upstreams before it is answered 504; the fetch goes on [default: 5m]
    #[arg(
        long,
        env = "ATHENS_FETCH_TIMEOUT",
        value_name = "TIME",
        help_heading = "Upstreams"
    )]
    pub fetch_timeout: Option<TimeSpan>,

    /// Time that an upstream may be silent, before its answer and within it [default: 30s]
    #[arg(
        long,
        env = "ATHENS_UPSTREAM_TIMEOUT",
        value_name = "TIME",
        help_heading = "Upstreams"
    )]
    pub upstream_timeout: Option<TimeSpan>,

    /// Time that a connection to an upstream may take to come about [default: 10s]
    #[arg(
        long,
        env = "ATHENS_CONNECT_TIMEOUT",
        value_name = "TIME",
        help_heading = "Upstreams"
    )]
    pub connect_timeout: Option<TimeSpan>,

    /// Most requests to one upstream at a time; others wait [default: 32]
    #[arg(
        long,
        env = "ATHENS_MAX_UPSTREAM_REQUESTS",
        value_name = "COUNT",
        help_heading = "Upstreams"
    )]
    pub max_upstream_requests: Option<u32>,

    /// Time that a version list of upstreams, what is latest there and what a branch means are believed [default: 1m]
    #[arg(
        long,
        env = "ATHENS_LIST_TTL",
        value_name = "TIME",
        help_heading = "Upstreams"
    )]
    pub list_ttl: Option<TimeSpan>,

    /// Time that it is believed that upstreams do not have something [default: 1m]
    #[arg(
        long,
        env = "ATHENS_NEGATIVE_TTL",
        value_name = "TIME",
        help_heading = "Upstreams"
    )]
    pub negative_ttl: Option<TimeSpan>,

    /// Certificates of authorities, in PEM, that upstreams may have besides those of the platform [default: none]
    #[arg(
        long,
        env = "ATHENS_CA_FILE",
        value_name = "FILE",
        help_heading = "Upstreams"
    )]
    pub ca_file: Option<PathBuf>,

    /// File with logins of upstreams; where it is named, also for version control hosts [default: $NETRC, else ~/.netrc]
    #[arg(
        long,
        env = "ATHENS_NETRC",
        value_name = "FILE",
        help_heading = "Upstreams"
    )]
    pub netrc: Option<PathBuf>,

    /// URL of this server as clients see it, told to those who ask with ?go-get=1 where a private module is
    /// [default: none, they are told nothing]
    #[arg(
        long,
        env = "ATHENS_PUBLIC_URL",
        value_name = "URL",
        help_heading = "Upstreams"
    )]
    #[serde(default, deserialize_with = "some_text")]
    pub public_url: Option<PublicUrl>,

    /// Modules that may be fetched straight from version control.
    #[arg(
        long,
        help = "Modules that may be fetched straight from version control, by the go command of this machine, where \
                the list of upstreams says direct or a module is private: patterns as in GOPRIVATE [default: all if \
                that list says direct, else the private ones]",
        env = "ATHENS_DIRECT",
        value_name = "PATTERNS",
        help_heading = "Version control"
    )]
    #[serde(default, deserialize_with = "some_text")]
    pub direct: Option<PathPatterns>,

    /// Version control that direct may use, as in GOVCS [default: *:git]
    #[arg(
        long,
        env = "ATHENS_DIRECT_VCS",
        value_name = "RULES",
        help_heading = "Version control"
    )]
    pub direct_vcs: Option<String>,

    /// Time that one fetch from version control may take, waiting for others included [default: 5m]
    #[arg(
        long,
        env = "ATHENS_DIRECT_TIMEOUT",
        value_name = "TIME",
        help_heading = "Version control"
    )]
    pub direct_timeout: Option<TimeSpan>,

    /// Most fetches from version control at a time [default: twice the cores, at most 8]
    #[arg(
        long,
        env = "ATHENS_DIRECT_JOBS",
        value_name = "COUNT",
        help_heading = "Version control"
    )]
    pub direct_jobs: Option<u32>,

    /// Largest disk space that one fetch from version control may use [default: 2GiB]
    #[arg(
        long,
        env = "ATHENS_DIRECT_DISK",
        value_name = "SIZE",
        help_heading = "Version control"
    )]
    pub direct_disk: Option<ByteSize>,

    /// Socket of the ssh agent that has the keys for version control hosts [default: none]
    #[arg(
        long,
        env = "ATHENS_SSH_AGENT",
        value_name = "SOCKET",
        help_heading = "Version control"
    )]
    pub ssh_agent: Option<PathBuf>,

    /// Configuration file of git for direct, in the place of ~/.gitconfig [default: none]
    #[arg(
        long,
        env = "ATHENS_GIT_CONFIG",
        value_name = "FILE",
        help_heading = "Version control"
    )]
    pub git_config: Option<PathBuf>,

    /// Protocols that git may use for direct.
    #[arg(
        long,
        help = "Protocols that git may use for direct, with colons between them [default: https:ssh]",
        env = "ATHENS_GIT_PROTOCOLS",
        value_name = "LIST",
        help_heading = "Version control"
    )]
    pub git_protocols: Option<String>,

    /// How changes in the folder are noticed: by events of the system, by looking regularly, or only when a request
    /// asks [default: native]
    #[arg(
        long,
        env = "ATHENS_WATCH",
        value_name = "MODE",
        value_enum,
        help_heading = "Watching the folder"
    )]
    pub watch: Option<WatchName>,

    /// How often to look for changes where there are no events (time with a unit, at least 10ms) [default: 500ms]
    #[arg(
        long,
        env = "ATHENS_POLL_INTERVAL",
        value_name = "TIME",
        help_heading = "Watching the folder"
    )]
    pub poll_interval: Option<TimeSpan>,

    /// Most directories to watch at a time; the others are looked at regularly [default: 8192]
    #[arg(
        long,
        env = "ATHENS_MAX_WATCHES",
        value_name = "COUNT",
        help_heading = "Watching the folder"
    )]
    pub max_watches: Option<u32>,

    /// Time between two walks over the whole folder in the background; 0 walks once, after the start [default: 1h]
    #[arg(
        long,
        env = "ATHENS_SCAN_INTERVAL",
        value_name = "TIME",
        help_heading = "Watching the folder"
    )]
    pub scan_interval: Option<TimeSpan>,

    /// Module cache, GOPATH, root or bundle from which versions are imported in the background, as `athens import` does. May
    /// be given several times, or as a list with commas [default: none]
    #[arg(
        long,
        env = "ATHENS_CRAWL",
        value_name = "DIR",
        value_delimiter = ',',
        help_heading = "Watching the folder"
    )]
    pub crawl: Option<Vec<PathBuf>>,

    /// Time between two looks for new versions where crawl says; 0 looks once, after the start [default: 1h]
    #[arg(
        long,
        env = "ATHENS_CRAWL_INTERVAL",
        value_name = "TIME",
        help_heading = "Watching the folder"
    )]
    pub crawl_interval: Option<TimeSpan>,

    /// What the folder may take on the disk: fetched versions go, the least recently used first, until it takes nine tenths
    /// of that (bytes, or with a unit) [default: none]
    #[arg(
        long,
        env = "ATHENS_MAX_SIZE",
        value_name = "SIZE",
        help_heading = "Housekeeping"
    )]
    pub max_size: Option<ByteSize>,

    /// How long a fetched version may go unused before it is removed: 12h, 90d, 8w [default: none]
    #[arg(
        long,
        env = "ATHENS_MAX_AGE",
        value_name = "TIME",
        help_heading = "Housekeeping"
    )]
    #[serde(default, deserialize_with = "some_text")]
    pub max_age: Option<Age>,

    /// What is to stay free on the disk of the folder: where less would be left, nothing is fetched or published, and the
    /// answer is 507 (bytes, or with a unit; 0 for nothing) [default: a hundredth of the disk, at most 1GiB]
    #[arg(
        long,
        env = "ATHENS_MIN_FREE",
        value_name = "SIZE",
        help_heading = "Housekeeping"
    )]
    pub min_free: Option<ByteSize>,

    /// Memory for version lists and other small files (bytes, or with a unit) [default: 16MiB]
    #[arg(
        long,
        env = "ATHENS_CACHE_SIZE",
        value_name = "SIZE",
        help_heading = "Limits"
    )]
    pub cache_size: Option<ByteSize>,

    /// Largest zip that may be published, up to the 500MiB that the go command takes (bytes, or with a unit)
    /// [default: 500MiB]
    #[arg(
        long,
        env = "ATHENS_MAX_ZIP_SIZE",
        value_name = "SIZE",
        help_heading = "Limits"
    )]
    pub max_zip_size: Option<ByteSize>,

    /// Most uploads at a time; further ones wait three seconds for a place and are answered 503 then [default: 8]
    #[arg(
        long,
        env = "ATHENS_MAX_UPLOADS",
        value_name = "COUNT",
        help_heading = "Limits"
    )]
    pub max_uploads: Option<u32>,

    /// Time that a client may go without sending a byte of its upload [default: 1m]
    #[arg(
        long,
        env = "ATHENS_UPLOAD_TIMEOUT",
        value_name = "TIME",
        help_heading = "Limits"
    )]
    pub upload_timeout: Option<TimeSpan>,

    /// Most connections at a time; for a further one, the one that waits longest for a request is closed [default: 4096]
    #[arg(
        long,
        env = "ATHENS_MAX_CONNECTIONS",
        value_name = "COUNT",
        help_heading = "Limits"
    )]
    pub max_connections: Option<u32>,

    /// Largest request line and headers, together, from 8KiB to 1MiB; over it the answer is 431 [default: 32KiB]
    #[arg(
        long,
        env = "ATHENS_MAX_HEADER_SIZE",
        value_name = "SIZE",
        help_heading = "Limits"
    )]
    pub max_header_size: Option<ByteSize>,

    /// Time for a client to send the headers of a request before it is cut off [default: 10s]
    #[arg(
        long,
        env = "ATHENS_HEADER_TIMEOUT",
        value_name = "TIME",
        help_heading = "Limits"
    )]
    pub header_timeout: Option<TimeSpan>,

    /// Time that an open connection may wait for its next request [default: 2m]
    #[arg(
        long,
        env = "ATHENS_IDLE_TIMEOUT",
        value_name = "TIME",
        help_heading = "Limits"
    )]
    pub idle_timeout: Option<TimeSpan>,

    /// Time that a client may go without taking one byte of its answer [default: 1m]
    #[arg(
        long,
        env = "ATHENS_WRITE_TIMEOUT",
        value_name = "TIME",
        help_heading = "Limits"
    )]
    pub write_timeout: Option<TimeSpan>,

    /// Time for running answers to finish after SIGTERM or SIGINT [default: 30s]
    #[arg(
        long,
        env = "ATHENS_SHUTDOWN_TIMEOUT",
        value_name = "TIME",
        help_heading = "Limits"
    )]
    pub shutdown_timeout: Option<TimeSpan>,

    /// Most requests that are answered at a time; further ones are answered 503 at once, but for health and metrics
    /// [default: 2048]
    #[arg(
        long,
        env = "ATHENS_MAX_REQUESTS",
        value_name = "COUNT",
        help_heading = "Overload"
    )]
    pub max_requests: Option<u32>,

    /// Most requests of one client that are answered at a time, a client being an address or a /64 of IPv6; further ones
    /// are answered 429 at once [default: half of max-requests]
    #[arg(
        long,
        env = "ATHENS_MAX_REQUESTS_PER_CLIENT",
        value_name = "COUNT",
        help_heading = "Overload"
    )]
    pub max_requests_per_client: Option<u32>,

    /// How often one client may ask: 50/s, or 50/s:500 with how many may come at once; what is more is answered 429
    /// [default: none]
    #[arg(
        long,
        env = "ATHENS_RATE_LIMIT",
        value_name = "RATE",
        help_heading = "Overload"
    )]
    #[serde(default, deserialize_with = "some_text")]
    pub rate_limit: Option<RateLimit>,

    /// Most connections of one client at a time, trusted proxies excepted; further ones are closed at once
    /// [default: none]
    #[arg(
        long,
        env = "ATHENS_MAX_CONNECTIONS_PER_CLIENT",
        value_name = "COUNT",
        help_heading = "Overload"
    )]
    pub max_connections_per_client: Option<u32>,

    /// Address and port for metrics alone, open to everybody who reaches it; without one they are at /metrics beside the
    /// modules, for those who may read [default: none]
    #[arg(
        long,
        env = "ATHENS_METRICS_LISTEN",
        value_name = "ADDRESS:PORT",
        help_heading = "Metrics"
    )]
    #[serde(default, deserialize_with = "some_text")]
    pub metrics_listen: Option<ListenAddress>,

    /// Which events are logged.
    #[arg(
        long,
        // Not the comment, for there it would need marks that help text shows as they are.
        help = "What to log: error, warn, info, debug or trace, or a list such as warn,athens::access=info \
                [default: info]",
        env = "ATHENS_LOG_LEVEL",
        value_name = "LEVEL",
        help_heading = "Logging"
    )]
    #[serde(default, deserialize_with = "some_text")]
    pub log_level: Option<LogFilter>,

    /// How log lines look on standard error [default: plain]
    #[arg(
        long,
        env = "ATHENS_LOG_FORMAT",
        value_name = "FORMAT",
        value_enum,
        help_heading = "Logging"
    )]
    pub log_format: Option<LogFormatName>,

    /// URL of the OpenTelemetry collector that spans are sent to, over HTTP, such as `http://127.0.0.1:4318`, or off
    #[arg(
        long,
        // Not the comment, for there it would need marks that help text shows as they are.
        help = "URL of the OpenTelemetry collector that spans are sent to, over HTTP, such as http://127.0.0.1:4318, or \
                off [default: what OTEL_EXPORTER_OTLP_ENDPOINT says, else off]",
        env = "ATHENS_OTLP_ENDPOINT",
        value_name = "URL",
        hide_env_values = true,
        help_heading = "Tracing"
    )]
    #[serde(default, deserialize_with = "some_text")]
    pub otlp_endpoint: Option<Concealed>,

    /// Part of the requests whose spans are sent, from 0, for none, to 1, for all; those of a client that is traced follow
    /// the client [default: 1]
    #[arg(
        long,
        env = "ATHENS_OTLP_SAMPLE",
        value_name = "PART",
        help_heading = "Tracing"
    )]
    #[serde(default, deserialize_with = "some_sample")]
    pub otlp_sample: Option<Sample>,
}

impl ServeSettings {
    /// These settings, and those of `weaker` where these have nothing.
    #[must_use]
    pub fn or(self, weaker: Self) -> Self {
        // Taken apart so that a new field cannot be forgotten here.
        let Self {
            root,
            listen,
            tls_cert,
            tls_key,
            trust_proxy,
            path_prefix,
            read_only,
            state,
            read_auth,
            upstream,
            offline,
            private,
            allow,
            block,
            min_age,
            sumdb,
            fetch_timeout,
            upstream_timeout,
            connect_timeout,
            max_upstream_requests,
            list_ttl,
            negative_ttl,
            ca_file,
            netrc,
            public_url,
            direct,
            direct_vcs,
            direct_timeout,
            direct_jobs,
            direct_disk,
            ssh_agent,
            git_config,
            git_protocols,
            watch,
            poll_interval,
            max_watches,
            scan_interval,
            crawl,
            crawl_interval,
            max_size,
            max_age,
            min_free,
            cache_size,
            max_zip_size,
            max_uploads,
            upload_timeout,
            max_connections,
            max_header_size,
            header_timeout,
            idle_timeout,
            write_timeout,
            shutdown_timeout,
            max_requests,
            max_requests_per_client,
            rate_limit,
            max_connections_per_client,
            metrics_listen,
            log_level,
            log_format,
            otlp_endpoint,
            otlp_sample,
        } = weaker;
        Self {
            root: self.root.or(root),
            listen: self.listen.or(listen),
            tls_cert: self.tls_cert.or(tls_cert),
            tls_key: self.tls_key.or(tls_key),
            trust_proxy: self.trust_proxy.or(trust_proxy),
            path_prefix: self.path_prefix.or(path_prefix),
            read_only: self.read_only.or(read_only),
            state: self.state.or(state),
            read_auth: self.read_auth.or(read_auth),
            upstream: self.upstream.or(upstream),
            offline: self.offline.or(offline),
            private: self.private.or(private),
            allow: self.allow.or(allow),
            block: self.block.or(block),
            min_age: self.min_age.or(min_age),
            sumdb: self.sumdb.or(sumdb),
            fetch_timeout: self.fetch_timeout.or(fetch_timeout),
            upstream_timeout: self.upstream_timeout.or(upstream_timeout),
            connect_timeout: self.connect_timeout.or(connect_timeout),
            max_upstream_requests: self.max_upstream_requests.or(max_upstream_requests),
            list_ttl: self.list_ttl.or(list_ttl),
            negative_ttl: self.negative_ttl.or(negative_ttl),
            ca_file: self.ca_file.or(ca_file),
            netrc: self.netrc.or(netrc),
            public_url: self.public_url.or(public_url),
            direct: self.direct.or(direct),
            direct_vcs: self.direct_vcs.or(direct_vcs),
            direct_timeout: self.direct_timeout.or(direct_timeout),
            direct_jobs: self.direct_jobs.or(direct_jobs),
            direct_disk: self.direct_disk.or(direct_disk),
            ssh_agent: self.ssh_agent.or(ssh_agent),
            git_config: self.git_config.or(git_config),
            git_protocols: self.git_protocols.or(git_protocols),
            watch: self.watch.or(watch),
            poll_interval: self.poll_interval.or(poll_interval),
            max_watches: self.max_watches.or(max_watches),
            scan_interval: self.scan_interval.or(scan_interval),
            crawl: self.crawl.or(crawl),
            crawl_interval: self.crawl_interval.or(crawl_interval),
            max_size: self.max_size.or(max_size),
            max_age: self.max_age.or(max_age),
            min_free: self.min_free.or(min_free),
            cache_size: self.cache_size.or(cache_size),
            max_zip_size: self.max_zip_size.or(max_zip_size),
            max_uploads: self.max_uploads.or(max_uploads),
            upload_timeout: self.upload_timeout.or(upload_timeout),
            max_connections: self.max_connections.or(max_connections),
            max_header_size: self.max_header_size.or(max_header_size),
            header_timeout: self.header_timeout.or(header_timeout),
            idle_timeout: self.idle_timeout.or(idle_timeout),
            write_timeout: self.write_timeout.or(write_timeout),
            shutdown_timeout: self.shutdown_timeout.or(shutdown_timeout),
            max_requests: self.max_requests.or(max_requests),
            max_requests_per_client: self.max_requests_per_client.or(max_requests_per_client),
            rate_limit: self.rate_limit.or(rate_limit),
            max_connections_per_client: self
                .max_connections_per_client
                .or(max_connections_per_client),
            metrics_listen: self.metrics_listen.or(metrics_listen),
            log_level: self.log_level.or(log_level),
            log_format: self.log_format.or(log_format),
            otlp_endpoint: self.otlp_endpoint.or(otlp_endpoint),
            otlp_sample: self.otlp_sample.or(otlp_sample),
        }
    }
}

/// How changes in the folder are noticed, as an operator writes it.
#[derive(ValueEnum, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "kebab-case")]
pub enum WatchName {
    /// Events of the operating system, and looking where there are none
    Native,
    /// Looking regularly
    Poll,
    /// Looking when a request asks
    Off,
}

/// How log lines look, as an operator writes it.
#[derive(ValueEnum, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormatName {
    /// For people; coloured on a terminal
    Plain,
    /// One JSON object a line
    Json,
}

impl FromText for BasePath {
    const EXPECTED: &'static str = "a path such as \"/go\"";
}

impl FromText for TrustedProxy {
    const EXPECTED: &'static str = "a network such as \"10.0.0.0/8\", or a list of them";
}

impl FromText for Concealed {
    const EXPECTED: &'static str = "a text";
}

impl FromText for LogFilter {
    const EXPECTED: &'static str = "a log level such as \"info\" or \"warn,athens::access=info\"";
}

impl FromText for UpstreamList {
    const EXPECTED: &'static str =
        "a list as in GOPROXY, such as \"https://mirror.example,direct\"";
}

impl FromText for PathPatterns {
    const EXPECTED: &'static str =
        "patterns as in GOPRIVATE, such as \"*.corp.example,example.com/team\"";
}

impl FromText for DatabaseSetting {
    const EXPECTED: &'static str = "a checksum database as in GOSUMDB, \"off\", or a list of them";
}

impl FromText for RateLimit {
    const EXPECTED: &'static str = "a rate such as \"50/s\" or \"50/s:500\"";
}

impl FromText for PublicUrl {
    const EXPECTED: &'static str = "a URL such as \"https://goproxy.corp.example\"";
}

impl FromText for Rule {
    const EXPECTED: &'static str =
        "a rule such as \"example.com/lib@<v1.4.2 # CVE-2026-1\", or a list of them";
}

fn texts<'de, T: FromText, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    deserialize_texts(deserializer).map(Some)
}

fn some_text<'de, T: FromText, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    deserialize_text(deserializer).map(Some)
}
