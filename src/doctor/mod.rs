//! What is wrong with the settings of a machine and of the servers that it uses, and what mends it.
//!
//! Two halves. [`gather()`] does the I/O: it asks the go command how it is set, the servers whether they are there, the
//! folder whether it can be read. It decides nothing. [`check()`] is pure: small functions that look at the [`Facts`] and
//! say one sentence each, with the line that mends what is wrong. Nothing is changed, and nothing secret is in a
//! [`Finding`].

mod check;
mod facts;
mod finding;
mod gather;
mod proxy_list;
mod redact;

pub use check::check;
pub use facts::{
    CacheFacts, Facts, FoundToken, GoFacts, LocalFacts, NetrcFacts, ServerFacts, TokenFacts,
    TokenWay, TrialFacts,
};
pub use finding::{Finding, Outcome};
pub use gather::{Asked, gather};
pub use redact::redact;
