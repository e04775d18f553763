//! `GOAUTH`: whether the go command comes by the tokens that are there.

use super::super::facts::{Facts, GoFacts, ServerFacts, TokenFacts, TokenWay};
use super::super::finding::Finding;
use super::Mender;
use super::go::minor;
use crate::client::{GoSettings, goauth_without};

/// The first go command with `GOAUTH`.
const SINCE: u32 = 24;

pub(super) fn check(facts: &Facts, settings: &GoSettings, mender: &Mender<'_>) -> Vec<Finding> {
    let version = match &facts.go {
        GoFacts::Found { version, .. } => version.as_str(),
        GoFacts::Missing | GoFacts::Silent(_) => "",
    };
    let is_old = minor(version).is_some_and(|minor| minor < SINCE);
    let form = if is_old { None } else { form(settings, mender) };
    if form.is_some() {
        return form.into_iter().collect();
    }
    let servers = facts.servers.iter();
    servers
        .filter_map(|server| reached(server, settings, version, is_old, mender))
        .collect()
}

/// Whether it is a list that the go command takes.
fn form(settings: &GoSettings, mender: &Mender<'_>) -> Option<Finding> {
    let value = settings.get("GOAUTH");
    if value.is_empty() {
        return None;
    }
    let entries: Vec<&str> = value.split(';').map(str::trim).collect();
    let is_lonely_git = |entry: &&str| entry.split_whitespace().eq(["git"]);
    if entries.iter().any(is_lonely_git) {
        return Some(
            Finding::error(
                "GOAUTH",
                "GOAUTH has git without a directory, which stops every go command",
            )
            .mend(mender.unset("GOAUTH")),
        );
    }
    let kept: Vec<&str> = entries
        .iter()
        .copied()
        .filter(|entry| !entry.is_empty() && *entry != "off")
        .collect();
    if kept.len() == entries.len() {
        return None;
    }
    if entries == ["off"] {
        let says = "GOAUTH=off: the go command sends no token to anybody";
        return Some(Finding::warning("GOAUTH", says).mend(mender.unset("GOAUTH")));
    }
    Some(
        Finding::error(
            "GOAUTH",
            "GOAUTH has an empty entry, or off beside others, which stops every go command",
        )
        .mend(if kept.is_empty() {
            mender.unset("GOAUTH")
        } else {
            mender.set("GOAUTH", &kept.join("; "))
        }),
    )
}

/// Whether the token of a server is where the go command looks.
fn reached(
    server: &ServerFacts,
    settings: &GoSettings,
    version: &str,
    is_old: bool,
    mender: &Mender<'_>,
) -> Option<Finding> {
    let TokenFacts::Found(found) = &server.token else {
        return None;
    };
    let (url, source) = (&server.url, &found.source);
    if !url.is_https() {
        return None;
    }
    let value = settings.get("GOAUTH");
    match found.way {
        TokenWay::Program if is_old => Some(
            Finding::error(
                "GOAUTH",
                format!("{version} does not ask for the token of {url} in {source}; go1.{SINCE} is the first that does, and .netrc is for all"),
            )
            .mend(format!("athens login {url}")),
        ),
        TokenWay::Program if goauth_without(settings).is_none() => Some(
            Finding::error(
                "GOAUTH",
                format!("GOAUTH does not name athens, so the go command does not ask for the token of {url} in {source}"),
            )
            .mend(format!("athens login {url} --goauth --write")),
        ),
        TokenWay::Netrc
            if !is_old
                && !value.is_empty()
                && value.split(';').all(|entry| entry.trim() != "netrc") =>
        {
            Some(
                Finding::error(
                    "GOAUTH",
                    format!("GOAUTH does not name netrc, so the go command does not read the token of {url} in {source}"),
                )
                .mend(mender.set("GOAUTH", &format!("{value}; netrc"))),
            )
        }
        TokenWay::Url | TokenWay::Netrc | TokenWay::Program => None,
    }
}
