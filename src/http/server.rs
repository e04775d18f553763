//! The accept loops: sockets in, connections out, within limits, until told to stop.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use super::activity::Activity;
use super::admission::{Admission, Counted, Counts, HasEnough, RequestLimits};
use super::certificates::Certificates;
use super::client::Origin;
use super::complaint::Complaint;
use super::connection::Connection;
use super::ending::Stop;
use super::listener::{Accept, Kind, Listener};
use super::live::{self, Replace, Routes};
use super::measured::Meter;
use super::places::{Place, Places};
use super::trusted_proxies::TrustedProxies;
use super::{App, BasePath};
use crate::trace::Tracer;

/// What clients may cost.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at a time.
    pub max_connections: usize,
    /// Connections at a time of one client, if that is bounded.
    pub max_connections_per_client: Option<usize>,
    /// Requests.
    pub requests: RequestLimits,
    /// Bytes of a request's head: request line and headers. At least 8 KiB.
    pub max_header_size: usize,
    /// From the first byte of a head (or from accepting) to its last.
    pub header_timeout: Duration,
    /// Between two requests.
    pub idle_timeout: Duration,
    /// Without a byte taken by the client.
    pub write_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            max_connections_per_client: None,
            requests: RequestLimits::default(),
            max_header_size: 32 << 10,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(120),
            write_timeout: Duration::from_secs(60),
        }
    }
}

/// How long to wait after an error of `accept` that will come again at once, such as no free file descriptor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Who collects metrics comes with few connections.
const MOST_COLLECTORS: usize = 64;

/// How connections are treated.
#[derive(Clone, Debug, Default)]
pub struct ServerSettings {
    /// What clients may cost.
    pub limits: Limits,
    /// With one, all TCP sockets speak TLS.
    pub certificates: Option<Certificates>,
    /// Whose word is taken for the address of a client.
    pub trusted_proxies: TrustedProxies,
    /// Which requests are followed for a collector.
    pub tracer: Tracer,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    tasks: TaskTracker,
    shared: Arc<Shared>,
    /// One for each accept loop.
    loops: Vec<mpsc::Sender<oneshot::Sender<()>>>,
    replace: Replace,
}

#[derive(Debug)]
struct Shared {
    limits: Limits,
    proxies: Arc<TrustedProxies>,
    stop: Stop,
    places: Arc<Places>,
    meter: Meter,
    tracer: Tracer,
    /// `None` where everything is answered.
    admission: Option<Arc<Admission>>,
    /// `None` if a client may have all connections.
    clients: Option<Arc<Counts>>,
    full: Complaint,
    greedy: Complaint,
    failing: Complaint,
}

impl Server {
    /// Serves an application on sockets that listen already. Needs a tokio runtime.
    #[must_use]
    pub fn start(listeners: Vec<Listener>, app: App, settings: ServerSettings) -> Self {
        let meter = Meter::new(app.metrics().clone(), app.base_path());
        let requests = settings.limits.requests;
        let admission = Arc::new(Admission::new(requests, app.metrics().clone()));
        let (routes, replace) = live::service(app);
        Self::start_service(
            listeners,
            (routes, replace),
            settings,
            meter,
            Some(admission),
        )
    }

    /// Serves the metrics of an application, and nothing else of it, to everybody who reaches this socket; without TLS.
    /// Needs a tokio runtime.
    #[must_use]
    pub fn start_metrics(listener: Listener, app: App, limits: Limits) -> Self {
        let settings = ServerSettings {
            limits: Limits {
                max_connections: limits.max_connections.min(MOST_COLLECTORS),
                max_connections_per_client: None,
                ..limits
            },
            ..ServerSettings::default()
        };
        let meter = Meter::new(app.metrics().clone(), &BasePath::default());
        let (routes, replace) = live::metrics_service(app);
        Self::start_service(vec![listener], (routes, replace), settings, meter, None)
    }

    /// Answers from another application from now on; requests that came before are answered from the one they found.
    pub fn replace(&self, app: App) {
        self.replace.with(app);
    }

    fn start_service<S>(
        listeners: Vec<Listener>,
        (routes, replace): (S, Replace),
        settings: ServerSettings,
        meter: Meter,
        admission: Option<Arc<Admission>>,
    ) -> Self
    where
        S: Routes,
    {
        let limits = settings.limits;
        let mut server = Self {
            tasks: TaskTracker::new(),
            shared: Arc::new(Shared {
                places: Arc::new(Places::new(limits.max_connections)),
                meter,
                tracer: settings.tracer,
                proxies: Arc::new(settings.trusted_proxies),
                stop: Stop::default(),
                admission,
                clients: limits
                    .max_connections_per_client
                    .map(|most| Arc::new(Counts::new(most))),
                limits,
                full: Complaint::default(),
                greedy: Complaint::default(),
                failing: Complaint::default(),
            }),
            loops: Vec::new(),
            replace,
        };
        let tls = settings.certificates.as_ref().map(Certificates::acceptor);
        for Listener(listener) in listeners {
            match listener {
                Kind::Tcp(listener) => server.start_loop(listener, tls.clone(), routes.clone()),
                Kind::Unix(listener) => server.start_loop(listener, None, routes.clone()),
            }
        }
        server
    }

    fn start_loop<S>(&mut self, listener: impl Accept, tls: Option<TlsAcceptor>, routes: S)
    where
        S: Routes,
    {
        let (sender, questions) = mpsc::channel(1);
        self.loops.push(sender);
        let accepting = AcceptLoop {
            listener,
            tls,
            routes,
            tasks: self.tasks.clone(),
            shared: Arc::clone(&self.shared),
            questions,
        };
        self.tasks.spawn(accepting.run());
    }

    /// Comes back when every accept loop has answered; never, if one has ended or hangs.
    pub async fn answers(&self) {
        for accepting in &self.loops {
            let (answer, answered) = oneshot::channel();
            if accepting.send(answer).await.is_err() || answered.await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.places.taken()
    }

    /// Stops: no new connections, idle ones closed, running answers have this long to finish.
    ///
    /// Returns how many connections did not finish in time and were cut.
    pub async fn stop(self, patience: Duration) -> usize {
        let stop = &self.shared.stop;
        stop.stop_gently();
        self.tasks.close();
        if timeout(patience, self.tasks.wait()).await.is_ok() {
            return 0;
        }
        let cut = self.connections();
        stop.stop_at_once();
        self.tasks.wait().await;
        cut
    }
}

/// What accepts connections on one socket.
struct AcceptLoop<L, S> {
    listener: L,
    tls: Option<TlsAcceptor>,
    routes: S,
    tasks: TaskTracker,
    shared: Arc<Shared>,
    /// Whether it still turns, to be answered.
    questions: mpsc::Receiver<oneshot::Sender<()>>,
}

impl<L, S> AcceptLoop<L, S>
where
    L: Accept,
    S: Routes,
{
    /// Until the server stops.
    async fn run(self) {
        let Self {
            listener,
            tls,
            routes,
            tasks,
            shared,
            mut questions,
        } = self;
        let stopping = shared.stop.gently.clone();
        let accepting = async {
            loop {
                match answering(&mut questions, listener.accept()).await {
                    Ok((stream, peer)) => {
                        let metrics = &shared.meter.metrics;
                        metrics.http.accepted.add_one();
                        let origin = Origin::new(peer, tls.is_some(), &shared.proxies);
                        let Ok(counted) = shared.count(&origin) else {
                            continue;
                        };
                        // Taken after accepting: several listeners share the places, and none may sit on a free one
                        // while it waits.
                        let activity = Activity::new(shared.limits.clone());
                        let place = answering(&mut questions, shared.place(&activity)).await;
                        let connection = Connection {
                            routes: routes.clone(),
                            origin,
                            activity,
                            limits: shared.limits.clone(),
                            stop: shared.stop.clone(),
                            meter: shared.meter.clone(),
                            tracer: shared.tracer.clone(),
                            admission: shared.admission.clone(),
                            tasks: tasks.clone(),
                        };
                        let open = metrics.running(|table| &table.http.connections);
                        match tls.clone() {
                            None => tasks.spawn(async move {
                                connection.serve(stream).await;
                                drop((place, counted, open));
                            }),
                            Some(tls) => tasks.spawn(async move {
                                connection.serve_tls(stream, tls).await;
                                drop((place, counted, open));
                            }),
                        };
                    }
                    // The client left before we came: nothing is wrong, the next one waits.
                    Err(error) if is_of_one_connection(&error) => {}
                    Err(error) => {
                        shared.meter.metrics.http.not_accepted.add_one();
                        if shared.failing.is_due(Instant::now()) {
                            tracing::warn!(%error, "cannot accept connections; trying again");
                        }
                        answering(&mut questions, sleep(ACCEPT_PAUSE)).await;
                    }
                }
            }
        };
        tokio::select! {
            biased;
            () = stopping.cancelled() => {}
            () = accepting => {}
        }
    }
}

/// Waits for something, and says to whoever asks meanwhile that nothing hangs.
async fn answering<T>(
    questions: &mut mpsc::Receiver<oneshot::Sender<()>>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            biased;
            // First, for under a flood the work is always done at once, and the question would never have its turn.
            Some(question) = questions.recv() => {
                // Who asked may have given up.
                let _ = question.send(());
            }
            done = &mut work => return done,
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

impl Shared {
    /// Counts a connection for its client, if it is to be counted.
    fn count(&self, origin: &Origin) -> Result<Option<Counted>, HasEnough> {
        let (Some(clients), Some(host)) = (&self.clients, origin.counted_host()) else {
            return Ok(None);
        };
        let counted = clients.take(host);
        if counted.is_none() {
            self.meter.metrics.http.closed.add_one();
            if self.greedy.is_due(Instant::now()) {
                tracing::warn!(
                    client = %host,
                    "a client has as many connections as --max-connections-per-client allows; further ones are closed"
                );
            }
        }
        counted.map(Some).ok_or(HasEnough)
    }

    /// A place for one more connection; waits for one if all are taken.
    async fn place(&self, activity: &Activity) -> Option<Place> {
        if let Some(place) = self.places.try_take(activity) {
            return Some(place);
        }
        let metrics = &self.meter.metrics;
        let _waiting = metrics.running(|table| &table.http.waiting);
        if self.full.is_due(Instant::now()) {
            tracing::warn!(
                connections = self.limits.max_connections,
                "all connections are taken (--max-connections); those that wait longest for a request are closed for new ones"
            );
        }
        let displaced = || metrics.http.displaced.add_one();
        self.places.take(activity, displaced).await
    }
}
