//! The log: `tracing` events, as lines on standard error, written by a thread of its own.
//!
//! Lines for people by default, with colours on a terminal; one JSON object a line on request. Standard output stays
//! free for what a command prints.

mod caps;
mod format;
pub mod otlp;
mod writer;

use std::fmt;
use std::io::IsTerminal as _;
use std::str::FromStr;

use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format as event_format;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::reload;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, Layer as _, Registry};

pub use writer::Flush;

use self::format::WithRequest;

/// What is logged, and how.
#[derive(Clone, Debug, Default)]
pub struct LogSettings {
    /// Which events are written.
    pub filter: LogFilter,
    /// How a line looks.
    pub format: LogFormat,
    /// Whether the person wants no colours, terminal or not.
    pub no_color: bool,
}

/// How a log line looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LogFormat {
    /// Text for people.
    #[default]
    Plain,
    /// One JSON object.
    Json,
}

/// Which events are written: a level, or directives such as `warn,athens::access=info`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogFilter(String);

/// A text that is no [`LogFilter`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "`{input}` is not a log level: {reason}; write error, warn, info, debug, trace or off, or a list such as warn,athens::access=info"
)]
pub struct InvalidLogFilter {
    input: String,
    reason: String,
}

impl FromStr for LogFilter {
    type Err = InvalidLogFilter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = |reason: &str| InvalidLogFilter {
            input: text.to_owned(),
            reason: reason.to_owned(),
        };
        // A bare word that is no level would be read as the name of a target: `--log-level wran` would log nothing.
        let level = text.parse::<tracing::level_filters::LevelFilter>();
        if text.is_empty() || level.is_err() && !text.contains(['=', ',']) {
            return Err(refused("no such level"));
        }
        match EnvFilter::builder().parse(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(error) => Err(refused(&error.to_string())),
        }
    }
}

impl Default for LogFilter {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The log of this process. Lines that still wait are written when it is dropped.
#[derive(Debug)]
#[must_use = "lines are lost if this is dropped before the last event"]
pub struct Log {
    filter: reload::Handle<EnvFilter, Registry>,
    _flush: Flush,
}

impl Log {
    /// Writes other events from now on.
    pub fn set_filter(&self, filter: &LogFilter) {
        // It fails only when the log is gone, and then nobody can be told.
        let _ = self.filter.reload(filter.to_filter());
    }
}

impl LogFilter {
    fn to_filter(&self) -> EnvFilter {
        // The text was checked when this was made.
        EnvFilter::builder().parse_lossy(&self.0)
    }
}

/// Starts logging for the whole process.
///
/// # Errors
///
/// If logging was started before.
pub fn start(settings: &LogSettings) -> Result<Log, TryInitError> {
    let (writer, flush) = writer::stderr();
    let (filter, handle) = reload::Layer::new(settings.filter.to_filter());
    let is_coloured = std::io::stderr().is_terminal() && !settings.no_color;
    let format = settings.format;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(is_coloured);
    let lines = match format {
        LogFormat::Plain => lines
            .event_format(WithRequest {
                inner: event_format().with_ansi(is_coloured),
                format,
            })
            .boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .map_event_format(|inner| WithRequest { inner, format })
            .boxed(),
    };
    Registry::default()
        .with(filter)
        .with(lines)
        .with(filter_fn(caps::allow))
        .try_init()?;
    Ok(Log {
        filter: handle,
        _flush: flush,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters() {
        for text in [
            "info",
            "off",
            "WARN",
            "warn,athens::access=info",
            "athens=debug",
        ] {
            assert_eq!(text.parse::<LogFilter>().unwrap().to_string(), text);
        }
        for text in ["", "wran", "athens=loud", "loud=very"] {
            assert!(text.parse::<LogFilter>().is_err(), "{text:?}");
        }
    }
}
