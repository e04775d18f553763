//! Reading the files of a version out of a folder.

use std::sync::Arc;

use crate::carry::arrival::{FileRange, ZipSource};
use crate::carry::outcome::Reason;
use crate::store::{FileContent, ModuleFile, Refusal, StoreError};

/// The content of a small file that was opened at `path`; `None` if it is gone again. What must not be read is a reason to
/// refuse the version.
///
/// # Errors
/// If it can not be read.
pub(super) fn small_file(
    opened: Result<Option<FileContent>, StoreError>,
    path: &str,
    file: ModuleFile,
    limit: u64,
) -> Result<Result<Option<Vec<u8>>, Reason>, StoreError> {
    let content = match opened {
        Ok(Some(content)) => content,
        Ok(None) => return Ok(Ok(None)),
        Err(error) => return refused(file, error).map(Err),
    };
    if content.len() > limit {
        let why = Refusal::TooLarge(limit).to_string();
        return Ok(Err(Reason::File(file.suffix().to_owned(), why)));
    }
    let bytes = content
        .read_all_blocking()
        .map_err(|error| StoreError::io("read", path, error))?;
    Ok(Ok(Some(bytes.to_vec())))
}

/// A zip that was opened, to be read when it stands at the door; `None` if it is gone again.
///
/// # Errors
/// If it can not be opened.
pub(super) fn zip_source(
    opened: Result<Option<FileContent>, StoreError>,
) -> Result<Result<Option<ZipSource>, Reason>, StoreError> {
    match opened {
        Ok(Some(zip)) => Ok(Ok(Some(ZipSource::File(FileRange {
            file: Arc::clone(zip.file()),
            offset: 0,
            len: zip.len(),
            sha256: None,
            modified: Some(zip.modified()),
        })))),
        Ok(None) => Ok(Ok(None)),
        Err(error) => refused(ModuleFile::Zip, error).map(Err),
    }
}

/// What must not be read is refused; what can not be read is an error.
fn refused(file: ModuleFile, error: StoreError) -> Result<Reason, StoreError> {
    match error {
        StoreError::Refused { refusal, .. } => {
            Ok(Reason::File(file.suffix().to_owned(), refusal.to_string()))
        }
        error => Err(error),
    }
}
