//! `athens log`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use crate::module::PathPatterns;

const LOG_EXAMPLES: &str = "\
Examples:
  athens log -n 20                                 what came and went last
  athens log --since 7d --event publish,delete     who published and deleted this week
  athens log --since 2026-03-01 --until 2026-04-01 --module 'corp.example/*'
  athens log --follow --root /srv/modules          and what comes from now on, until Ctrl-C
  athens log --json | jq -r 'select(.Event == \"fetch\") | .Path' | sort | uniq -c

A line for each event: time, in UTC, what happened, the size of the zip, the module and version, and by which token. With \
--json, the lines of the journal as they are. Reads only; a server may run meanwhile.

Exit status: 0 something matched, or --follow was ended by a signal; 1 nothing did; 2 wrong usage, or it failed.";

/// `athens log`.
#[derive(Args, Debug)]
#[command(after_help = LOG_EXAMPLES)]
pub struct LogArgs {
    /// Only what happened at this time or later: 2026-03-01, in UTC, 2026-03-01T12:00:00+01:00, or how long ago, such as
    /// 90m, 12h or 7d [default: from the beginning]
    #[arg(long, value_name = "TIME")]
    pub since: Option<Moment>,

    /// Only what happened before this time, written in the same ways [default: to the end]
    #[arg(long, value_name = "TIME", conflicts_with = "follow")]
    pub until: Option<Moment>,

    /// Only modules that match: comma-separated glob patterns of path prefixes, as in GOPRIVATE [default: all]
    #[arg(long, value_name = "PATTERNS")]
    pub module: Option<PathPatterns>,

    /// Only these events, with commas between them: publish, fetch, import, evict, adopt, delete, repair [default: all]
    #[arg(long, value_name = "EVENTS", value_delimiter = ',')]
    pub event: Vec<String>,

    /// Only the last so many of those [default: all]
    #[arg(short = 'n', long = "lines", value_name = "NUMBER")]
    pub lines: Option<NonZeroUsize>,

    /// Go on with what comes, until a signal [default: false]
    #[arg(short, long)]
    pub follow: bool,

    /// Folder that holds the modules
    #[arg(
        long,
        env = "ATHENS_ROOT",
        value_name = "DIR",
        default_value = "storage-root"
    )]
    pub root: PathBuf,

    /// Print the lines of the journal, which are JSON, instead of text [default: false]
    #[arg(long)]
    pub json: bool,
}

/// A time, or one so long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// This time.
    At(Timestamp),
    /// So long before now.
    Ago(SignedDuration),
}

/// A text that is no [`Moment`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "write a date such as 2026-03-01, a time such as 2026-03-01T12:00:00Z, or how long ago, such as 90m, 12h or 7d"
)]
pub struct InvalidMoment;

impl Moment {
    /// The time, if this is now.
    #[must_use]
    pub fn time(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Ago(span) => now.checked_sub(span).unwrap_or(Timestamp::MIN),
        }
    }
}

impl FromStr for Moment {
    type Err = InvalidMoment;

    fn from_str(text: &str) -> Result<Self, InvalidMoment> {
        let is_date = text.len() == "2026-03-01".len() && text.contains('-');
        let time = match is_date {
            true => format!("{text}T00:00:00Z").parse(),
            false => text.parse(),
        };
        if let Ok(time) = time {
            return Ok(Self::At(time));
        }
        let span = text.parse::<Span>();
        span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
            .ok()
            .filter(|span| !span.is_negative())
            .map(Self::Ago)
            .ok_or(InvalidMoment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let now: Timestamp = "2026-03-10T12:00:00Z".parse().unwrap();
        for (text, wanted) in [
            ("2026-03-01", Some("2026-03-01T00:00:00Z")),
            ("2026-03-01T12:00:00+01:00", Some("2026-03-01T11:00:00Z")),
            ("90m", Some("2026-03-10T10:30:00Z")),
            ("1d12h", Some("2026-03-09T00:00:00Z")),
            ("2w", Some("2026-02-24T12:00:00Z")),
            ("200000w", Some("-001807-02-12T12:00:00Z")),
            ("7", None),
            ("-7d", None),
            ("yesterday", None),
            ("", None),
            ("2026-13-01", None),
            ("1mo", None),
        ] {
            let time = text.parse::<Moment>().map(|it| it.time(now).to_string());
            assert_eq!(time.ok().as_deref(), wanted, "{text}");
        }
    }
}
