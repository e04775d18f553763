//! Who asks: the other end of a connection, and the client that stands behind a proxy there.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use warp::http::HeaderMap;

use super::trusted_proxies::TrustedProxies;
use crate::auth::host_of;

/// The other end of a connection, as the kernel knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Peer {
    /// Over TCP.
    Tcp(SocketAddr),
    /// Over a Unix socket, which has no addresses.
    Unix,
}

/// Whom a request counts for: in the access log, with wrong tokens, and wherever clients are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Client {
    /// The other end of the connection.
    Peer(Peer),
    /// Who stands behind a trusted proxy, as that one says.
    Behind(IpAddr),
}

impl Client {
    /// The host by which this client is told from others where what it may have is bounded. `None` for a peer at a Unix
    /// socket that says of nobody that it speaks for him.
    pub(super) fn host(self) -> Option<IpAddr> {
        match self {
            Self::Peer(Peer::Tcp(address)) => Some(host_of(address.ip())),
            Self::Peer(Peer::Unix) => None,
            Self::Behind(address) => Some(host_of(address)),
        }
    }

    /// The address by which this client is told from others; all that come over Unix sockets by themselves are one.
    pub(super) fn address(self) -> IpAddr {
        match self {
            Self::Peer(Peer::Tcp(address)) => address.ip(),
            Self::Peer(Peer::Unix) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Self::Behind(address) => address,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix => f.write_str("unix"),
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(peer) => peer.fmt(f),
            Self::Behind(address) => address.fmt(f),
        }
    }
}

/// Where the requests of a connection come from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) peer: Peer,
    /// Whether TLS protects it.
    pub(super) is_secure: bool,
    /// `None` unless the peer is one of them.
    proxies: Option<Arc<TrustedProxies>>,
}

/// The request came over TLS: an extension of requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Secure;

impl Origin {
    /// The peer's trust is looked up here, once a connection.
    pub(super) fn new(peer: Peer, is_secure: bool, proxies: &Arc<TrustedProxies>) -> Self {
        let is_trusted = match peer {
            Peer::Tcp(address) => proxies.trusts(address.ip()),
            Peer::Unix => proxies.trusts_unix(),
        };
        Self {
            peer,
            is_secure,
            proxies: is_trusted.then(|| Arc::clone(proxies)),
        }
    }

    /// Whether the peer is believed when it says for whom it asks.
    pub(super) fn is_behind_proxy(&self) -> bool {
        self.proxies.is_some()
    }

    /// Whose connections are counted: nobody's that speaks for others.
    pub(super) fn counted_host(&self) -> Option<IpAddr> {
        match &self.proxies {
            None => Client::Peer(self.peer).host(),
            Some(_) => None,
        }
    }

    /// The client of a request. What a peer that is not trusted says of it is not looked at.
    pub(super) fn client(&self, headers: &HeaderMap) -> Client {
        self.proxies
            .as_ref()
            .and_then(|proxies| proxies.client_behind(headers))
            .map_or(Client::Peer(self.peer), Client::Behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use warp::http::HeaderValue;

    #[test]
    fn only_trusted_peers_are_believed() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("192.0.2.7"));
        let tcp = |text: &str| Peer::Tcp(text.parse().unwrap());
        for (trusted, peer, client, address) in [
            ("", tcp("10.0.0.1:80"), "10.0.0.1:80", "10.0.0.1"),
            ("", Peer::Unix, "unix", "0.0.0.0"),
            ("10.0.0.0/8", tcp("10.0.0.1:80"), "192.0.2.7", "192.0.2.7"),
            (
                "10.0.0.0/8",
                tcp("[::ffff:10.0.0.1]:80"),
                "192.0.2.7",
                "192.0.2.7",
            ),
            ("10.0.0.0/8", tcp("11.0.0.1:80"), "11.0.0.1:80", "11.0.0.1"),
            ("10.0.0.0/8", Peer::Unix, "unix", "0.0.0.0"),
            ("unix", Peer::Unix, "192.0.2.7", "192.0.2.7"),
            ("unix", tcp("10.0.0.1:80"), "10.0.0.1:80", "10.0.0.1"),
        ] {
            let proxies = trusted
                .split_whitespace()
                .map(|text| text.parse().unwrap())
                .collect();
            let origin = Origin::new(peer, false, &Arc::new(proxies));
            let found = origin.client(&headers);
            assert_eq!(found.to_string(), client, "{trusted} {peer}");
            assert_eq!(found.address().to_string(), address, "{trusted} {peer}");
        }
        let trusted = Arc::new(std::iter::once("10.0.0.1".parse().unwrap()).collect());
        let origin = Origin::new(tcp("10.0.0.1:80"), false, &trusted);
        let found = origin.client(&HeaderMap::new());
        assert_eq!(found.to_string(), "10.0.0.1:80", "nothing was said");
    }
}
