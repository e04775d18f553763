//! The `.netrc` of a user: a token goes in, and comes out again.

use std::io;
use std::path::{Path, PathBuf};

use super::netrc_edit::{NetrcRefusal, has_other_password, with_token, without_tokens};
use super::private_file::PrivateFile;
use super::server::ServerUrl;
use crate::auth::PlainToken;

/// A `.netrc` that was not changed.
#[derive(Debug, thiserror::Error)]
pub enum NetrcError {
    /// It can not be read or written.
    #[error("cannot {action} {path}: {why}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// It is not to be changed.
    #[error("{path} is left as it is: {why}")]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        why: NetrcRefusal,
    },
}

/// What became of a `.netrc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetrcChange {
    /// How many tokens of the server were put in or taken out.
    pub tokens: usize,
    /// Whether the server has another password there, which was left.
    pub has_other_password: bool,
    /// The permissions that it had, if others could read it; they can not any more.
    pub was_exposed: Option<u32>,
}

/// Puts the token of a server into a `.netrc`, which is made if it is not there. Waits for the disk.
///
/// # Errors
///
/// If it can not be read or written, or if it holds what would be lost (unless `is_forced`) or in the way.
pub fn keep_in_netrc(
    path: &Path,
    server: &ServerUrl,
    token: &PlainToken,
    is_forced: bool,
) -> Result<NetrcChange, NetrcError> {
    let file = read(path)?;
    let text = with_token(&file.text, &server.machine(), token, is_forced).map_err(|why| {
        NetrcError::Refused {
            path: path.to_owned(),
            why,
        }
    })?;
    write(path, &file, &text)?;
    Ok(NetrcChange {
        tokens: 1,
        has_other_password: false,
        was_exposed: file.exposed(),
    })
}

/// Takes the tokens of a server out of a `.netrc`. Waits for the disk.
///
/// # Errors
///
/// If it can not be read or written.
pub fn remove_from_netrc(path: &Path, server: &ServerUrl) -> Result<NetrcChange, NetrcError> {
    let file = read(path)?;
    let machine = server.machine();
    let (text, tokens) = without_tokens(&file.text, &machine);
    let mut change = NetrcChange {
        tokens,
        has_other_password: has_other_password(&text, &machine),
        was_exposed: None,
    };
    if tokens > 0 {
        write(path, &file, &text)?;
        change.was_exposed = file.exposed();
    }
    Ok(change)
}

fn read(path: &Path) -> Result<PrivateFile, NetrcError> {
    PrivateFile::read(path).map_err(|why| NetrcError::Io {
        action: "read",
        path: path.to_owned(),
        why,
    })
}

fn write(path: &Path, file: &PrivateFile, text: &str) -> Result<(), NetrcError> {
    file.replace(text).map_err(|why| NetrcError::Io {
        action: "write",
        path: path.to_owned(),
        why,
    })
}
