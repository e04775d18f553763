//! The server that fetches through upstreams what it lacks: the real binary in front of upstreams that do as they are told,
//! misbehaving included; what clients see, and what then lies in the folder.

/// `Disable-Module-Fetch`, `/cached-only`, `--offline`, and the page for `?go-get=1`.
mod cached_only;
/// What lies in the folder after a failure, and what heals it.
mod failures;
/// Lists, latest, branches: the tree's and the upstreams'.
mod lists;
/// Servers that are upstreams of each other.
mod loops;
/// Private and owned modules, of which nobody outside hears.
mod owned;
/// Rules: allow, block, minimum age.
mod policy;
/// What checksum databases have shown, when the server reads its configuration again.
mod reloaded_sums;
/// The separators of lists of upstreams.
mod separators;
/// One question for all who ask it, and no more than it takes.
mod single_flight;
/// The server, and what belongs to it.
mod site;
/// Modules against a checksum database.
mod sums;
/// The database that the modules of a test are in.
mod sums_world;
/// How long clients wait.
mod waiting;
