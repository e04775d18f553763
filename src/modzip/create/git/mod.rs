//! What athens asks the installed git, and how.
//!
//! Two kinds of commands are run. In the user's repository, with the configuration of the user, only what reads
//! references and the state of the work tree: what is ignored or converted there is what the user sees in `git
//! status`, and whose repositories may be read is the user's `safe.directory`. Contents are read elsewhere: in
//! [`Bare`], an empty repository of our own over the same objects, where no configuration and no attributes but those
//! of the revision itself have a say. That is how the go command sees a repository, too.
//!
//! No command runs a hook, a pager, a monitor or a prompt, writes to the user's repository, or takes text from outside
//! for an option.

mod bare;
mod blob;
mod command;
mod describe;
mod error;
mod listing;
mod origin;
mod remote;
mod revision;
mod tags;
mod tar;
mod tracked;

pub use describe::{Change, Description, describe};
pub use error::GitError;
pub use origin::{Repository, info_of_tag, repository};
pub use revision::{Commit, commit};
pub use tags::{TaggedVersion, WrongTags, version_from_tags};

pub(super) use bare::Bare;
pub(super) use listing::EntryKind;
pub(super) use tags::code_directory;
pub(super) use tracked::tracked;
