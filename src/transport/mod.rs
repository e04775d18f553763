//! What the HTTP clients of this crate share: the one that publishes to a server, and the one that asks upstreams.
//!
//! [`Credentials`] and [`Netrc`] say who we are, [`client_builder`] makes the connections, [`Authorities`] says whom else to
//! trust, and [`Fault`] sorts what went wrong, so that nobody has to read the text of an error.

mod authorities;
mod certificate;
mod client;
mod credentials;
mod fault;
mod go_netrc;
mod loopback;
mod netrc;

pub use authorities::{Authorities, InvalidAuthorities};
pub use certificate::CertificateFacts;
pub use client::client_builder;
pub use credentials::Credentials;
pub use fault::{Fault, FaultKind};
pub use go_netrc::{GoNetrcEntry, go_netrc_entries};
pub use loopback::is_loopback_host;
pub use netrc::Netrc;
