//! A module zip from a directory.

use std::fs::{self, File};
use std::io::{self, Read as _, Write};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::archive::Archive;
use super::candidate::{Candidate, Candidates, Kind};
use super::error::{CreateError, WrongGoMod};
use super::git;
use super::litter::is_litter;
use super::outcome::{Created, Omission, prefix};
use super::rules::{Selection, select};
use super::vendor::VendorRule;
use crate::module::{GoMod, ModuleVersion};

/// Makes the module zip of a directory, with the files that the go command would take from it, and writes it to `out`.
///
/// Left out are packages in `vendor`, directories with a `go.mod` of their own, folders of version control systems,
/// what is no regular file, and `.hg_archival.txt`. Files that a desktop or an editor leaves behind (`.DS_Store`,
/// `m.go~`, …) are left out too unless git tracks them; git is asked only when there are such files and the directory
/// is in a work tree. Apart from these, everything in the directory goes in, tracked or not, and ignored files too. A
/// go.mod is not needed, and not compared with `version`: what makes a zip good is the business of the check that
/// follows. The LICENSE of a repository is not added to a directory below its root; that is what
/// [`create_from_git`](super::create_from_git) does.
///
/// The same files give the same bytes, whatever their times, owners and modes. Memory does not grow with their sizes.
/// Waits for the disk.
///
/// Source: `golang.org/x/mod/zip`, `CreateFromDir`. Different from it: litter; a `go.mod` that is no regular file is
/// refused, since the zip would silently have none; a `dir` that is a symbolic link is followed.
///
/// # Errors
///
/// [`CreateError::Refused`] names every file that a module zip can not hold; the others are about the first thing that
/// went wrong. What was written to `out` is no zip then.
pub fn create_from_directory(
    dir: &Path,
    version: &ModuleVersion,
    out: impl Write,
) -> Result<Created, CreateError> {
    let vendor = read_vendor_rule(dir)?;
    let mut tree = Tree::default();
    tree.walk(dir, vendor)?;
    tree.keep_tracked_litter(dir)?;
    let prefix = prefix(version);
    let mut selection = select(tree.candidates, vendor, prefix.len());
    for (path, why) in tree.omitted {
        selection.omit(&path, why);
    }
    write(dir, selection.accepted()?, prefix, out)
}

/// What lies in a directory.
#[derive(Default)]
struct Tree {
    candidates: Candidates,
    omitted: Vec<(Vec<u8>, Omission)>,
}

impl Tree {
    /// Lists all that is below `root`, without going where nothing can come from.
    fn walk(&mut self, root: &Path, vendor: VendorRule) -> Result<(), CreateError> {
        // Not by recursion: a deep tree must not be able to use up the stack.
        let mut directories = vec![Vec::new()];
        while let Some(directory) = directories.pop() {
            let place = on_disk(root, &directory);
            let failed = |source| CreateError::Read {
                path: place.clone(),
                source,
            };
            for entry in fs::read_dir(&place).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                // Of a symbolic link this is the type of the link.
                let kind = entry.file_type().map_err(failed)?;
                let name = entry.file_name().into_vec();
                let mut path = directory.clone();
                path.extend_from_slice(&name);
                if kind.is_file() {
                    let kind = if is_litter(&name) {
                        Kind::Litter
                    } else {
                        Kind::File
                    };
                    self.candidates.push(path, kind)?;
                } else if !kind.is_dir() {
                    let why = match kind.is_symlink() {
                        true => Omission::SymbolicLink,
                        false => Omission::Irregular,
                    };
                    self.omitted.push((path, why));
                } else {
                    let why = why_left_out(root, &path, &name, vendor)?;
                    path.push(b'/');
                    match why {
                        Some(why) => self.omitted.push((path, why)),
                        None => directories.push(path),
                    }
                }
            }
        }
        Ok(())
    }

    /// Makes files of the litter that git tracks: the go command takes them, so they are part of the module.
    fn keep_tracked_litter(&mut self, dir: &Path) -> Result<(), CreateError> {
        let litter = |candidate: &&mut Candidate| candidate.kind == Kind::Litter;
        let names = self.candidates.iter_mut().filter(litter);
        let tracked = git::tracked(dir, names.map(|candidate| candidate.path.as_slice()))?;
        for candidate in self.candidates.iter_mut().filter(litter) {
            if tracked.contains(&candidate.path) {
                candidate.kind = Kind::File;
            }
        }
        Ok(())
    }
}

/// Why nothing below a directory goes in; `path` is without a slash at its end.
fn why_left_out(
    root: &Path,
    path: &[u8],
    name: &[u8],
    vendor: VendorRule,
) -> Result<Option<Omission>, CreateError> {
    if vendor.omits(path) {
        return Ok(Some(Omission::Vendored));
    }
    if matches!(name, b".git" | b".hg" | b".svn" | b".bzr") {
        return Ok(Some(Omission::VersionControl));
    }
    // A link counts here, unlike in a git tree. Other spellings of go.mod are seen when all files are known.
    let go_mod = on_disk(root, path).join("go.mod");
    match fs::symlink_metadata(&go_mod) {
        Ok(found) if !found.is_dir() => Ok(Some(Omission::NestedModule)),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(CreateError::Read {
            path: go_mod,
            source,
        }),
    }
}

fn read_vendor_rule(dir: &Path) -> Result<VendorRule, CreateError> {
    let path = dir.join("go.mod");
    let read = || match fs::symlink_metadata(&path) {
        Ok(found) if !found.is_file() => Ok(Err(WrongGoMod::NotAFile {
            place: "go.mod".to_owned(),
        })),
        Ok(_) => {
            let mut content = Vec::new();
            let most = GoMod::MAX_LEN as u64;
            File::open(&path)?
                .take(most + 1)
                .read_to_end(&mut content)?;
            Ok(VendorRule::of_go_mod(&content))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Ok(VendorRule::UpTo123)),
        Err(error) => Err(error),
    };
    Ok(read().map_err(|source| CreateError::Read {
        path: path.clone(),
        source,
    })??)
}

fn write(
    dir: &Path,
    selection: Selection,
    prefix: String,
    out: impl Write,
) -> Result<Created, CreateError> {
    let mut archive = Archive::new(out, prefix);
    for taken in selection.taken {
        let path = on_disk(dir, taken.path.as_bytes());
        let failed = |source| CreateError::Read {
            path: path.clone(),
            source,
        };
        let file = File::open(&path).map_err(failed)?;
        let declared = file.metadata().map_err(failed)?;
        if !declared.is_file() {
            return Err(failed(io::Error::other("it is no longer a regular file")));
        }
        let read = archive.add(taken.path, file, failed)?;
        if read != declared.len() {
            return Err(failed(io::Error::other("it changed while it was read")));
        }
    }
    let (files, size) = archive.finish()?;
    Ok(Created {
        files,
        omitted: selection.omitted.into_iter().collect(),
        size,
        directory: None,
        commit: None,
    })
}

fn on_disk(root: &Path, path: &[u8]) -> PathBuf {
    root.join(std::ffi::OsStr::from_bytes(path))
}
