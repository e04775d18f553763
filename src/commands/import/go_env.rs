//! Where the go command keeps its module cache.

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// How long the go command may take to answer; it needs some milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked at.
const PAUSE: Duration = Duration::from_millis(10);
/// The longest answer that is read, in bytes.
const LONGEST: u64 = 64 << 10;

/// What `go env GOMODCACHE` says.
///
/// # Errors
/// If there is no go command, or it does not answer in time.
pub(super) fn go_mod_cache() -> anyhow::Result<PathBuf> {
    let hint = "name the directories to import from";
    let mut child = match Command::new("go")
        .args(["env", "GOMODCACHE"])
        // The go command that is there answers; a go.mod in this directory asks for no other one.
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
    {
        Ok(child) => child,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            bail!("there is no go command that could say where its module cache is; {hint}")
        }
        Err(error) => return Err(error).context("cannot run go env GOMODCACHE"),
    };
    let status = wait(&mut child).context("cannot wait for go env GOMODCACHE")?;
    let Some(status) = status else {
        bail!("go env GOMODCACHE gave no answer within {PATIENCE:?}; {hint}");
    };
    let mut answer = String::new();
    if let Some(stdout) = child.stdout.take() {
        stdout
            .take(LONGEST)
            .read_to_string(&mut answer)
            .context("cannot read what go env GOMODCACHE says")?;
    }
    let path = PathBuf::from(answer.trim_end_matches(['\r', '\n']));
    if !status.success() || !path.is_absolute() {
        bail!("go env GOMODCACHE names no directory ({status}): go 1.15 or newer can; {hint}");
    }
    Ok(path)
}

/// Waits for its end; `None` if that does not come, and then it is killed. What it says fits into the pipe.
fn wait(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(PAUSE);
    }
}
