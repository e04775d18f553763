//! `athens doctor`: prints what the checks say.

use std::io::{self, IsTerminal as _};

use super::{ExitStatus, Printer, count, progress};
use crate::cli::DoctorArgs;
use crate::client::{Authorities, Places, ServerUrl};
use crate::config::{Concealed, configuration_directory, environment, netrc_file, state_directory};
use crate::doctor::{Asked, Finding, Outcome, check, gather, redact};
use crate::http::escape_control;

/// Longest sentence that is printed, in bytes.
const LONGEST: usize = 4000;

pub(super) fn run(arguments: &DoctorArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let server = arguments
        .server
        .as_ref()
        .map(Concealed::reveal)
        .map(str::parse::<ServerUrl>)
        .transpose()?;
    let ca = arguments.ca_file.as_deref().map(Authorities::read);
    let state = arguments
        .root
        .is_some()
        .then(|| state_directory(arguments.state.clone()).ok())
        .flatten();
    let asked = Asked {
        server,
        authorities: ca.transpose()?.unwrap_or_default(),
        module: arguments.module.clone(),
        places: Places {
            netrc: netrc_file(),
            kept: configuration_directory(),
            // What only `athens publish` reads is not what keeps the go command from working.
            ..Places::default()
        },
        exported: environment::exported_go_settings(),
        network: environment::network_proxies(),
        root: arguments.root.clone(),
        state,
        timeout: arguments.timeout.0,
    };
    let waiting = progress::waiting();
    let facts = gather(asked, |what| waiting.set_message(what.to_owned()));
    waiting.finish_and_clear();
    let findings: Vec<Finding> = check(&facts?).into_iter().map(shown).collect();
    if arguments.json {
        for finding in &findings {
            printer.line(&serde_json::to_string(finding)?)?;
        }
    } else {
        let is_coloured = io::stdout().is_terminal() && !environment::no_color();
        for finding in &findings {
            print(finding, is_coloured, printer)?;
        }
        printer.line(&summary(&findings))?;
    }
    let has_errors = findings
        .iter()
        .any(|finding| finding.outcome == Outcome::Error);
    Ok(if has_errors {
        ExitStatus::Findings
    } else {
        ExitStatus::Success
    })
}

/// Fit for a terminal and for everybody's eyes, whatever others have said in it.
fn shown(finding: Finding) -> Finding {
    let fit = |text: &str| escape_control(&redact(text), LONGEST);
    Finding {
        sentence: fit(&finding.sentence),
        mend: finding.mend.as_deref().map(fit),
        ..finding
    }
}

fn print(finding: &Finding, is_coloured: bool, printer: &mut Printer) -> anyhow::Result<()> {
    let (word, colour) = match finding.outcome {
        Outcome::Ok => ("ok", 32),
        Outcome::Warning => ("warning", 33),
        Outcome::Error => ("error", 31),
    };
    let word = if is_coloured {
        format!("\u{1b}[{colour}m{word:7}\u{1b}[0m")
    } else {
        format!("{word:7}")
    };
    printer.line(&format!("{word}  {}", finding.sentence))?;
    if let Some(line) = &finding.mend {
        printer.line(&format!("           {line}"))?;
    }
    Ok(())
}

fn summary(findings: &[Finding]) -> String {
    let of = |outcome: Outcome| {
        let found = findings.iter().filter(|finding| finding.outcome == outcome);
        found.count() as u64
    };
    format!(
        "{}, {}",
        count(of(Outcome::Error), "error"),
        count(of(Outcome::Warning), "warning")
    )
}
