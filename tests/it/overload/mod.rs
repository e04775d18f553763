//! More than a server takes: what is refused, how it is said, and who is not kept out by it.

mod connections;
mod requests;
