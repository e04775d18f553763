//! One connection: hyper under our limits, with a graceful end.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::task::TaskTracker;
use warp::http::header::{CONNECTION, HOST};
use warp::http::{HeaderValue, Request, Response, Version};

use super::access::Record;
use super::activity::Activity;
use super::admission::{Admission, ClientDoor};
use super::body::{self, BodyError};
use super::certificates::H2;
use super::client::{Client, Origin, Secure};
use super::ending::{Ending, Stop, Timer, Told};
use super::error::Refusal;
use super::http2::{self, Streams};
use super::live::Routes;
use super::measured::Meter;
use super::message;
use super::sendfile::FileQueue;
use super::server::Limits;
use super::shortcut::{Next, Shortcut, Turn};
use super::watched::Watched;
use super::with_common_headers;
use crate::trace::{self, Tracer};

/// What a connection is served with.
#[derive(Debug)]
pub(super) struct Connection<S> {
    pub(super) routes: S,
    pub(super) origin: Origin,
    /// Since it was accepted.
    pub(super) activity: Activity,
    pub(super) limits: Limits,
    pub(super) stop: Stop,
    pub(super) meter: Meter,
    pub(super) tracer: Tracer,
    pub(super) admission: Option<Arc<Admission>>,
    /// Where requests of HTTP/2 run.
    pub(super) tasks: TaskTracker,
}

/// What carries a connection.
pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Where files are put that it is to send, if it can.
    fn files(&self) -> Option<FileQueue> {
        None
    }
}

impl<S> Connection<S>
where
    S: Routes,
{
    /// Serves the requests of a connection in the clear until it ends: HTTP/1.1.
    pub(super) async fn serve(self, stream: impl Transport) {
        let activity = self.activity.clone();
        let files = stream.files();
        let stream = Watched::new(stream, activity.clone());
        self.http1(stream, &activity, files.as_ref()).await;
    }

    /// Serves the requests of a connection over TLS until it ends: HTTP/2 where the client can, else HTTP/1.1.
    pub(super) async fn serve_tls(self, stream: impl Transport, acceptor: TlsAcceptor) {
        let activity = self.activity.clone();
        let stream = Watched::new(stream, activity.clone());
        let Some(stream) = self.handshake(stream, acceptor).await else {
            return;
        };
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(H2);
        activity.secured(is_http2);
        if is_http2 {
            self.http2(stream, activity).await;
        } else {
            self.http1(stream, &activity, None).await;
        }
    }

    /// Whatever goes wrong here is the client's affair: scanners and half-configured clients come all the time.
    async fn handshake<I: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: I,
        acceptor: TlsAcceptor,
    ) -> Option<TlsStream<I>> {
        let peer = self.origin.peer;
        let handshake = timeout(self.limits.header_timeout, acceptor.accept(stream));
        let mut timer = Timer::new(&self.activity);
        tokio::select! {
            biased;
            // Nothing was asked yet that could be finished.
            () = self.stop.gently.cancelled() => None,
            result = handshake => match result {
                Ok(Ok(stream)) => Some(stream),
                Ok(Err(error)) => {
                    tracing::debug!(client = %peer, %error, "no TLS");
                    None
                }
                Err(_) => {
                    tracing::debug!(client = %peer, "no TLS in time");
                    None
                }
            },
            overdue = poll_fn(|cx| timer.poll(cx)) => {
                tracing::debug!(client = %peer, ?overdue, "no TLS in time");
                None
            }
        }
    }

    /// Plain requests whose answers lie ready are answered here, all others by hyper, which only exists as long as there are
    /// such: it costs work and memory also where it has nothing to do.
    async fn http1(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        activity: &Activity,
        files: Option<&FileQueue>,
    ) {
        let peer = self.origin.peer;
        let door = self.door();
        let turn = Turn::default();
        let mut shortcut = Shortcut::new(stream, self, activity, door.as_ref(), &turn);
        let mut ending = Ending::new(activity, &self.stop, peer);
        loop {
            match shortcut.take_turn(&mut ending).await {
                Ok(Next::Hyper) => {}
                Ok(Next::End) => return shortcut.close(&mut ending).await,
                Ok(Next::Cut) => return,
                Err(error) => {
                    tracing::debug!(client = %peer, %error, "connection ended");
                    return;
                }
            }
            let service = service_fn(|request| {
                answer(
                    &self.routes,
                    &self.origin,
                    (activity, &self.meter, &self.tracer),
                    self.admission.as_deref(),
                    files,
                    request,
                )
            });
            let connection =
                http1_builder(&self.limits).serve_connection(TokioIo::new(shortcut), service);
            // Where it is, it would be part of the task, also while it does not exist.
            let mut connection = Box::new(connection);
            let finish = |connection: Pin<&mut http1::Connection<_, _>>| {
                connection.graceful_shutdown();
            };
            let driven = Pin::new(&mut *connection);
            if !drive(driven, finish, &mut ending, &turn).await {
                return;
            }
            let parts = connection.into_parts();
            shortcut = parts.io.into_inner();
            shortcut.comes_back(parts.read_buf);
        }
    }

    /// The door for the requests that the shortcut answers; `None` if it answers none.
    fn door(&self) -> Option<ClientDoor> {
        // What is noted of a request by its headers is left to one place, and so is what is counted by the second.
        if !self.tracer.is_off() || self.origin.is_behind_proxy() {
            return None;
        }
        let client = Client::Peer(self.origin.peer);
        self.admission.as_ref()?.door_of(client)
    }

    async fn http2(self, stream: impl AsyncRead + AsyncWrite + Unpin, activity: Activity) {
        let Self {
            routes,
            origin,
            limits,
            stop,
            meter,
            tracer,
            admission,
            tasks,
            activity: _,
        } = self;
        let peer = origin.peer;
        // Each request runs in a task of its own, which may outlive this one by a moment.
        let shared = Arc::new((routes, origin, activity.clone(), meter, tracer, admission));
        let service = service_fn(move |request| {
            let shared = Arc::clone(&shared);
            async move {
                let (routes, origin, activity, meter, tracer, admission) = &*shared;
                let noted = (activity, meter, tracer);
                answer(routes, origin, noted, admission.as_deref(), None, request).await
            }
        });
        let connection = http2::builder(&limits, Streams::new(tasks, &limits))
            .serve_connection(TokioIo::new(stream), service);
        let finish = |connection: Pin<&mut hyper::server::conn::http2::Connection<_, _, _>>| {
            connection.graceful_shutdown();
        };
        let mut ending = Ending::new(&activity, &stop, peer);
        drive(pin!(connection), finish, &mut ending, &Turn::default()).await;
    }
}

/// Polls a connection of hyper's until it ends, or has to, or it is not hyper's turn any more: then the result is true.
async fn drive<C>(
    mut connection: Pin<&mut C>,
    finish: impl Fn(Pin<&mut C>),
    ending: &mut Ending<'_>,
    turn: &Turn,
) -> bool
where
    C: Future<Output = hyper::Result<()>>,
{
    if ending.is_finishing() {
        finish(connection.as_mut());
    }
    poll_fn(|cx| {
        loop {
            if let Poll::Ready(result) = connection.as_mut().poll(cx) {
                if let Err(error) = result {
                    tracing::debug!(client = %ending.peer(), %error, "connection ended");
                }
                return Poll::Ready(false);
            }
            if turn.is_over() {
                return Poll::Ready(true);
            }
            match ready!(ending.poll(cx)) {
                // hyper is polled again, for an idle connection ends right there.
                Told::ToFinish => finish(connection.as_mut()),
                Told::ToEnd => return Poll::Ready(false),
            }
        }
    })
    .await
}

fn http1_builder(limits: &Limits) -> http1::Builder {
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
async fn answer<S: Routes>(
    routes: &S,
    origin: &Origin,
    (activity, meter, tracer): (&Activity, &Meter, &Tracer),
    admission: Option<&Admission>,
    files: Option<&FileQueue>,
    mut request: Request<Incoming>,
) -> Result<Response<impl Body<Data = Bytes, Error = BodyError> + use<S>>, Infallible> {
    let client = origin.client(request.headers());
    let mut record = Record::start(client, &request, activity.clone(), meter, tracer);
    let is_http2 = request.version() == Version::HTTP_2;
    let ends = message::ends_connection(&request);
    if message::may_have_content(&request) {
        activity.has_content();
    }
    let checked = message::check(&request).and_then(|()| admit(admission, client, &mut record));
    let mut response = match checked {
        Ok(()) => match routes.prepared(&request) {
            Some(prepared) => {
                prepared.note(&meter.metrics, record.context().request());
                prepared.answer()
            }
            None => {
                if let Some(host) = message::host_of_authority(&request) {
                    request.headers_mut().insert(HOST, host);
                }
                request.extensions_mut().insert(client);
                if origin.is_secure {
                    request.extensions_mut().insert(Secure);
                }
                let context = record.context().clone();
                let reply = trace::in_context(context, routes.answer(request)).await;
                body::of_reply(reply, files)
            }
        },
        Err(refusal) => body::of_reply(with_common_headers(refusal.into_response()), None),
    };
    if is_http2 {
        // RFC 9113, 8.2.2: such a header makes the message malformed. The connection stays: its requests are told apart
        // by frames, whatever one of them says.
        response.headers_mut().remove(CONNECTION);
    } else if ends {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(record.follow(response))
}

/// A place for a request whose message is in order; its body was not looked at yet.
fn admit(
    admission: Option<&Admission>,
    client: Client,
    record: &mut Record,
) -> Result<(), Refusal> {
    let Some(admission) = admission else {
        return Ok(());
    };
    match admission.admit(client, record.route()) {
        Ok(admitted) => record.admitted(admitted),
        Err(turned) => {
            record.turned(turned.outcome, turned.is_logged);
            return Err(turned.refusal);
        }
    }
    Ok(())
}
