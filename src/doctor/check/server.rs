//! A server: whether it is there, what it is, and what it thinks of us.

use std::time::{Duration, SystemTime};

use super::super::facts::{Facts, FoundToken, ServerFacts, TokenFacts};
use super::super::finding::Finding;
use crate::client::{ClientError, Reply, Verdict};
use crate::module::Time;
use crate::transport::CertificateFacts;

/// A certificate that ends within this time is worth a look, as is a token.
const SOON: i64 = 14 * 24 * 3600;
/// Clocks may differ by so much.
const CLOCK: Duration = Duration::from_secs(5 * 60);

pub(super) fn check(facts: &Facts, server: &ServerFacts) -> Vec<Finding> {
    let reply = match &server.version {
        Ok(reply) => reply,
        Err(error) => return vec![unreachable(facts, server, error)],
    };
    let mut findings = vec![kind(facts, server, reply)];
    findings.extend(certificate(server, reply));
    findings.extend(clock(server, reply));
    if server.athens_version().is_some() {
        findings.extend(ready(server));
        findings.extend(token(server));
        findings.extend(sumdb(server));
    }
    findings
}

/// Why nobody answers.
fn unreachable(facts: &Facts, server: &ServerFacts, error: &ClientError) -> Finding {
    let url = &server.url;
    let said = error.to_string();
    let finding = Finding::error("server", said.clone());
    match error {
        ClientError::Connect {
            is_refused: true, ..
        } if url.is_loopback() => finding.mend("athens serve"),
        ClientError::Tls { .. } if said.contains("UnknownIssuer") => Finding::error(
            "certificate",
            format!("the certificate of {url} is from an authority that this machine does not know ({said})"),
        )
        .mend("export SSL_CERT_FILE=/path/to/authority.pem"),
        ClientError::Tls { .. } if said.to_lowercase().contains("expired") => Finding::error(
            "certificate",
            format!("the certificate of {url} has expired, or the clock here is wrong ({said})"),
        ),
        ClientError::Tls { .. } if said.contains("not valid for") || said.contains("NotValidForName") => {
            Finding::error(
                "certificate",
                format!("the certificate of {url} is for another name ({said})"),
            )
        }
        ClientError::Tls { .. } => Finding::error(
            "certificate",
            format!("{said}; does it speak TLS at this port?"),
        ),
        ClientError::Connect { .. } | ClientError::Stalled { .. } if goes_through_a_proxy(facts) => {
            let host = url.host();
            Finding::error(
                "server",
                format!("{said}; HTTPS_PROXY or HTTP_PROXY is set, and {host} is perhaps not reached through it"),
            )
            .mend(format!("export NO_PROXY=\"$NO_PROXY,{host}\""))
        }
        _ => finding,
    }
}

fn goes_through_a_proxy(facts: &Facts) -> bool {
    facts
        .network
        .iter()
        .any(|(name, value)| !name.eq_ignore_ascii_case("NO_PROXY") && !value.is_empty())
}

/// What it is.
fn kind(facts: &Facts, server: &ServerFacts, reply: &Reply) -> Finding {
    let url = &server.url;
    if let Some(version) = server.athens_version() {
        return Finding::ok("server", format!("{url} is athens {version}"));
    }
    let is_meant = facts
        .meant
        .as_ref()
        .is_some_and(|meant| meant.to_string() == url.to_string());
    match reply.status {
        301..=303 | 307 | 308 => {
            let to = reply.location.clone().unwrap_or_default();
            let base = to.strip_suffix("/version").unwrap_or(&to).to_owned();
            Finding::warning(
                "server",
                format!("{url} sends clients on to {to}: name that, for a token is not sent on"),
            )
            .mend(format!(
                "go env -w GOPROXY={}",
                crate::client::quoted(&base)
            ))
        }
        500.. => Finding::error(
            "server",
            format!(
                "{url} answers {}: it, or what stands before it, is broken",
                reply.status
            ),
        ),
        status if is_meant => Finding::error(
            "server",
            format!(
                "{url} answers, and is no server of athens ({status} at {url}/version): is its path right?"
            ),
        ),
        _ => Finding::ok(
            "server",
            format!("{url} answers; it is no server of athens"),
        ),
    }
}

fn certificate(server: &ServerFacts, reply: &Reply) -> Option<Finding> {
    let url = &server.url;
    let certificate = CertificateFacts::read(reply.certificate.as_ref()?)?;
    let until = Time::from_unix(certificate.not_after);
    let left = certificate.not_after - Time::from(server.answered).unix();
    let issuer = if certificate.issuer.is_empty() {
        "an authority without a name"
    } else {
        &certificate.issuer
    };
    Some(if left < SOON {
        Finding::warning(
            "certificate",
            format!(
                "the certificate of {url} is from {issuer}, and good until {until} only, {} more days",
                left / 86_400
            ),
        )
    } else {
        Finding::ok(
            "certificate",
            format!("the certificate of {url} is from {issuer}, and good until {until}"),
        )
    })
}

fn clock(server: &ServerFacts, reply: &Reply) -> Option<Finding> {
    let difference = apart(server.answered, reply.date?);
    (difference > CLOCK).then(|| {
        Finding::error(
            "clock",
            format!(
                "the clock here and that of {} are {} minutes apart: certificates and tokens seem to be expired, or not to be good yet",
                server.url,
                difference.as_secs() / 60
            ),
        )
        .mend("timedatectl set-ntp true")
    })
}

fn apart(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other)
        .unwrap_or_else(|error| error.duration())
}

fn ready(server: &ServerFacts) -> Option<Finding> {
    let ready = server.ready.as_ref()?;
    (ready.status != 200).then(|| {
        let reasons: Vec<&str> = ready.body.trim().lines().collect();
        Finding::error(
            "server",
            format!("{} is not ready: {}", server.url, reasons.join("; ")),
        )
    })
}

fn token(server: &ServerFacts) -> Option<Finding> {
    let url = &server.url;
    let login = format!("athens login {url}");
    let found = match &server.token {
        TokenFacts::None if server.wants_token() => {
            let finding = if url.is_https() {
                Finding::error(
                    "token",
                    format!("{url} wants a token for reading, and there is none here"),
                )
            } else {
                Finding::error(
                    "token",
                    format!(
                        "{url} wants a token for reading, which the go command sends over https only: it needs TLS before it"
                    ),
                )
            };
            return Some(if url.is_https() {
                finding.mend(login)
            } else {
                finding
            });
        }
        TokenFacts::None => return None,
        TokenFacts::Unusable(why) => {
            return Some(Finding::error("token", why.clone()).mend(login));
        }
        TokenFacts::Found(found) => found,
    };
    let FoundToken {
        source, verdict, ..
    } = found.as_ref();
    Some(match verdict {
        None => Finding::warning(
            "token",
            format!(
                "the token in {source} was not tried: {url} is plain HTTP to another machine, and everybody on the way could take it"
            ),
        ),
        Some(Err(error)) => {
            Finding::warning("token", format!("the token could not be tried: {error}"))
        }
        Some(Ok(Verdict::Known(identity))) => {
            let until = identity
                .expires
                .map_or_else(|| "it is revoked".to_owned(), |time| time.to_string());
            let may = format!(
                "{} ({source}) may {} modules of {url} that match {}, until {until}",
                identity.name,
                identity.rights.in_words(),
                identity.modules
            );
            let now = Time::from(server.answered).unix();
            let ends_soon = identity
                .expires
                .is_some_and(|time| time.unix() - now < SOON);
            if server.wants_token() && !identity.rights.contains(crate::auth::Right::Read) {
                Finding::error(
                    "token",
                    format!("the token {may}; {url} wants one that may read"),
                )
            } else if ends_soon {
                Finding::warning("token", format!("the token {may}: that is soon"))
            } else {
                Finding::ok("token", format!("the token {may}"))
            }
        }
        Some(Ok(Verdict::Refused(_, text))) => Finding::error(
            "token",
            format!("{url} refuses the token of {source}: {}", text.trim()),
        )
        .mend(login),
        Some(Ok(Verdict::Moved(to))) => Finding::error(
            "token",
            format!("{url} sends tokens on to {to}; name that instead"),
        ),
        Some(Ok(Verdict::Silent(status, _))) => Finding::ok(
            "token",
            format!(
                "{url} does not say what the token of {source} may do ({status}); it is an older one"
            ),
        ),
    })
}

/// Whether the checksum database is reached through the server.
fn sumdb(server: &ServerFacts) -> Option<Finding> {
    let (name, bare, with_token) = server.sumdb.as_ref()?;
    let status = with_token.or(*bare)?;
    let url = &server.url;
    Some(match status {
        200 => Finding::ok(
            "sumdb",
            format!("the checksum database {name} is reached through {url}"),
        ),
        404 | 410 => Finding::ok(
            "sumdb",
            format!("{url} does not pass on the checksum database {name}: it is asked directly"),
        ),
        // Said of the token.
        401 | 403 => return None,
        status => Finding::error(
            "sumdb",
            format!(
                "the checksum database {name} is not reached through {url}, which answers {status}: nothing new can be fetched"
            ),
        ),
    })
}
