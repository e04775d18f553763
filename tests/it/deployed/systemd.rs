use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use tempfile::tempdir;

use super::{deployed, text_of};
use crate::support::http::get;
use crate::support::publisher::Publisher;
use crate::support::server::{TestServer, athens};
use crate::support::tools::{eventually, require_tool};

/// How much of the system the service reaches, as systemd adds it up: 10 is everything. Most services have more than 9.
const MOST_EXPOSURE: f64 = 2.0;

#[test]
fn the_units_are_sound_and_reach_little() {
    let Some(analyze) = require_tool("systemd-analyze") else {
        return;
    };
    let place = tempdir().unwrap();
    let unit = text_of("deploy/systemd/athens.service");
    // The program is installed somewhere else here; what is verified is the rest.
    let unit = unit.replace(
        "/usr/local/bin/athens serve",
        &format!("{} serve", env!("CARGO_BIN_EXE_athens")),
    );
    // There are no manual pages of it here, either.
    let without_manual = |line: &&str| !line.starts_with("Documentation=");
    let unit: Vec<&str> = unit.lines().filter(without_manual).collect();
    let service = place.path().join("athens.service");
    let socket = place.path().join("athens.socket");
    fs::write(&service, unit.join("\n")).unwrap();
    fs::copy(deployed("systemd/athens.socket"), &socket).unwrap();
    let output = Command::new(&analyze)
        .args(["verify", "--recursive-errors=no"])
        .args([&service, &socket])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.is_empty(), "{said}");

    let output = Command::new(&analyze)
        .args(["security", "--offline=true", "--no-pager"])
        .arg(&service)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let exposure = said
        .rsplit_once("athens.service: ")
        .and_then(|(_, rest)| rest.split(' ').next()?.parse::<f64>().ok())
        .unwrap_or_else(|| panic!("{said}"));
    assert!(exposure <= MOST_EXPOSURE, "{said}");
}

/// Every system call of a tour must be one that the unit allows: with another one, the service would break where no test
/// of ours runs.
#[test]
fn the_filter_of_system_calls_lets_the_program_work() {
    let (Some(analyze), Some(strace)) = (require_tool("systemd-analyze"), require_tool("strace"))
    else {
        return;
    };
    let allowed = allowed(&analyze);
    let publisher = Publisher::new();
    let trace = publisher.path("trace");
    let mut command = Command::new(strace);
    command
        // Beside the program and not above it: signals go to the program itself.
        .args(["-D", "-f", "-qq", "-o"])
        .arg(&trace)
        .arg(env!("CARGO_BIN_EXE_athens"))
        .args(["serve", "--listen", "127.0.0.1:0", "--upstream", "off"])
        .args(["--max-size", "1GB", "--root"])
        .arg(publisher.path("root"))
        .arg("--state")
        .arg(publisher.path("state"));
    let server = TestServer::start_command(command);
    publisher.write("lib/go.mod", "module example.com/lib\n");
    publisher.write("lib/lib.go", "package lib\n");
    let ended = publisher.run(&["lib", "--version", "v1.0.0", "--server", &server.url()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for path in [
        "/example.com/lib/@v/list",
        "/example.com/lib/@latest",
        "/example.com/lib/@v/v1.0.0.zip",
        "/index",
        "/catalog",
        "/metrics",
        "/readyz",
    ] {
        assert_eq!(get(&server.url(), path).status, 200, "{path}");
    }
    server.stop();
    let trace = eventually("all is written down", || {
        let trace = fs::read_to_string(&trace).unwrap();
        trace.contains("exit_group(0").then_some(trace)
    });
    let used: BTreeSet<&str> = trace.lines().filter_map(call).collect();
    assert!(
        used.contains("openat2") && used.contains("epoll_wait"),
        "{used:?}"
    );
    let refused: Vec<_> = used
        .iter()
        .filter(|name| !allowed.contains(**name))
        .collect();
    assert!(refused.is_empty(), "the unit refuses {refused:?}");
}

/// The call of a line such as `123 openat(…) = 3` or `123 <... read resumed>…`.
fn call(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once(' ')?;
    let rest = rest.trim_start();
    let name = rest.split('(').next()?;
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}

/// What the `SystemCallFilter` lines of the unit leave.
fn allowed(analyze: &std::path::Path) -> BTreeSet<String> {
    let mut allowed = BTreeSet::new();
    let unit = text_of("deploy/systemd/athens.service");
    for filter in unit
        .lines()
        .filter_map(|line| line.strip_prefix("SystemCallFilter="))
    {
        let (takes_away, names) = match filter.strip_prefix('~') {
            Some(names) => (true, names),
            None => (false, filter),
        };
        for name in names.split_whitespace() {
            for call in expanded(analyze, name) {
                if takes_away {
                    allowed.remove(&call);
                } else {
                    allowed.insert(call);
                }
            }
        }
    }
    allowed
}

/// The calls of a set such as `@system-service`, with those of the sets in it.
fn expanded(analyze: &std::path::Path, name: &str) -> Vec<String> {
    if !name.starts_with('@') {
        return vec![name.to_owned()];
    }
    let output = Command::new(analyze)
        .args(["syscall-filter", "--no-pager", name])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .skip(1)
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .flat_map(|line| expanded(analyze, line))
        .collect()
}

#[test]
fn the_service_starts_the_program_with_flags_that_it_has() {
    let unit = text_of("deploy/systemd/athens.service");
    let start = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/athens "))
        .unwrap();
    let root = tempdir().unwrap();
    let mut arguments: Vec<String> = start.split(' ').map(str::to_owned).collect();
    for argument in &mut arguments {
        if argument.starts_with("/var/lib/athens/storage") {
            *argument = root.path().join("storage").display().to_string();
        }
        if argument.starts_with("/var/lib/athens/state") {
            *argument = root.path().join("state").display().to_string();
        }
    }
    fs::create_dir(root.path().join("storage")).unwrap();
    let mut command = athens();
    command.args(&arguments).args(["--listen", "127.0.0.1:0"]);
    let server = TestServer::start_command(command);
    assert_eq!(get(&server.url(), "/readyz").status, 200);
}
