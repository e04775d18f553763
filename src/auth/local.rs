//! The token that nobody has to make: for the server's own user on the server's own machine.

use super::state::Lock;
use super::{
    Grant, InvalidToken, PlainToken, Rights, StateDirectory, StateError, TokenName, Tokens,
    TokensError, TokensFile,
};
use crate::module::Time;

/// The file with its text.
const FILE: &str = "local-token";
/// A token and a line break; more is not one.
const LONGEST: u64 = 1024;

/// What [`ensure_local_token`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalToken {
    /// The one that was there is good.
    Kept,
    /// There was none, or not a good one, and now there is.
    Made,
}

/// Sees to it that there is one token with every right on every module, named `local`, whose text is in `local-token`
/// in the state directory, readable by the directory's owner alone: the client of the same user finds it, and nobody
/// needs to set anything up to publish on one machine.
///
/// If the file is lost, was seen by others (its mode), or is not the text of the token that is on the books, a new
/// token takes the place of the old one, which is worthless from then on. For the start of a server. Waits for the disk.
///
/// # Errors
///
/// If the state directory or the tokens file can not be used.
pub fn ensure_local_token(
    directory: &StateDirectory,
    now: Time,
) -> Result<LocalToken, TokensError> {
    let file = TokensFile::new(directory.clone());
    // The usual start needs no lock, and no directory that can be written.
    if is_good(directory, &file.read()?)? {
        return Ok(LocalToken::Kept);
    }
    let lock = directory.lock()?;
    let mut tokens = file.read()?;
    // Another server may have come first.
    if is_good(directory, &tokens)? {
        return Ok(LocalToken::Kept);
    }
    let grant = full_grant(now);
    tokens.remove(&grant.name);
    let token = PlainToken::generate()?;
    file.insert(&lock, &mut tokens, token.hash(), grant)?;
    directory.replace(&lock, FILE, format!("{}\n", token.reveal()).as_bytes())?;
    Ok(LocalToken::Made)
}

/// The local token of a state directory, for a client of the same user; `None` if there is none. Waits for the disk.
///
/// # Errors
///
/// If it can not be read, is exposed to others, or is no token.
pub fn read_local_token(directory: &StateDirectory) -> Result<Option<PlainToken>, TokensError> {
    let Some((text, _)) = directory.read(FILE, LONGEST)? else {
        return Ok(None);
    };
    // What is not UTF-8 is no token either.
    let text = str::from_utf8(&text).unwrap_or_default();
    let token = text.trim_ascii().parse();
    token
        .map(Some)
        .map_err(|error: InvalidToken| TokensError::Malformed {
            path: directory.path().join(FILE).display().to_string(),
            problem: error.to_string(),
        })
}

/// Whether the file holds the text of a token with all rights.
fn is_good(directory: &StateDirectory, tokens: &Tokens) -> Result<bool, TokensError> {
    let token = match read_local_token(directory) {
        Ok(Some(token)) => token,
        // Seen by others, or spoilt: a new one is the cure.
        Ok(None)
        | Err(
            TokensError::Malformed { .. }
            | TokensError::State(StateError::ExposedFile { .. } | StateError::TooLarge { .. }),
        ) => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok(tokens
        .find(&token.hash())
        .is_some_and(|grant| **grant == full_grant(grant.created)))
}

fn full_grant(created: Time) -> Grant {
    Grant {
        name: TokenName::local(),
        rights: Rights::ALL,
        // It parses; and if it did not, the token would be good for nothing.
        modules: "*".parse().unwrap_or_default(),
        expires: None,
        created,
    }
}

/// Removes the text of a token that was revoked.
pub(super) fn forget(directory: &StateDirectory, lock: &Lock) -> Result<(), StateError> {
    directory.remove(lock, FILE)
}
