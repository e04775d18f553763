//! `athens serve --check-config`: what a start or a reload would find, without serving anything.

use std::net::SocketAddr;

use serde::Serialize;

use super::serve::{ask_others_only, check_root, state, whole};
use super::{ExitStatus, Printer, crawl};
use crate::auth::TokenStore;
use crate::cli::ServeArgs;
use crate::config::{
    EffectiveSetting, GoEnvironment, ListenPlace, LoadedConfig, Provenance, ServeConfig,
};
use crate::http::{Certificates, escape_control};

/// What the check found, as `--json` prints it.
#[derive(Serialize, Default)]
struct Findings {
    /// What a server would not start with.
    problems: Vec<String>,
    /// What it would say when it starts.
    warnings: Vec<String>,
    settings: Vec<EffectiveSetting>,
}

pub(super) fn run(arguments: ServeArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let file = arguments.config.as_deref();
    let mut findings = Findings::default();
    match LoadedConfig::load(arguments.settings, file, GoEnvironment::ask) {
        Ok(mut loaded) => {
            findings.settings = loaded.effective(&arguments.flags);
            look_around(&mut loaded.config, &mut findings);
        }
        Err(error) => findings.problems.push(error.to_string()),
    }
    if arguments.json {
        printer.line(&serde_json::to_string(&findings)?)?;
    } else {
        let file = file.map(|file| file.display().to_string());
        print_table(&findings.settings, file.as_deref(), printer)?;
        for warning in &findings.warnings {
            printer.error_line(&format!("athens: warning: {warning}"))?;
        }
        for problem in &findings.problems {
            printer.error_line(&format!("athens: {problem}"))?;
        }
    }
    Ok(if findings.problems.is_empty() {
        ExitStatus::Success
    } else {
        ExitStatus::Failure
    })
}

/// Looks at all that a start would look at, and changes nothing.
fn look_around(config: &mut ServeConfig, findings: &mut Findings) {
    if let Err(error) = check_root(&config.proxy.root) {
        findings.problems.push(format!("{error:#}"));
    } else if let Err(error) = tokens(config) {
        let warning = format!("nothing can be published or deleted: {error:#}");
        if config.read_auth || config.state.is_some() {
            findings.problems.push(format!("{error:#}"));
        } else {
            findings.warnings.push(warning);
        }
    }
    // A port that is chosen at the start can be in nobody's list.
    let addresses: Vec<SocketAddr> = config
        .listen
        .iter()
        .filter_map(|place| match place {
            ListenPlace::Address(address) if address.port() != 0 => Some(*address),
            _ => None,
        })
        .collect();
    match ask_others_only(config, &addresses) {
        Ok(warning) => findings.warnings.extend(warning),
        Err(error) => findings.problems.push(format!("{error:#}")),
    }
    if let Some(files) = config.tls.clone()
        && let Err(error) = Certificates::load(files)
    {
        findings.problems.push(error.to_string());
    }
    if let Err(error) = crawl::check(&config.crawl, &config.proxy) {
        findings.problems.push(format!("{error:#}"));
    }
    if let Err(error) = config.proxy.check() {
        findings.problems.push(error.to_string());
    }
}

fn tokens(config: &ServeConfig) -> anyhow::Result<()> {
    TokenStore::open(state(config)?).map_err(whole)?;
    Ok(())
}

/// Three columns with a heading, the first two as wide as what is in them.
fn print_table(
    settings: &[EffectiveSetting],
    file: Option<&str>,
    printer: &mut Printer,
) -> std::io::Result<()> {
    let rows: Vec<[String; 3]> = settings
        .iter()
        .map(|setting| {
            let value = setting.value.as_ref();
            let value = value.map_or_else(|| "none".to_owned(), ToString::to_string);
            [
                setting.key.to_owned(),
                // One line, whatever is in the name of a folder.
                escape_control(&value, 4096),
                from(setting, file),
            ]
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let heading = ["SETTING", "VALUE", "FROM"].map(str::to_owned);
    // One very long value does not push the last column out of sight.
    let width = |column: usize| {
        let widths = rows
            .iter()
            .chain([&heading])
            .map(|row| row[column].chars().count());
        widths
            .filter(|width| *width <= 48)
            .max()
            .unwrap_or_default()
    };
    let (keys, values) = (width(0), width(1));
    for [key, value, from] in [&heading].into_iter().chain(&rows) {
        printer.line(&format!("{key:keys$}  {value:values$}  {from}"))?;
    }
    Ok(())
}

fn from(setting: &EffectiveSetting, file: Option<&str>) -> String {
    let variable = setting.variable.as_deref().unwrap_or_default();
    match setting.from {
        Provenance::Flag => format!("--{}", setting.key),
        Provenance::Variable => variable.to_owned(),
        Provenance::File => escape_control(file.unwrap_or_default(), 4096),
        Provenance::Go => format!("go env {variable}"),
        Provenance::Default => "default".to_owned(),
    }
}
