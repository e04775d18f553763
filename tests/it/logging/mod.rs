//! What is told of requests: ids, the access log, spans; and what never is.

mod access_log;
mod collector;
mod request_ids;
mod secrets;
mod tracing;

use std::path::Path;

use athens::store::{ModuleFile, StoreKey};
use serde_json::Value;

use crate::support::server::{TestServer, athens};
use crate::support::tools::eventually;
use crate::support::tree::version;

/// The variables of a server under test.
type Variables<'a> = &'a [(&'a str, &'a str)];

/// A server over a root, with the upstreams and flags that a test names, and JSON in its log.
fn serve(root: &Path, upstream: &str, flags: &[&str], variables: Variables<'_>) -> TestServer {
    let mut command = athens();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--sumdb", "off"])
        .args(["--private", "unused.example", "--direct", "unused.example"])
        .args(["--log-format", "json", "--upstream", upstream, "--root"])
        .arg(root)
        .args(flags)
        .envs(variables.iter().copied());
    TestServer::start_command(command)
}

/// Where a file of a version is served.
fn path_of(text: &str, file: ModuleFile) -> String {
    format!("/{}", StoreKey::File(&version(text), file).relative_path())
}

/// The lines of a log.
fn lines(log: &str) -> Vec<Value> {
    log.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// The line of the access log about a request.
fn access_line(server: &TestServer, id: &str) -> Value {
    eventually("the request is logged", || {
        let log = server.stderr();
        let (whole, _) = log.rsplit_once('\n')?;
        lines(whole)
            .into_iter()
            .find(|line| line["target"] == "athens::access" && line["request"] == id)
    })
}
