//! Somebody who carries modules in and out with the real binary.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;

use super::server::athens;

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) code: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl From<Output> for Told {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: output.stdout,
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Told {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.out).unwrap()
    }

    /// The objects of `--json`, the summary last.
    pub(crate) fn json(&self) -> Vec<Value> {
        let lines = self.text().lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    pub(crate) fn summary(&self) -> Value {
        self.json().pop().unwrap()["summary"].take()
    }
}

/// Runs `athens … --root ROOT`.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Told {
    let mut command = athens();
    command.args(arguments).arg("--root").arg(root);
    command.output().unwrap().into()
}

/// As [`run`], with something on standard input.
pub(crate) fn run_with_input(root: &Path, arguments: &[&str], input: &[u8]) -> Told {
    let mut command = athens();
    command.args(arguments).arg("--root").arg(root);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap().into()
}

/// What became of every version, by `path@version`: the outcome, and why if it is refused.
pub(crate) type Outcomes = BTreeMap<String, (String, String)>;

/// Imports, and says what became of every version.
#[track_caller]
pub(crate) fn import(root: &Path, source: &Path, flags: &[&str]) -> (Told, Outcomes) {
    let arguments = [&["import", source.to_str().unwrap(), "--json"], flags].concat();
    let told = run(root, &arguments);
    let outcomes = told
        .json()
        .iter()
        .filter_map(|line| {
            let text = |name: &str| line[name].as_str().map(str::to_owned);
            let version = format!("{}@{}", text("path")?, text("version")?);
            Some((version, (text("outcome")?, text("why").unwrap_or_default())))
        })
        .collect();
    (told, outcomes)
}

/// Fails unless `athens verify` has nothing to say about a root.
#[track_caller]
pub(crate) fn is_verified(root: &Path) {
    let told = run(root, &["verify"]);
    assert_eq!(told.code, 0, "{}{}", told.text(), told.err);
}

/// What the journal says of every version, in its order: `event path@version`.
pub(crate) fn journal(root: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(root.join(".athens/journal.jsonl")).unwrap_or_default();
    let lines = text.lines();
    lines
        .map(|line| {
            let event: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| event[name].as_str().unwrap().to_owned();
            format!("{} {}@{}", text("Event"), text("Path"), text("Version"))
        })
        .collect()
}
