//! Whose a module is: ours, private, or somebody else's.
//!
//! The rule that keeps outsiders from answering for our modules (dependency confusion): a module of which a version was
//! published here, or dropped into the folder by hand, is *owned*, and no upstream is asked about it, nor about any path
//! below it. The paths below count because the go command looks for a package in the longest module path that has it: an
//! upstream that offered `corp.example/lib/util` would win against the package `util` of our own `corp.example/lib`.

use super::ModuleProxy;
use crate::module::ModulePath;
use crate::store::StoreError;

/// Whose a module is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// It, or a module above it, came from here: the path of that module.
    Owned(ModulePath),
    /// The operator named it private.
    Private,
    /// Somebody else's.
    Foreign,
}

impl Standing {
    /// Whether it is private or owned.
    pub(super) fn is_ours(&self) -> bool {
        *self != Self::Foreign
    }
}

impl ModuleProxy {
    /// Whose a module is.
    ///
    /// # Errors
    /// If the folder can not be read: then nobody may be asked.
    pub(super) async fn standing(&self, module: &ModulePath) -> Result<Standing, StoreError> {
        let paths: Vec<ModulePath> = at_and_above(module).collect();
        for path in &paths {
            if self.catalog.is_owned(path).await? {
                return Ok(Standing::Owned(path.clone()));
            }
        }
        if let Some(path) = self.published_among(paths).await? {
            return Ok(Standing::Owned(path));
        }
        Ok(if self.policy.private.matches(module) {
            Standing::Private
        } else {
            Standing::Foreign
        })
    }
}

impl ModuleProxy {
    /// Of which of these a version was published here once. Its files may be gone, by accident or moved to quarantine: the
    /// name stays ours.
    async fn published_among(
        &self,
        paths: Vec<ModulePath>,
    ) -> Result<Option<ModulePath>, StoreError> {
        let store = self.catalog.store();
        if let Some(known) = store.provenance().published_among_at_hand(&paths) {
            return Ok(known.cloned());
        }
        let store = store.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let known = store.provenance().published_among(&paths)?;
            Ok(known.cloned())
        });
        asked
            .await
            .map_err(|error| StoreError::task_failed("read the journal of", error))?
    }
}

/// The path and those above it that can be module paths, the longest first.
pub(super) fn at_and_above(module: &ModulePath) -> impl Iterator<Item = ModulePath> + '_ {
    let path = module.as_str();
    let ends = path.rmatch_indices('/').map(|(at, _)| at);
    std::iter::once(path.len())
        .chain(ends)
        .filter_map(move |end| path.get(..end)?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_above() {
        let paths = |path: &str| -> Vec<String> {
            at_and_above(&path.parse().unwrap())
                .map(|path| path.to_string())
                .collect()
        };
        assert_eq!(
            paths("example.com/a/b/v2"),
            [
                "example.com/a/b/v2",
                "example.com/a/b",
                "example.com/a",
                "example.com"
            ]
        );
        assert_eq!(paths("example.com"), ["example.com"]);
    }
}
