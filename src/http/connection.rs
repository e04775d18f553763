//! One connection: hyper under our limits, with a graceful end.

use std::convert::Infallible;
use std::future::{Future as _, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use warp::http::header::CONNECTION;
use warp::http::{HeaderValue, Request};
use warp::reply::Response;

use super::access::Record;
use super::activity::{Activity, Overdue};
use super::guard::Client;
use super::measured::Meter;
use super::message;
use super::server::Limits;
use super::watched::Watched;
use super::with_common_headers;

/// Tells connections to end.
#[derive(Clone, Debug, Default)]
pub(super) struct Stop {
    /// Finish what runs, take nothing new.
    pub(super) gently: CancellationToken,
    /// Now.
    pub(super) at_once: CancellationToken,
}

/// Serves the requests of one connection until it ends.
pub(super) async fn serve<S>(
    stream: TcpStream,
    client: SocketAddr,
    routes: S,
    limits: Limits,
    stop: Stop,
    meter: Meter,
) where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible> + 'static,
{
    // A small answer must not wait for the acknowledgement of the last one.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%client, %error, "cannot set TCP_NODELAY");
    }
    let activity = Activity::new(limits.clone());
    let io = TokioIo::new(Watched::new(stream, activity.clone()));
    let service = service_fn(|request| answer(&routes, client, (&activity, &meter), request));
    let mut connection = pin!(builder(&limits).serve_connection(io, service));
    let mut gently = pin!(stop.gently.cancelled());
    let mut at_once = pin!(stop.at_once.cancelled());
    let mut timer = Timer::new(&activity);
    let mut is_stopping = false;
    poll_fn(|cx| {
        loop {
            if let Poll::Ready(result) = connection.as_mut().poll(cx) {
                if let Err(error) = result {
                    tracing::debug!(%client, %error, "connection ended");
                }
                return Poll::Ready(());
            }
            // Once; and then hyper is polled again, for an idle connection ends right there.
            if !is_stopping && gently.as_mut().poll(cx).is_ready() {
                is_stopping = true;
                activity.stop();
                connection.as_mut().graceful_shutdown();
                continue;
            }
            if at_once.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            return timer.poll(cx).map(|overdue| {
                tracing::debug!(%client, ?overdue, "connection cut");
            });
        }
    })
    .await;
}

fn builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        // See `activity`.
        .header_read_timeout(None)
        // A client may close its sending side after the request (`printf … | nc -N`) and still read the answer.
        .half_close(true)
        .max_header_size(limits.max_header_size)
        // Also what hyper keeps of a body before it waits for the socket: one chunk of a file, not two.
        .max_buf_size(limits.max_header_size);
    builder
}

/// One request: checked, answered by the routes, logged.
async fn answer<S>(
    routes: &S,
    client: SocketAddr,
    (activity, meter): (&Activity, &Meter),
    mut request: Request<Incoming>,
) -> Result<warp::http::Response<impl Body<Data = Bytes, Error = warp::Error> + use<S>>, Infallible>
where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible>,
{
    let record = Record::start(client, &request, activity.clone(), meter);
    request.extensions_mut().insert(Client(client));
    let ends = message::ends_connection(&request);
    let mut response = match message::check(&request) {
        Ok(()) => routes.call(request).await?,
        Err(refusal) => with_common_headers(refusal.into_response()),
    };
    if ends {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(record.follow(response))
}

/// Wakes the connection when its deadline has passed.
struct Timer<'a> {
    activity: &'a Activity,
    sleep: Pin<Box<tokio::time::Sleep>>,
}

impl<'a> Timer<'a> {
    fn new(activity: &'a Activity) -> Self {
        let at = activity
            .deadline()
            .map_or_else(Instant::now, |(deadline, _)| deadline);
        Self {
            activity,
            sleep: Box::pin(sleep_until(at)),
        }
    }

    /// Deadlines move with every request, and moving a timer costs more than being woken once too often: it is only
    /// set forward when it fires, and back when the deadline has come nearer.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Overdue> {
        loop {
            let Some((deadline, overdue)) = self.activity.deadline() else {
                return Poll::Pending;
            };
            if deadline <= Instant::now() {
                return Poll::Ready(overdue);
            }
            if self.sleep.is_elapsed() || deadline < self.sleep.deadline() {
                self.sleep.as_mut().reset(deadline);
            }
            if self.sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}
