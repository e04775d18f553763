//! Where to listen, as an operator writes it.

use std::fmt;
use std::net::SocketAddr;
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
    const EXPECTED: &'static str =
        "an address with a port, such as \"127.0.0.1:3000\", or a list of them";
}

impl<'de> Deserialize<'de> for ListenAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_text(deserializer)
    }
}

/// One address may stand in the file without the brackets of a list.
pub(super) fn one_or_many<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<ListenAddress>>, D::Error> {
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
        }
    }
}
