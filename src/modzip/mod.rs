//! Module zips: what an archive must be before a go command is given it, and the sums in go.sum.
//!
//! Works on open files (or anything with [`ReadAt`]), synchronously and in bounded memory; knows nothing of the store or
//! of HTTP. Archives are read as the go command reads them, down to the bytes: entry names are the raw bytes of the
//! central directory, and all entries count, also those of one name.
//!
//! [`create`] makes them. [`read_directory`] is the cheap look, [`check()`] the whole of it, [`zip_sum`] only the sum.

mod archive;
mod check;
mod contents;
pub mod create;
mod directory;
mod error;
mod fold;
mod found;
mod hash;
mod limits;
mod listing;
mod named;
mod names;
mod read_at;
mod rule;
mod sizes;
mod verdict;

pub use check::{Finding, Report, Strictness, check};
pub use create::{CreateError, Created, create_from_directory, create_from_git};
pub use directory::{Directory, read_directory};
pub use error::ZipError;
pub use hash::{go_mod_sum, zip_sum};
pub use limits::{MAX_ENTRIES, MAX_GO_MOD_SIZE, MAX_LICENSE_SIZE, MAX_NAMES_SIZE, MAX_ZIP_SIZE};
pub use named::named_version;
pub use read_at::ReadAt;
pub use rule::Rule;
pub use verdict::{FindingText, Verdict};
