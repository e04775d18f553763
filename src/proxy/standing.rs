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
        for path in at_and_above(module) {
            if self.catalog.is_owned(&path).await? || self.was_published(&path).await? {
                return Ok(Standing::Owned(path));
            }
        }
        Ok(if self.policy.private.matches(module) {
            Standing::Private
        } else {
            Standing::Foreign
        })
    }
}

impl ModuleProxy {
    /// Whether a version of a module was published here once. Its files may be gone, by accident or moved to quarantine:
    /// the name stays ours.
    async fn was_published(&self, module: &ModulePath) -> Result<bool, StoreError> {
        let store = self.catalog.store();
        if let Some(known) = store.provenance().was_published_at_hand(module) {
            return Ok(known);
        }
        let (store, module) = (store.clone(), module.clone());
        let asked = tokio::task::spawn_blocking(move || store.provenance().was_published(&module));
        asked
            .await
            .map_err(|error| StoreError::task_failed("read the journal of", error))?
    }
}

/// The path and those above it that can be module paths, the longest first.
fn at_and_above(module: &ModulePath) -> impl Iterator<Item = ModulePath> + '_ {
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
