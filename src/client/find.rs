//! Where a client takes its token from.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::kept::KeptTokens;
use super::server::ServerUrl;
use crate::auth::{InvalidToken, PlainToken, StateDirectory, TokensError, read_local_token};
use crate::transport::{Credentials, Netrc};

/// The longest file with a token: a token, and room for blanks.
const LONGEST_TOKEN_FILE: u64 = 4096;

/// Where a token may be, in the order in which it is looked for.
#[derive(Default)]
pub struct Places {
    /// A file that holds nothing but the token.
    pub file: Option<PathBuf>,
    /// The token itself, from `ATHENS_TOKEN`.
    pub variable: Option<String>,
    /// The `.netrc` file; it need not exist.
    pub netrc: Option<PathBuf>,
    /// The directory in which `athens login --goauth` keeps tokens; it need not exist.
    pub kept: Option<PathBuf>,
    /// The state directory of a server on this machine.
    pub state: Option<PathBuf>,
}

impl std::fmt::Debug for Places {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Places").finish_non_exhaustive()
    }
}

/// Credentials, and where they are from.
#[derive(Debug, Clone)]
pub struct Found {
    /// What to send.
    pub credentials: Credentials,
    /// Where it is from, for messages: `the file ci.token`, `ATHENS_TOKEN`. Nothing of the secret.
    pub source: String,
}

/// A place that was to hold a token and does not. Nothing of what it holds is shown.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// It can not be read.
    #[error("cannot read the token from {place}: {why}")]
    Read {
        /// The place.
        place: String,
        /// What the system said.
        why: io::Error,
    },
    /// It holds something else.
    #[error("there is no token in {place}: {why}")]
    Invalid {
        /// The place.
        place: String,
        /// What is wrong with it.
        why: InvalidToken,
    },
    /// The local token can not be used.
    #[error(transparent)]
    Local(#[from] TokensError),
}

/// Looks for what to show to a server: the file, the variable, the URL, the `.netrc`, the kept token, the local token.
/// The first that is there counts, also if it is wrong: a token that was given is not silently replaced by another one.
///
/// The local token is for servers on this machine only, whoever they say they are. Waits for the disk.
///
/// # Errors
///
/// A place that was named can not be read or holds no token.
pub fn find_credentials(
    server: &ServerUrl,
    places: &Places,
) -> Result<Option<Found>, CredentialsError> {
    if let Some(path) = &places.file {
        let source = format!("the file {}", path.display());
        let text = read(path, LONGEST_TOKEN_FILE).map_err(|error| CredentialsError::Read {
            place: source.clone(),
            why: error,
        })?;
        return token(&text, source).map(Some);
    }
    if let Some(text) = &places.variable {
        return token(text, "ATHENS_TOKEN".to_owned()).map(Some);
    }
    if let Some(credentials) = server.credentials() {
        return Ok(Some(Found {
            credentials: credentials.clone(),
            source: "the server's URL".to_owned(),
        }));
    }
    if let Some(path) = &places.netrc {
        let source = path.display().to_string();
        let netrc = Netrc::read(path).map_err(|error| CredentialsError::Read {
            place: source.clone(),
            why: error,
        })?;
        let login = netrc.and_then(|netrc| netrc.login(server.host(), server.port()));
        if let Some(credentials) = login {
            return Ok(Some(Found {
                credentials,
                source,
            }));
        }
    }
    if let Some(directory) = &places.kept
        && let Some(found) = kept(server, directory)?
    {
        return Ok(Some(found));
    }
    match &places.state {
        // SECURITY: it has every right here, and is nobody else's business.
        Some(state) if server.is_loopback() => local(state),
        _ => Ok(None),
    }
}

fn kept(server: &ServerUrl, directory: &Path) -> Result<Option<Found>, CredentialsError> {
    let tokens = KeptTokens::read(directory).map_err(|error| CredentialsError::Read {
        place: directory.display().to_string(),
        why: error,
    })?;
    let source = tokens.path().display().to_string();
    Ok(tokens.token(server).map(|token| Found {
        credentials: Credentials::bearer(token.reveal()),
        source,
    }))
}

fn local(state: &Path) -> Result<Option<Found>, CredentialsError> {
    let directory = StateDirectory::new(state.to_owned());
    let token = read_local_token(&directory)?;
    Ok(token.map(|token| Found {
        credentials: Credentials::bearer(token.reveal()),
        source: format!("the state directory {}", state.display()),
    }))
}

fn token(text: &str, source: String) -> Result<Found, CredentialsError> {
    match text.trim_ascii().parse::<PlainToken>() {
        Ok(token) => Ok(Found {
            credentials: Credentials::bearer(token.reveal()),
            source,
        }),
        Err(error) => Err(CredentialsError::Invalid {
            place: source,
            why: error,
        }),
    }
}

fn read(path: &Path, most: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("it is larger than {most} bytes")));
    }
    // What is not UTF-8 is no token either.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order() {
        let dir = tempfile::tempdir().unwrap();
        let tokens: Vec<PlainToken> = (0..2).map(|_| PlainToken::generate().unwrap()).collect();
        let file = dir.path().join("token");
        std::fs::write(&file, format!("{}\n", tokens[0].reveal())).unwrap();
        let netrc = dir.path().join("netrc");
        std::fs::write(&netrc, "machine a.example password x").unwrap();
        let mut places = Places {
            file: Some(file.clone()),
            variable: Some(tokens[1].reveal().to_owned()),
            netrc: Some(netrc.clone()),
            kept: None,
            state: None,
        };
        let source = |places: &Places, server: &str| {
            find_credentials(&server.parse().unwrap(), places)
                .unwrap()
                .map(|found| found.source)
        };
        let url = "https://u:p@a.example";
        let in_file = format!("the file {}", file.display());
        assert_eq!(source(&places, url), Some(in_file));
        places.file = None;
        assert_eq!(source(&places, url).as_deref(), Some("ATHENS_TOKEN"));
        places.variable = None;
        assert_eq!(source(&places, url).as_deref(), Some("the server's URL"));
        let in_netrc = netrc.display().to_string();
        assert_eq!(source(&places, "https://a.example"), Some(in_netrc));
        assert_eq!(source(&places, "https://b.example"), None);
        places.netrc = Some(dir.path().join("none"));
        assert_eq!(source(&places, "https://a.example"), None);
    }

    #[test]
    fn errors_name_the_place_and_not_the_secret() {
        let dir = tempfile::tempdir().unwrap();
        let server = "https://a.example".parse().unwrap();
        let wrong = Places {
            variable: Some("hunter2".to_owned()),
            ..Places::default()
        };
        let error = find_credentials(&server, &wrong).unwrap_err();
        let shown = format!("{error} {error:?} {wrong:?}");
        assert!(shown.contains("ATHENS_TOKEN"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
        let missing = Places {
            file: Some(dir.path().join("none")),
            ..Places::default()
        };
        let error = find_credentials(&server, &missing).unwrap_err();
        assert!(error.to_string().contains("none"), "{error}");
    }
}
