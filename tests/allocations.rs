//! How often memory is asked for to answer a request whose answer is known: a figure that does not depend on the machine.
//!
//! A program of its own, for its allocator counts, and everything in the process is counted: nothing else may run beside it.
#![expect(
    clippy::disallowed_methods,
    reason = "tests make the trees that they serve"
)]
#![expect(
    clippy::print_stdout,
    reason = "figures for whoever runs it with --nocapture"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::alloc::System;
use std::io::{Cursor, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use athens::http::{
    App, BasePath, Guard, Listener, MetricsPlace, Server, ServerSettings, UploadLimits,
};
use athens::proxy::{ModuleProxy, ProxySettings};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use zip::write::SimpleFileOptions;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What is asked for, the most allocations that an answer may take, and the most bytes of them.
///
/// Who makes it cheaper lowers the figures; who needs more says why in the same change. Those of the zips have some room:
/// a body that the socket does not take at once takes another turn.
const MOST: [(&str, usize, usize); 6] = [
    ("/example.com/m/@v/v1.0.0.info", 1, 436),
    ("/example.com/m/@v/v1.0.0.mod", 1, 416),
    ("/example.com/m/@v/list", 1, 390),
    ("/example.com/m/@latest", 1, 425),
    ("/example.com/m/@v/v1.0.0.zip", 40, 3_600),
    ("/example.com/large/@v/v1.0.0.zip", 36, 2_900),
];

/// Requests in a row, of which the mean is taken.
const BATCH: usize = 100;
/// Of so many batches the cheapest counts: now and then something in the background asks for memory too.
const BATCHES: usize = 20;

#[test]
fn a_known_answer_takes_a_written_number_of_allocations() {
    let root = tempfile::tempdir().unwrap();
    make_module(root.path(), "example.com/m", 0);
    make_module(root.path(), "example.com/large", 1 << 20);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (_server, address) = runtime.block_on(async { start(root.path()) });

    let mut client = Client::connect(address);
    let mut over = Vec::new();
    for (path, most_allocations, most_bytes) in MOST {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: Go-http-client/1.1\r\n\r\n"
        );
        // The first answers look, check and remember.
        client.ask(request.as_bytes(), BATCH);
        let (allocations, bytes) = (0..BATCHES)
            .map(|_| {
                let region = Region::new(ALLOCATOR);
                client.ask(request.as_bytes(), BATCH);
                let spent = region.change();
                let allocations = spent.allocations + spent.reallocations;
                (allocations / BATCH, spent.bytes_allocated / BATCH)
            })
            .min()
            .unwrap();
        println!("{path}: {allocations} allocations of {bytes} bytes together");
        if allocations > most_allocations || bytes > most_bytes {
            over.push(format!(
                "{path}: {allocations} allocations, {bytes} bytes; at most {most_allocations} and {most_bytes} are written here"
            ));
        }
    }
    assert!(over.is_empty(), "{}", over.join("\n"));
}

/// A server over a folder, as `athens serve` starts it.
fn start(root: &Path) -> (Server, SocketAddr) {
    let settings = ProxySettings {
        // One walk, after the start.
        scan_interval: Duration::ZERO,
        ..ProxySettings::of_folder(root.to_owned())
    };
    let app = App::new(
        ModuleProxy::open(&settings).unwrap(),
        BasePath::default(),
        Guard::new(None, false),
        UploadLimits {
            max_uploads: 1,
            upload_timeout: Duration::from_secs(1),
        },
        None,
        MetricsPlace::WithModules,
    );
    let listener = Listener::tcp((Ipv4Addr::LOCALHOST, 0).into(), "--listen").unwrap();
    let address = listener.tcp_address().unwrap();
    let server = Server::start(vec![listener], app, ServerSettings::default());
    (server, address)
}

/// A version whose zip has a file of so many bytes that do not compress, with all that a static server needs.
fn make_module(root: &Path, path: &str, size: usize) {
    let module = root.join(path);
    let files = module.join("@v");
    std::fs::create_dir_all(&files).unwrap();
    let go_mod = format!("module {path}\n");
    let info = r#"{"Version":"v1.0.0","Time":"2026-01-02T09:00:00Z"}"#;
    let stored = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [("go.mod", go_mod.as_bytes()), ("data.bin", &vec![7; size])] {
        zip.start_file(format!("{path}@v1.0.0/{name}"), stored)
            .unwrap();
        zip.write_all(content).unwrap();
    }
    std::fs::write(files.join("v1.0.0.zip"), zip.finish().unwrap().into_inner()).unwrap();
    std::fs::write(files.join("v1.0.0.mod"), go_mod).unwrap();
    std::fs::write(files.join("v1.0.0.info"), info).unwrap();
    std::fs::write(files.join("list"), "v1.0.0\n").unwrap();
    std::fs::write(module.join("@latest"), info).unwrap();
}

/// A client that asks for no memory: what is counted is the server's.
struct Client {
    connection: TcpStream,
    buffer: Box<[u8]>,
}

impl Client {
    fn connect(address: SocketAddr) -> Self {
        let connection = TcpStream::connect(address).unwrap();
        connection.set_nodelay(true).unwrap();
        connection
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        Self {
            connection,
            buffer: vec![0; 64 << 10].into(),
        }
    }

    /// Asks so many times in a row, over one connection, and reads the answers.
    fn ask(&mut self, request: &[u8], times: usize) {
        for _ in 0..times {
            self.connection.write_all(request).unwrap();
            self.read_answer();
        }
    }

    fn read_answer(&mut self) {
        let mut filled = 0;
        let end = loop {
            let read = self.connection.read(&mut self.buffer[filled..]).unwrap();
            assert!(read > 0, "the server closed the connection");
            filled += read;
            if let Some(at) = find(&self.buffer[..filled], b"\r\n\r\n") {
                break at + 4;
            }
        };
        let head = &self.buffer[..end];
        assert!(
            head.starts_with(b"HTTP/1.1 200 "),
            "{}",
            String::from_utf8_lossy(head)
        );
        let mut rest = content_length(head) - (filled - end);
        while rest > 0 {
            let most = rest.min(self.buffer.len());
            let read = self.connection.read(&mut self.buffer[..most]).unwrap();
            assert!(read > 0, "the server closed the connection");
            rest -= read;
        }
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len())
        .position(|window| window == wanted)
}

fn content_length(head: &[u8]) -> usize {
    let name = b"content-length: ";
    let at = head
        .windows(name.len())
        .position(|window| window.eq_ignore_ascii_case(name))
        .expect("an answer with a length");
    head[at + name.len()..]
        .iter()
        .map_while(|byte| char::from(*byte).to_digit(10))
        .fold(0, |number, digit| number * 10 + digit as usize)
}
