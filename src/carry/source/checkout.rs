//! A git checkout: each tag that is a version of a module in it is one, as `athens publish` would make it.

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::ControlFlow;
use std::path::Path;

use super::gopath::directories;
use super::{Give, Item, Wanted};
use crate::carry::arrival::{Arrival, TaggedCommit, ZipSource};
use crate::carry::error::CarryError;
use crate::carry::outcome::Reason;
use crate::carry::provenance::Provenance;
use crate::module::{ModulePath, ModuleVersion, module_line};
use crate::modzip::MAX_GO_MOD_SIZE;
use crate::modzip::create::git::{
    GitError, Repository, commit, info_of_tag, repository, version_from_tags,
};

/// Shows the versions of the modules at the top of a work tree and in the directories right below it.
///
/// Which modules there are is what the go.mod files of the work tree say; what is in a version is what its commit says,
/// also of the path: a tag of a time when the module had another one is refused.
pub(super) fn each(dir: &Path, wanted: Wanted<'_>, give: Give<'_>) -> ControlFlow<()> {
    let modules = match modules(dir, give)? {
        Ok(modules) => modules,
        Err(error) => return give(Item::Failed(error)),
    };
    let modules: Vec<_> = modules
        .into_iter()
        .filter(|(_, module)| wanted.takes(module))
        .collect();
    if modules.is_empty() {
        return ControlFlow::Continue(());
    }
    let failed = |source: GitError| {
        Item::Failed(CarryError::Git {
            path: dir.display().to_string(),
            source,
        })
    };
    let found = match repository(dir) {
        Ok(found) => found,
        Err(error) => return give(failed(error)),
    };
    for (subdirectory, module) in modules {
        for tag in &found.tags {
            let tagged = version_from_tags(&subdirectory, &module, std::slice::from_ref(tag));
            let Ok(tagged) = tagged else { continue };
            let place = Place {
                dir,
                found: &found,
                subdirectory: &subdirectory,
                tag,
            };
            let item = match place.arrival(&tagged.version) {
                Ok(Ok(arrival)) => Item::Version(Box::new(arrival)),
                Ok(Err(reason)) => Item::Refused(tagged.version, reason),
                Err(error) => failed(error),
            };
            give(item)?;
        }
    }
    ControlFlow::Continue(())
}

/// Where the module of a version is.
struct Place<'a> {
    dir: &'a Path,
    found: &'a Repository,
    subdirectory: &'a str,
    tag: &'a str,
}

impl Place<'_> {
    fn arrival(&self, version: &ModuleVersion) -> Result<Result<Arrival, Reason>, GitError> {
        let commit = match commit(self.dir, &format!("refs/tags/{}", self.tag)) {
            Ok(commit) => commit,
            // Tags may also be on files and trees.
            Err(GitError::NoSuchCommit(_)) => {
                let why = format!("its tag {} is on no commit", self.tag);
                return Ok(Err(Reason::Git(why)));
            }
            Err(error) => return Err(error),
        };
        let remote = self.found.remote.as_deref();
        let info = match info_of_tag(version, remote, self.subdirectory, self.tag, &commit) {
            Ok(info) => info,
            Err(error) => return Ok(Err(Reason::Git(error.to_string()))),
        };
        Ok(Ok(Arrival {
            version: version.clone(),
            zip: Some(ZipSource::Git(TaggedCommit {
                repository: self.dir.to_owned(),
                commit: commit.id,
                subdirectory: self.subdirectory.to_owned(),
            })),
            go_mod: None,
            info: Some(info.to_json().into_bytes()),
            sum: None,
            provenance: Provenance::Adopt,
        }))
    }
}

/// The modules of a work tree, by their directory.
fn modules(
    dir: &Path,
    give: Give<'_>,
) -> ControlFlow<(), Result<Vec<(String, ModulePath)>, CarryError>> {
    let mut places = vec![(String::new(), dir.to_owned())];
    match directories(dir) {
        Ok(names) => places.extend(names.into_iter().filter_map(|name| {
            let below = dir.join(&name);
            // A name that is no UTF-8 is part of no module path.
            Some((name.into_string().ok()?, below))
        })),
        Err(error) => return ControlFlow::Continue(Err(error)),
    }
    let mut modules = Vec::new();
    for (subdirectory, place) in places {
        let path = place.join("go.mod");
        match module_of(&path) {
            Ok(Some(Ok(module))) => modules.push((subdirectory, module)),
            Ok(Some(Err(why))) => give(Item::PassedOver {
                path: path.display().to_string(),
                why,
            })?,
            Ok(None) => {}
            Err(error) => give(Item::Failed(CarryError::source(
                "read",
                path.display().to_string(),
                error,
            )))?,
        }
    }
    ControlFlow::Continue(Ok(modules))
}

/// The module that a go.mod names, or why it names none; `None` if there is no such file.
fn module_of(path: &Path) -> io::Result<Option<Result<ModulePath, String>>> {
    // Looked at before it is opened, and through no link: a FIFO would be waited for.
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut content = Vec::new();
    File::open(path)?
        .take(MAX_GO_MOD_SIZE)
        .read_to_end(&mut content)?;
    Ok(Some(match module_line(&content) {
        None => Err("names no module".to_owned()),
        Some(named) => named
            .parse()
            .map_err(|error| format!("names a module that nobody can get: {error}")),
    }))
}
