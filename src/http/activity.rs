//! What a connection is doing, and when it has done it for too long.
//!
//! hyper has one timeout, for reading a head, and it runs on while a kept connection waits for its next request: with
//! a strict limit for slow headers, every idle connection would be cut after it too. So the three limits are kept
//! here. The socket's wrapper says when bytes move, the service says when a request starts and its answer ends, and
//! the connection asks for the deadline after each step.
//!
//! With HTTP/2 many requests are answered at a time, and bytes may come that belong to none: who has no request open is
//! idle whatever it sends. The first request has to come as soon as with HTTP/1.1.
//!
//! What waits for a request may be told to go, so that somebody else has its place (see `places`). It goes unless a request
//! comes first: both are decided under one lock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::server::Limits;

/// How long a client that we have finished with may still send before we stop listening.
const LINGER: Duration = Duration::from_secs(2);

// What counts as "takes nothing": the kernel takes no more bytes from us, because its buffer for this client (up to some
// MiB) is not emptying by a third. A client that reads steadily, but below some 20 KB a second out of such a buffer, can
// look like that for a minute.

/// Shared by the socket's wrapper, the service and the connection; never locked for long.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: Limits,
    state: Mutex<State>,
}

/// What is known of a connection; told the time, so that its tests need no clock.
#[derive(Debug)]
struct State {
    phase: Phase,
    /// Requests that are being answered.
    running: usize,
    /// HTTP/2.
    is_multiplexed: bool,
    /// Some request had content, or may have had.
    had_content: bool,
    /// Since when the client takes nothing of what is to be sent.
    stalled: Option<Instant>,
    /// Since when our sending side is closed.
    closed: Option<Instant>,
    /// Since when the server stops: nobody is waited for.
    stopping: Option<Instant>,
    /// When the last request ended.
    ended: Option<Instant>,
    /// Since when the connection is to go, and who is to know if it does not.
    told_to_go: Option<(Instant, Arc<Notify>)>,
    /// The task to wake when it is told to go.
    waker: Option<Waker>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// A head has begun since somebody last asked for the deadline. Nobody read a clock for it: most are answered by then.
    Begun,
    /// The head of a request is on its way, since then. Also right after accepting: who connects has to speak.
    Head(Instant),
    /// Requests are being answered; how long that may take is not the connection's business.
    Answering,
    /// Between two requests, since then.
    Idle(Instant),
}

/// Which limit a client ran into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Overdue {
    Head,
    Idle,
    Write,
    Close,
    /// None: somebody else needs the place.
    Displaced,
}

/// What a connection answers when it is told to go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Telling {
    Goes,
    /// It has not waited as long as that, but since then.
    WaitsSince(Instant),
    /// It is being answered, or goes already.
    Busy,
}

impl State {
    fn accepted(now: Instant) -> Self {
        Self {
            phase: Phase::Head(now),
            running: 0,
            is_multiplexed: false,
            had_content: false,
            stalled: None,
            closed: None,
            stopping: None,
            ended: None,
            told_to_go: None,
            waker: None,
        }
    }

    fn request_started(&mut self) {
        self.running += 1;
        self.phase = Phase::Answering;
        self.stays();
    }

    /// A request has come, so it need not go.
    fn stays(&mut self) {
        if let Some((_, spared)) = self.told_to_go.take() {
            spared.notify_one();
        }
    }

    fn response_ended(&mut self, now: Instant) {
        self.running = self.running.saturating_sub(1);
        if self.running == 0 {
            self.phase = Phase::Idle(now);
            self.ended = Some(now);
        }
    }

    /// Since when nothing is owed to the client and nothing comes of it; `None` for one that is being answered, or that
    /// was told to go already.
    fn waiting_since(&self) -> Option<Instant> {
        if self.told_to_go.is_some() {
            return None;
        }
        if self.closed.is_some() {
            return self.closed;
        }
        if self.stalled.is_some() {
            return None;
        }
        match self.phase {
            Phase::Head(since) => Some(since),
            Phase::Begun | Phase::Answering => None,
            // An answer to a ping is written too: a client that pings waits no less.
            Phase::Idle(since) if self.is_multiplexed => Some(self.ended.unwrap_or(since)),
            Phase::Idle(since) => Some(since),
        }
    }

    /// Tells it to go if it has waited since then or longer.
    fn tell_to_go(&mut self, since: Instant, now: Instant, spared: &Arc<Notify>) -> Telling {
        match self.waiting_since() {
            Some(waiting) if waiting <= since => {
                self.told_to_go = Some((now, Arc::clone(spared)));
                Telling::Goes
            }
            Some(waiting) => Telling::WaitsSince(waiting),
            None => Telling::Busy,
        }
    }

    fn bytes_read(&mut self) {
        if let (Phase::Idle(_), false) = (self.phase, self.is_multiplexed) {
            self.phase = Phase::Begun;
        }
    }

    /// The connection has come to the end of a step.
    fn rests(&mut self, now: impl FnOnce() -> Instant) {
        if self.phase == Phase::Begun {
            self.phase = Phase::Head(now());
        }
    }

    fn is_between_requests(&self) -> bool {
        let is_waiting = self.running == 0 && !matches!(self.phase, Phase::Answering);
        is_waiting && !self.had_content && self.closed.is_none() && self.stopping.is_none()
    }

    /// A whole request came and was answered, all at once.
    fn answered(&mut self, now: Instant) {
        self.stalled = None;
        self.phase = Phase::Idle(now);
        self.stays();
    }

    /// The tail of an answer may still be on its way when its body has ended: being idle starts after it.
    fn bytes_written(&mut self, now: impl FnOnce() -> Instant) {
        self.stalled = None;
        if let Phase::Idle(since) = &mut self.phase {
            *since = now();
        }
    }

    fn write_stalled(&mut self, now: Instant) {
        self.stalled.get_or_insert(now);
    }

    /// When the connection is to be cut if nothing happens, and what for.
    fn deadline(&self, limits: &Limits) -> Option<(Instant, Overdue)> {
        if let Some((since, _)) = &self.told_to_go {
            return Some((*since, Overdue::Displaced));
        }
        if let Some(since) = self.closed {
            return Some((since + LINGER, Overdue::Close));
        }
        if let Some(since) = self.stalled {
            return Some((since + limits.write_timeout, Overdue::Write));
        }
        match self.phase {
            Phase::Head(since) => Some((since + limits.header_timeout, Overdue::Head)),
            Phase::Begun | Phase::Answering => None,
            // hyper ends a connection without requests by itself, but for one of HTTP/2 that does not answer.
            Phase::Idle(since) => Some(match self.stopping {
                Some(stopping) => (since.max(stopping) + LINGER, Overdue::Close),
                None => (since + limits.idle_timeout, Overdue::Idle),
            }),
        }
    }
}

impl Activity {
    /// Of a connection that was accepted now.
    pub(super) fn new(limits: Limits) -> Self {
        Self(Arc::new(Shared {
            limits,
            state: Mutex::new(State::accepted(Instant::now())),
        }))
    }

    /// TLS has come about: the time for the first head starts.
    pub(super) fn secured(&self, is_multiplexed: bool) {
        let mut state = self.state();
        state.phase = Phase::Head(Instant::now());
        state.is_multiplexed = is_multiplexed;
    }

    /// The head of a request was read whole.
    pub(super) fn request_started(&self) {
        self.state().request_started();
    }

    /// The answer's last byte was handed over, or the answer was given up.
    pub(super) fn response_ended(&self) {
        self.state().response_ended(Instant::now());
    }

    /// A request has come that has content, or may have.
    pub(super) fn has_content(&self) {
        self.state().had_content = true;
    }

    /// Whether no request is under way, none ever had content, and more may come.
    pub(super) fn is_between_requests(&self) -> bool {
        self.state().is_between_requests()
    }

    /// A whole request came between two others, and all of its answer was handed over.
    pub(super) fn answered(&self, now: Instant) {
        self.state().answered(now);
    }

    /// The server stops: what is done is closed at once.
    pub(super) fn stop(&self) {
        self.state().stopping.get_or_insert_with(Instant::now);
    }

    /// When the connection is to be cut if nothing happens, and what for. This task is woken if it is told to go before.
    pub(super) fn deadline(&self, waker: &Waker) -> Option<(Instant, Overdue)> {
        let mut state = self.state();
        match &mut state.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        state.rests(Instant::now);
        state.deadline(&self.0.limits)
    }

    /// Tells the connection to go if it has waited for a request since then or longer. If one comes before it went, it
    /// stays, and `spared` is notified.
    pub(super) fn tell_to_go(&self, since: Instant, spared: &Arc<Notify>) -> Telling {
        let mut state = self.state();
        let telling = state.tell_to_go(since, Instant::now(), spared);
        let waker = (telling == Telling::Goes).then(|| state.waker.take());
        drop(state);
        if let Some(waker) = waker.flatten() {
            waker.wake();
        }
        telling
    }

    /// Bytes came from the client.
    pub(super) fn bytes_read(&self) {
        self.state().bytes_read();
    }

    /// Bytes went to the client.
    pub(super) fn bytes_written(&self) {
        self.state().bytes_written(Instant::now);
    }

    /// There are bytes for the client, and it takes none.
    pub(super) fn write_stalled(&self) {
        self.state().write_stalled(Instant::now());
    }

    /// Our sending side is closed. Returns whether to listen for what still comes.
    pub(super) fn closed(&self) -> bool {
        let mut state = self.state();
        state.closed.get_or_insert_with(Instant::now);
        // A client of HTTP/2 says of each piece that it has taken it. What of that we leave unread would reset the end of
        // its answer.
        state.stopping.is_none() || state.is_multiplexed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: u64 = 10;
    const IDLE: u64 = 120;
    const WRITE: u64 = 60;

    fn limits() -> Limits {
        Limits {
            header_timeout: Duration::from_secs(HEAD),
            idle_timeout: Duration::from_secs(IDLE),
            write_timeout: Duration::from_secs(WRITE),
            ..Limits::default()
        }
    }

    /// A connection and its clock, in seconds since it was accepted.
    struct Case {
        accepted: Instant,
        state: State,
    }

    impl Case {
        fn new() -> Self {
            let accepted = Instant::now();
            Self {
                accepted,
                state: State::accepted(accepted),
            }
        }

        fn at(&self, seconds: u64) -> Instant {
            self.accepted + Duration::from_secs(seconds)
        }

        /// Bytes come that are no whole request.
        fn bytes_come(&mut self, seconds: u64) {
            let now = self.at(seconds);
            self.state.bytes_read();
            self.state.rests(|| now);
        }

        #[track_caller]
        fn is_due(&self, due: Option<(u64, Overdue)>) {
            let due = due.map(|(seconds, overdue)| (self.at(seconds), overdue));
            assert_eq!(self.state.deadline(&limits()), due);
        }
    }

    #[test]
    fn a_head_has_one_limit_however_it_trickles() {
        let mut case = Case::new();
        case.is_due(Some((HEAD, Overdue::Head)));
        case.bytes_come(4);
        case.is_due(Some((HEAD, Overdue::Head)));
    }

    #[test]
    fn an_answer_has_none_and_then_the_connection_is_idle() {
        let mut case = Case::new();
        case.state.request_started();
        case.is_due(None);
        case.state.response_ended(case.at(1000));
        case.is_due(Some((1000 + IDLE, Overdue::Idle)));
        case.bytes_come(1100);
        case.is_due(Some((1100 + HEAD, Overdue::Head)));
    }

    #[test]
    fn a_request_that_is_answered_at_once_is_no_less_a_request() {
        let mut case = Case::new();
        let spared = Arc::default();
        assert!(case.state.is_between_requests());
        let told = case.state.tell_to_go(case.at(9), case.at(9), &spared);
        assert_eq!(told, Telling::Goes);
        let now = case.at(10);
        case.state.answered(now);
        case.is_due(Some((10 + IDLE, Overdue::Idle)));
        assert!(case.state.is_between_requests());
        case.state.request_started();
        assert!(!case.state.is_between_requests());
        case.state.response_ended(now);
        assert!(case.state.is_between_requests());
        case.state.had_content = true;
        assert!(!case.state.is_between_requests());
    }

    #[test]
    fn a_stalled_client_is_timed_from_its_last_byte() {
        let mut case = Case::new();
        case.state.phase = Phase::Answering;
        case.state.write_stalled(case.at(5));
        case.state.write_stalled(case.at(35));
        case.is_due(Some((5 + WRITE, Overdue::Write)));
        let now = case.at(36);
        case.state.bytes_written(|| now);
        case.is_due(None);
    }

    #[test]
    fn the_tail_of_an_answer_is_not_idleness() {
        let mut case = Case::new();
        case.state.phase = Phase::Idle(case.at(1));
        case.state.write_stalled(case.at(2));
        case.is_due(Some((2 + WRITE, Overdue::Write)));
        let now = case.at(50);
        case.state.bytes_written(|| now);
        case.is_due(Some((50 + IDLE, Overdue::Idle)));
    }

    #[test]
    fn with_many_requests_the_last_one_decides() {
        let mut case = Case::new();
        case.state.is_multiplexed = true;
        case.bytes_come(1);
        case.is_due(Some((HEAD, Overdue::Head)));
        case.state.request_started();
        case.state.request_started();
        case.state.response_ended(case.at(10));
        case.bytes_come(11);
        case.is_due(None);
        case.state.response_ended(case.at(20));
        case.is_due(Some((20 + IDLE, Overdue::Idle)));
        // Answers to pings, wider windows: nothing that a request starts with.
        case.bytes_come(30);
        case.is_due(Some((20 + IDLE, Overdue::Idle)));
        case.state.request_started();
        case.is_due(None);
    }

    #[test]
    fn who_is_idle_while_the_server_stops_is_not_waited_for() {
        let mut case = Case::new();
        case.state.request_started();
        case.state.stopping = Some(case.at(5));
        case.is_due(None);
        case.state.response_ended(case.at(50));
        case.is_due(Some((50 + LINGER.as_secs(), Overdue::Close)));
        let mut idle = Case::new();
        idle.state.request_started();
        idle.state.response_ended(idle.at(1));
        idle.state.stopping = Some(idle.at(50));
        idle.is_due(Some((50 + LINGER.as_secs(), Overdue::Close)));
    }

    #[test]
    fn who_waits_is_told_to_go_and_nobody_else() {
        let spared = Arc::new(Notify::new());
        let mut case = Case::new();
        let now = case.at(500);
        let tell = |case: &mut Case, since| {
            let since = case.at(since);
            case.state.tell_to_go(since, now, &spared)
        };
        case.bytes_come(2);
        assert_eq!(tell(&mut case, 0), Telling::Goes);
        assert_eq!(tell(&mut case, 9), Telling::Busy);
        case.is_due(Some((500, Overdue::Displaced)));
        // A request that comes first.
        case.state.request_started();
        case.is_due(None);
        assert_eq!(tell(&mut case, 400), Telling::Busy);
        case.state.response_ended(case.at(10));
        case.state.write_stalled(case.at(10));
        assert_eq!(tell(&mut case, 400), Telling::Busy);
        let now = case.at(20);
        case.state.bytes_written(|| now);
        assert_eq!(tell(&mut case, 19), Telling::WaitsSince(case.at(20)));
        case.state.closed = Some(case.at(30));
        assert_eq!(tell(&mut case, 30), Telling::Goes);
    }

    #[test]
    fn pings_do_not_make_a_client_wait_less() {
        let spared = Arc::new(Notify::new());
        let mut case = Case::new();
        case.state.is_multiplexed = true;
        case.state.request_started();
        case.state.response_ended(case.at(10));
        let now = case.at(99);
        case.state.bytes_written(|| now);
        let (since, now) = (case.at(10), case.at(99));
        let telling = case.state.tell_to_go(since, now, &spared);
        assert_eq!(telling, Telling::Goes);
    }

    #[test]
    fn a_closed_connection_lingers_briefly() {
        let mut case = Case::new();
        case.state.closed = Some(case.at(3));
        case.is_due(Some((3 + LINGER.as_secs(), Overdue::Close)));
    }
}
