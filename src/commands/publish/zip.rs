//! The zip: made in a temporary file, checked before anything is done with it.

use std::fs::File;
use std::io::{self, Seek as _};

use anyhow::{Context as _, anyhow};

use super::RefusedHere;
use super::source::Source;
use crate::module::{Info, ModuleVersion, Sum};
use crate::modzip::{
    CreateError, Created, Strictness, Verdict, check, create_from_directory, create_from_git,
};

/// A module zip on the disk that every server takes, unless it has the version or lets nobody in.
#[derive(Debug)]
pub(super) struct ModuleZip {
    pub(super) version: ModuleVersion,
    pub(super) file: File,
    /// Its length in bytes.
    pub(super) len: u64,
    /// The sum of the zip.
    pub(super) sum: Sum,
    /// The sum of the go.mod that will be served.
    pub(super) go_mod_sum: Sum,
    /// Whether its go.mod requires other modules.
    pub(super) has_requirements: bool,
    /// How many files are in it.
    pub(super) files: u64,
    /// The sum of their sizes.
    pub(super) size: u64,
    /// What went in and what did not; `None` for a zip that was there before.
    pub(super) created: Option<Created>,
    /// Commit time and origin.
    pub(super) info: Option<Info>,
}

/// A zip, or why it would be refused.
pub(super) type Outcome = Result<ModuleZip, Verdict>;

/// Makes the zip of a source, or takes the one that it is, and checks it as a server will.
pub(super) fn make(source: Source) -> anyhow::Result<Outcome> {
    let (version, file, created, info) = match source {
        Source::Zip { version, file, .. } => (version, file, None, None),
        Source::Directory { dir, version } => {
            let file = temporary()?;
            let created = create_from_directory(&dir, &version, &file).map_err(refused)?;
            (version, file, Some(created), None)
        }
        Source::Git {
            dir,
            version,
            commit,
            subdirectory,
            info,
            ..
        } => {
            let file = temporary()?;
            let created =
                create_from_git(&dir, &commit, &subdirectory, &version, &file).map_err(refused)?;
            (version, file, Some(created), Some(*info))
        }
    };
    let len = file.metadata().context("cannot read the zip")?.len();
    let report =
        check(&file, len, &version, Strictness::Published).context("cannot read the zip")?;
    let (Some(sum), Some(go_mod_sum), true) = (report.sum, report.go_mod_sum, report.is_sound())
    else {
        return Ok(Err(Verdict::new(&version, &report)));
    };
    Ok(Ok(ModuleZip {
        version,
        file,
        len,
        sum,
        go_mod_sum,
        has_requirements: has_requirements(report.go_mod.as_deref().unwrap_or_default()),
        files: report.files,
        size: report.size,
        created,
        info,
    }))
}

/// A file without a name: it is gone when this process is, however that ends.
fn temporary() -> anyhow::Result<File> {
    tempfile::tempfile().context("cannot make a temporary file for the zip")
}

/// What is wrong with the files is refused; what failed, failed.
fn refused(error: CreateError) -> anyhow::Error {
    match error {
        CreateError::Refused(_)
        | CreateError::TooLarge
        | CreateError::TooManyFiles
        | CreateError::GoMod(_) => {
            anyhow!(RefusedHere(format!(
                "this can not be a module zip: {error}"
            )))
        }
        _ => anyhow!(error),
    }
}

fn has_requirements(go_mod: &[u8]) -> bool {
    String::from_utf8_lossy(go_mod)
        .lines()
        .any(|line| line.trim_start().starts_with("require"))
}

impl ModuleZip {
    /// Reads it from its start.
    pub(super) fn reader(&self) -> io::Result<&File> {
        let mut file = &self.file;
        file.rewind()?;
        Ok(file)
    }
}
