//! HTTP/2: what a connection of many requests may cost, and clients that leave one answer lying.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper_util::rt::TokioTimer;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::task::TaskTracker;

use super::server::Limits;

/// Requests at a time on one connection. RFC 9113, 6.5.2, advises no fewer, so that clients need no second connection.
const STREAMS: u32 = 100;
/// Bytes of one upload that a client may send ahead of us.
const STREAM_WINDOW: u32 = 256 << 10;
/// The same of all uploads on a connection.
const CONNECTION_WINDOW: u32 = 512 << 10;
/// Bytes of an answer that lie ready while the client takes no more.
const SEND_BUFFER: usize = 64 << 10;
/// Bytes of a frame, the least that the protocol allows: large answers leave others their turn.
const FRAME: u32 = 16 << 10;
/// Requests that were taken back before we came to them, at a time; with more, the connection ends. Threat: a client
/// that opens and resets requests without end has never too many open (CVE-2023-44487).
const RESET_UNSEEN: usize = 20;
/// Requests that we reset for faults of the client, over the life of a connection; with more, it ends. Threat: the
/// client makes us do the resetting (CVE-2025-8671).
const RESET_BY_US: usize = 1024;
/// A client that says nothing for this time is asked whether it is there.
const PING_INTERVAL: Duration = Duration::from_secs(60);

/// What serves connections of HTTP/2, with every limit named.
pub(super) fn builder(limits: &Limits, streams: Streams) -> http2::Builder<Streams> {
    let mut builder = http2::Builder::new(streams);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .adaptive_window(false)
        .max_send_buf_size(SEND_BUFFER)
        .max_frame_size(FRAME)
        .max_header_list_size(u32::try_from(limits.max_header_size).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(RESET_UNSEEN)
        .max_local_error_reset_streams(RESET_BY_US)
        .keep_alive_interval(PING_INTERVAL)
        // The ping waits behind what is on its way to a slow client: it has as long as an idle one.
        .keep_alive_timeout(limits.idle_timeout);
    builder
}

tokio::task_local! {
    /// Since when the client has a piece of this task's answer before it and has not taken it.
    static OFFERED: Cell<Option<Instant>>;
}

/// Whether this is the task of a request of HTTP/2.
pub(super) fn is_stream() -> bool {
    OFFERED.try_with(|_| ()).is_ok()
}

/// A piece of an answer was handed over. Without effect but in the task of a request of HTTP/2.
pub(super) fn offered() {
    let _ = OFFERED.try_with(|offered| offered.set(Some(Instant::now())));
}

/// The next piece is asked for, so the one before it was taken.
pub(super) fn taken() {
    let _ = OFFERED.try_with(|offered| offered.set(None));
}

/// Runs the requests of a connection, each in a task.
#[derive(Clone, Debug)]
pub(super) struct Streams {
    tasks: TaskTracker,
    write_timeout: Duration,
}

impl Streams {
    /// Tasks that the server waits for when it stops.
    pub(super) fn new(tasks: TaskTracker, limits: &Limits) -> Self {
        Self {
            tasks,
            write_timeout: limits.write_timeout,
        }
    }
}

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
{
    fn execute(&self, request: F) {
        let request = until_stalled(request, self.write_timeout);
        self.tasks.spawn(OFFERED.scope(Cell::new(None), request));
    }
}

/// Answers a request until its client takes no byte for too long; then the request is dropped, which resets it.
///
/// On such a connection the socket says little about one answer: the client holds it up by not widening its window, while
/// it takes all the others. Only the one is given up, for behind a proxy stand many clients. The time is for a piece of
/// an answer, up to 64 KiB.
async fn until_stalled<F: Future>(request: F, patience: Duration) {
    let mut request = pin!(request);
    let mut timer: Option<Pin<Box<Sleep>>> = None;
    poll_fn(|cx| {
        if request.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        while let Some(since) = OFFERED.try_with(Cell::get).ok().flatten() {
            let due = since + patience;
            if due <= Instant::now() {
                tracing::debug!("request reset: the client takes nothing of its answer");
                return Poll::Ready(());
            }
            let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
            // Set forward only when it fires: see `connection::Timer`.
            if timer.is_elapsed() {
                timer.as_mut().reset(due);
            }
            if timer.as_mut().poll(cx).is_pending() {
                break;
            }
        }
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// Runs something as the request of a connection; returns how long it lasted.
    async fn run(request: impl Future) -> Duration {
        let start = Instant::now();
        OFFERED
            .scope(Cell::new(None), until_stalled(request, PATIENCE))
            .await;
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn what_lies_untaken_is_given_up() {
        let lasted = run(async {
            assert!(is_stream());
            offered();
            pending::<()>().await;
        });
        assert_eq!(lasted.await, PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn each_piece_has_its_time_and_our_own_work_has_none() {
        let lasted = run(async {
            for _ in 0..3 {
                offered();
                tokio::time::sleep(PATIENCE * 9 / 10).await;
                taken();
            }
            tokio::time::sleep(PATIENCE * 9).await;
            offered();
            pending::<()>().await;
        });
        assert_eq!(lasted.await, PATIENCE * 9 * 3 / 10 + PATIENCE * 10);
    }

    #[tokio::test]
    async fn elsewhere_it_is_nothing() {
        assert!(!is_stream());
        offered();
        taken();
    }
}
