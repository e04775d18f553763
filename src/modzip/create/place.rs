//! Where in a repository a module is: the go command looks in two directories for a module `…/v2`.

use std::io::Read as _;

use super::error::{CreateError, WrongGoMod};
use super::git::{Bare, EntryKind, GitError, code_directory};
use crate::module::{ModuleVersion, module_line};
use crate::modzip::MAX_GO_MOD_SIZE;

/// The directory of the repository that holds the module: `subdirectory`, or the major version's directory in it.
///
/// Given `tools` and a module `…/v2`, that is the one of `tools` and `tools/v2` whose go.mod names the module; given
/// `tools/v2`, the same. Without a go.mod it is the root alone, for a module without `/v2`.
///
/// Source: Go Modules Reference, "Module directories within a repository"; `findDir` of the go command. That looks
/// only at the major version of the go.mod, because forks keep the name of the original; what is published must have
/// its own.
pub(super) fn find(
    bare: &Bare,
    subdirectory: &str,
    version: &ModuleVersion,
) -> Result<String, CreateError> {
    check_directory(subdirectory)?;
    let module = version.path();
    let code = code_directory(subdirectory, module);
    let (_, major) = module.split_major();
    let mut places = vec![code.to_owned()];
    if let Some(major) = major.strip_prefix('/') {
        places.push(join(code, major));
    }
    let mut named = Vec::new();
    let mut others = Vec::new();
    for place in &places {
        let file = join(place, "go.mod");
        match look_at(bare, &file)? {
            Found::Nothing => {}
            Found::NoFile => others.push(WrongGoMod::NotAFile { place: file }),
            Found::File { names } if names.as_deref() == Some(module.as_str()) => named.push(place),
            Found::File { names } => others.push(WrongGoMod::OtherModule {
                place: file,
                names,
                expected: module.to_string(),
            }),
        }
    }
    let wrong = match (named.as_slice(), others.pop()) {
        ([first, second, ..], _) => WrongGoMod::Ambiguous {
            first: join(first, "go.mod"),
            second: join(second, "go.mod"),
            module: module.to_string(),
        },
        ([place], _) if version.version().is_incompatible() => WrongGoMod::Incompatible {
            place: join(place, "go.mod"),
        },
        // What is above v2/ may be any module, but what is in v2/ must be this one.
        ([place], Some(other)) if places.first() == Some(*place) => other,
        ([place], _) => return Ok((*place).clone()),
        ([], Some(other)) => other,
        ([], None) if code.is_empty() && !major.starts_with('/') => return Ok(String::new()),
        ([], None) => WrongGoMod::Missing {
            places: places.iter().map(|place| join(place, "go.mod")).collect(),
        },
    };
    Err(wrong.into())
}

/// What is where a go.mod may be.
enum Found {
    Nothing,
    /// A directory, or a link, of which the go command would read the text.
    NoFile,
    File {
        names: Option<String>,
    },
}

fn look_at(bare: &Bare, path: &str) -> Result<Found, CreateError> {
    match bare.entry(path)?.map(|entry| entry.kind) {
        None => return Ok(Found::Nothing),
        Some(EntryKind::File) => {}
        Some(_) => return Ok(Found::NoFile),
    }
    let mut content = Vec::new();
    bare.blob(path)?
        .take(MAX_GO_MOD_SIZE)
        .read_to_end(&mut content)
        .map_err(|error| super::revision::git_error("read go.mod with git", error))?;
    Ok(Found::File {
        names: module_line(&content),
    })
}

/// SECURITY: the text goes to git as a path; elements of dots would lead to other places than they say.
fn check_directory(directory: &str) -> Result<(), GitError> {
    let wrong = |element: &str| matches!(element, "" | "." | "..") || element.contains('\0');
    if !directory.is_empty() && directory.split('/').any(wrong) {
        return Err(GitError::WrongDirectory(directory.to_owned()));
    }
    Ok(())
}

/// A path below a directory of the repository.
pub(super) fn join(directory: &str, name: &str) -> String {
    match directory {
        "" => name.to_owned(),
        _ => format!("{directory}/{name}"),
    }
}
