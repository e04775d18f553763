//! The log: `tracing` events, as lines on standard error, written by a thread of its own.
//!
//! Lines for people by default, with colours on a terminal; one JSON object a line on request. Standard output stays
//! free for what a command prints.

mod writer;

use std::fmt;
use std::io::IsTerminal as _;
use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

pub use writer::Flush;

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

/// Starts logging for the whole process. Lines that still wait are written when the returned value is dropped.
///
/// # Errors
///
/// If logging was started before.
pub fn start(settings: &LogSettings) -> Result<Flush, TryInitError> {
    let (writer, flush) = writer::stderr();
    // The text was checked when the filter was made.
    let filter = EnvFilter::builder().parse_lossy(&settings.filter.0);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(std::io::stderr().is_terminal() && !settings.no_color);
    match settings.format {
        LogFormat::Plain => builder.finish().try_init()?,
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .finish()
            .try_init()?,
    }
    Ok(flush)
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
