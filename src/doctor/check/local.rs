//! The folder of a server on this machine.

use super::super::facts::LocalFacts;
use super::super::finding::Finding;
use crate::client::quoted;

/// Below these, a server with many modules falls back to looking again and again, or runs out of connections.
const FEW_WATCHES: u64 = 65_536;
const FEW_FILES: u64 = 4096;
/// Below this much room, in bytes, a larger module does not fit.
const LITTLE_ROOM: u64 = 1 << 30;

pub(super) fn check(local: &LocalFacts) -> Vec<Finding> {
    let mut findings = vec![root(local)];
    if local.readable.is_ok() {
        findings.extend(room(local));
        findings.push(journal(local));
    }
    findings.extend(state(local));
    findings.extend(limits(local));
    findings
}

fn root(local: &LocalFacts) -> Finding {
    let root = local.root.display();
    match (&local.readable, local.is_writable) {
        (Err(why), _) => Finding::error("root", format!("the root {root} can not be read: {why}")),
        (Ok(()), false) => Finding::warning(
            "root",
            format!(
                "this user may not write the root {root}: a server of his serves it, and takes nothing in"
            ),
        ),
        (Ok(()), true) => Finding::ok("root", format!("the root {root} can be read and written")),
    }
}

fn room(local: &LocalFacts) -> Option<Finding> {
    let free = local.free.filter(|free| *free < LITTLE_ROOM)?;
    Some(Finding::warning(
        "root",
        format!(
            "there is little room in {}: {} MiB are free",
            local.root.display(),
            free >> 20
        ),
    ))
}

fn journal(local: &LocalFacts) -> Finding {
    let verify = format!(
        "athens verify --root {}",
        quoted(&local.root.display().to_string())
    );
    match &local.journal {
        Err(why) => Finding::error("journal", format!("the journal can not be read: {why}")),
        Ok((_, wrong, _)) if *wrong > 0 => Finding::warning(
            "journal",
            format!(
                "{} of the journal {} none, as a crash leaves them",
                if *wrong == 1 {
                    "1 line".to_owned()
                } else {
                    format!("{wrong} lines")
                },
                if *wrong == 1 { "is" } else { "are" },
            ),
        )
        .mend(verify),
        Ok((_, _, false)) => {
            Finding::warning("journal", "the last line of the journal is torn").mend(verify)
        }
        Ok((lines, ..)) => Finding::ok(
            "journal",
            format!("the journal is whole, with {lines} lines"),
        ),
    }
}

fn state(local: &LocalFacts) -> Option<Finding> {
    let (path, verdict) = local.state.as_ref()?;
    let path = path.display();
    Some(match verdict {
        Ok(()) => Finding::ok("state", format!("the state directory {path} is private")),
        Err(why) => Finding::error("state", why.clone()),
    })
}

fn limits(local: &LocalFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(watches) = local.watches.filter(|watches| *watches < FEW_WATCHES) {
        findings.push(
            Finding::warning(
                "limits",
                format!("fs.inotify.max_user_watches is {watches}: a server watches that many directories at the most, and looks again at the others"),
            )
            .mend("sudo sysctl -w fs.inotify.max_user_watches=524288"),
        );
    }
    if let Some(files) = local.open_files.filter(|files| *files < FEW_FILES) {
        findings.push(
            Finding::warning(
                "limits",
                format!("a process may have {files} files open here, connections included; a server that is started here is held to that"),
            )
            .mend("ulimit -n 65536"),
        );
    }
    findings
}
