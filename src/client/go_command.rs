//! The go command of this machine: what it is set to, and setting it.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How much of what it says is kept, of each output, in bytes.
const LONGEST: u64 = 1 << 20;
/// How often it is looked whether it has ended.
const TICK: Duration = Duration::from_millis(20);

/// The go command did not run, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum GoCommandError {
    /// There is none.
    #[error("there is no go command in PATH")]
    Missing,
    /// It can not be run.
    #[error("the go command can not be run: {0}")]
    Unusable(io::Error),
    /// It did not end in time.
    #[error("the go command did not end within {} seconds", .0.as_secs())]
    TimedOut(Duration),
    /// It says no.
    #[error("the go command says: {0}")]
    Failed(String),
}

/// What the go command said.
#[derive(Debug)]
pub struct GoSaid {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output, 1 MiB of it at the most.
    pub stdout: String,
    /// Its standard error, 1 MiB of it at the most.
    pub stderr: String,
}

/// Runs the go command in a directory, for so long at the most. `variables` are set besides the caller's.
///
/// # Errors
///
/// If there is none, or it does not end. That it fails is for [`GoSaid::status`] to say.
pub fn run_go(
    arguments: &[&str],
    directory: &Path,
    variables: &[(&str, &str)],
    patience: Duration,
) -> Result<GoSaid, GoCommandError> {
    let mut child = Command::new("go")
        .args(arguments)
        .current_dir(directory)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => GoCommandError::Missing,
            _ => GoCommandError::Unusable(error),
        })?;
    let (stdout, stderr) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let deadline = Instant::now() + patience;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(GoCommandError::Unusable)? {
            break status;
        }
        if Instant::now() >= deadline {
            // It may have ended in this moment.
            let _ = child.kill();
            let _ = child.wait();
            return Err(GoCommandError::TimedOut(patience));
        }
        std::thread::sleep(TICK);
    };
    // A program that it left behind may hold the outputs open.
    let text = |output: mpsc::Receiver<Vec<u8>>| {
        let bytes = output.recv_timeout(TICK * 50).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    Ok(GoSaid {
        status,
        stdout: text(stdout),
        stderr: text(stderr),
    })
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    let read = move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before it broke is enough.
            let _ = pipe.by_ref().take(LONGEST).read_to_end(&mut bytes);
            let _ = io::copy(&mut pipe, &mut io::sink());
        }
        // Whoever waited has given up.
        let _ = sender.send(bytes);
    };
    // Without a thread there is nothing to hear.
    let _ = std::thread::Builder::new()
        .name("athens-go".into())
        .spawn(read);
    receiver
}

/// What the go command is set to: of variables, of its own file, or by default. What it does not know is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GoSettings(BTreeMap<String, String>);

impl GoSettings {
    /// Settings by their names.
    #[must_use]
    pub fn new(settings: BTreeMap<String, String>) -> Self {
        Self(settings)
    }

    /// Asks the go command for all of them, at the file system's root, where no go.mod has a say.
    ///
    /// # Errors
    ///
    /// If there is no go command, or it does not tell.
    pub fn ask(patience: Duration) -> Result<Self, GoCommandError> {
        let said = run_go(&["env", "-json"], Path::new("/"), &[], patience)?;
        if !said.status.success() {
            return Err(GoCommandError::Failed(said.stderr.trim().to_owned()));
        }
        serde_json::from_str(&said.stdout)
            .map(Self)
            .map_err(|error| GoCommandError::Failed(error.to_string()))
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

/// Sets one with `go env -w`, or unsets it with `go env -u`; what the go command says about it.
///
/// # Errors
///
/// If there is no go command, or it refuses.
pub fn write_go_setting(
    setting: &super::GoSetting,
    patience: Duration,
) -> Result<String, GoCommandError> {
    let assignment = setting.assignment();
    let arguments = match &assignment {
        Some(assignment) => ["env", "-w", assignment],
        None => ["env", "-u", setting.name],
    };
    let said = run_go(&arguments, Path::new("/"), &[], patience)?;
    if !said.status.success() {
        return Err(GoCommandError::Failed(said.stderr.trim().to_owned()));
    }
    Ok(said.stderr.trim().to_owned())
}
