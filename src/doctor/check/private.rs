//! `GOPRIVATE`, `GONOPROXY`, `GONOSUMDB`: what goes past the proxy, and what past the checksum database.

use super::super::facts::{Facts, ServerFacts, TokenFacts};
use super::super::finding::Finding;
use super::Mender;
use crate::client::{GoSettings, ServerUrl, Verdict, covers, globs_of, past_the_proxy, unsummed};
use crate::module::PathPatterns;

pub(super) fn check(facts: &Facts, settings: &GoSettings, mender: &Mender<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let private = settings.get("GOPRIVATE");
    for name in ["GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE"] {
        let value = settings.get(name);
        // It is the default of the next two.
        if name == "GOPRIVATE" || value != private {
            findings.extend(syntax(name, value, mender));
        }
    }
    let home = super::home_server(facts);
    let own = home.and_then(|server| own_modules(server, &facts.servers));
    match (&own, home) {
        (Some(own), Some(server)) => {
            findings.extend(bypass(own, server, settings, mender));
            findings.extend(sums(own, server, settings, mender));
        }
        _ => findings.extend(bypassed(settings)),
    }
    if let Some(trial) = &facts.trial {
        findings.extend(trial_bypassed(
            trial.module.path().as_str(),
            settings,
            mender,
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(
            "GOPRIVATE",
            match &own {
                Some(own) => format!(
                    "modules that match {own} go through the proxy, and past the checksum database"
                ),
                None => "no module is fetched past the proxy".to_owned(),
            },
        ));
    }
    findings
}

/// The modules that are a server's own, as far as the token says it: one for all modules does not.
fn own_modules(home: &ServerUrl, servers: &[ServerFacts]) -> Option<String> {
    let server = servers
        .iter()
        .find(|server| server.url.to_string() == home.to_string())?;
    let TokenFacts::Found(found) = &server.token else {
        return None;
    };
    let Some(Ok(Verdict::Known(identity))) = &found.verdict else {
        return None;
    };
    let globs = identity.modules.to_string();
    let globs: Vec<&str> = globs_of(&globs).filter(|glob| *glob != "*").collect();
    (!globs.is_empty()).then(|| globs.join(","))
}

/// Patterns that match no module.
fn syntax(name: &'static str, value: &str, mender: &Mender<'_>) -> Option<Finding> {
    if value.is_empty() || value == "none" {
        return None;
    }
    let separated = value.replace(';', ",");
    let mut why = (separated != value).then_some("patterns are separated by commas");
    let mut mended = Vec::new();
    for glob in separated.split(',') {
        let (better, fault) = better(glob);
        why = why.or(fault);
        if !better.is_empty() {
            mended.push(better);
        }
    }
    let mended = mended.join(",");
    if let Some(why) = why {
        return Some(
            Finding::error(
                name,
                format!("a pattern in {name}={value:?} matches nothing: {why}"),
            )
            .mend(mender.set(name, &mended)),
        );
    }
    value.parse::<PathPatterns>().err().map(|error| {
        Finding::error(
            name,
            format!("a pattern in {name}={value:?} matches nothing: {error}"),
        )
    })
}

/// A pattern, as it was probably meant, and what is wrong with it.
fn better(glob: &str) -> (String, Option<&'static str>) {
    let mut text = glob.trim();
    let mut why = (text != glob).then_some("a blank belongs to the pattern");
    if let Some((_, rest)) = text.split_once("://") {
        text = rest;
        why = Some("module paths begin with a host, not with https://");
    }
    if let Some(rest) = text.strip_suffix("/...") {
        text = rest;
        why = Some("`...` is for packages; a pattern covers all that is below it");
    }
    if let Some(rest) = text.strip_prefix('/') {
        text = rest;
        why = Some("module paths begin with no slash");
    }
    let host = text.split('/').next().unwrap_or_default();
    let mut text = text.to_owned();
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        text = format!("{}{}", host.to_ascii_lowercase(), &text[host.len()..]);
        why = Some("the host of a module path has small letters only");
    }
    (text, why)
}

/// Modules of the server that never reach it.
fn bypass(
    own: &str,
    server: &ServerUrl,
    settings: &GoSettings,
    mender: &Mender<'_>,
) -> Option<Finding> {
    let mended = past_the_proxy(own, settings)?;
    let by = by_which(settings);
    Some(
        Finding::error(
            by,
            format!(
                "{by}={} covers modules that are on {server} ({own}): they are fetched past it, from version control",
                settings.get(by)
            ),
        )
        .mend(mender.line(&mended)),
    )
}

/// The setting that says it: `GONOPROXY` is `GOPRIVATE`, if nobody sets it.
fn by_which(settings: &GoSettings) -> &'static str {
    if settings.get("GONOPROXY") == settings.get("GOPRIVATE") {
        "GOPRIVATE"
    } else {
        "GONOPROXY"
    }
}

/// Modules of the server that a checksum database is asked for.
fn sums(
    own: &str,
    server: &ServerUrl,
    settings: &GoSettings,
    mender: &Mender<'_>,
) -> Option<Finding> {
    let not_covered: Vec<&str> = globs_of(own)
        .filter(|glob| !globs_of(settings.get("GONOSUMDB")).any(|other| covers(other, glob)))
        .collect();
    if not_covered.is_empty() {
        return None;
    }
    let mended = unsummed(&not_covered.join(","), settings)?;
    Some(
        Finding::error(
            "GONOSUMDB",
            format!(
                "GONOSUMDB does not cover {}, which is on {server} and in no checksum database: fetching fails with a 404 or 410 for its checksum",
                not_covered.join(",")
            ),
        )
        .mend(mender.line(&mended)),
    )
}

/// What goes past the proxy, where nobody knows whether it should.
fn bypassed(settings: &GoSettings) -> Option<Finding> {
    let by = by_which(settings);
    let globs: Vec<&str> = globs_of(settings.get("GONOPROXY")).collect();
    (!globs.is_empty()).then(|| {
        Finding::ok(
            by,
            format!(
                "modules that match {} are fetched past every proxy, from version control; if they are on a server, GONOPROXY must not name them",
                globs.join(",")
            ),
        )
    })
}

/// The module to be tried, if it never reaches a server.
fn trial_bypassed(module: &str, settings: &GoSettings, mender: &Mender<'_>) -> Option<Finding> {
    let globs = settings.get("GONOPROXY");
    let patterns: PathPatterns = globs.parse().ok()?;
    if globs == "none" || !patterns.matches(&module.parse().ok()?) {
        return None;
    }
    let by = by_which(settings);
    let mended = past_the_proxy(module, settings)?;
    Some(
        Finding::warning(
            by,
            format!("{by} covers {module}: it is fetched past every proxy, from version control"),
        )
        .mend(mender.line(&mended)),
    )
}
