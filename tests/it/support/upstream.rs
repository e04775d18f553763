//! An upstream that does what a test tells it, misbehaving included.

mod reply;
mod tls;
mod wire;

pub(crate) use reply::Reply;

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use rustls::ServerConfig;

use super::certificate::Certificate;
use super::tools::eventually;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The target, percent-encoded, its query included.
    pub(crate) target: String,
    /// The header lines.
    headers: Vec<(String, String)>,
    /// What came with it, as long as it said.
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The values of a header, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self
            .headers
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

/// A server on a port of this machine, over HTTP/1.1 with connections that are kept. Dropping it lets go of every client
/// that hangs.
///
/// For each path (decoded, without the query) there is a script of replies: each is given once, the last one for ever. A path
/// without a script is answered from a directory in the layout of the protocol, if there is one, else with 404.
pub(crate) struct Upstream {
    shared: Arc<Shared>,
    scheme: &'static str,
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    scripts: Mutex<HashMap<String, Vec<Reply>>>,
    root: Mutex<Option<PathBuf>>,
    requests: Mutex<Vec<Request>>,
    connections: AtomicUsize,
    /// How many clients hang now.
    hanging: AtomicUsize,
    stopped: AtomicBool,
    released: (Mutex<bool>, Condvar),
}

impl Upstream {
    /// Starts one that has nothing.
    pub(crate) fn start() -> Self {
        Self::start_with(None)
    }

    /// Starts one that has nothing, over TLS.
    pub(crate) fn start_tls(certificate: &Certificate) -> Self {
        Self::start_with(Some(tls::server_config(certificate)))
    }

    fn start_with(tls: Option<Arc<ServerConfig>>) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let acceptor = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared, tls.as_ref())
        });
        Self {
            shared,
            scheme,
            address,
            acceptor: Some(acceptor),
        }
    }

    /// Starts one that has what is in a directory in the layout of the protocol.
    pub(crate) fn of_tree(root: &Path) -> Self {
        let upstream = Self::start();
        *upstream.shared.root.lock().unwrap() = Some(root.to_owned());
        upstream
    }

    /// The URL of a server at which nothing listens.
    pub(crate) fn refusing() -> String {
        let mut upstream = Self::start();
        upstream.stop();
        upstream.url()
    }

    /// Its base URL, without a trailing slash.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Answers a path, such as `/example.com/m/@v/list`, in this way from now on.
    pub(crate) fn on(&self, path: &str, reply: Reply) -> &Self {
        self.in_turn(path, vec![reply])
    }

    /// Answers a path in these ways from now on: one after the other, and the last one for ever.
    pub(crate) fn in_turn(&self, path: &str, replies: Vec<Reply>) -> &Self {
        assert!(!replies.is_empty(), "{path}: no reply");
        let mut scripts = self.shared.scripts.lock().unwrap();
        scripts.insert(path.to_owned(), replies);
        self
    }

    /// All requests up to now, in the order in which they came.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// The paths of all requests up to now, decoded and without the query.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.requests()
            .iter()
            .map(|request| wire::path_of(&request.target))
            .collect()
    }

    /// How many requests there were for a path.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.paths().iter().filter(|asked| *asked == path).count()
    }

    /// How many requests there were for paths that end so: `.zip`, `@v/list`.
    pub(crate) fn count_ending(&self, end: &str) -> usize {
        let paths = self.paths();
        paths.iter().filter(|asked| asked.ends_with(end)).count()
    }

    /// Forgets the requests up to now.
    pub(crate) fn forget(&self) {
        self.shared.requests.lock().unwrap().clear();
    }

    /// How many connections there were up to now.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Waits until so many clients hang.
    pub(crate) fn until_hanging(&self, count: usize) {
        eventually("clients hang", || {
            (self.shared.hanging.load(Ordering::SeqCst) == count).then_some(())
        });
    }

    /// Lets go on all that hangs, and whatever would from now on.
    pub(crate) fn release(&self) {
        self.shared.release();
    }

    /// Refuses connections from now on; those that there are go on.
    pub(crate) fn stop(&mut self) {
        if let Some(acceptor) = self.acceptor.take() {
            self.shared.stopped.store(true, Ordering::SeqCst);
            // So that it looks.
            drop(TcpStream::connect(self.address));
            acceptor.join().unwrap();
        }
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.shared.release();
        self.stop();
    }
}

impl Shared {
    fn release(&self) {
        let (released, waiting) = &self.released;
        *released.lock().unwrap() = true;
        waiting.notify_all();
    }

    /// Waits until it is let go.
    fn hang(&self) {
        self.hanging.fetch_add(1, Ordering::SeqCst);
        let (released, waiting) = &self.released;
        let released = released.lock().unwrap();
        drop(waiting.wait_while(released, |released| !*released).unwrap());
        self.hanging.fetch_sub(1, Ordering::SeqCst);
    }

    fn reply(&self, path: &str) -> Reply {
        if let Some(script) = self.scripts.lock().unwrap().get_mut(path) {
            return match script.len() {
                1 => script[0].clone(),
                _ => script.remove(0),
            };
        }
        let root = self.root.lock().unwrap();
        let file = root.as_ref().map(|root| root.join(&path[1..]));
        match file.and_then(|file| std::fs::read(file).ok()) {
            Some(content) => Reply::ok(content),
            None => Reply::status(404, "not found: there is no such thing"),
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, tls: Option<&Arc<ServerConfig>>) {
    for stream in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let stream = stream.unwrap();
        shared.connections.fetch_add(1, Ordering::SeqCst);
        stream.set_nodelay(true).unwrap();
        let (shared, tls) = (Arc::clone(shared), tls.cloned());
        std::thread::spawn(move || {
            // A client that went away is none of our business.
            let _ = match tls {
                None => wire::serve(stream, &shared),
                Some(config) => tls::serve(stream, config, &shared),
            };
        });
    }
}
