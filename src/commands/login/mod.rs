//! `athens login`, `athens logout`, and `athens credentials`, by which the go command reads what they keep.

mod go;
mod terminal;
mod token;

use std::path::Path;

use anyhow::{Context as _, anyhow, bail};

use super::{ExitStatus, Printer};
use crate::auth::PlainToken;
use crate::cli::{CredentialsArgs, LoginArgs, LogoutArgs};
use crate::client::{
    Authorities, ClientError, Credentials, Identity, KeptTokens, NetrcError, ServerUrl, Verdict,
    goauth_answer, keep_in_netrc, remove_from_netrc, whoami,
};
use crate::config::{Concealed, configuration_directory, netrc_file};
use crate::http::escape_control;

/// Longest text of a server that is printed.
const LONGEST: usize = 1000;

pub(super) fn run(arguments: &LoginArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let server = server(&arguments.server)?;
    if server.is_exposed() {
        if !arguments.insecure {
            bail!(
                "{server} is plain HTTP to another machine: everybody on the way could take the token; use https, or say --insecure"
            );
        }
        printer.error_line(&format!(
            "athens: warning: sending the token to {server} for everybody on the way to read"
        ))?;
    }
    let ca = arguments.ca_file.as_deref().map(Authorities::read);
    let authorities = ca.transpose()?;
    let (token, source) = token::obtain(arguments, &server, printer)?;
    let credentials = Credentials::bearer(token.reveal());
    let none = Authorities::default();
    let verdict = whoami(&server, authorities.as_ref().unwrap_or(&none), &credentials)
        .map_err(|error| advice(error, &server, authorities.is_some()))?;
    let identity = match verdict {
        Verdict::Known(identity) => identity,
        Verdict::Refused(status, text) => {
            printer.error_line(&format!(
                "athens: {server} refuses the token of {source} ({status}): {}; nothing was kept",
                said(&text)
            ))?;
            return Ok(ExitStatus::Findings);
        }
        Verdict::Silent(status, text) => bail!(
            "{server} does not say what the token may do ({status}: {}); is it the URL of a server of athens, with its path, and not an older one?",
            said(&text)
        ),
        Verdict::Moved(to) => bail!(
            "{server} says that it is elsewhere ({}); log in there, for a token is not sent on",
            escape_control(&to, 200)
        ),
    };
    let kept = if arguments.goauth {
        keep_for_goauth(&server, &token)?
    } else {
        match keep_for_netrc(&server, &token, arguments.force, printer)? {
            Some(kept) => kept,
            None => return Ok(ExitStatus::Findings),
        }
    };
    printer.line(&format!(
        "logged in to {server} with the token of {source}, {}",
        in_words(&identity)
    ))?;
    printer.line(&format!("kept in {kept}"))?;
    go::after_login(&server, &identity, arguments, printer)?;
    Ok(ExitStatus::Success)
}

pub(super) fn logout(arguments: &LogoutArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let server = server(&arguments.server)?;
    let mut found = false;
    if let Some(path) = netrc_file().filter(|path| path.exists()) {
        let change = remove_from_netrc(&path, &server)?;
        if change.tokens > 0 {
            found = true;
            let what = super::count(change.tokens as u64, "token");
            printer.line(&format!(
                "removed {what} of {server} from {}",
                path.display()
            ))?;
        }
        if change.has_other_password {
            printer.error_line(&format!(
                "athens: {} holds another password for {}, which is no token of athens and was left",
                path.display(),
                server.machine()
            ))?;
        }
    }
    let mut nothing_kept = true;
    if let Some(directory) = configuration_directory() {
        let mut kept = read_kept(&directory)?;
        if kept
            .forget(&server)
            .with_context(|| format!("cannot write {}", kept.path().display()))?
        {
            found = true;
            printer.line(&format!(
                "removed the token of {server} from {}",
                kept.path().display()
            ))?;
        }
        nothing_kept = kept.is_empty();
    }
    if !found {
        printer.line(&format!("there is no token of {server} here"))?;
    }
    go::after_logout(&server, nothing_kept, arguments.write, printer)?;
    Ok(ExitStatus::Success)
}

pub(super) fn credentials(
    arguments: &CredentialsArgs,
    printer: &mut Printer,
) -> anyhow::Result<ExitStatus> {
    let directory = configuration_directory()
        .ok_or_else(|| anyhow!("cannot tell where tokens are kept: this user has no home"))?;
    let kept = read_kept(&directory)?;
    let asked = arguments.url.as_ref().map(Concealed::reveal);
    printer.text(&goauth_answer(&kept, asked))?;
    Ok(ExitStatus::Success)
}

/// The server that is meant. A password in its URL would stand in the list of processes.
fn server(url: &Concealed) -> anyhow::Result<ServerUrl> {
    let server: ServerUrl = url.reveal().parse()?;
    if server.credentials().is_some() {
        bail!(
            "the URL holds a password, which everybody on this machine can read while the command runs: name {server} alone, and give the token on standard input"
        );
    }
    Ok(server)
}

fn keep_for_goauth(server: &ServerUrl, token: &PlainToken) -> anyhow::Result<String> {
    let directory = configuration_directory()
        .ok_or_else(|| anyhow!("cannot tell where to keep the token: this user has no home"))?;
    let mut kept = read_kept(&directory)?;
    kept.keep(server, token)
        .with_context(|| format!("cannot write {}", kept.path().display()))?;
    Ok(kept.path().display().to_string())
}

/// `None` if the file is left as it is, which was said.
fn keep_for_netrc(
    server: &ServerUrl,
    token: &PlainToken,
    is_forced: bool,
    printer: &mut Printer,
) -> anyhow::Result<Option<String>> {
    let path = netrc_file()
        .ok_or_else(|| anyhow!("cannot tell where .netrc is: this user has no home; set NETRC"))?;
    let change = match keep_in_netrc(&path, server, token, is_forced) {
        Ok(change) => change,
        Err(error @ NetrcError::Refused { .. }) => {
            printer.error_line(&format!(
                "athens: {error}; --force replaces a password of {}, --goauth leaves the file alone",
                server.machine()
            ))?;
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(mode) = change.was_exposed {
        printer.error_line(&format!(
            "athens: others could read {} (mode {mode:04o}); it is 0600 now, but what it holds may be known",
            path.display()
        ))?;
    }
    Ok(Some(format!(
        "{}, as the password of {}",
        path.display(),
        server.machine()
    )))
}

fn read_kept(directory: &Path) -> anyhow::Result<KeptTokens> {
    KeptTokens::read(directory)
        .with_context(|| format!("cannot use the tokens kept in {}", directory.display()))
}

/// What a token is, in words.
fn in_words(identity: &Identity) -> String {
    let until = identity
        .expires
        .map_or_else(|| "it is revoked".to_owned(), |time| time.to_string());
    format!(
        "{}: it may {} modules that match {}, until {until}",
        identity.name,
        identity.rights.in_words(),
        identity.modules,
    )
}

/// The first line of what a server said, fit for a terminal.
fn said(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    escape_control(line, LONGEST)
}

fn advice(error: ClientError, server: &ServerUrl, has_authorities: bool) -> anyhow::Error {
    let advice = match &error {
        ClientError::Connect { .. } if server.is_loopback() => {
            "; start a server with `athens serve`, or name another one"
        }
        ClientError::Connect { .. } => "; is the URL right?",
        ClientError::Tls { .. } if has_authorities => {
            "; is it the right server, and the certificate of its authority in --ca-file (ATHENS_CA_FILE)?"
        }
        ClientError::Tls { .. } => {
            "; if its certificate is from an authority of your own, name the file with that one's certificate: --ca-file FILE (ATHENS_CA_FILE)"
        }
        _ => "",
    };
    anyhow!("{error}{advice}")
}
