//! A real fetch, and what its failure means.

use super::super::facts::{Facts, TrialFacts};
use super::super::finding::Finding;
use super::super::redact::redact;
use super::Mender;
use crate::client::{GoSettings, past_the_proxy, unsummed};

/// Longest part of what the go command says that is shown, in bytes.
const LONGEST: usize = 600;

/// What mends it.
#[derive(Clone, Copy)]
enum Mend {
    /// Nothing that is one line.
    Unknown,
    /// A token.
    Login,
    /// The module in `GONOSUMDB`.
    Unsummed,
    /// The module not in `GONOPROXY`.
    Proxied,
    /// `GOPROXY` as it is by default.
    AnyProxy,
    /// The authority's certificate, where the go command finds it.
    Authority,
}

const NO_SUM: &str = "no checksum database knows it; if it is private, GONOSUMDB must cover it";
const PAST: &str = "it was fetched from version control, past the proxies, without a password";
const NO_VERSION: &str = "there is no such version";

/// What the go command says (all of it), what it means, and what mends it. The first that fits counts.
const MEANINGS: &[(&[&str], &str, Mend)] = &[
    (
        &["SECURITY ERROR"],
        "what came is not what the checksum database, or go.sum, knows: do not use it before somebody has found out why",
        Mend::Unknown,
    ),
    (&["verifying", "404 Not Found"], NO_SUM, Mend::Unsummed),
    (&["verifying", "410 Gone"], NO_SUM, Mend::Unsummed),
    (
        &["verifying"],
        "the checksum database was not reached",
        Mend::Unknown,
    ),
    (
        &["401 Unauthorized"],
        "the server wants a token that it did not get",
        Mend::Login,
    ),
    (
        &["403 Forbidden"],
        "the server does not allow it to this token, or to nobody",
        Mend::Unknown,
    ),
    (
        &["disabled by GOPROXY=off"],
        "GOPROXY=off allows nothing to be fetched",
        Mend::AnyProxy,
    ),
    (&["terminal prompts disabled"], PAST, Mend::Proxied),
    (&["could not read Username"], PAST, Mend::Proxied),
    (
        &["unknown authority"],
        "the server's certificate is from an authority that this machine does not know",
        Mend::Authority,
    ),
    (
        &["x509"],
        "the server's certificate is not to be trusted",
        Mend::Unknown,
    ),
    (
        &["connection refused"],
        "nobody listens at the server",
        Mend::Unknown,
    ),
    (&["no such host"], "no server has this name", Mend::Unknown),
    (
        &["timeout"],
        "the server does not answer in time",
        Mend::Unknown,
    ),
    (
        &["unrecognized import path"],
        "no proxy has it, and it was looked for as a page with a go-import tag",
        Mend::Unknown,
    ),
    (&["unknown revision"], NO_VERSION, Mend::Unknown),
    (&["no matching versions"], NO_VERSION, Mend::Unknown),
    (
        &["410 Gone"],
        "the version was deleted, or must not be fetched",
        Mend::Unknown,
    ),
    (&["404 Not Found"], "no proxy has it", Mend::Unknown),
];

pub(super) fn check(facts: &Facts, settings: &GoSettings, mender: &Mender<'_>) -> Option<Finding> {
    let TrialFacts { module, outcome } = facts.trial.as_ref()?;
    let said = match outcome {
        Ok(version) => {
            return Some(Finding::ok(
                "module",
                format!("go mod download {module} works: {version}"),
            ));
        }
        Err(said) => redact(said.trim()),
    };
    let shown = short(&said);
    let Some((_, meaning, mend)) = MEANINGS
        .iter()
        .find(|(needles, ..)| needles.iter().all(|needle| said.contains(needle)))
    else {
        return Some(Finding::error(
            "module",
            format!("go mod download {module} fails: {shown}"),
        ));
    };
    let finding = Finding::error(
        "module",
        format!("go mod download {module} fails: {meaning} ({shown})"),
    );
    let path = module.path().as_str();
    let line = match mend {
        Mend::Unknown => None,
        Mend::Login => super::home_server(facts).map(|server| format!("athens login {server}")),
        Mend::Unsummed => unsummed(path, settings).map(|setting| mender.line(&setting)),
        Mend::Proxied => past_the_proxy(path, settings).map(|setting| mender.line(&setting)),
        Mend::AnyProxy => Some(mender.unset("GOPROXY")),
        Mend::Authority => Some("export SSL_CERT_FILE=/path/to/authority.pem".to_owned()),
    };
    Some(match line {
        Some(line) => finding.mend(line),
        None => finding,
    })
}

/// On one line, and not too long.
fn short(said: &str) -> String {
    let line = said
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let end = line.floor_char_boundary(LONGEST.min(line.len()));
    line[..end].to_owned()
}
