//! Sockets: TLS, HTTP/2, Unix, passed on by who started the server; proxies before it; what the service manager is told.

/// Whose word is taken for the address of a client.
mod proxies;
/// Sockets that are not TCP ports of ours.
mod sockets;
/// What the service manager is told.
mod systemd;
/// TLS and HTTP/2.
mod tls;

use std::path::Path;
use std::process::{Command, Output};

use crate::support::tools::require_tool;

/// Runs curl; `None` where it is missing.
fn curl(arguments: &[&str]) -> Option<Output> {
    let curl = require_tool("curl")?;
    Some(
        Command::new(curl)
            .arg("-sS")
            .args(arguments)
            .output()
            .unwrap(),
    )
}

/// What curl printed, of a run that went well.
#[track_caller]
fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}
