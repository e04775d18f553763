//! Writing bundles: what goes in is decided and looked at first, so that what is missing is said before anything is
//! written.

mod content;
mod plan;
mod proof;
mod selection;

use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt as _;

pub use plan::{ExportPlan, Missing, plan};
pub use selection::Selection;

use self::content::{go_mod_of, info_of};
use self::plan::Planned;
use super::bundle::{BundleWriter, EntryName, VersionFile};
use super::error::CarryError;
use crate::store::{DirStore, FileContent, ModuleFile, StoreError, StoreKey, SumdbFile};

/// What a bundle that was written holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exported {
    /// Versions with their zip.
    pub versions: u64,
    /// Versions of which only the go.mod is in, for module graphs.
    pub go_mods: u64,
    /// Lookups of checksum databases.
    pub lookups: u64,
    /// Tiles and heads of checksum databases.
    pub tiles: u64,
    /// The length of those lookups, tiles and heads in bytes.
    pub sumdb_bytes: u64,
    /// The length of the bundle in bytes.
    pub bytes: u64,
}

/// Writes what was planned, in one pass; `progress` is told of bytes of zips as they are written. The same tree and plan
/// give the same bytes. Memory does not grow with zips. Waits for the disk.
///
/// # Errors
/// If something can not be read, or is not there any more, or the bundle can not be written; what was written by then is
/// no bundle.
pub fn export(
    store: &DirStore,
    plan: &ExportPlan,
    out: impl Write,
    mut progress: impl FnMut(u64),
) -> Result<Exported, CarryError> {
    let mut done = Exported::default();
    let mut writer = BundleWriter::new(out).map_err(CarryError::Output)?;
    for planned in &plan.versions {
        write_version(store, planned, &mut writer, &mut progress)?;
        match planned.zip {
            Some(_) => done.versions += 1,
            None => done.go_mods += 1,
        }
    }
    for file in &plan.sumdb {
        let (is_lookup, bytes) = write_sumdb(store, file, &mut writer)?;
        done.sumdb_bytes += bytes;
        match is_lookup {
            true => done.lookups += 1,
            false => done.tiles += 1,
        }
    }
    (_, done.bytes) = writer.finish().map_err(CarryError::Output)?;
    Ok(done)
}

fn write_version<W: Write>(
    store: &DirStore,
    planned: &Planned,
    writer: &mut BundleWriter<W>,
    progress: &mut impl FnMut(u64),
) -> Result<(), CarryError> {
    let version = &planned.version;
    let name = |file| EntryName::Version(version.clone(), file);
    let mut put = |file, content: &[u8]| {
        writer
            .append(&name(file), content.len() as u64, content, None)
            .map_err(CarryError::Output)
    };
    if planned.has_info
        && let Some(info) = info_of(store, version)?
    {
        put(VersionFile::Info, &info)?;
    }
    if let Some(go_mod) = go_mod_of(store, version)? {
        put(VersionFile::Mod, &go_mod)?;
    }
    let Some((sum, provenance)) = planned.zip else {
        return Ok(());
    };
    let key = StoreKey::File(version, ModuleFile::Zip);
    let Some(zip) = store.read_blocking(&key)? else {
        return Err(gone(&key));
    };
    let content = Positioned {
        content: &zip,
        at: 0,
        progress,
    };
    writer
        .append(
            &name(VersionFile::Zip),
            zip.len(),
            content,
            Some(provenance),
        )
        .map_err(CarryError::Output)?;
    let sum = sum.to_string();
    writer
        .append(
            &name(VersionFile::ZipHash),
            sum.len() as u64,
            sum.as_bytes(),
            None,
        )
        .map_err(CarryError::Output)
}

/// Writes a file of a checksum database; says whether it is a lookup, and how long it is.
fn write_sumdb<W: Write>(
    store: &DirStore,
    file: &SumdbFile,
    writer: &mut BundleWriter<W>,
) -> Result<(bool, u64), CarryError> {
    let key = StoreKey::Sumdb(file);
    let Some(content) = store.read_blocking(&key)? else {
        return Err(gone(&key));
    };
    let bytes = content
        .read_all_blocking()
        .map_err(|error| StoreError::io("read", key.relative_path(), error))?;
    writer
        .append(
            &EntryName::Sumdb(file.clone()),
            content.len(),
            bytes.as_ref(),
            None,
        )
        .map_err(CarryError::Output)?;
    let is_lookup = matches!(file.kind(), crate::store::SumdbFileKind::Lookup(_));
    Ok((is_lookup, content.len()))
}

fn gone(key: &StoreKey<'_>) -> CarryError {
    let error = io::Error::from(io::ErrorKind::NotFound);
    StoreError::io("read", key.relative_path(), error).into()
}

/// Reads a file from its beginning, without its cursor.
struct Positioned<'a, P> {
    content: &'a FileContent,
    at: u64,
    progress: &'a mut P,
}

impl<P: FnMut(u64)> Read for Positioned<'_, P> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.file().read_at(buffer, self.at)?;
        self.at += read as u64;
        (self.progress)(read as u64);
        Ok(read)
    }
}
