//! What ends a connection that does not end by itself: the server stops, or the client takes too long.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::activity::{Activity, Overdue};
use super::client::Peer;

/// Tells connections to end.
#[derive(Clone, Debug, Default)]
pub(super) struct Stop {
    /// Finish what runs, take nothing new.
    pub(super) gently: CancellationToken,
    /// Now.
    pub(super) at_once: CancellationToken,
    /// Whether any of the two was said, for who looks often.
    is_told: Arc<AtomicBool>,
}

impl Stop {
    /// Lets what runs finish.
    pub(super) fn stop_gently(&self) {
        self.is_told.store(true, Ordering::Release);
        self.gently.cancel();
    }

    /// Ends everything now.
    pub(super) fn stop_at_once(&self) {
        self.is_told.store(true, Ordering::Release);
        self.at_once.cancel();
    }

    fn is_told(&self) -> bool {
        self.is_told.load(Ordering::Acquire)
    }
}

/// What a connection is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Told {
    /// To finish what runs, and to take nothing new. It is said once.
    ToFinish,
    /// To end now.
    ToEnd,
}

/// What may end a connection, to be polled after each step of its own.
#[derive(Debug)]
pub(super) struct Ending<'a> {
    activity: &'a Activity,
    stop: &'a Stop,
    peer: Peer,
    gently: Pin<Box<WaitForCancellationFutureOwned>>,
    at_once: Pin<Box<WaitForCancellationFutureOwned>>,
    timer: Timer<'a>,
    is_listening: bool,
    is_finishing: bool,
}

impl<'a> Ending<'a> {
    pub(super) fn new(activity: &'a Activity, stop: &'a Stop, peer: Peer) -> Self {
        Self {
            activity,
            stop,
            peer,
            gently: Box::pin(stop.gently.clone().cancelled_owned()),
            at_once: Box::pin(stop.at_once.clone().cancelled_owned()),
            timer: Timer::new(activity),
            is_listening: false,
            is_finishing: false,
        }
    }

    pub(super) fn peer(&self) -> Peer {
        self.peer
    }

    /// Whether it was told to finish.
    pub(super) fn is_finishing(&self) -> bool {
        self.is_finishing
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Told> {
        // Both wake this task, which is the same as long as it lives: to be told once that somebody listens is enough
        // for them, and asking locks.
        if !self.is_listening || self.stop.is_told() {
            self.is_listening = true;
            if !self.is_finishing && self.gently.as_mut().poll(cx).is_ready() {
                self.is_finishing = true;
                self.activity.stop();
                return Poll::Ready(Told::ToFinish);
            }
            if self.at_once.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Told::ToEnd);
            }
        }
        let overdue = ready!(self.timer.poll(cx));
        tracing::debug!(client = %self.peer, ?overdue, "connection cut");
        Poll::Ready(Told::ToEnd)
    }
}

/// Wakes the connection when its deadline has passed.
#[derive(Debug)]
pub(super) struct Timer<'a> {
    activity: &'a Activity,
    sleep: Pin<Box<Sleep>>,
}

impl<'a> Timer<'a> {
    pub(super) fn new(activity: &'a Activity) -> Self {
        Self {
            activity,
            // Set when it is polled first.
            sleep: Box::pin(sleep_until(Instant::now())),
        }
    }

    /// Deadlines move with every request, and moving a timer costs more than being woken once too often: it is only
    /// set forward when it fires, and back when the deadline has come nearer.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Overdue> {
        loop {
            let Some((deadline, overdue)) = self.activity.deadline(cx.waker()) else {
                return Poll::Pending;
            };
            if deadline < self.sleep.deadline() {
                // Who is told to go goes now: a timer fires a millisecond later, for which the next client waits, and all
                // behind it.
                if deadline <= Instant::now() {
                    return Poll::Ready(overdue);
                }
                self.sleep.as_mut().reset(deadline);
            }
            ready!(self.sleep.as_mut().poll(cx));
            if deadline <= Instant::now() {
                return Poll::Ready(overdue);
            }
            self.sleep.as_mut().reset(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;
    use std::time::Duration;

    use tokio::sync::Notify;
    use tokio::time::{advance, sleep};

    use super::*;
    use crate::http::activity::Telling;
    use crate::http::server::Limits;

    /// No timer has to fire first: the next client waits for the place.
    #[tokio::test(start_paused = true)]
    async fn who_is_told_to_go_goes_with_the_next_step() {
        let activity = Activity::new(Limits::default());
        let mut timer = Timer::new(&activity);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(timer.poll(&mut cx).is_pending());
        // It fires for the first time, and is set to the deadline.
        sleep(Duration::from_millis(5)).await;
        assert!(timer.poll(&mut cx).is_pending());
        // Timers fire at whole milliseconds.
        advance(Duration::from_micros(300)).await;
        let telling = activity.tell_to_go(Instant::now(), &Arc::new(Notify::new()));
        assert_eq!(telling, Telling::Goes);
        assert_eq!(timer.poll(&mut cx), Poll::Ready(Overdue::Displaced));
    }
}
