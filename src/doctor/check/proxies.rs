//! `GOPROXY`: who is asked for modules, and in which order.

use super::super::facts::Facts;
use super::super::finding::Finding;
use super::super::proxy_list::{Entry, Listed, entries};
use super::Mender;
use crate::client::{GoSettings, ServerUrl};

const CHECK: &str = "GOPROXY";

pub(super) fn check(facts: &Facts, settings: &GoSettings, mender: &Mender<'_>) -> Vec<Finding> {
    let list = entries(settings.get(CHECK));
    let mut findings = Vec::new();
    findings.extend(wrong(&list, mender));
    if !findings.is_empty() {
        return findings;
    }
    let meant = facts.meant.as_ref();
    findings.extend(nobody(&list, meant, mender));
    if !findings.is_empty() {
        return findings;
    }
    let (reached, behind) = reached(&list);
    findings.extend(never_asked(behind, &list, mender));
    if let Some(server) = super::home_server(facts) {
        findings.extend(place(server, reached, behind, &list, mender));
    }
    findings.extend(readable_on_the_way(reached));
    if findings.is_empty() {
        findings.push(Finding::ok(
            CHECK,
            format!("modules are asked of {}", in_turn(reached)),
        ));
    }
    findings
}

/// Entries that stop the go command before it asks anybody.
fn wrong(list: &[Listed], mender: &Mender<'_>) -> Option<Finding> {
    let (text, why, meant) = list.iter().find_map(|listed| match &listed.entry {
        Entry::Wrong(text, why, meant) => Some((text, why, meant)),
        _ => None,
    })?;
    let finding = Finding::error(
        CHECK,
        format!("GOPROXY holds {text:?}, which stops every go command: {why}"),
    );
    let mended = |listed: &Listed| match &listed.entry {
        Entry::Wrong(_, _, meant) => meant.clone(),
        entry => Some(entry.to_string()),
    };
    Some(match meant {
        Some(_) => finding.mend(mender.set(CHECK, &rebuilt(list.iter(), mended))),
        None => finding,
    })
}

/// A list that asks no proxy at all.
fn nobody(list: &[Listed], meant: Option<&ServerUrl>, mender: &Mender<'_>) -> Option<Finding> {
    let asks = |listed: &Listed| matches!(listed.entry, Entry::Server(_) | Entry::Folder(_));
    if list.iter().any(asks) {
        return None;
    }
    let (says, is_wanted) = match list.first().map(|listed| &listed.entry) {
        Some(Entry::Direct) => (
            "GOPROXY=direct: every module is fetched from version control, no proxy is asked",
            meant.is_none(),
        ),
        Some(_) => (
            "GOPROXY=off: the go command fetches nothing from anybody",
            false,
        ),
        None => (
            "GOPROXY is set and has no entries, which stops every go command",
            false,
        ),
    };
    let finding = if is_wanted {
        Finding::warning(CHECK, says)
    } else {
        Finding::error(CHECK, says)
    };
    Some(finding.mend(match meant {
        Some(server) => mender.set(CHECK, &server.to_string()),
        None => mender.unset(CHECK),
    }))
}

/// The entries up to the first word, and those behind it.
fn reached(list: &[Listed]) -> (&[Listed], &[Listed]) {
    let end = list
        .iter()
        .position(|listed| matches!(listed.entry, Entry::Direct | Entry::Off))
        .map_or(list.len(), |at| at + 1);
    list.split_at(end)
}

fn never_asked(behind: &[Listed], list: &[Listed], mender: &Mender<'_>) -> Option<Finding> {
    if behind.is_empty() {
        return None;
    }
    let word = list
        .iter()
        .find(|listed| matches!(listed.entry, Entry::Direct | Entry::Off))?;
    let others = list
        .iter()
        .filter(|listed| matches!(listed.entry, Entry::Server(_) | Entry::Folder(_)));
    let mended = rebuilt(others.chain([word]), |listed| {
        Some(listed.entry.to_string())
    });
    Some(
        Finding::error(
            CHECK,
            format!(
                "what stands behind {} in GOPROXY is never asked: {}",
                word.entry,
                names(behind, ", ")
            ),
        )
        .mend(mender.set(CHECK, &mended)),
    )
}

/// Where the server stands that the private modules are on.
fn place(
    server: &ServerUrl,
    reached: &[Listed],
    behind: &[Listed],
    list: &[Listed],
    mender: &Mender<'_>,
) -> Option<Finding> {
    let is_it = |listed: &Listed| matches!(&listed.entry, Entry::Server(url) if url.to_string() == server.to_string());
    let at = reached.iter().position(is_it);
    let Some(at) = at else {
        // Said already.
        if behind.iter().any(is_it) {
            return None;
        }
        return Some(
            Finding::error(
                CHECK,
                format!("GOPROXY does not name {server}, so it is never asked"),
            )
            .mend(mender.set(CHECK, &server.to_string())),
        );
    };
    if at > 0 {
        let others = list.iter().filter(|listed| !is_it(listed));
        let mended = rebuilt(reached[at..=at].iter().chain(others), |listed| {
            Some(listed.entry.to_string())
        });
        return Some(
            Finding::warning(
                CHECK,
                format!(
                    "{} is asked before {server}, and hears the name of every private module",
                    names(&reached[..at], ", ")
                ),
            )
            .mend(mender.set(CHECK, &mended)),
        );
    }
    if reached[at].passes_every_failure && reached.len() > at + 1 {
        let mended = rebuilt(list.iter(), |listed| Some(listed.entry.to_string()));
        return Some(
            Finding::warning(
                CHECK,
                format!(
                    "with | behind {server}, {} is asked whenever {server} fails or refuses, and hears the names of private modules; with a comma only for what {server} does not have",
                    names(&reached[at + 1..], ", ")
                ),
            )
            .mend(mender.set(CHECK, &mended)),
        );
    }
    None
}

fn readable_on_the_way(reached: &[Listed]) -> Vec<Finding> {
    let servers = reached.iter().filter_map(|listed| match &listed.entry {
        Entry::Server(server) => Some(server),
        _ => None,
    });
    let mut findings = Vec::new();
    for server in servers {
        if server.credentials().is_some() && !server.is_https() {
            findings.push(Finding::error(
                CHECK,
                format!(
                    "the go command refuses {server}, for its URL holds a password and is not https"
                ),
            ));
        } else if server.credentials().is_some() {
            findings.push(
                Finding::warning(
                    CHECK,
                    format!("the URL of {server} holds a password, which `go env` and build logs show; a .netrc keeps it to you"),
                )
                .mend(format!("athens login {server} --write")),
            );
        } else if server.is_exposed() {
            findings.push(Finding::warning(
                CHECK,
                format!("{server} is plain HTTP to another machine: everybody on the way reads what you fetch and can change what no checksum holds; it can not be given a token"),
            ));
        }
    }
    findings
}

/// A list for `GOPROXY`, separated by commas.
fn rebuilt<'a>(
    list: impl Iterator<Item = &'a Listed>,
    text: impl Fn(&Listed) -> Option<String>,
) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in list.filter_map(text) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.join(",")
}

/// Who is asked, one after the other, in words.
fn in_turn(list: &[Listed]) -> String {
    let names: Vec<String> = list
        .iter()
        .map(|listed| match &listed.entry {
            Entry::Direct => "version control".to_owned(),
            Entry::Off => "nobody".to_owned(),
            entry => entry.to_string(),
        })
        .collect();
    names.join(", then of ")
}

fn names(list: &[Listed], between: &str) -> String {
    let names: Vec<String> = list.iter().map(|listed| listed.entry.to_string()).collect();
    names.join(between)
}
