//! Runs the Go program once for a batch of requests.

use super::Request;
use serde_json::Value;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// What x/mod says to each request, in their order; `None` when there is no `go` here and none is demanded.
pub(super) fn ask(requests: &[Request]) -> Option<Vec<Value>> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/xmod");
    let child = Command::new("go")
        .args(["run", "-buildvcs=false", "-mod=readonly", "."])
        .current_dir(program)
        .env("GO111MODULE", "on")
        .env("GOWORK", "off")
        .env("GOFLAGS", "")
        .env("CGO_ENABLED", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            skip_without_go();
            return None;
        }
        Err(error) => panic!("cannot start go: {error}"),
    };
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
        "go run tests/xmod: {}\n{}",
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

/// CI must have Go. A developer without it is told loudly: the harness would hide an ordinary print.
fn skip_without_go() {
    assert_ne!(
        std::env::var("CI").as_deref(),
        Ok("true"),
        "no go command on the PATH: the comparison with x/mod cannot run"
    );
    let _ = std::io::stderr()
        .write_all(b"SKIPPED: no go command on the PATH, nothing was compared with x/mod\n");
}
