//! Go programs that say what the libraries of Go think: `tests/xmod`, `tests/zipcheck`, `tests/sumdb`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::tools::{repository, require_tool};

/// An operation of a program and its arguments.
pub(crate) type Request = Vec<String>;

/// Runs the program of this name in `tests` once, for a batch of requests: what it says to each, in their order. `None`,
/// after [`super::tools::skip`], when there is no `go` here.
pub(crate) fn ask(program: &str, requests: &[Request]) -> Option<Vec<Value>> {
    let go = require_tool("go")?;
    let child = Command::new(go)
        .args(["run", "-buildvcs=false", "-mod=readonly", "."])
        .current_dir(repository().join("tests").join(program))
        .env("GO111MODULE", "on")
        .env("GOWORK", "off")
        .env("GOFLAGS", "")
        .env("CGO_ENABLED", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.expect("go can be run");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    // Both pipes at once: the program answers while it reads.
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            for request in requests {
                let line = serde_json::to_string(request).expect("strings always serialize");
                if writeln!(stdin, "{line}").is_err() {
                    // It has died; its exit code and standard error tell why.
                    return;
                }
            }
        });
        child.wait_with_output()
    });
    let output = output.expect("go can be waited for");
    assert!(
        output.status.success(),
        "go run tests/{program}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let verdicts: Vec<Value> = serde_json::Deserializer::from_slice(&output.stdout)
        .into_iter()
        .collect::<Result<_, _>>()
        .expect("the program prints JSON");
    assert_eq!(
        verdicts.len(),
        requests.len(),
        "one verdict for each request"
    );
    Some(verdicts)
}
