//! The bundle: one file that carries versions and what proves them.
//!
//! A plain tar archive, of which each byte follows from what is in it: the same modules make the same bundle.
//!
//! ```text
//! athens-bundle.json                     {"Format":"athens-bundle","Version":1}
//! example.com/!corp/lib/@v/v1.2.0.info   the tree's own paths, by module, version and file
//! example.com/!corp/lib/@v/v1.2.0.mod
//! example.com/!corp/lib/@v/v1.2.0.zip
//! example.com/!corp/lib/@v/v1.2.0.ziphash
//! sumdb/NAME/latest                      the signed head, lookups and tiles that prove the versions to go commands
//! sumdb/NAME/lookup/…
//! sumdb/NAME/tile/8/…
//! athens-bundle-entries.jsonl            for each entry before: name, size, SHA-256; for zips how the version came
//! ```
//!
//! It is written in one pass. Whoever reads it looks at all headers first, and refuses a bundle that is cut off, or in
//! which anything is where it should not be, before anything is taken from it; contents are compared with their hashes
//! when they are read. Names become types before anything is done with them, and are never joined to paths.

mod entry;
mod fault;
mod name;
mod reader;
mod tar;
mod writer;

pub(super) use entry::Entry;
pub use fault::BundleFault;
pub(super) use name::{EntryName, VersionFile};
pub(super) use reader::{Bundle, Found};
pub(super) use writer::BundleWriter;

/// The content of the first entry.
const HEAD: &[u8] = b"{\"Format\":\"athens-bundle\",\"Version\":1}\n";

/// The most bytes of a line of the last entry.
const LONGEST_LINE: usize = 8 << 10;

#[cfg(test)]
mod tests;
