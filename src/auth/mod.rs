//! Tokens, and what each may do. Knows no HTTP: a header's value goes in as bytes, a decision comes out.
//!
//! A token is 256 random bits with a name, [`Rights`], module patterns and perhaps an expiry: a [`Grant`]. Nothing has
//! rights by itself, and no token has more than its grant says. The plain text of a token exists where it is used; the
//! tokens file of the [`StateDirectory`] holds SHA-256 sums only, which are enough for random secrets of this length
//! (there is nothing to guess that a slow password hash would protect).
//!
//! The way of a request: [`presented_token`] reads the `Authorization` header, [`TokenStore::authenticate`] finds the
//! grant, [`Access::check`] says whether it covers the right and the module; [`Throttle`] says how a failure is
//! answered. `athens token` changes the file through [`TokensFile`], and running servers see it.

mod access;
mod credentials;
mod document;
mod grant;
mod hashed;
mod lifetime;
mod local;
mod name;
mod plain;
mod right;
mod state;
mod store;
mod throttle;
mod tokens;
mod tokens_file;

pub use access::{Access, Denied};
pub use credentials::{InvalidCredentials, presented_token};
pub use grant::{Grant, InvalidModules, parse_modules};
pub use hashed::HashedToken;
pub use lifetime::{InvalidLifetime, Lifetime};
pub use local::{LocalToken, ensure_local_token, read_local_token};
pub use name::{InvalidTokenName, TokenName};
pub use plain::{InvalidToken, NoRandomness, PlainToken};
pub use right::{InvalidRights, Right, Rights};
pub use state::{StateDirectory, StateError};
pub use store::TokenStore;
pub use throttle::{Penalty, Throttle, host_of};
pub use tokens::Tokens;
pub use tokens_file::{TokensError, TokensFile};
