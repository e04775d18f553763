//! From a zip to a server's answer, and from there to an exit code.

use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};

use super::super::{ExitStatus, Printer, progress};
use super::zip::ModuleZip;
use super::{RefusedHere, told};
use crate::cli::PublishArgs;
use crate::client::{
    Answer, Authorities, ClientError, Event, Found, Places, Publication, ServerUrl,
    find_credentials, publish,
};
use crate::config::{configuration_directory, netrc_file, state_directory, token_variable};
use crate::http::escape_control;
use crate::modzip::Verdict;

/// From this size on, in bytes, an upload has a progress bar.
const LARGE: u64 = 1 << 20;
/// Longest line of a server that is printed, and the most of them.
const LONGEST: usize = 1000;
const MOST_LINES: usize = 150;

/// Where to, and with what.
#[derive(Debug)]
pub(super) struct Destination {
    server: ServerUrl,
    authorities: Option<Authorities>,
    found: Option<Found>,
}

/// The server and the credentials that the arguments and the environment name.
pub(super) fn destination(
    arguments: &PublishArgs,
    printer: &mut Printer,
) -> anyhow::Result<Destination> {
    let server: ServerUrl = arguments.server.reveal().parse()?;
    if server.is_exposed() {
        if !arguments.insecure {
            bail!(
                "{server} is plain HTTP to another machine: everybody on the way could read the module and take the token; use https, or say --insecure"
            );
        }
        printer.error_line(&format!(
            "athens: warning: sending the module and the token to {server} for everybody on the way to read"
        ))?;
    }
    let places = Places {
        file: arguments.token_file.clone(),
        variable: token_variable().map(|token| token.reveal().to_owned()),
        netrc: netrc_file(),
        kept: configuration_directory(),
        // Without a home there is no local token, and nobody asked for one.
        state: state_directory(arguments.state.clone()).ok(),
    };
    let found = find_credentials(&server, &places)?;
    let authorities = arguments.ca_file.as_deref().map(Authorities::read);
    Ok(Destination {
        server,
        authorities: authorities.transpose()?,
        found,
    })
}

/// Sends the zip and says what came of it.
pub(super) fn send(
    destination: &Destination,
    zip: &ModuleZip,
    as_json: bool,
    printer: &mut Printer,
) -> anyhow::Result<ExitStatus> {
    let Destination { server, found, .. } = destination;
    let answer = transfer(destination, zip, printer).map_err(|error| advice(error, destination))?;
    match answer {
        Answer::Published {
            is_new,
            version,
            json,
        } => {
            if version.sum != zip.sum.to_string()
                || version.go_mod_sum != zip.go_mod_sum.to_string()
            {
                bail!(
                    "{server} has other sums for {} than what was sent ({} for {}): what is there is not what was published",
                    zip.version,
                    escape_control(&version.sum, 100),
                    zip.sum
                );
            }
            if as_json {
                printer.line(&escape_control(&json, usize::MAX))?;
            } else {
                told::published(zip, server, is_new, printer)?;
            }
            Ok(ExitStatus::Success)
        }
        Answer::Findings(json) => {
            let verdict: Verdict = serde_json::from_str(&json).with_context(|| {
                format!("{server} refused the zip, in words that are not those of athens")
            })?;
            told::findings(&verdict, as_json, printer)?;
            Ok(ExitStatus::Findings)
        }
        Answer::Refused(status, text) => {
            let hint = credentials_hint(status, found.as_ref());
            Err(anyhow!(RefusedHere(format!(
                "{server} refuses ({status}): {}{hint}",
                lines(&text)
            ))))
        }
        Answer::Failed(status, text) => bail!("{server} answers {status}: {}", lines(&text)),
        Answer::Moved(to) => bail!(
            "{server} says that it is elsewhere ({}); name that with --server, for a token is not sent on",
            escape_control(&to, 200)
        ),
    }
}

/// Sends the zip, with a bar if it is large and a person is watching.
fn transfer(
    destination: &Destination,
    zip: &ModuleZip,
    printer: &mut Printer,
) -> Result<Answer, ClientError> {
    let publication = Publication {
        version: &zip.version,
        zip: Arc::new(
            zip.file
                .try_clone()
                .map_err(|error| ClientError::Setup(error.to_string()))?,
        ),
        len: zip.len,
        info: zip.info.as_ref(),
    };
    let bar = (zip.len > LARGE).then(|| progress::bytes("sending", zip.len));
    let credentials = destination.found.as_ref().map(|found| &found.credentials);
    let none = Authorities::default();
    let answer = publish(
        &destination.server,
        destination.authorities.as_ref().unwrap_or(&none),
        credentials,
        &publication,
        |event| match event {
            Event::Sent(bytes) => {
                if let Some(bar) = &bar {
                    bar.set_position(bytes);
                }
            }
            Event::Again { why, wait } => {
                let line = format!("athens: {why}; trying again in {wait:?}");
                let mut say = || {
                    // A closed standard error is no reason to stop.
                    let _ = printer.error_line(&line);
                };
                match &bar {
                    Some(bar) => bar.suspend(say),
                    None => say(),
                }
            }
        },
    );
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    answer
}

/// Says what to do where there is something.
fn advice(error: ClientError, to: &Destination) -> anyhow::Error {
    let advice = match &error {
        ClientError::Connect { .. } if to.server.is_loopback() => {
            "; start a server with `athens serve`, or name another one with --server"
        }
        ClientError::Connect { .. } => "; is the URL right (--server, ATHENS_SERVER)?",
        ClientError::Tls { .. } if to.authorities.is_some() => {
            "; is it the right server, and the certificate of its authority in --ca-file (ATHENS_CA_FILE)?"
        }
        ClientError::Tls { .. } => {
            "; if its certificate is from an authority of your own, name the file with that one's certificate: --ca-file FILE (ATHENS_CA_FILE)"
        }
        ClientError::Lost { .. } | ClientError::Stalled { .. } => {
            "; publishing again does no harm, the same content is taken once"
        }
        _ => "",
    };
    anyhow!("{error}{advice}")
}

/// Which token was not good enough.
fn credentials_hint(status: u16, found: Option<&Found>) -> String {
    match (status, found) {
        (401 | 403 | 429, Some(found)) => format!("\n(the token is from {})", found.source),
        (401, None) => "\n(there is no token in --token-file, ATHENS_TOKEN, the URL, .netrc or a state directory; `athens login` keeps one)".to_owned(),
        _ => String::new(),
    }
}

/// Text of a server, made fit for a terminal.
fn lines(text: &str) -> String {
    let lines: Vec<String> = text
        .trim()
        .lines()
        .take(MOST_LINES)
        .map(|line| escape_control(line, LONGEST))
        .collect();
    lines.join("\n")
}
