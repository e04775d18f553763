//! The task that sends spans.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::encode::{Resource, encode};
use super::reply::{Refused, rejected};
use super::settings::{OtlpEndpoint, OtlpSettings};
use crate::trace::FinishedSpan;
use crate::transport::Fault;

/// Spans of one request, at the most.
const BATCH: usize = 512;
/// How long a span waits for others.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often a batch is tried.
const ATTEMPTS: u32 = 5;
/// The pause after the first attempt, doubled each time, and the longest one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The same complaint is logged once in this time.
const COMPLAINT_INTERVAL: Duration = Duration::from_secs(60);

pub(super) struct Worker {
    client: Client,
    endpoint: OtlpEndpoint,
    headers: HeaderMap,
    resource: Resource,
    spans: Receiver<FinishedSpan>,
    stop: CancellationToken,
    /// Spans that nobody got, since it was last told.
    lost: Arc<AtomicU64>,
    complained: Option<Instant>,
    is_failing: bool,
}

impl Worker {
    pub(super) fn new(
        client: Client,
        settings: &OtlpSettings,
        spans: Receiver<FinishedSpan>,
        stop: CancellationToken,
        lost: Arc<AtomicU64>,
    ) -> Self {
        let mut headers = settings.request_headers();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self {
            client,
            endpoint: settings.endpoint.clone(),
            headers,
            resource: settings.resource.clone(),
            spans,
            stop,
            lost,
            complained: None,
            is_failing: false,
        }
    }

    /// Until it is told to stop, and then until nothing waits.
    pub(super) async fn run(mut self) {
        loop {
            let batch = self.gather().await;
            if batch.is_empty() {
                return;
            }
            self.deliver(&batch).await;
        }
    }

    /// The next batch; empty at the end.
    async fn gather(&mut self) -> Vec<FinishedSpan> {
        let mut batch = Vec::new();
        let stop = self.stop.clone();
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            _ = self.spans.recv_many(&mut batch, BATCH) => {}
        }
        let until = Instant::now() + INTERVAL;
        while batch.len() < BATCH && !stop.is_cancelled() {
            let room = BATCH - batch.len();
            let more = self.spans.recv_many(&mut batch, room);
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                more = timeout_at(until, more) => match more {
                    // Nobody is left who could send one, or it is time.
                    Ok(0) | Err(_) => break,
                    Ok(_) => {}
                },
            }
        }
        while batch.len() < BATCH {
            let Ok(span) = self.spans.try_recv() else {
                break;
            };
            batch.push(span);
        }
        batch
    }

    async fn deliver(&mut self, batch: &[FinishedSpan]) {
        let body = bytes::Bytes::from(encode(&self.resource, batch));
        let mut pause = FIRST_PAUSE;
        for attempt in 1..=ATTEMPTS {
            let refused = match self.send(body.clone()).await {
                Ok(rejected) => {
                    self.delivered(rejected);
                    return;
                }
                Err(refused) => refused,
            };
            let is_last = !refused.is_passing || attempt == ATTEMPTS || self.stop.is_cancelled();
            if is_last {
                self.lost.fetch_add(batch.len() as u64, Ordering::Relaxed);
            }
            self.complain(&refused.why);
            if is_last {
                return;
            }
            let wait = refused.again.unwrap_or(pause).min(LONGEST_PAUSE);
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = sleep(wait) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Sends it once; answers with how many spans the collector did not keep.
    async fn send(&self, body: bytes::Bytes) -> Result<u64, Refused> {
        let response = self
            .client
            .post(self.endpoint.url().clone())
            .headers(self.headers.clone())
            .body(body)
            .send()
            .await
            .map_err(|error| Refused {
                why: Fault::of(error).to_string(),
                is_passing: true,
                again: None,
            })?;
        match Refused::by_status(response.status(), response.headers()) {
            Some(refused) => Err(refused),
            None => Ok(rejected(response).await),
        }
    }

    fn delivered(&mut self, rejected: u64) {
        if rejected > 0 {
            self.lost.fetch_add(rejected, Ordering::Relaxed);
            self.complain("it did not keep all of them");
            return;
        }
        if self.lost.load(Ordering::Relaxed) > 0 && !self.is_failing {
            self.complain("there are more than it takes");
            return;
        }
        if std::mem::take(&mut self.is_failing) {
            self.complained = None;
            let lost = self.lost.swap(0, Ordering::Relaxed);
            tracing::info!(lost, "the collector at {} takes spans again", self.endpoint);
        }
    }

    fn complain(&mut self, why: &str) {
        self.is_failing = true;
        let now = Instant::now();
        let is_due = self
            .complained
            .is_none_or(|last| now >= last + COMPLAINT_INTERVAL);
        if is_due {
            self.complained = Some(now);
            let lost = self.lost.swap(0, Ordering::Relaxed);
            tracing::warn!(
                lost,
                "spans can not be sent to the collector at {}: {why}",
                self.endpoint
            );
        }
    }
}
