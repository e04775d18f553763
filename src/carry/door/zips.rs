//! The zip of a version: fetched into the staging area, or made there, and read whole.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt as _;
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use super::parts::usable_go_mod;
use super::{Arrived, Door};
use crate::carry::arrival::{FileRange, TaggedCommit, ZipSource};
use crate::carry::error::CarryError;
use crate::carry::outcome::Reason;
use crate::module::{Info, ModuleVersion, Sum, Time, synthesized_go_mod};
use crate::modzip::{
    CreateError, Report, Strictness, Verdict, ZipError, check, create_from_git, zip_sum,
};
use crate::store::{StagedFile, StoreError};

/// How much is read at once, in bytes.
const PIECE: usize = 256 << 10;

/// Archives and package builders set times to zero or to the first day of the zip format: no time of a version.
const FIRST_DAYS_OF_1980: u64 = 3_654;

/// A version that may come in.
pub(super) struct Checked {
    /// Its zip, where nobody sees it; `None` in a dry run.
    pub(super) zip: Option<StagedFile>,
    pub(super) sum: Sum,
    pub(super) len: u64,
    pub(super) go_mod: Vec<u8>,
    pub(super) info: Vec<u8>,
}

pub(super) enum Taken {
    Good(Checked),
    Refused(Reason),
}

impl Door {
    /// Takes the zip to where nobody can change it, and checks it and what came with it.
    pub(super) fn check(&self, arrived: &Arrived<'_>) -> Result<Taken, CarryError> {
        let version = arrived.version;
        let (zip, len, report) = match &arrived.zip {
            ZipSource::File(range) if self.is_dry => {
                if !has_hash(range, version)? {
                    return Ok(Taken::Refused(Reason::Damaged(".zip")));
                }
                (None, range.len, check_range(range, version)?)
            }
            ZipSource::File(range) => {
                let mut staged = self.store.staging().stage()?;
                if !copy(range, version, &mut staged)? {
                    return Ok(Taken::Refused(Reason::Damaged(".zip")));
                }
                let report = check_staged(&staged, version)?;
                (Some(staged), range.len, report)
            }
            ZipSource::Git(commit) if self.is_dry => {
                let made = temporary(version)?;
                if let Err(reason) = make(commit, version, &made)? {
                    return Ok(Taken::Refused(reason));
                }
                let len = made
                    .metadata()
                    .map_err(|error| failed(version, error))?
                    .len();
                let report = check(&made, len, version, Strictness::Fetched)
                    .map_err(|error| failed(version, error))?;
                (None, len, report)
            }
            ZipSource::Git(commit) => {
                let mut staged = self.store.staging().stage()?;
                if let Err(reason) = make(commit, version, &mut staged)? {
                    return Ok(Taken::Refused(reason));
                }
                let report = check_staged(&staged, version)?;
                let len = staged.len();
                (Some(staged), len, report)
            }
        };
        Ok(match judge(arrived, report) {
            Ok((sum, go_mod)) => Taken::Good(Checked {
                zip,
                sum,
                len,
                go_mod,
                info: info(arrived),
            }),
            Err(reason) => Taken::Refused(reason),
        })
    }

    /// The sum of a zip that came, without taking it in.
    pub(super) fn sum_of(&self, arrived: &Arrived<'_>) -> Result<Result<Sum, Reason>, CarryError> {
        let version = arrived.version;
        let summed = match &arrived.zip {
            ZipSource::File(range) => {
                if !has_hash(range, version)? {
                    return Ok(Err(Reason::Damaged(".zip")));
                }
                zip_sum(range, range.len, version)
            }
            ZipSource::Git(commit) => {
                let made = temporary(version)?;
                if let Err(reason) = make(commit, version, &made)? {
                    return Ok(Err(reason));
                }
                let len = made
                    .metadata()
                    .map_err(|error| failed(version, error))?
                    .len();
                zip_sum(&made, len, version)
            }
        };
        match summed {
            Ok(sum) => Ok(Ok(sum)),
            Err(ZipError::Unsound(why)) => Ok(Err(Reason::File(".zip".to_owned(), why))),
            Err(ZipError::Io(error)) => Err(failed(version, error)),
        }
    }
}

/// The sum and the `.mod` of a version, unless something is wrong with it.
fn judge(arrived: &Arrived<'_>, mut report: Report) -> Result<(Sum, Vec<u8>), Reason> {
    let version = arrived.version;
    let Some(sum) = report.sum.filter(|_| report.is_sound()) else {
        return Err(Reason::Zip(Box::new(Verdict::new(version, &report))));
    };
    if let Some(expected) = arrived.sum.filter(|expected| *expected != sum) {
        return Err(Reason::OtherSum {
            expected,
            found: sum,
        });
    }
    let go_mod = report
        .go_mod
        .take()
        .unwrap_or_else(|| synthesized_go_mod(version.path()).into_bytes());
    usable_go_mod(&go_mod)?;
    match &arrived.parts.go_mod {
        Some(beside) if *beside != go_mod => Err(Reason::OtherGoMod),
        _ => Ok((sum, go_mod)),
    }
}

/// The `.info` that came; else one with the time that is known.
fn info(arrived: &Arrived<'_>) -> Vec<u8> {
    if let Some(info) = &arrived.parts.info {
        return info.clone();
    }
    let version = arrived.version.version();
    let modified = || match &arrived.zip {
        ZipSource::File(range) => time_of(range.modified?),
        ZipSource::Git(_) => None,
    };
    let time = version.pseudo_time().or_else(modified);
    Info::new(version, time).to_json().into_bytes()
}

fn time_of(modified: SystemTime) -> Option<Time> {
    let since = modified.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let seconds = i64::try_from(since.as_secs()).ok()?;
    (since.as_secs() / 86_400 > FIRST_DAYS_OF_1980).then(|| Time::from_unix(seconds))
}

/// Copies a zip; says whether it is what it should be.
fn copy(
    range: &FileRange,
    version: &ModuleVersion,
    staged: &mut StagedFile,
) -> Result<bool, CarryError> {
    let to = |error| StoreError::io("write", "the staging area", error);
    let Some(expected) = range.sha256 else {
        let copied = staged.append_from(&range.file, range.offset, range.len);
        return match copied {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(failed(version, error))
            }
            Err(error) => Err(to(error).into()),
        };
    };
    let mut hasher = Sha256::new();
    each_piece(range, version, |piece| {
        hasher.update(piece);
        staged.write_all(piece).map_err(to)
    })?;
    Ok(hasher.finalize().as_slice() == expected)
}

/// Whether a part of a file has the hash that it should have, if that is known.
fn has_hash(range: &FileRange, version: &ModuleVersion) -> Result<bool, CarryError> {
    let Some(expected) = range.sha256 else {
        return Ok(true);
    };
    let mut hasher = Sha256::new();
    each_piece(range, version, |piece| {
        hasher.update(piece);
        Ok(())
    })?;
    Ok(hasher.finalize().as_slice() == expected)
}

fn each_piece(
    range: &FileRange,
    version: &ModuleVersion,
    mut take: impl FnMut(&[u8]) -> Result<(), StoreError>,
) -> Result<(), CarryError> {
    let mut buffer = vec![0; PIECE];
    let mut done = 0;
    while done < range.len {
        let left = usize::try_from(range.len - done).unwrap_or(PIECE);
        let piece = &mut buffer[..left.min(PIECE)];
        range
            .file
            .read_exact_at(piece, range.offset + done)
            .map_err(|error| failed(version, error))?;
        take(piece)?;
        done += piece.len() as u64;
    }
    Ok(())
}

fn check_range(range: &FileRange, version: &ModuleVersion) -> Result<Report, CarryError> {
    check(range, range.len, version, Strictness::Fetched).map_err(|error| failed(version, error))
}

fn check_staged(staged: &StagedFile, version: &ModuleVersion) -> Result<Report, CarryError> {
    check(staged.file(), staged.len(), version, Strictness::Fetched)
        .map_err(|error| StoreError::io("read", "the staging area", error).into())
}

/// Makes the zip of a commit. A version that can not be made is refused; a git that fails is an error.
fn make(
    commit: &TaggedCommit,
    version: &ModuleVersion,
    out: impl Write,
) -> Result<Result<(), Reason>, CarryError> {
    let TaggedCommit {
        repository,
        commit,
        subdirectory,
    } = commit;
    match create_from_git(repository, commit, subdirectory, version, out) {
        Ok(_) => Ok(Ok(())),
        Err(
            error @ (CreateError::Refused(_)
            | CreateError::TooLarge
            | CreateError::TooManyFiles
            | CreateError::GoMod(_)),
        ) => Ok(Err(Reason::Git(error.to_string()))),
        Err(CreateError::Git(source)) => Err(CarryError::Git {
            path: repository.display().to_string(),
            source,
        }),
        Err(CreateError::Output(error)) => {
            Err(StoreError::io("write", "the staging area", error).into())
        }
        Err(error) => Err(failed(version, io::Error::other(error))),
    }
}

/// A file without a name: it is gone when this process is, however that ends.
fn temporary(version: &ModuleVersion) -> Result<File, CarryError> {
    tempfile::tempfile().map_err(|error| failed(version, error))
}

fn failed(version: &ModuleVersion, error: io::Error) -> CarryError {
    CarryError::source("read the zip of", version.to_string(), error)
}
