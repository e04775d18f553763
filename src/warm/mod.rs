//! Warming the tree: fetching what will be needed before anybody asks for it.
//!
//! [`Warmer`] asks a [`ModuleProxy`](crate::proxy::ModuleProxy) as a client would, so everything that holds for clients
//! holds here: the order of upstreams, the rules, verification, the journal. What it adds is knowing what to ask for: the
//! build list of a `go.mod` (`graph`), the lines of a `go.sum` ([`Wants`]), and for each file that is fetched the record of
//! the checksum database that an offline client will want to see.

mod error;
mod fetch;
mod graph;
mod wants;

pub use error::WarmError;
pub use fetch::{Fetched, Warmer};
pub use graph::{BuildList, Passed, Project};
pub use wants::{Want, Wants};
