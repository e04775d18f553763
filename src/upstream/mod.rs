//! Where modules come from that are not here.
//!
//! [`UpstreamList`] is the list of upstreams, in the syntax of `GOPROXY`; [`Upstreams`] asks them, in the order and with the
//! separators' rules of the go command: proxies over HTTP, folders, at last version control ([`Direct`]). An answer is
//! checked as far as its own rules go: an info is about what was asked, a list names what the module can have. Whether the
//! content is what everybody else gets is not known here.
//!
//! [`Flights`] lets all who want the same share one question.
//!
//! Source of the rules: Go Modules Reference, "GOPROXY protocol"; the verdicts of the go command.

mod ask;
mod body;
mod checksum_database;
mod detail;
pub mod direct;
mod direct_source;
mod error;
mod fault;
mod file_body;
mod flights;
mod folder;
mod known;
mod list;
mod manners;
mod measured;
mod mirror;
mod origin;
mod proxy;
mod question;
mod retries;
mod settings;
#[cfg(test)]
mod tests;
mod turns;
mod upstreams;
mod url;
mod versions;
mod zip_body;

pub use ask::{Ask, Privacy};
pub use direct_source::{Direct, DirectFuture};
pub use error::{DIRECT, FetchError, FetchErrorKind, ZipError};
pub use flights::{FlightLost, Flights};
pub use list::{InvalidUpstreamList, UpstreamEntry, UpstreamList, UpstreamListFault};
pub use settings::{UpstreamSettings, UpstreamSetupError};
pub use upstreams::Upstreams;
pub use url::UpstreamUrl;
pub use zip_body::ZipBody;
