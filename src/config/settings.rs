//! What was typed: the options of `athens serve`, from any of the three channels.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Deserializer};

use super::listen::{ListenAddress, one_or_many};
use super::units::{ByteSize, FromText, TimeSpan, deserialize_text};
use crate::http::BasePath;
use crate::logging::LogFilter;

/// The options of `athens serve`, none of them filled in.
///
/// The doc comments are the help text. Field names are the flags, in kebab-case, and the keys of the file.
#[derive(Args, Deserialize, Clone, PartialEq, Default, Debug)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ServeSettings {
    /// Folder that holds the modules, in the layout of the GOPROXY protocol [default: storage-root]
    #[arg(long, env = "ATHENS_ROOT", value_name = "DIR")]
    pub root: Option<PathBuf>,

    /// Address and port to listen on; port 0 takes a free one. May be given several times, or as a list with commas
    /// [default: 127.0.0.1:3000]
    #[arg(
        long,
        env = "ATHENS_LISTEN",
        value_name = "ADDRESS:PORT",
        value_delimiter = ','
    )]
    #[serde(default, deserialize_with = "one_or_many")]
    pub listen: Option<Vec<ListenAddress>>,

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

    /// Most uploads at a time; further ones are answered 503 [default: 8]
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

    /// Most connections at a time; further ones wait until one is closed [default: 4096]
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
}

impl ServeSettings {
    /// These settings, and those of `weaker` where these have nothing.
    #[must_use]
    pub fn or(self, weaker: Self) -> Self {
        // Taken apart so that a new field cannot be forgotten here.
        let Self {
            root,
            listen,
            path_prefix,
            read_only,
            state,
            read_auth,
            watch,
            poll_interval,
            max_watches,
            scan_interval,
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
            log_level,
            log_format,
        } = weaker;
        Self {
            root: self.root.or(root),
            listen: self.listen.or(listen),
            path_prefix: self.path_prefix.or(path_prefix),
            read_only: self.read_only.or(read_only),
            state: self.state.or(state),
            read_auth: self.read_auth.or(read_auth),
            watch: self.watch.or(watch),
            poll_interval: self.poll_interval.or(poll_interval),
            max_watches: self.max_watches.or(max_watches),
            scan_interval: self.scan_interval.or(scan_interval),
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
            log_level: self.log_level.or(log_level),
            log_format: self.log_format.or(log_format),
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

impl FromText for LogFilter {
    const EXPECTED: &'static str = "a log level such as \"info\" or \"warn,athens::access=info\"";
}

fn some_text<'de, T: FromText, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    deserialize_text(deserializer).map(Some)
}
