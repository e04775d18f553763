//! Which requests are answered at all: so many at a time, so many of one client, so many of one client in a second.
//!
//! Everything here happens before a byte of a body is read, and costs a look at a table or two. A client is its address, as
//! the access log has it; IPv6 by the /64. A token changes nothing: looking it up is work that a flood would cause, and whoever
//! has one could lend it to many.
//!
//! Health and metrics are answered whatever happens, so that a monitor does not take a busy server for a dead one.

mod counts;
mod most;
mod rate;
mod rates;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use counts::ClientCount;
pub(super) use counts::{Counted, Counts};
use most::{Most, Taken};
pub use rate::{InvalidRateLimit, RateLimit};
use rates::Rates;

use super::client::Client;
use super::complaint::Complaint;
use super::error::Refusal;
use crate::metrics::{Bound, Metrics, Route};
use crate::trace::Outcome;

/// When a client is asked to come again for whom there was no place. Most answers take far less.
const RETRY: Duration = Duration::from_secs(1);
/// So many refused requests of one second have a line in the access log.
const LINES_PER_SECOND: u64 = 10;

/// How many requests are answered.
#[derive(Clone, Copy, Debug)]
pub struct RequestLimits {
    /// At a time.
    pub max_requests: usize,
    /// At a time, of one client.
    pub max_requests_per_client: usize,
    /// Of one client, over time.
    pub rate_limit: Option<RateLimit>,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            max_requests: 2048,
            max_requests_per_client: 1024,
            rate_limit: None,
        }
    }
}

/// The door that each request passes.
#[derive(Debug)]
pub(super) struct Admission {
    places: Arc<Most>,
    /// `None` if a client may take all places.
    clients: Option<Arc<Counts>>,
    rates: Option<Rates>,
    complaints: [Complaint; 3],
    lines: Lines,
    metrics: Metrics,
}

/// A request that is answered, until this is dropped.
#[derive(Debug)]
pub(super) struct Admitted {
    _place: Option<Taken<Arc<Most>>>,
    _client: Option<Counted>,
}

/// The door for the requests of one client, which is looked up once. Not where rates are bounded.
#[derive(Debug)]
pub(super) struct ClientDoor {
    places: Arc<Most>,
    client: Option<ClientCount>,
}

/// A request that came in by it, until this is dropped.
#[derive(Debug)]
pub(super) struct Within<'a> {
    _place: Taken<&'a Most>,
    _client: Option<Taken<&'a Most>>,
}

/// A request that is not.
#[derive(Debug)]
pub(super) struct Turned {
    pub(super) refusal: Refusal,
    pub(super) outcome: Outcome,
    /// Whether it has its line in the access log. A flood would push out what else there is to read.
    pub(super) is_logged: bool,
}

impl Admission {
    pub(super) fn new(limits: RequestLimits, metrics: Metrics) -> Self {
        let RequestLimits {
            max_requests,
            max_requests_per_client,
            rate_limit,
        } = limits;
        Self {
            places: Arc::new(Most::new(max_requests)),
            clients: (max_requests_per_client < max_requests)
                .then(|| Arc::new(Counts::new(max_requests_per_client))),
            rates: rate_limit.map(Rates::new),
            complaints: Default::default(),
            lines: Lines::default(),
            metrics,
        }
    }

    /// Lets a request in, or says why not.
    pub(super) fn admit(&self, client: Client, route: Route) -> Result<Admitted, Box<Turned>> {
        if matches!(route, Route::Health | Route::Metrics) {
            return Ok(Admitted {
                _place: None,
                _client: None,
            });
        }
        let host = client.host();
        if let (Some(rates), Some(host)) = (&self.rates, host) {
            rates
                .ask(host, Instant::now())
                .map_err(|again| self.turn(Bound::RateLimit, again, client))?;
        }
        let counted = self
            .count(host)
            .map_err(|HasEnough| self.turn(Bound::MaxRequestsPerClient, RETRY, client))?;
        let place = Taken::of(Arc::clone(&self.places))
            .ok_or_else(|| self.turn(Bound::MaxRequests, RETRY, client))?;
        Ok(Admitted {
            _place: Some(place),
            _client: counted,
        })
    }

    /// The door for who asks often; `None` where it is bounded how often clients ask.
    pub(super) fn door_of(&self, client: Client) -> Option<ClientDoor> {
        if self.rates.is_some() {
            return None;
        }
        let counts = self.clients.as_ref().zip(client.host());
        Some(ClientDoor {
            places: Arc::clone(&self.places),
            client: counts.map(|(clients, host)| clients.client(host)),
        })
    }

    fn count(&self, host: Option<IpAddr>) -> Result<Option<Counted>, HasEnough> {
        match (&self.clients, host) {
            (Some(clients), Some(host)) => clients.take(host).map(Some).ok_or(HasEnough),
            _ => Ok(None),
        }
    }

    fn turn(&self, bound: Bound, again: Duration, client: Client) -> Box<Turned> {
        self.metrics.http.refused[bound].add_one();
        let (refusal, outcome, complaint) = match bound {
            Bound::MaxRequests => (
                Refusal::Overloaded(again),
                Outcome::Overloaded,
                "as many requests as --max-requests allows are being answered; further ones are answered 503",
            ),
            Bound::MaxRequestsPerClient => (
                Refusal::TooManyAtOnce(again),
                Outcome::Limited,
                "a client has as many requests under way as --max-requests-per-client allows; further ones are answered 429",
            ),
            Bound::RateLimit => (
                Refusal::TooFast(again),
                Outcome::Limited,
                "a client asks more often than --rate-limit allows; what is too much is answered 429",
            ),
        };
        if self.complaints[bound as usize].is_due(tokio::time::Instant::now()) {
            tracing::warn!(%client, "{complaint}");
        }
        Box::new(Turned {
            refusal,
            outcome,
            is_logged: self.lines.one_more(),
        })
    }
}

impl ClientDoor {
    /// Lets a request in if there is a place for it. Where there is none, nothing is counted: that is for
    /// [`Admission::admit`], which says why.
    pub(super) fn enter(&self) -> Option<Within<'_>> {
        let client = match &self.client {
            Some(client) => Some(client.take()?),
            None => None,
        };
        Some(Within {
            _client: client,
            _place: Taken::of(&*self.places)?,
        })
    }
}

/// The client has as much as it may have.
#[derive(Debug)]
pub(super) struct HasEnough;

/// Counts lines by the second.
#[derive(Debug)]
struct Lines {
    started: Instant,
    /// The second, and how many lines it had: 48 and 16 bits.
    current: AtomicU64,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            current: AtomicU64::new(0),
        }
    }
}

impl Lines {
    fn one_more(&self) -> bool {
        self.one_more_in(self.started.elapsed().as_secs())
    }

    fn one_more_in(&self, second: u64) -> bool {
        let next = |current: u64| {
            let had = if current >> 16 == second {
                current & 0xffff
            } else {
                0
            };
            (had < LINES_PER_SECOND).then_some((second << 16) | (had + 1))
        };
        self.current
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::client::Peer;

    fn tcp(address: &str) -> Client {
        Client::Peer(Peer::Tcp(address.parse().unwrap()))
    }

    fn admission(max_requests: usize, per_client: usize, rate: Option<&str>) -> Admission {
        let limits = RequestLimits {
            max_requests,
            max_requests_per_client: per_client,
            rate_limit: rate.map(|rate| rate.parse().unwrap()),
        };
        Admission::new(limits, Metrics::default())
    }

    #[track_caller]
    fn is_turned(admission: &Admission, client: Client, outcome: Outcome) {
        let turned = admission.admit(client, Route::Zip).unwrap_err();
        assert_eq!(turned.outcome, outcome);
    }

    #[test]
    fn each_bound_by_itself() {
        let (one, other) = (tcp("192.0.2.1:1"), tcp("192.0.2.2:1"));
        let admission = admission(3, 2, None);
        let first = admission.admit(one, Route::Zip).unwrap();
        let _second = admission.admit(tcp("192.0.2.1:2"), Route::Zip).unwrap();
        is_turned(&admission, one, Outcome::Limited);
        let _third = admission.admit(other, Route::Zip).unwrap();
        is_turned(&admission, other, Outcome::Overloaded);
        for route in [Route::Health, Route::Metrics] {
            assert!(admission.admit(one, route).is_ok());
        }
        drop(first);
        let _fourth = admission.admit(other, Route::Zip).unwrap();
        is_turned(&admission, one, Outcome::Overloaded);
    }

    #[test]
    fn who_was_refused_holds_nothing() {
        let (one, other) = (tcp("192.0.2.1:1"), tcp("192.0.2.2:1"));
        let admission = admission(2, 1, None);
        let held = admission.admit(one, Route::Zip).unwrap();
        let other_held = admission.admit(other, Route::Zip).unwrap();
        let third = tcp("192.0.2.3:1");
        for _ in 0..3 {
            is_turned(&admission, third, Outcome::Overloaded);
        }
        drop((held, other_held));
        assert!(admission.admit(third, Route::Zip).is_ok());
    }

    #[test]
    fn unix_peers_are_no_clients_that_could_be_told_apart() {
        let admission = admission(9, 1, Some("1/s"));
        let unix = Client::Peer(Peer::Unix);
        let held: Vec<_> = (0..9).map(|_| admission.admit(unix, Route::Zip)).collect();
        assert!(held.iter().all(Result::is_ok));
        is_turned(&admission, unix, Outcome::Overloaded);
    }

    #[test]
    fn the_rate_comes_first() {
        let admission = admission(9, 1, Some("1/s:1"));
        let client = tcp("[2001:db8::1]:1");
        assert!(admission.admit(client, Route::Zip).is_ok());
        is_turned(&admission, tcp("[2001:db8::2]:1"), Outcome::Limited);
        assert!(admission.admit(client, Route::Health).is_ok());
        let other = tcp("[2001:db8:0:1::1]:1");
        assert!(admission.admit(other, Route::Zip).is_ok());
    }

    #[test]
    fn a_flood_has_few_lines() {
        let lines = Lines::default();
        let in_second = |second| (0..100_000).filter(|_| lines.one_more_in(second)).count();
        assert_eq!([in_second(0), in_second(1), in_second(70_000)], [10; 3]);
    }
}
