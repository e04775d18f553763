//! `--output`: the zip as a file.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};

use super::source::Source;
use super::zip::ModuleZip;

/// Refuses a place where the zip would be in the way of the next one.
pub(super) fn refuse(output: &Path, source: &Source) -> anyhow::Result<()> {
    match source {
        Source::Git { .. } => Ok(()),
        Source::Zip { path, .. } => bail!("{} is a zip already", path.display()),
        Source::Directory { dir, .. } => {
            let folder = folder(output)
                .canonicalize()
                .with_context(|| format!("cannot write to {}", folder(output).display()))?;
            let dir = dir.canonicalize().unwrap_or_else(|_| dir.clone());
            if folder.starts_with(dir) {
                bail!(
                    "{} is in the directory that is published: the next zip would hold this one; name a place outside",
                    output.display()
                );
            }
            Ok(())
        }
    }
}

/// Writes the zip: the whole of it, or nothing.
pub(super) fn write(output: &Path, zip: &ModuleZip) -> anyhow::Result<()> {
    let written = || -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            // Whatever the umask leaves of it, as for any new file.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder(output))?;
        io::copy(&mut zip.reader()?, &mut file)?;
        file.as_file().sync_all()?;
        file.persist(output)?;
        Ok(())
    };
    written().with_context(|| format!("cannot write {}", output.display()))
}

fn folder(output: &Path) -> &Path {
    match output.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
