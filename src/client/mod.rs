//! The other end of the wire: a client of a server of athens.
//!
//! [`ServerUrl`] says where, [`find_credentials`] with what, [`publish()`] sends a zip and tells what was answered. Nothing
//! here prints, and no secret is in any `Debug` or error: a password in a URL is taken out when the URL is read, and what
//! goes into the `Authorization` header is [`Credentials`], which show nothing of themselves.

mod answer;
mod body;
mod error;
mod find;
mod publish;
mod server;

pub use answer::{Answer, PublishedVersion};
pub use error::ClientError;
pub use find::{CredentialsError, Found, Places, find_credentials};
pub use publish::{Event, Publication, publish};
pub use server::{InvalidServerUrl, ServerUrl};

pub use crate::transport::{Authorities, Credentials, InvalidAuthorities};
