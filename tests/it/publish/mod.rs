//! Publishing over HTTP, by the real binary over real sockets: what is answered, what then lies in the folder, who may,
//! and what is left when clients, disks and processes fail.

mod dropped;
mod full_disk;
mod journal;
mod memory;
mod outcomes;
mod races;
mod refused;
pub(crate) mod registry;
mod rights;
mod storm;
pub(crate) mod zips;
