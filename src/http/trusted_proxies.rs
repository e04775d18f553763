//! `--trust-proxy`: whose word is taken for the address of the client behind them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};
use warp::http::HeaderMap;

use super::forwarded;

/// Peers that are proxies of the operator's: a network such as `10.0.0.0/8`, one address, or `unix` for all that
/// connect to a Unix socket.
///
/// ```
/// use athens::http::TrustedProxy;
///
/// assert_eq!("10.0.0.1".parse::<TrustedProxy>()?.to_string(), "10.0.0.1/32");
/// assert!("10.0.0.1/8".parse::<TrustedProxy>().is_err());
/// # Ok::<(), athens::http::InvalidTrustedProxy>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TrustedProxy(Trusted);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trusted {
    Network(IpNet),
    Unix,
}

/// A text that is no [`TrustedProxy`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidTrustedProxy {
    /// It is nothing of that kind.
    #[error("`{0}` is not a network such as `10.0.0.0/8` or `fd00::/8`, an address, or `unix`")]
    Unknown(String),
    /// A network that is written by one of its hosts: a slip, but which one can not be known.
    #[error(
        "`{given}` is not a network; write `{network}` for all of it, or `{host}` for one address"
    )]
    HostBits {
        /// What was written.
        given: String,
        /// The network that this address lies in.
        network: IpNet,
        /// The address.
        host: IpAddr,
    },
}

impl FromStr for TrustedProxy {
    type Err = InvalidTrustedProxy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text == "unix" {
            return Ok(Self(Trusted::Unix));
        }
        let unknown = || InvalidTrustedProxy::Unknown(text.to_owned());
        let network = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address.to_canonical()),
            Err(_) => text.parse().map(canonical).map_err(|_| unknown())?,
        };
        if network.addr() != network.network() {
            return Err(InvalidTrustedProxy::HostBits {
                given: text.to_owned(),
                network: network.trunc(),
                host: network.addr(),
            });
        }
        Ok(Self(Trusted::Network(network)))
    }
}

/// A network of IPv4 addresses in IPv6's clothes is one of IPv4 addresses: peers are compared without them.
fn canonical(network: IpNet) -> IpNet {
    const MAPPED: u8 = 96;
    let ipv4 = match network {
        IpNet::V6(mapped) if mapped.prefix_len() >= MAPPED => (mapped.addr().to_ipv4_mapped())
            .and_then(|address| Ipv4Net::new(address, mapped.prefix_len() - MAPPED).ok()),
        _ => None,
    };
    ipv4.map_or(network, IpNet::V4)
}

impl fmt::Display for TrustedProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Trusted::Network(network) => network.fmt(f),
            Trusted::Unix => f.write_str("unix"),
        }
    }
}

/// All of them; by default none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    unix: bool,
}

impl FromIterator<TrustedProxy> for TrustedProxies {
    fn from_iter<I: IntoIterator<Item = TrustedProxy>>(proxies: I) -> Self {
        let mut all = Self::default();
        for proxy in proxies {
            match proxy.0 {
                Trusted::Network(network) => all.networks.push(network),
                Trusted::Unix => all.unix = true,
            }
        }
        all
    }
}

impl TrustedProxies {
    /// Whether a proxy has this address. An IPv4 address in IPv6's clothes is the IPv4 address.
    pub(super) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    /// Whether those on Unix sockets are proxies.
    pub(super) fn trusts_unix(&self) -> bool {
        self.unix
    }

    /// The client of a request that a trusted proxy passed on: the rightmost address that is no proxy's own.
    ///
    /// `None` if nothing is said, or nothing that can be relied on. A proxy adds to one of the two headers and may pass
    /// the other on as the client wrote it: where both are there and do not agree, a client may be lying.
    pub(super) fn client_behind(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let by_addresses = forwarded::addresses(headers);
        let by_elements = forwarded::elements(headers);
        match (by_addresses, by_elements) {
            (None, None) => None,
            (Some(hops), None) | (None, Some(hops)) => self.first_untrusted(hops?),
            (Some(one), Some(other)) => {
                let client = self.first_untrusted(one?)?;
                (self.first_untrusted(other?) == Some(client)).then_some(client)
            }
        }
    }

    /// Walks back from the proxy that speaks to us. Where all are trusted, the one furthest away is the client.
    fn first_untrusted(&self, hops: Vec<Option<IpAddr>>) -> Option<IpAddr> {
        let mut client = None;
        for hop in hops.into_iter().rev() {
            // What is no address can have been written by anybody: nothing before it is believed, nor is it skipped.
            let address = hop?;
            client = Some(address);
            if !self.trusts(address) {
                break;
            }
        }
        client
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use warp::http::{HeaderName, HeaderValue};

    #[test]
    fn spellings() {
        for (text, shown) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            (" 127.0.0.1 ", "127.0.0.1/32"),
            ("::1", "::1/128"),
            ("fd00::/8", "fd00::/8"),
            ("::ffff:10.0.0.1", "10.0.0.1/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
            ("::ffff:0:0:0/80", "::ffff:0:0:0/80"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("unix", "unix"),
        ] {
            assert_eq!(text.parse::<TrustedProxy>().unwrap().to_string(), shown);
        }
        for text in [
            "",
            "10.0.0.0/33",
            "10.0/8",
            "localhost",
            "*",
            "10.0.0.1:80",
            "unix:/x",
        ] {
            let error = text.parse::<TrustedProxy>().unwrap_err();
            assert!(matches!(error, InvalidTrustedProxy::Unknown(_)), "{text:?}");
        }
        assert_eq!(
            "10.1.2.3/8"
                .parse::<TrustedProxy>()
                .unwrap_err()
                .to_string(),
            "`10.1.2.3/8` is not a network; write `10.0.0.0/8` for all of it, or `10.1.2.3` for one address"
        );
    }

    /// What is said in lines of headers, and the client that it makes.
    #[track_caller]
    fn case(lines: &[(&'static str, &'static str)], client: Option<&str>) {
        let proxies: TrustedProxies = ["10.0.0.0/8", "fd00::/8"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let client = client.map(|client| client.parse().unwrap());
        assert_eq!(proxies.client_behind(&headers), client, "{lines:?}");
    }

    #[test]
    fn the_rightmost_address_that_is_not_trusted() {
        const X: &str = "x-forwarded-for";
        case(&[], None);
        case(&[(X, "192.0.2.1")], Some("192.0.2.1"));
        case(&[(X, "198.51.100.9, 192.0.2.1")], Some("192.0.2.1"));
        case(
            &[(X, "198.51.100.9, 192.0.2.1, 10.1.1.1")],
            Some("192.0.2.1"),
        );
        case(
            &[(X, "198.51.100.9"), (X, "192.0.2.1"), (X, "fd00::1")],
            Some("192.0.2.1"),
        );
        case(&[(X, "10.0.0.2, 10.0.0.1")], Some("10.0.0.2"));
        case(&[(X, "x, 192.0.2.1")], Some("192.0.2.1"));
        case(&[(X, "192.0.2.1, x")], None);
        case(&[(X, "192.0.2.1, x, 10.0.0.1")], None);
        case(&[(X, "")], None);
        case(&[(X, "::ffff:192.0.2.1")], Some("192.0.2.1"));
    }

    #[test]
    fn both_headers_have_to_agree() {
        const X: &str = "x-forwarded-for";
        const F: &str = "forwarded";
        case(&[(F, "for=192.0.2.1")], Some("192.0.2.1"));
        case(
            &[(
                F,
                "for=10.0.0.9, for=\"[2001:db8::1]:80\";proto=https, for=10.0.0.1",
            )],
            Some("2001:db8::1"),
        );
        case(&[(F, "for=unknown")], None);
        case(&[(F, "proto=https")], None);
        case(&[(F, "for=192.0.2.1"), (X, "192.0.2.1")], Some("192.0.2.1"));
        case(&[(F, "for=192.0.2.1"), (X, "192.0.2.2")], None);
        case(&[(F, "for=unknown"), (X, "192.0.2.2")], None);
        case(&[(F, "for=192.0.2.2"), (X, "unknown")], None);
    }
}
