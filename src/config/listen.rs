//! Where to listen, as an operator writes it.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer};

use super::units::{FromText, deserialize_text, deserialize_texts};

/// An address and port to listen on, such as `127.0.0.1:3000`, `0.0.0.0:80` or `[::1]:3000`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ListenAddress(pub SocketAddr);

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.trim().parse().map(Self).map_err(|_| {
            format!(
                "`{text}` is not an address with a port, such as `127.0.0.1:3000` or `[::1]:3000`"
            )
        })
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromText for ListenAddress {
    const EXPECTED: &'static str = "an address with a port, such as \"127.0.0.1:3000\"";
}

impl<'de> Deserialize<'de> for ListenAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_text(deserializer)
    }
}

/// Where to listen for clients: an address and port, `unix:` and the path of a socket, or `systemd` for the sockets that
/// who started us has made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ListenPlace {
    /// An address and port.
    Address(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
    /// What was passed on at the start (`LISTEN_FDS`, `sd_listen_fds(3)`).
    Systemd,
}

impl FromStr for ListenPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        match text.strip_prefix("unix:") {
            Some("") => Err("`unix:` is followed by the path of the socket".to_owned()),
            Some(path) => Ok(Self::Unix(PathBuf::from(path))),
            None if text == "systemd" => Ok(Self::Systemd),
            None => text.parse().map(Self::Address).map_err(|_| {
                format!(
                    "`{text}` is not an address with a port, such as `127.0.0.1:3000` or `[::1]:3000`, nor \
                     `unix:/run/athens.sock` nor `systemd`"
                )
            }),
        }
    }
}

impl fmt::Display for ListenPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Systemd => f.write_str("systemd"),
        }
    }
}

impl FromText for ListenPlace {
    const EXPECTED: &'static str =
        "an address with a port, such as \"127.0.0.1:3000\", or a list of them";
}

/// One place may stand in the file without the brackets of a list.
pub(super) fn one_or_many<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<ListenPlace>>, D::Error> {
    deserialize_texts(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for text in [
            "127.0.0.1:3000",
            "0.0.0.0:0",
            "[::1]:3000",
            "[::]:80",
            " 127.0.0.1:1 ",
        ] {
            let address: ListenAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), text.trim());
            let place: ListenPlace = text.parse().unwrap();
            assert_eq!(place, ListenPlace::Address(address.0));
        }
        for text in [
            "",
            ":3000",
            "3000",
            "localhost:3000",
            "127.0.0.1",
            "::1:3000",
            "[::1]",
            "127.0.0.1:65536",
            "http://127.0.0.1:1",
        ] {
            assert!(text.parse::<ListenAddress>().is_err(), "{text:?}");
            assert!(text.parse::<ListenPlace>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn other_places() {
        for text in ["unix:/run/athens.sock", "unix:a.sock", "systemd"] {
            let place: ListenPlace = text.parse().unwrap();
            assert_eq!(place.to_string(), text);
            assert!(text.parse::<ListenAddress>().is_err());
        }
        for text in ["unix:", "Systemd", "unix"] {
            assert!(text.parse::<ListenPlace>().is_err(), "{text:?}");
        }
    }
}
