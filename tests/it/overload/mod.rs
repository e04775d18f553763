//! More than a server takes: what is refused, how it is said, and who is not kept out by it.

/// What tests of load share.
mod client;
mod connections;
mod mixed;
mod requests;
mod slow;
