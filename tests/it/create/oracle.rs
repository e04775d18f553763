//! Asks the Go program in `tests/modcreate`, and the go command.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use athens::module::ModuleVersion;
use serde_json::{Value, json};

use crate::support::tools::{repository, require_tool};

/// What `golang.org/x/mod` says.
#[derive(Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Answer {
    pub(super) sum: String,
    pub(super) files: Vec<String>,
    pub(super) omitted: Vec<String>,
    pub(super) invalid: Vec<String>,
    pub(super) error: String,
}

/// A request about a path.
pub(super) fn request(what: &str, version: &ModuleVersion, path: &Path) -> Value {
    json!({
        "Do": what,
        "Module": version.path().as_str(),
        "Version": version.version().as_str(),
        "Path": path,
    })
}

/// The answers to all requests, in their order. `None`, loudly, without a go command.
pub(super) fn ask(requests: &[Value]) -> Option<Vec<Answer>> {
    require_tool("go")?;
    let mut child = Command::new("go")
        .args(["run", "-buildvcs=false", "-mod=readonly", "."])
        .current_dir(repository().join("tests/modcreate"))
        .env("GO111MODULE", "on")
        .env("GOWORK", "off")
        .env("GOFLAGS", "")
        .env("CGO_ENABLED", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("go can be started");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            for request in requests {
                if writeln!(stdin, "{request}").is_err() {
                    // It has died; its exit code and standard error tell why.
                    return;
                }
            }
        });
        child.wait_with_output().expect("go can be waited for")
    });
    assert!(
        output.status.success(),
        "go run tests/modcreate: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answers: Vec<Answer> = serde_json::Deserializer::from_slice(&output.stdout)
        .into_iter()
        .collect::<Result<_, _>>()
        .expect("the program prints JSON");
    assert_eq!(answers.len(), requests.len(), "one answer for each request");
    Some(answers)
}

/// What `go mod download -json` says of one module.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Downloaded {
    pub(super) path: String,
    #[serde(default)]
    pub(super) version: String,
    #[serde(default)]
    pub(super) sum: String,
    #[serde(default)]
    pub(super) dir: String,
    #[serde(default)]
    pub(super) error: String,
}

/// Reads the output of `go mod download -json`.
pub(super) fn downloaded(output: &[u8]) -> Vec<Downloaded> {
    serde_json::Deserializer::from_slice(output)
        .into_iter()
        .collect::<Result<_, _>>()
        .expect("go prints JSON")
}
