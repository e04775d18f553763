//! The small files of a version, as they go into a bundle.

use crate::catalog::{MAX_INFO_SIZE, Verdict, check_go_mod, check_info};
use crate::module::{ModuleVersion, synthesized_go_mod};
use crate::modzip::{MAX_GO_MOD_SIZE, ZipError, read_directory};
use crate::store::{DirStore, ModuleFile, Refusal, StoreError, StoreKey};

/// The `.mod`: the file, or else the go.mod of the zip; `None` if there is neither.
pub(super) fn go_mod_of(
    store: &DirStore,
    version: &ModuleVersion,
) -> Result<Option<Vec<u8>>, StoreError> {
    if let Some(content) = small(store, version, ModuleFile::Mod, MAX_GO_MOD_SIZE)? {
        return Ok(Some(content));
    }
    let key = StoreKey::File(version, ModuleFile::Zip);
    let Some(zip) = store.read_blocking(&key)? else {
        return Ok(None);
    };
    match read_directory(zip.file().as_ref(), zip.len(), version) {
        Ok(directory) => {
            Ok(Some(directory.go_mod.unwrap_or_else(|| {
                synthesized_go_mod(version.path()).into_bytes()
            })))
        }
        Err(ZipError::Unsound(_)) => Ok(None),
        Err(ZipError::Io(error)) => Err(StoreError::io("read", key.relative_path(), error)),
    }
}

/// The `.info`; `None` if there is none.
pub(super) fn info_of(
    store: &DirStore,
    version: &ModuleVersion,
) -> Result<Option<Vec<u8>>, StoreError> {
    small(store, version, ModuleFile::Info, MAX_INFO_SIZE)
}

/// Why a small file can not go in, as a clause after its name.
pub(super) fn fault(version: &ModuleVersion, file: ModuleFile, content: &[u8]) -> Option<String> {
    let verdict = match file {
        ModuleFile::Mod => check_go_mod(content),
        ModuleFile::Info => check_info(version, content),
        ModuleFile::Zip => return None,
    };
    match verdict {
        Verdict::Sound(_) => None,
        Verdict::Unsound(why) => Some(why.to_string()),
    }
}

fn small(
    store: &DirStore,
    version: &ModuleVersion,
    file: ModuleFile,
    limit: u64,
) -> Result<Option<Vec<u8>>, StoreError> {
    let key = StoreKey::File(version, file);
    let Some(content) = store.read_blocking(&key)? else {
        return Ok(None);
    };
    if content.len() > limit {
        return Err(StoreError::Refused {
            path: key.relative_path(),
            refusal: Refusal::TooLarge(limit),
        });
    }
    let bytes = content
        .read_all_blocking()
        .map_err(|error| StoreError::io("read", key.relative_path(), error))?;
    Ok(Some(bytes.to_vec()))
}
