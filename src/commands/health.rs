//! `athens health`.

use super::{ExitStatus, Printer};
use crate::cli::HealthArgs;
use crate::client::{Authorities, HealthQuestion, HealthTarget, health};

pub(super) fn run(arguments: &HealthArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let target: HealthTarget = arguments.server.reveal().parse()?;
    let authorities = match &arguments.ca_file {
        Some(file) => Authorities::read(file)?,
        None => Authorities::default(),
    };
    let question = if arguments.ready {
        HealthQuestion::Ready
    } else {
        HealthQuestion::Alive
    };
    let found = health(&target, question, &authorities, arguments.timeout.0)?;
    printer.line(&found.said)?;
    Ok(if found.is_well {
        ExitStatus::Success
    } else {
        ExitStatus::Findings
    })
}
