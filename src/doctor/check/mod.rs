//! The checks: from facts to sentences. Pure.

mod go;
mod goauth;
mod local;
mod mender;
mod netrc;
mod private;
mod proxies;
mod server;
mod settings;
mod trial;

use super::facts::{Facts, GoFacts};
use super::finding::Finding;
use crate::client::ServerUrl;
use mender::Mender;

/// Looks at everything, in the order in which things depend on each other.
#[must_use]
pub fn check(facts: &Facts) -> Vec<Finding> {
    let mut findings = vec![go::check(&facts.go)];
    let go = match &facts.go {
        GoFacts::Found {
            settings, exported, ..
        } => Some((settings, exported, Mender::new(settings, exported))),
        GoFacts::Missing | GoFacts::Silent(_) => None,
    };
    if let Some((settings, exported, mender)) = &go {
        findings.extend(proxies::check(facts, settings, mender));
        findings.extend(private::check(facts, settings, mender));
        findings.extend(settings::check(facts, settings, exported, mender));
        findings.extend(goauth::check(facts, settings, mender));
    }
    findings.extend(netrc::check(facts));
    for server in &facts.servers {
        findings.extend(server::check(facts, server));
    }
    if let Some((settings, _, mender)) = &go {
        findings.extend(trial::check(facts, settings, mender));
    }
    findings.extend(facts.local.iter().flat_map(local::check));
    findings
}

/// The server that private modules are on, as far as one can tell: the one that was named, else the first of athens.
fn home_server(facts: &Facts) -> Option<&ServerUrl> {
    facts.meant.as_ref().or_else(|| {
        facts
            .servers
            .iter()
            .find(|server| server.athens_version().is_some())
            .map(|server| &server.url)
    })
}

#[cfg(test)]
mod tests;
