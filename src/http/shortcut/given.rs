//! An answer that lay ready and is given: its bytes, and what is counted and logged of it.

use std::sync::Arc;
use std::time::Instant;

use warp::http::StatusCode;

use super::date;
use super::head::PlainHead;
use crate::http::access::{Line, shown_agent, shown_path};
use crate::http::admission::Within;
use crate::http::client::Client;
use crate::http::connection::Connection;
use crate::http::live::Routes;
use crate::http::measured::Meter;
use crate::http::prepared::Prepared;
use crate::trace::{Outcome, RequestId};

/// An answer that is being given. Counted and logged when it is dropped, as every request is.
#[derive(Debug)]
pub(super) struct Given<'a> {
    meter: &'a Meter,
    prepared: Arc<Prepared>,
    client: Client,
    id: RequestId,
    started: Instant,
    /// When all of it was handed over.
    ended: Option<Instant>,
    /// `None` if nobody listens.
    asked: Option<(String, Option<String>)>,
    _within: Within<'a>,
}

impl<'a> Given<'a> {
    /// Begins to give an answer.
    pub(super) fn of<S: Routes>(
        connection: &'a Connection<S>,
        prepared: Arc<Prepared>,
        head: &PlainHead<'_>,
        now: Instant,
        within: Within<'a>,
    ) -> Self {
        let asked = Line::is_heard().then(|| (shown_path(head.path), head.agent.map(shown_agent)));
        Self {
            meter: &connection.meter,
            prepared,
            client: Client::Peer(connection.origin.peer),
            id: RequestId::random(),
            started: now,
            ended: None,
            asked,
            _within: within,
        }
    }

    /// The answer, from its status line to its last byte.
    pub(super) fn bytes(&self) -> Vec<u8> {
        const MORE: usize = 128;
        let (head, content) = (self.prepared.head(), &self.prepared.content);
        let mut bytes = Vec::with_capacity(head.len() + content.len() + MORE);
        bytes.extend_from_slice(head);
        bytes.extend_from_slice(b"x-request-id: ");
        bytes.extend_from_slice(self.id.as_str().as_bytes());
        bytes.extend_from_slice(b"\r\ndate: ");
        date::append_to(&mut bytes, self.started);
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes.extend_from_slice(content);
        bytes
    }

    /// All of it is handed over.
    pub(super) fn ended(&mut self, now: Instant) {
        self.ended = Some(now);
    }
}

impl Drop for Given<'_> {
    fn drop(&mut self) {
        let is_whole = self.ended.is_some();
        let ended = self.ended.unwrap_or_else(Instant::now);
        let took = ended.saturating_duration_since(self.started);
        let about = self.prepared.about();
        let sent = self.prepared.content.len() as u64;
        self.meter
            .gave(about.route, StatusCode::OK, sent, is_whole, took);
        about.count(&self.meter.metrics);
        if let Some((path, agent)) = &self.asked {
            Line {
                client: self.client,
                method: "GET",
                path,
                status: Some(StatusCode::OK),
                sent,
                took,
                id: &self.id,
                trace: None,
                token: None,
                module: Some(about.names.module.as_str()),
                version: about.names.version.as_deref(),
                outcome: Some(Outcome::Hit),
                agent: agent.as_deref(),
                is_whole,
            }
            .log();
        }
    }
}
