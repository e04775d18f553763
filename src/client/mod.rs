//! The other end of the wire: a client of a server of athens.
//!
//! [`ServerUrl`] says where, [`find_credentials`] with what, [`publish()`] sends a zip and tells what was answered,
//! [`whoami`] asks what a token may do. [`keep_in_netrc`] and [`KeptTokens`] put a token where the go command finds it,
//! [`GoSettings`] is what that is set to, and [`reading_from`] what it should be set to.
//!
//! Nothing here prints, and no secret is in any `Debug` or error: a password in a URL is taken out when the URL is read,
//! and what goes into the `Authorization` header is [`Credentials`], which show nothing of themselves.

mod answer;
mod ask;
mod body;
mod error;
mod find;
mod globs;
mod go_command;
mod go_setup;
mod health;
mod identity;
mod kept;
mod netrc_edit;
mod netrc_login;
mod private_file;
mod publish;
mod server;

pub use answer::{Answer, PublishedVersion};
pub use ask::{Asker, Reply};
pub use error::ClientError;
pub use find::{CredentialsError, Found, Places, find_credentials};
pub use globs::{covers, list as globs_of, overlap};
pub use go_command::{GoCommandError, GoSaid, GoSettings, run_go, write_go_setting};
pub use go_setup::{
    GoSetting, goauth_with, goauth_without, past_the_proxy, quoted, reading_from, unsummed,
};
pub use health::{Health, HealthQuestion, HealthTarget, health};
pub use identity::{Identity, Verdict, identify, whoami};
pub use kept::{KeptTokens, goauth_answer};
pub use netrc_edit::NetrcRefusal;
pub use netrc_login::{NetrcChange, NetrcError, keep_in_netrc, remove_from_netrc};
pub use publish::{Event, Publication, publish};
pub use server::{InvalidServerUrl, ServerUrl};

pub use crate::transport::{Authorities, Credentials, InvalidAuthorities};
