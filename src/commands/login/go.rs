//! The lines that set the go command to a server, printed or run.

use std::time::Duration;

use anyhow::{anyhow, bail};

use crate::cli::LoginArgs;
use crate::client::{
    GoCommandError, GoSetting, GoSettings, Identity, ServerUrl, goauth_with, goauth_without,
    reading_from, write_go_setting,
};
use crate::commands::Printer;
use crate::config::program_name;
use crate::module::PathPatterns;

/// How long the go command may take for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn after_login(
    server: &ServerUrl,
    identity: &Identity,
    arguments: &LoginArgs,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    if !server.is_https() {
        printer.line(
            "the go command sends tokens over https only: here it reads what may be read without one; `athens publish` uses the token",
        )?;
    }
    let Some(now) = settings(arguments.write, printer)? else {
        return Ok(());
    };
    // A token for everything does not say which modules are the server's own.
    let own = Some(&identity.modules).filter(|modules| !covers_all(modules));
    let mut settings = Vec::new();
    if arguments.goauth {
        settings.extend(goauth(&now)?);
    }
    settings.extend(reading_from(server, own, &now));
    apply(
        &settings,
        arguments.write,
        "set the go command to it with:",
        printer,
    )?;
    if own.is_none() && now.get("GOSUMDB") != "off" {
        printer.line("no checksum database knows modules of your own; with your pattern:")?;
        printer.line("  go env -w GONOSUMDB='corp.example/*'")?;
    }
    Ok(())
}

pub(super) fn after_logout(
    server: &ServerUrl,
    nothing_kept: bool,
    is_run: bool,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let Some(now) = settings(is_run, printer)? else {
        return Ok(());
    };
    let mut settings = Vec::new();
    // Only what is nothing but ours: who wrote more wrote it himself.
    if now.get("GOPROXY") == server.to_string() {
        settings.push(GoSetting::unset("GOPROXY"));
    }
    if nothing_kept {
        settings.extend(goauth_without(&now));
    }
    apply(
        &settings,
        is_run,
        "the go command still reads from it; to change that:",
        printer,
    )
}

fn goauth(now: &GoSettings) -> anyhow::Result<Option<GoSetting>> {
    let program = program_name()
        .ok_or_else(|| anyhow!("cannot tell where this program is, for GOAUTH to name it"))?;
    goauth_with(&program, now).map_err(|error| anyhow!(error))
}

/// What the go command is set to. Nothing is known of one that is not there, which is a reason to stop only if it is to be
/// set to something.
fn settings(must_be: bool, printer: &mut Printer) -> anyhow::Result<Option<GoSettings>> {
    match GoSettings::ask(PATIENCE) {
        Ok(settings) => Ok(Some(settings)),
        Err(error) if must_be => bail!("{error}, so nothing of it was set"),
        Err(GoCommandError::Missing) => Ok(Some(GoSettings::default())),
        Err(error) => {
            printer.error_line(&format!("athens: {error}"))?;
            Ok(None)
        }
    }
}

fn apply(
    settings: &[GoSetting],
    is_run: bool,
    headline: &str,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    if settings.is_empty() {
        return Ok(());
    }
    if !is_run {
        printer.line(headline)?;
    }
    for setting in settings {
        if is_run {
            let said = write_go_setting(setting, PATIENCE)
                .map_err(|error| anyhow!("{}: {error}", setting.line()))?;
            printer.line(&format!("ran {}", setting.line()))?;
            for line in said.lines() {
                printer.error_line(&format!("athens: {line}"))?;
            }
        } else {
            printer.line(&format!("  {}", setting.line()))?;
        }
    }
    Ok(())
}

fn covers_all(modules: &PathPatterns) -> bool {
    modules.to_string().split(',').any(|glob| glob == "*")
}
