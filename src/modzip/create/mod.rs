//! Makes module zips: from a directory, and from a revision of a git repository.
//!
//! `rules` decides about every `candidate`, for both; `vendor`, `collisions` and `litter` are its chapters. `archive`
//! writes the bytes, of `records`. `directory` walks a directory; `revision` reads a commit through [`git`], in the
//! directory that `place` finds.
//!
//! The measure is the go command: from the same files, the same `h1:`. So nothing is left out because it seems
//! useless, and nothing is repaired; what no zip can hold is refused, all of it at once.

mod archive;
mod candidate;
mod collisions;
mod deflate;
mod directory;
mod error;
pub mod git;
mod litter;
mod outcome;
mod place;
mod records;
mod revision;
mod rules;
mod vendor;

pub use directory::create_from_directory;
pub use error::{CreateError, WrongGoMod};
pub use outcome::{Created, Omission, Omitted, Refusal, Refusals, Refused};
pub use revision::create_from_git;
