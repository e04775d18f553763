//! `athens token`: who may do what.

use std::time::SystemTime;

use anyhow::bail;
use serde::Serialize;

use super::{ExitStatus, Printer};
use crate::auth::{Grant, PlainToken, Right, StateDirectory, TokensError, TokensFile};
use crate::cli::{TokenArgs, TokenCommand, TokenCreateArgs, TokenListArgs, TokenRevokeArgs};
use crate::config::state_directory;
use crate::module::{PathPatterns, Time};

pub(super) fn run(arguments: TokenArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let directory = StateDirectory::new(state_directory(arguments.state)?);
    let tokens = TokensFile::new(directory);
    let now = Time::from(SystemTime::now());
    match arguments.command {
        TokenCommand::Create(arguments) => create(&tokens, arguments, now, printer),
        TokenCommand::List(arguments) => list(&tokens, &arguments, now, printer),
        TokenCommand::Revoke(arguments) => revoke(&tokens, &arguments, printer),
    }
}

/// The token alone goes to standard output, so that `$(…)` and `>` take it; what there is to know, to standard error.
fn create(
    tokens: &TokensFile,
    arguments: TokenCreateArgs,
    now: Time,
    printer: &mut Printer,
) -> anyhow::Result<ExitStatus> {
    let grant = Grant {
        modules: modules(&arguments)?,
        name: arguments.name,
        rights: arguments.allow,
        expires: arguments.expires.expiry(now),
        // To the second, as the expiry.
        created: Time::from_unix(now.unix()),
    };
    let token = match tokens.create(grant.clone()) {
        Ok(token) => token,
        Err(error @ (TokensError::NameTaken { .. } | TokensError::NameReserved { .. })) => {
            printer.error_line(&format!("athens: {error}"))?;
            return Ok(ExitStatus::Findings);
        }
        Err(error) => return Err(error.into()),
    };
    if let Err(error) = hand_over(&token, printer) {
        // Nobody has it and nobody ever can: it would only hold the name.
        tokens.revoke(&grant.name)?;
        return Err(error.context("cannot print the token, so it was taken back"));
    }
    printer.error_line(&format!(
        "athens: made the token {}: it may {} modules that match {}, until {}",
        grant.name,
        grant.rights.in_words(),
        grant.modules,
        grant
            .expires
            .map_or_else(|| "it is revoked".to_owned(), |time| time.to_string()),
    ))?;
    printer.error_line(&format!(
        "athens: it is not shown again; keep it as you would a password. Servers with the state directory {} take it now",
        tokens.directory().path().display()
    ))?;
    Ok(ExitStatus::Success)
}

fn hand_over(token: &PlainToken, printer: &mut Printer) -> anyhow::Result<()> {
    printer.line(token.reveal())?;
    if printer.is_closed() {
        bail!("nobody reads standard output");
    }
    Ok(())
}

/// Reading everything is what a forgotten flag may give away; changing everything has to be asked for.
fn modules(arguments: &TokenCreateArgs) -> anyhow::Result<PathPatterns> {
    match &arguments.modules {
        Some(modules) => Ok(modules.clone()),
        None => match arguments.allow.iter().find(|right| *right != Right::Read) {
            None => Ok("*".parse()?),
            Some(right) => bail!(
                "--allow {right} needs --modules: the modules that the token may {right}, such as --modules 'corp.example/*', or --modules '*' for all"
            ),
        },
    }
}

/// A token, as `--json` prints it: one object a line.
#[derive(Serialize)]
struct Listed {
    name: String,
    rights: Vec<&'static str>,
    modules: String,
    created: String,
    expires: Option<String>,
    expired: bool,
}

fn list(
    tokens: &TokensFile,
    arguments: &TokenListArgs,
    now: Time,
    printer: &mut Printer,
) -> anyhow::Result<ExitStatus> {
    let found = tokens.read()?;
    if found.is_empty() {
        printer.error_line(&format!(
            "athens: there are no tokens in {}",
            tokens.directory().path().display()
        ))?;
        return Ok(ExitStatus::Success);
    }
    if arguments.json {
        for grant in found.iter() {
            let listed = Listed {
                name: grant.name.to_string(),
                rights: grant.rights.iter().map(Right::as_str).collect(),
                modules: grant.modules.to_string(),
                created: grant.created.to_string(),
                expires: grant.expires.map(|time| time.to_string()),
                expired: grant.is_expired(now),
            };
            printer.line(&serde_json::to_string(&listed)?)?;
        }
        return Ok(ExitStatus::Success);
    }
    let mut rows = vec![["NAME", "RIGHTS", "MODULES", "CREATED", "EXPIRES"].map(str::to_owned)];
    rows.extend(found.iter().map(|grant| row(grant, now)));
    print_table(&rows, printer)?;
    Ok(ExitStatus::Success)
}

fn row(grant: &Grant, now: Time) -> [String; 5] {
    let expires = match grant.expires {
        None => "never".to_owned(),
        Some(time) if grant.is_expired(now) => format!("{time} (expired)"),
        Some(time) => time.to_string(),
    };
    [
        grant.name.to_string(),
        grant.rights.to_string(),
        grant.modules.to_string(),
        grant.created.to_string(),
        expires,
    ]
}

/// Columns as wide as their widest cell; all cells are ASCII by their types.
fn print_table<const N: usize>(rows: &[[String; N]], printer: &mut Printer) -> std::io::Result<()> {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.len().max(*width);
        }
    }
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        printer.line(cells.join("  ").trim_end())?;
    }
    Ok(())
}

fn revoke(
    tokens: &TokensFile,
    arguments: &TokenRevokeArgs,
    printer: &mut Printer,
) -> anyhow::Result<ExitStatus> {
    let name = &arguments.name;
    if tokens.revoke(name)? {
        printer.line(&format!("revoked {name}"))?;
        return Ok(ExitStatus::Success);
    }
    printer.error_line(&format!(
        "athens: there is no token {name} in {}; `athens token list` shows those there are",
        tokens.directory().path().display()
    ))?;
    Ok(ExitStatus::Findings)
}
