//! A line of the log, with the id of the request that it is about.
//!
//! A span of `tracing` around each request would say the same, and cost every request its making, also those of which
//! nothing is logged. So the line is formatted as usual, and what the task that logs works for is added at its end.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::LogFormat;
use crate::trace;

/// A format, and which of the two it is.
#[derive(Debug)]
pub(super) struct WithRequest<F> {
    pub(super) inner: F,
    pub(super) format: LogFormat,
}

impl<S, N, F> FormatEvent<S, N> for WithRequest<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(current) = trace::current() else {
            return self.inner.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.inner
            .format_event(context, Writer::new(&mut line), event)?;
        let id = current.request().id().as_str();
        writer.write_str(&named(&line, id, self.format))
    }
}

/// A line that names the request.
fn named(line: &str, id: &str, format: LogFormat) -> String {
    let line = line.trim_end_matches('\n');
    match (format, line.strip_suffix('}')) {
        // An id needs no escapes.
        (LogFormat::Json, Some(open)) => format!("{open},\"request\":\"{id}\"}}\n"),
        _ => format!("{line} request={id}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        for (line, format, expected) in [
            (
                "INFO athens: a\n",
                LogFormat::Plain,
                "INFO athens: a request=1\n",
            ),
            (
                "INFO athens: {}\n",
                LogFormat::Plain,
                "INFO athens: {} request=1\n",
            ),
            (
                "{\"a\":1}\n",
                LogFormat::Json,
                "{\"a\":1,\"request\":\"1\"}\n",
            ),
        ] {
            assert_eq!(named(line, "1", format), expected);
        }
    }
}
