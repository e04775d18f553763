//! The `.netrc`: whether the go command can use it, and nobody else.

use super::super::facts::Facts;
use super::super::finding::Finding;
use crate::client::{ServerUrl, quoted};

const CHECK: &str = "netrc";

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    let netrc = &facts.netrc;
    let Some(path) = &netrc.path else {
        return vec![Finding::warning(
            CHECK,
            "there is no home directory, and so no .netrc; NETRC can name one",
        )];
    };
    let shown = path.display();
    if let Some(why) = &netrc.fault {
        return vec![Finding::error(
            CHECK,
            format!("{shown} can not be read: {why}"),
        )];
    }
    let Some(mode) = netrc.mode else {
        return vec![Finding::ok(CHECK, format!("there is no {shown}"))];
    };
    let mut findings = Vec::new();
    if mode & 0o077 != 0 {
        findings.push(
            Finding::error(
                CHECK,
                format!("others can read {shown} (mode {mode:04o}), and the passwords in it"),
            )
            .mend(format!("chmod 600 {}", quoted(&shown.to_string()))),
        );
    }
    for server in &facts.servers {
        findings.extend(entry(facts, &server.url));
    }
    if findings.is_empty() {
        let count = match netrc.seen.len() {
            1 => "a password for one machine".to_owned(),
            many => format!("passwords for {many} machines"),
        };
        findings.push(Finding::ok(
            CHECK,
            format!("{shown} is yours alone, and the go command finds {count} in it"),
        ));
    }
    findings
}

/// An entry of a server that is there, and that the go command does not use.
fn entry(facts: &Facts, server: &ServerUrl) -> Option<Finding> {
    let netrc = &facts.netrc;
    let machine = server.machine();
    if netrc.seen.contains(&machine) {
        return (!server.is_https()).then(|| {
            Finding::warning(
                CHECK,
                format!("the go command does not send the password of {machine} to {server}, for that is not https"),
            )
        });
    }
    if netrc.machines.contains(&machine) {
        return Some(
            Finding::error(
                CHECK,
                format!("the go command does not see the entry of {machine}: it wants login and password, each on one line with its value"),
            )
            .mend(format!("athens login {server}")),
        );
    }
    // The port, or letters.
    let host = server.host();
    let similar = netrc.machines.iter().find(|other| {
        let other = other.to_ascii_lowercase();
        let other_host = other
            .rsplit_once(':')
            .map_or(other.as_str(), |(host, port)| {
                if port.bytes().all(|byte| byte.is_ascii_digit()) {
                    host
                } else {
                    &other
                }
            });
        other_host == host
    })?;
    server.is_https().then(|| {
        Finding::warning(
            CHECK,
            format!("there is an entry for {similar}, and none for {machine}, as the go command calls the server: the port belongs to the name"),
        )
        .mend(format!("athens login {server}"))
    })
}
