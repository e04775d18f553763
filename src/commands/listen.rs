//! The sockets of `athens serve`: made here, or passed on by who started it.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;

use anyhow::bail;
use listenfd::ListenFd;

use crate::config::environment::sockets_are_passed_on;
use crate::config::{ListenPlace, ServeConfig};
use crate::http::{BasePath, Listener, escape_control};

/// Listens in all places. Needs a tokio runtime.
pub(super) fn listen(
    config: &ServeConfig,
    mut passed: PassedSockets,
) -> anyhow::Result<Vec<Listener>> {
    let places = match &passed {
        sockets if !config.is_listen_said && sockets.are_for_us => &[ListenPlace::Systemd],
        _ => config.listen.as_slice(),
    };
    let mut listeners = Vec::new();
    for place in places {
        match place {
            ListenPlace::Address(address) => {
                listeners.push(Listener::tcp(*address, "--listen")?);
            }
            ListenPlace::Unix(path) => listeners.push(Listener::unix(path)?),
            ListenPlace::Systemd => listeners.extend(passed.take()?),
        }
    }
    if passed.sockets.as_ref().is_some_and(|left| !left.is_empty()) {
        tracing::warn!(
            "sockets were passed on, and --listen does not name systemd; they are closed, and nobody answers there"
        );
    }
    Ok(listeners)
}

/// The sockets that were passed on at the start (`sd_listen_fds(3)`).
///
/// They are taken before there is a thread, for that changes the environment, and before there is a child process, for it
/// would have them too.
pub(super) struct PassedSockets {
    /// Whether they are meant for this process, and not for one that has left them to us.
    are_for_us: bool,
    /// `None` if they are in use.
    sockets: Option<Vec<Passed>>,
}

enum Passed {
    Tcp(TcpListener),
    Unix(UnixListener),
    Other(io::Error),
}

impl PassedSockets {
    /// All of them.
    pub(super) fn at_start() -> Self {
        let are_for_us = sockets_are_passed_on();
        let mut passed = ListenFd::from_env();
        let sockets = (0..passed.len()).filter_map(|number| Passed::take(&mut passed, number));
        Self {
            are_for_us,
            sockets: Some(sockets.collect()),
        }
    }

    /// Those that listen, TCP and Unix ones alike. Once.
    fn take(&mut self) -> anyhow::Result<Vec<Listener>> {
        let Some(sockets) = self.sockets.take() else {
            bail!(
                "--listen says systemd twice; all sockets that were passed on are meant by it, say it once"
            );
        };
        if sockets.is_empty() {
            bail!(
                "--listen says systemd, and no socket was passed on: start it by its socket unit, or say an address"
            );
        }
        let named = sockets.into_iter().enumerate();
        named
            .map(|(number, socket)| {
                let name = format!("number {number}");
                Ok(match socket {
                    Passed::Tcp(socket) => Listener::passed_tcp(&name, socket)?,
                    Passed::Unix(socket) => Listener::passed_unix(&name, socket)?,
                    Passed::Other(error) => {
                        bail!("cannot use socket {name} that was passed on: {error}")
                    }
                })
            })
            .collect()
    }
}

impl Passed {
    /// What is taken is closed in child processes.
    fn take(passed: &mut ListenFd, number: usize) -> Option<Self> {
        // What is no TCP socket is offered as a Unix one; what is neither, its error says.
        if let Ok(socket) = passed.take_tcp_listener(number) {
            return socket.map(Self::Tcp);
        }
        match passed.take_unix_listener(number) {
            Ok(socket) => socket.map(Self::Unix),
            Err(error) => {
                // Nobody's, and closed.
                let _ = passed.take_udp_socket(number);
                let _ = passed.take_unix_datagram(number);
                Some(Self::Other(error))
            }
        }
    }
}

/// The addresses of those that have one.
pub(super) fn addresses(listeners: &[Listener]) -> Vec<SocketAddr> {
    listeners.iter().filter_map(Listener::tcp_address).collect()
}

/// What clients call each: a URL, or `unix:` and the path.
pub(super) fn urls(listeners: &[Listener], is_tls: bool, base_path: &BasePath) -> Vec<String> {
    let scheme = if is_tls { "https" } else { "http" };
    listeners
        .iter()
        .map(|listener| match listener.tcp_address() {
            Some(address) => format!("{scheme}://{address}{base_path}"),
            None => {
                let path = listener.unix_path().unwrap_or_default();
                // One line, whatever is in the name of a folder.
                format!("unix:{}", escape_control(&path.display().to_string(), 4096))
            }
        })
        .collect()
}
