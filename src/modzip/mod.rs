//! Module zips: what an archive must be before a go command is given it.
//!
//! Works on open files, synchronously and in bounded memory; knows nothing of the store or of HTTP. Entry names are the
//! raw bytes of the central directory, because that is what the go command looks at.

mod directory;
mod limits;

pub use directory::{Directory, ZipError, read_directory};
pub use limits::{MAX_GO_MOD_SIZE, MAX_ZIP_SIZE};
