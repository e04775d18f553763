//! The figures as text, for those who collect them.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, prometheus_text, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::Metrics;
use super::family::Labels;

/// How the figures are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFormat {
    /// What every Prometheus reads, and people too.
    Prometheus,
    /// `OpenMetrics` 1.0, for those who ask for it.
    OpenMetrics,
}

impl TextFormat {
    /// Its media type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => prometheus_text::CONTENT_TYPE,
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

impl Metrics {
    /// All figures as text, those of the process as of now. Reads `/proc`: not for async threads.
    ///
    /// # Errors
    /// None that is known: memory takes everything that is written.
    pub fn write(&self, format: TextFormat) -> Result<String, fmt::Error> {
        self.look_at_process();
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self.clone()));
        let mut written = String::with_capacity(32 << 10);
        match format {
            TextFormat::Prometheus => prometheus_text::encode(&mut written, &registry)?,
            TextFormat::OpenMetrics => text::encode(&mut written, &registry)?,
        }
        Ok(written)
    }
}

impl Collector for Metrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.visit(&mut |description, family| {
            let kind = family.kind();
            let (name, unit) = parts(description.name, kind);
            let mut encoder =
                encoder.encode_descriptor(name, description.help, unit.as_ref(), kind)?;
            family.encode(&mut Labels::new(), &mut encoder)
        })
    }
}

/// A name without the endings that are written by themselves, and its unit.
fn parts(name: &'static str, kind: MetricType) -> (&'static str, Option<Unit>) {
    let name = match kind {
        MetricType::Counter => name.strip_suffix("_total").unwrap_or(name),
        _ => name,
    };
    let units = [("_seconds", Unit::Seconds), ("_bytes", Unit::Bytes)];
    for (ending, unit) in units {
        if let Some(name) = name.strip_suffix(ending) {
            return (name, Some(unit));
        }
    }
    (name, None)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::super::{Kind, Method, Route, Status, UpstreamOutcome};
    use super::*;

    /// The row of each figure in the reference, as it must be.
    fn rows() -> Vec<String> {
        let mut rows = Vec::new();
        let visited = Metrics::default().visit(&mut |description, family| {
            let mut labels = Vec::new();
            family.label_names(&mut labels);
            let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
            rows.push(format!(
                "| `{}` | {} | {} | {} |",
                description.name,
                family.kind().as_str(),
                labels.join(", "),
                description.help
            ));
            Ok(())
        });
        visited.unwrap();
        rows
    }

    #[test]
    fn the_reference_has_each_figure_and_no_other() {
        let page = include_str!("../../docs/metrics.md");
        let written: BTreeSet<&str> = page
            .lines()
            .filter(|line| line.starts_with("| `athens_") || line.starts_with("| `process_"))
            .collect();
        let rows = rows();
        let wanted: BTreeSet<&str> = rows.iter().map(String::as_str).collect();
        assert_eq!(wanted.len(), rows.len());
        let lacking: Vec<_> = wanted.difference(&written).collect();
        let left_over: Vec<_> = written.difference(&wanted).collect();
        assert!(
            lacking.is_empty() && left_over.is_empty(),
            "docs/metrics.md lacks {lacking:#?} and has {left_over:#?}"
        );
    }

    #[test]
    fn names_are_conventional() {
        let visited = Metrics::default().visit(&mut |description, family| {
            let name = description.name;
            assert!(
                name.starts_with("athens_") || name.starts_with("process_"),
                "{name}"
            );
            let is_counter = matches!(family.kind(), MetricType::Counter);
            assert_eq!(name.ends_with("_total"), is_counter, "{name}");
            if matches!(family.kind(), MetricType::Histogram) {
                assert!(parts(name, family.kind()).1.is_some(), "{name}");
            }
            assert!(description.help.ends_with('.'), "{name}");
            Ok(())
        });
        visited.unwrap();
    }

    #[test]
    fn both_formats() {
        let metrics = Metrics::default();
        metrics.http.requests[Route::Zip][Method::Read][Status::Ok].add_one();
        metrics.http.duration[Route::Zip].took(Duration::from_millis(3));
        metrics.answers.given[Kind::Zip][super::super::AnswerSource::Tree].add_one();
        let meter = metrics.upstream.meter("https://a.example/\"x\\");
        meter.begin().ends(UpstreamOutcome::Ok);
        let _running = metrics.running(|table| &table.http.in_flight);
        let text = metrics.write(TextFormat::Prometheus).unwrap();
        for line in [
            "# HELP athens_http_requests_total Requests that were answered, or whose client left before.",
            "# TYPE athens_http_requests_total counter",
            "athens_http_requests_total{route=\"zip\",method=\"read\",status=\"200\"} 1",
            "athens_http_request_duration_seconds_sum{route=\"zip\"} 0.003",
            "athens_http_request_duration_seconds_count{route=\"zip\"} 1",
            "athens_http_request_duration_seconds_bucket{route=\"zip\",le=\"0.0025\"} 0",
            "athens_http_request_duration_seconds_bucket{route=\"zip\",le=\"0.005\"} 1",
            "athens_http_request_duration_seconds_bucket{route=\"zip\",le=\"+Inf\"} 1",
            "athens_answers_total{kind=\"zip\",source=\"tree\"} 1",
            "athens_answers_total{kind=\"mod\",source=\"tree\"} 0",
            "athens_upstream_requests_total{upstream=\"https://a.example/\\\"x\\\\\",outcome=\"ok\"} 1",
            "athens_http_requests_in_flight 1",
            concat!(
                "athens_build_info{version=\"",
                env!("CARGO_PKG_VERSION"),
                "\"} 1"
            ),
        ] {
            assert!(
                text.lines().any(|written| written == line),
                "{line}\n{text}"
            );
        }
        assert!(!text.contains("\nathens_tree_modules "), "{text}");
        let text = metrics.write(TextFormat::OpenMetrics).unwrap();
        for line in [
            "# TYPE athens_http_requests counter",
            "# UNIT athens_http_request_duration_seconds seconds",
            "# TYPE process_cpu_seconds counter",
            "athens_http_requests_total{route=\"zip\",method=\"read\",status=\"200\"} 1",
        ] {
            assert!(
                text.lines().any(|written| written == line),
                "{line}\n{text}"
            );
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
