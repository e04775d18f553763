//! `athens publish`: puts a module version on a server.
//!
//! [`source`] decides what is published, [`zip`] makes the zip and checks it as the server will, [`upload`] sends it,
//! [`told`] says what came of it. Nothing is sent that would be refused.

mod output;
mod source;
mod told;
mod upload;
mod zip;

use self::source::Source;
use super::{ExitStatus, Printer};
use crate::cli::PublishArgs;

/// What was refused here, before any server saw it. Displayed, it is the whole message.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct RefusedHere(String);

pub(super) fn run(arguments: &PublishArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    match publish(arguments, printer) {
        Err(error) if error.is::<RefusedHere>() => {
            printer.error_line(&format!("athens: {error}"))?;
            Ok(ExitStatus::Findings)
        }
        result => result,
    }
}

fn publish(arguments: &PublishArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    // A wrong server or token is said before a large zip is made.
    let destination = if arguments.dry_run || arguments.output.is_some() {
        None
    } else {
        Some(upload::destination(arguments, printer)?)
    };
    let source = Source::choose(arguments)?;
    if let Some(output) = &arguments.output {
        output::refuse(output, &source)?;
    }
    let from = source.to_string();
    let zip = match zip::make(source)? {
        Ok(zip) => zip,
        Err(verdict) => {
            told::findings(&verdict, arguments.json, printer)?;
            return Ok(ExitStatus::Findings);
        }
    };
    if arguments.dry_run {
        told::dry_run(&zip, &from, arguments.json, printer)?;
        return Ok(ExitStatus::Success);
    }
    told::surprises(&zip, printer)?;
    match (&arguments.output, destination) {
        (Some(output), _) => {
            output::write(output, &zip)?;
            told::written(&zip, output, arguments.json, printer)?;
            Ok(ExitStatus::Success)
        }
        (None, Some(destination)) => upload::send(&destination, &zip, arguments.json, printer),
        (None, None) => Ok(ExitStatus::Failure),
    }
}
