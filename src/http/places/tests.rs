use std::cell::Cell;
use std::future::poll_fn;
use std::task::Poll;

use tokio::task::JoinHandle;
use tokio::time::{advance, timeout};

use super::*;
use crate::http::activity::Overdue;
use crate::http::server::Limits;

/// Connections of a server with few places.
struct Case {
    places: Arc<Places>,
    displaced: Cell<usize>,
}

/// A connection: lives until it is told to go.
struct Open {
    activity: Activity,
    ended: JoinHandle<()>,
}

impl Case {
    fn new(most: usize) -> Self {
        Self {
            places: Arc::new(Places::new(most)),
            displaced: Cell::new(0),
        }
    }

    async fn open(&self) -> Open {
        let activity = Activity::new(Limits::default());
        let displaced = || self.displaced.set(self.displaced.get() + 1);
        let place = self.places.take(&activity, displaced).await.unwrap();
        let told = activity.clone();
        let ended = tokio::spawn(async move {
            poll_fn(|cx| match told.deadline(cx.waker()) {
                Some((_, Overdue::Displaced)) => Poll::Ready(()),
                _ => Poll::Pending,
            })
            .await;
            drop(place);
        });
        // It runs until it waits.
        tokio::task::yield_now().await;
        Open { activity, ended }
    }

    /// Whether a further one finds no place for a long time.
    async fn is_full(&self) -> bool {
        timeout(GRACE * 20, self.open()).await.is_err()
    }
}

impl Open {
    fn asks(&self) {
        self.activity.request_started();
    }

    fn has_its_answer(&self) {
        self.activity.response_ended();
    }

    async fn is_open(&self) -> bool {
        tokio::task::yield_now().await;
        !self.ended.is_finished()
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_longest_goes() {
    let case = Case::new(3);
    let first = case.open().await;
    advance(GRACE).await;
    let second = case.open().await;
    advance(GRACE).await;
    // Accepted before, but idle since later.
    first.asks();
    first.has_its_answer();
    let third = case.open().await;
    advance(GRACE).await;
    let before = Instant::now();
    let fourth = case.open().await;
    assert!(!second.is_open().await);
    assert!(first.is_open().await && third.is_open().await && fourth.is_open().await);
    assert_eq!(
        (case.displaced.get(), before.elapsed()),
        (1, Duration::ZERO)
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_goes_before_it_could_speak() {
    let case = Case::new(2);
    let (_first, _second) = (case.open().await, case.open().await);
    let before = Instant::now();
    let _third = case.open().await;
    assert_eq!(before.elapsed(), GRACE);
}

#[tokio::test(start_paused = true)]
async fn who_is_answered_stays() {
    let case = Case::new(2);
    let (first, second) = (case.open().await, case.open().await);
    first.asks();
    second.asks();
    assert!(case.is_full().await);
    second.has_its_answer();
    let _third = case.open().await;
    assert!(first.is_open().await);
    assert!(!second.is_open().await);
}

#[tokio::test(start_paused = true)]
async fn who_asks_just_then_is_spared_and_another_goes() {
    let case = Case::new(2);
    let silent = Activity::new(Limits::default());
    // Nobody polls it, as if its task were about to read a request.
    let _place = case.places.try_take(&silent).unwrap();
    advance(GRACE / 2).await;
    let other = case.open().await;
    advance(GRACE).await;
    let asks = async {
        tokio::task::yield_now().await;
        assert_eq!(case.displaced.get(), 1);
        silent.request_started();
    };
    let (third, ()) = tokio::join!(case.open(), asks);
    assert_eq!(case.displaced.get(), 2);
    assert!(!other.is_open().await);
    assert!(third.is_open().await);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_of_who_went() {
    let case = Case::new(4);
    for _ in 0..100 {
        case.open().await;
        advance(GRACE / 3).await;
    }
    let order = case.places.order();
    assert_eq!(order.connections.len(), 4);
    assert_eq!(order.times.len(), 4);
    assert_eq!(case.places.taken(), 4);
}
