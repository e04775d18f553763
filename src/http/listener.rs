//! Sockets that wait for connections: made here, or made by who started us.

mod unix_file;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};

use super::client::Peer;
use super::connection::Transport;
#[cfg(target_os = "linux")]
use super::sendfile::{FileQueue, FileSocket};
use unix_file::SocketFile;

/// Connections that wait to be accepted: enough for the burst of a build farm that starts.
const BACKLOG: u32 = 1024;

/// A socket that listens.
#[derive(Debug)]
pub struct Listener(pub(super) Kind);

#[derive(Debug)]
pub(super) enum Kind {
    Tcp(TcpListener),
    Unix(UnixSocket),
}

/// A Unix socket, and its file if that is ours to remove.
#[derive(Debug)]
pub(super) struct UnixSocket {
    listener: UnixListener,
    /// Goes with the socket.
    _file: Option<SocketFile>,
}

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// On an address and port.
    #[error("cannot listen on {address}: {}", tcp_problem(.source, flag))]
    Tcp {
        /// The address.
        address: SocketAddr,
        /// The flag that names it.
        flag: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A program listens on the Unix socket.
    #[error(
        "cannot listen on unix:{path}: another program does already; stop it, or choose another path with --listen"
    )]
    UnixTaken {
        /// The socket's file.
        path: PathBuf,
    },
    /// Something else than a socket is there.
    #[error(
        "cannot listen on unix:{path}: there is a file that is no socket; move it away, or choose another path with \
         --listen"
    )]
    NoSocket {
        /// The file.
        path: PathBuf,
    },
    /// On a Unix socket, for another reason.
    #[error(
        "cannot listen on unix:{path}: {source}; its directory has to be there and writable, and a path has at most 107 \
         bytes"
    )]
    Unix {
        /// The socket's file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A socket that was passed on can not be used.
    #[error("cannot use socket {name} that was passed on: {source}")]
    Passed {
        /// Its name, or its number.
        name: String,
        /// What is wrong with it.
        source: io::Error,
    },
}

fn tcp_problem(error: &io::Error, flag: &str) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!(
                "the port is taken; stop the program that uses it, or choose another port with {flag} (port 0 takes a free one)"
            )
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("this machine has no such address; choose another one with {flag}")
        }
        io::ErrorKind::PermissionDenied => {
            format!(
                "not allowed; ports below 1024 need a privilege, choose a higher one with {flag}"
            )
        }
        _ => format!("{error}; choose another address with {flag}"),
    }
}

impl Listener {
    /// Listens on an address and port; `flag` is what says so, for errors. Needs a tokio runtime.
    ///
    /// # Errors
    /// If the port is taken or not allowed, or the address is not of this machine.
    pub fn tcp(address: SocketAddr, flag: &'static str) -> Result<Self, ListenError> {
        let listen = || {
            let socket = match address {
                SocketAddr::V4(_) => TcpSocket::new_v4(),
                SocketAddr::V6(_) => TcpSocket::new_v6(),
            }?;
            // A restart must not wait for the connections of the last run to leave TIME_WAIT. On Linux this does not let
            // two programs listen on one port.
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            socket.listen(BACKLOG)
        };
        listen()
            .map(|listener| Self(Kind::Tcp(listener)))
            .map_err(|source| ListenError::Tcp {
                address,
                flag,
                source,
            })
    }

    /// Listens on a Unix socket, for its owner and group. The file of a server that is gone is replaced; the new one is
    /// removed with the listener. Needs a tokio runtime.
    ///
    /// # Errors
    /// If somebody listens there, if there is something else than a socket, or if the directory can not be written.
    pub fn unix(path: &Path) -> Result<Self, ListenError> {
        let (listener, file) = unix_file::listen(path, BACKLOG)?;
        Ok(Self(Kind::Unix(UnixSocket {
            listener,
            _file: Some(file),
        })))
    }

    /// Takes a TCP socket that listens already. Needs a tokio runtime.
    ///
    /// # Errors
    /// If it does not listen.
    pub fn passed_tcp(name: &str, socket: std::net::TcpListener) -> Result<Self, ListenError> {
        let take = || {
            check_listens(&socket)?;
            socket.set_nonblocking(true)?;
            TcpListener::from_std(socket)
        };
        take()
            .map(|listener| Self(Kind::Tcp(listener)))
            .map_err(passed(name))
    }

    /// Takes a Unix socket that listens already; its file is the business of who made it. Needs a tokio runtime.
    ///
    /// # Errors
    /// If it does not listen.
    pub fn passed_unix(
        name: &str,
        socket: std::os::unix::net::UnixListener,
    ) -> Result<Self, ListenError> {
        let take = || {
            check_listens(&socket)?;
            socket.set_nonblocking(true)?;
            UnixListener::from_std(socket)
        };
        take()
            .map(|listener| {
                Self(Kind::Unix(UnixSocket {
                    listener,
                    _file: None,
                }))
            })
            .map_err(passed(name))
    }

    /// The address of a TCP socket.
    #[must_use]
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        match &self.0 {
            // Fails for no socket that is open.
            Kind::Tcp(listener) => listener.local_addr().ok(),
            Kind::Unix(_) => None,
        }
    }

    /// The path of a Unix socket that has one.
    #[must_use]
    pub fn unix_path(&self) -> Option<PathBuf> {
        match &self.0 {
            Kind::Tcp(_) => None,
            Kind::Unix(socket) => {
                let address = socket.listener.local_addr().ok()?;
                address.as_pathname().map(Path::to_owned)
            }
        }
    }
}

fn passed(name: &str) -> impl Fn(io::Error) -> ListenError {
    move |source| ListenError::Passed {
        name: name.to_owned(),
        source,
    }
}

/// A socket of a unit with `Accept=yes` is a connection, on which nobody can be accepted.
fn check_listens(socket: impl std::os::fd::AsFd) -> io::Result<()> {
    if rustix::net::sockopt::socket_acceptconn(socket)? {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "it does not listen; the unit of the socket has to say Accept=no",
    ))
}

/// What the accept loop needs of a socket.
pub(super) trait Accept: fmt::Debug + Send + Sync + 'static {
    type Stream: Transport;

    /// The next connection. Nothing is lost if the future is dropped.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, Peer)>> + Send;
}

#[cfg(target_os = "linux")]
type TcpConnection = FileSocket;
#[cfg(not(target_os = "linux"))]
type TcpConnection = TcpStream;

#[cfg(target_os = "linux")]
impl Transport for FileSocket {
    fn files(&self) -> Option<FileQueue> {
        Some(self.queue().clone())
    }
}

impl Transport for TcpStream {}

impl Transport for UnixStream {}

impl Accept for TcpListener {
    type Stream = TcpConnection;

    async fn accept(&self) -> io::Result<(TcpConnection, Peer)> {
        let (stream, address) = Self::accept(self).await?;
        // A small answer must not wait for the acknowledgement of the last one.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(client = %address, %error, "cannot set TCP_NODELAY");
        }
        #[cfg(target_os = "linux")]
        let stream = FileSocket::new(stream);
        Ok((stream, Peer::Tcp(address)))
    }
}

impl Accept for UnixSocket {
    type Stream = UnixStream;

    async fn accept(&self) -> io::Result<(UnixStream, Peer)> {
        let (stream, _) = self.listener.accept().await?;
        Ok((stream, Peer::Unix))
    }
}
