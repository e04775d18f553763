//! What the service manager is told (`sd_notify(3)`): ready, reloading, stopping, and that the server still answers.
//!
//! Where nobody wants to be told, all of this does nothing.

use std::convert::Infallible;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::Interval;

use crate::http::Server;

/// Requests are answered from now on. `status` is what `systemctl status` shows.
pub(super) fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// The configuration is read again, until [`ready`] is told.
pub(super) fn reloading() {
    let Ok(now) = NotifyState::monotonic_usec_now() else {
        return;
    };
    tell(&[NotifyState::Reloading, now]);
}

/// The reload is over.
pub(super) fn reloaded() {
    tell(&[NotifyState::Ready]);
}

/// No more requests are taken.
pub(super) fn stopping() {
    tell(&[
        NotifyState::Stopping,
        NotifyState::Status("finishing running answers"),
    ]);
}

/// Says again and again that the server is well, for as long as it is: for ever, or never, if nobody asks.
///
/// It is well if each of its accept loops answers: they run where requests run, so whatever keeps requests waiting keeps
/// them waiting.
pub(super) async fn watchdog(server: &Server) {
    let mut interval = watchdog_interval().await;
    loop {
        interval.tick().await;
        server.answers().await;
        tell(&[NotifyState::Watchdog]);
    }
}

/// The same once no more connections are accepted. It is well then if tasks run.
pub(super) async fn watchdog_while_stopping() -> Infallible {
    let mut interval = watchdog_interval().await;
    loop {
        interval.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

/// Comes back if somebody wants to be told.
async fn watchdog_interval() -> Interval {
    match sd_notify::watchdog_enabled() {
        // As `sd_watchdog_enabled(3)` advises.
        Some(limit) => tokio::time::interval((limit / 2).max(Duration::from_millis(1))),
        None => std::future::pending().await,
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("the service manager can not be told how the server is: {error}");
    }
}
