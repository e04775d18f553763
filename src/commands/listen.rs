//! The sockets of `athens serve`: made here, or passed on by who started it.

use std::net::SocketAddr;

use anyhow::bail;
use listenfd::ListenFd;

use crate::config::ListenPlace;
use crate::http::{BasePath, Listener};

/// Listens in all places. Needs a tokio runtime.
pub(super) fn listen(places: &[ListenPlace]) -> anyhow::Result<Vec<Listener>> {
    let mut listeners = Vec::new();
    for place in places {
        match place {
            ListenPlace::Address(address) => {
                listeners.push(Listener::tcp(*address, "--listen")?);
            }
            ListenPlace::Unix(path) => listeners.push(Listener::unix(path)?),
            ListenPlace::Systemd => listeners.extend(passed_on()?),
        }
    }
    Ok(listeners)
}

/// The sockets that were passed on at the start (`sd_listen_fds(3)`), TCP and Unix ones alike.
fn passed_on() -> anyhow::Result<Vec<Listener>> {
    let mut passed = ListenFd::from_env();
    if passed.len() == 0 {
        bail!(
            "--listen says systemd, and no socket was passed on: start it by its socket unit, or say an address"
        );
    }
    let mut listeners = Vec::new();
    for number in 0..passed.len() {
        let name = format!("number {number}");
        // What is no TCP socket is offered as a Unix one; what is neither, its error says.
        match passed.take_tcp_listener(number) {
            Ok(Some(socket)) => listeners.push(Listener::passed_tcp(&name, socket)?),
            Ok(None) => {}
            Err(_) => match passed.take_unix_listener(number) {
                Ok(Some(socket)) => listeners.push(Listener::passed_unix(&name, socket)?),
                Ok(None) => {}
                Err(error) => bail!("cannot use socket {name} that was passed on: {error}"),
            },
        }
    }
    Ok(listeners)
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
                format!("unix:{}", path.display())
            }
        })
        .collect()
}
