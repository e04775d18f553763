//! Where a bundle goes: a file, which is there whole or not at all, or standard output.

use std::fs::Permissions;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::super::Printer;

/// How much is collected before it is written, in bytes.
const BUFFER: usize = 256 << 10;

/// Where a bundle goes.
pub(super) enum Output {
    Stdout,
    File(PathBuf),
}

impl Output {
    pub(super) fn choose(path: &Path) -> anyhow::Result<Self> {
        if path != Path::new("-") {
            if path.metadata().is_ok_and(|there| !there.is_file()) {
                bail!("{} is there and is no file", path.display());
            }
            return Ok(Self::File(path.to_owned()));
        }
        if io::stdout().is_terminal() {
            bail!("a bundle is nothing for a terminal: name a file, or send it through a pipe");
        }
        Ok(Self::Stdout)
    }

    pub(super) fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout)
    }

    /// Has it written.
    pub(super) fn write<T>(
        self,
        printer: &mut Printer,
        fill: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        match self {
            Self::Stdout => {
                let mut out = BufWriter::with_capacity(BUFFER, printer.bytes());
                let done = fill(&mut out)?;
                out.flush().context("cannot write the bundle")?;
                Ok(done)
            }
            Self::File(path) => {
                let failed = || format!("cannot write {}", path.display());
                let file = tempfile::Builder::new()
                    // Whatever the umask leaves of it, as for any new file.
                    .permissions(Permissions::from_mode(0o666))
                    .tempfile_in(folder(&path))
                    .with_context(failed)?;
                let mut out = BufWriter::with_capacity(BUFFER, file);
                let done = fill(&mut out)?;
                let file = out
                    .into_inner()
                    .map_err(io::IntoInnerError::into_error)
                    .with_context(failed)?;
                file.as_file().sync_all().with_context(failed)?;
                file.persist(&path).with_context(failed)?;
                Ok(done)
            }
        }
    }
}

fn folder(output: &Path) -> &Path {
    match output.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
