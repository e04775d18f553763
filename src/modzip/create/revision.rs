//! A module zip from a revision of a git repository.

use std::io::{self, Write};
use std::path::Path;

use super::archive::Archive;
use super::candidate::{Candidates, Kind};
use super::error::CreateError;
use super::git::{Bare, EntryKind, GitError};
use super::outcome::{Created, prefix};
use super::place::{find, join};
use super::rules::{Selection, Taken, select};
use super::vendor::VendorRule;
use crate::module::{GoMod, ModuleVersion};

/// Makes the module zip that the go command makes from a revision of the git repository that `repository` is in, and
/// writes it to `out`. The `h1:` of it is the one in everybody's `go.sum`.
///
/// `revision` is anything that names a commit. `subdirectory` is where the module is, from the root of the
/// repository, with slashes (empty for the root itself); of a module `…/v2` it may be the directory `v2` or the one
/// above it, and the files are taken from the one whose go.mod names the module. `version` is the version that the
/// zip is for.
///
/// Only what the commit holds counts, not the work tree, nor the configuration or the attributes of this machine. In
/// are all tracked files, with the contents that `git archive` gives them, whatever `export-ignore` and
/// `export-subst` say; a LICENSE at the root of the repository, if the directory has none. Left out are packages in
/// `vendor`, directories with a `go.mod` of their own, submodules, symbolic links and `.hg_archival.txt`.
///
/// The same commit gives the same bytes. Memory does not grow with the sizes of files. Runs git, and waits for it.
/// Objects that a partial clone lacks are not fetched.
///
/// Source: the go command, `modfetch`, `codeRepo.Zip` and `gitRepo.ReadZip`; `golang.org/x/mod/zip`, `Create`.
/// Stricter than it: a go.mod must name the module, and must be a regular file.
///
/// # Errors
///
/// [`CreateError::Refused`] names every file that a module zip can not hold; [`CreateError::GoMod`] if the module is
/// not in the directory; the others are about the first thing that went wrong. What was written to `out` is no zip
/// then.
pub fn create_from_git(
    repository: &Path,
    revision: &str,
    subdirectory: &str,
    version: &ModuleVersion,
    out: impl Write,
) -> Result<Created, CreateError> {
    let bare = Bare::open(repository, revision)?;
    let directory = find(&bare, subdirectory, version)?;
    let candidates = candidates(&bare, &directory)?;
    let vendor = vendor_rule(&bare, &directory, &candidates)?;
    let prefix = prefix(version);
    let selection = select(candidates, vendor, prefix.len()).accepted()?;
    write(&bare, directory, selection, prefix, out)
}

fn candidates(bare: &Bare, directory: &str) -> Result<Candidates, CreateError> {
    let mut candidates = Candidates::default();
    let mut has_license = false;
    for entry in bare.list(directory)? {
        let entry = entry?;
        let kind = match entry.kind {
            EntryKind::File => Kind::File,
            EntryKind::SymbolicLink => Kind::SymbolicLink,
            EntryKind::Submodule => Kind::Submodule,
            EntryKind::Directory => continue,
        };
        // A link counts, although it is left out later.
        has_license |= entry.path == b"LICENSE" && kind != Kind::Submodule;
        candidates.push(entry.path, kind)?;
    }
    if !directory.is_empty() && !has_license {
        let license = bare.entry("LICENSE")?.map(|entry| entry.kind);
        // Of a link, the go command takes the text of the link for the license.
        if matches!(license, Some(EntryKind::File | EntryKind::SymbolicLink)) {
            candidates.push(b"LICENSE".to_vec(), Kind::RootLicense)?;
        }
    }
    Ok(candidates)
}

fn vendor_rule(
    bare: &Bare,
    directory: &str,
    candidates: &Candidates,
) -> Result<VendorRule, CreateError> {
    let has_go_mod = candidates
        .iter()
        .any(|candidate| candidate.kind == Kind::File && candidate.path == b"go.mod");
    if !has_go_mod {
        return Ok(VendorRule::UpTo123);
    }
    // As it will be in the zip, which may have another encoding than the object.
    let most = GoMod::MAX_LEN;
    let content = bare.archived(&join(directory, "go.mod"), most as u64)?;
    Ok(VendorRule::of_go_mod(&content)?)
}

fn write(
    bare: &Bare,
    directory: String,
    selection: Selection,
    prefix: String,
    out: impl Write,
) -> Result<Created, CreateError> {
    let above = match directory.as_str() {
        "" => String::new(),
        directory => format!("{directory}/"),
    };
    let mut archive = Archive::new(out, prefix);
    let mut taken = selection.taken.into_iter().peekable();
    let add_license = |archive: &mut Archive<_>, taken: Taken| {
        let content = bare.blob("LICENSE")?;
        archive.add(taken.path, content, |error| {
            git_error("read the LICENSE with git", error).into()
        })
    };
    // Both are in the order of the names' bytes: one pass, and no file has to be kept.
    let mut tar = bare.archive(&directory)?;
    while let Some(file) = tar.next_file()? {
        let Some(path) = file.path.strip_prefix(above.as_bytes()) else {
            continue;
        };
        while let Some(license) =
            taken.next_if(|next| next.is_root_license && next.path.as_bytes() < path)
        {
            add_license(&mut archive, license)?;
        }
        if let Some(next) = taken.next_if(|next| next.path.as_bytes() == path) {
            archive.add(next.path, file.content, |error| {
                git_error("read the files of a commit with git archive", error).into()
            })?;
        }
    }
    for next in taken {
        if !next.is_root_license {
            return Err(GitError::Answer {
                action: "read the files of a commit with git archive",
                what: format!("{} is not in it", next.path),
            }
            .into());
        }
        add_license(&mut archive, next)?;
    }
    let (files, size) = archive.finish()?;
    Ok(Created {
        files,
        omitted: selection.omitted.into_iter().collect(),
        size,
        directory: Some(directory),
        commit: Some(bare.commit().clone()),
    })
}

/// The error of git that stands behind an error of its output.
pub(super) fn git_error(action: &'static str, error: io::Error) -> GitError {
    error
        .downcast::<GitError>()
        .unwrap_or_else(|source| GitError::Run { action, source })
}
