//! Sending spans to a collector: OTLP over HTTP, in its JSON form.
//!
//! A small exporter of our own over the HTTP client that is here anyway: the protocol is one POST of one JSON object, and
//! what matters is what happens when nobody answers. Spans go through a bounded queue to one task, which sends them in
//! batches. It never makes anybody wait: a full queue drops spans, which are counted; a collector that is down, or hangs,
//! is worth one line a minute.
//!
//! Source: OpenTelemetry Protocol Specification, "OTLP/HTTP", "JSON Protobuf Encoding".

mod encode;
mod reply;
mod settings;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::redirect::Policy;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use settings::{InvalidOtlp, OtlpEndpoint, OtlpHeaders, OtlpSettings};

use self::worker::Worker;
use crate::trace::{FinishedSpan, Sink, Tracer};
use crate::transport::{Authorities, Fault, InvalidAuthorities, client_builder, is_loopback_host};

/// Spans that may wait. A span is some hundred bytes, and a few KiB at the most.
const WAITING_SPANS: usize = 2048;
/// How long a collector may take to let us in, and how long for all of its answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Spans can not be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum OtlpSetupError {
    /// The file with more authorities to trust.
    #[error(transparent)]
    Authorities(#[from] InvalidAuthorities),
    /// The HTTP library does not start.
    #[error("cannot make ready for the collector of --otlp-endpoint: {0}")]
    Client(Fault),
}

/// The task that sends spans.
#[derive(Debug)]
pub struct Exporter {
    task: JoinHandle<()>,
    stop: CancellationToken,
    lost: Arc<AtomicU64>,
}

/// Where requests leave their spans.
#[derive(Debug)]
struct Queue {
    spans: mpsc::Sender<FinishedSpan>,
    lost: Arc<AtomicU64>,
}

impl Sink for Queue {
    fn take(&self, span: FinishedSpan) {
        if self.spans.try_send(span).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Exporter {
    /// Starts the task. Reads the file of authorities; needs a tokio runtime. Whether there is a collector is seen when
    /// there is something to send.
    ///
    /// # Errors
    ///
    /// If the file can not be read, or the HTTP library does not start.
    pub fn start(settings: &OtlpSettings) -> Result<(Self, Tracer), OtlpSetupError> {
        let authorities = match &settings.ca_file {
            Some(path) => Authorities::read(path)?,
            None => Authorities::default(),
        };
        let builder = client_builder(&authorities)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            // Our headers are for the collector alone.
            .redirect(Policy::none());
        let builder = match settings.endpoint.host().is_some_and(is_loopback_host) {
            true => builder.no_proxy(),
            false => builder,
        };
        let client = builder
            .build()
            .map_err(|error| OtlpSetupError::Client(Fault::of(error)))?;
        let (sender, spans) = mpsc::channel(WAITING_SPANS);
        let (stop, lost) = (CancellationToken::new(), Arc::new(AtomicU64::new(0)));
        let worker = Worker::new(client, settings, spans, stop.clone(), Arc::clone(&lost));
        let queue = Queue {
            spans: sender,
            lost: Arc::clone(&lost),
        };
        let exporter = Self {
            task: tokio::spawn(worker.run()),
            stop,
            lost,
        };
        Ok((exporter, Tracer::new(queue, settings.sample)))
    }

    /// Sends what waits, unless that takes longer than this.
    pub async fn stop(mut self, patience: Duration) {
        self.stop.cancel();
        let ended = tokio::time::timeout(patience, &mut self.task).await;
        let lost = self.lost.load(Ordering::Relaxed);
        if ended.is_err() {
            self.task.abort();
            tracing::warn!(
                lost,
                "spans that were not sent yet are lost: the collector does not take them in time"
            );
        } else if lost > 0 {
            tracing::warn!(lost, "spans were lost: the collector did not take them");
        }
    }
}
