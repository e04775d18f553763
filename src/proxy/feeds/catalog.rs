//! What is there, by name: the catalog.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::{Judgement, Visible, sees};
use crate::catalog::{Go, Visit, walk_from};
use crate::module::{ModulePath, ModuleVersion};
use crate::proxy::{ModuleProxy, ProxyError};
use crate::store::StoreError;

/// How many directories a page may cost beyond its versions: a page for somebody who sees little is short instead.
const MOST_DIRECTORIES: usize = 5000;

/// Up to where a reader of the catalog has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogPosition {
    /// All of this module, and what is before it.
    Module(ModulePath),
    /// This version, those of its module before it, and what is before that.
    Version(ModuleVersion),
}

/// A text that is no [`CatalogPosition`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is not one that a page gave as next")]
pub struct InvalidPosition;

impl CatalogPosition {
    fn module(&self) -> &ModulePath {
        match self {
            Self::Module(module) => module,
            Self::Version(version) => version.path(),
        }
    }
}

impl fmt::Display for CatalogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module(module) => module.fmt(f),
            Self::Version(version) => version.fmt(f),
        }
    }
}

impl FromStr for CatalogPosition {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let Some((path, version)) = text.split_once('@') else {
            return text.parse().map(Self::Module).map_err(|_| InvalidPosition);
        };
        let (Ok(path), Ok(version)) = (path.parse(), version.parse()) else {
            return Err(InvalidPosition);
        };
        let version = ModuleVersion::new(path, version);
        version.map(Self::Version).map_err(|_| InvalidPosition)
    }
}

/// A part of the catalog.
#[derive(Debug, Default)]
pub struct CatalogPage {
    /// The versions: modules in the order of their directories, the versions of each ascending.
    pub versions: Vec<ModuleVersion>,
    /// From where the next page goes on; `None` at the end. A page may be short, even empty, and not be the last.
    pub next: Option<CatalogPosition>,
}

impl ModuleProxy {
    /// Versions that are there and served, after a position, at the most `limit` of them. Whatever comes and goes in
    /// between, who goes from page to page sees each version that stays, once. `turn` is dropped when the work is done, also
    /// if nobody waits for it any more.
    ///
    /// # Errors
    /// If the folder can not be read.
    pub async fn catalog(
        self: &Arc<Self>,
        after: Option<CatalogPosition>,
        limit: usize,
        visible: Visible,
        turn: impl Send + 'static,
    ) -> Result<CatalogPage, ProxyError> {
        self.feed(turn, move |proxy| {
            proxy.catalog_page(after.as_ref(), limit, &visible)
        })
        .await
    }

    fn catalog_page(
        &self,
        after: Option<&CatalogPosition>,
        limit: usize,
        visible: &Visible,
    ) -> Result<CatalogPage, StoreError> {
        let mut page = CatalogPage::default();
        let mut directories = 0;
        let from = after.map(CatalogPosition::module);
        walk_from(self.catalog.store(), from, |visit| {
            let module = match visit {
                Visit::Directory(path) => {
                    let may_hold = visible
                        .as_ref()
                        .is_none_or(|patterns| patterns.may_match_below(path));
                    directories += usize::from(may_hold);
                    return Ok(if may_hold { Go::On } else { Go::Past });
                }
                Visit::Module(module) => module,
            };
            if sees(visible, module) {
                for version in self.catalog_versions(module, after)? {
                    if page.versions.len() == limit {
                        // There is more.
                        page.next = page.versions.last().cloned().map(CatalogPosition::Version);
                        return Ok(Go::Home);
                    }
                    page.versions.push(version);
                }
            }
            if directories > MOST_DIRECTORIES {
                page.next = Some(CatalogPosition::Module(module.clone()));
                return Ok(Go::Home);
            }
            Ok(Go::On)
        })?;
        Ok(page)
    }

    /// The versions of a module that are there and served, after a position.
    fn catalog_versions(
        &self,
        module: &ModulePath,
        after: Option<&CatalogPosition>,
    ) -> Result<Vec<ModuleVersion>, StoreError> {
        let before = match after {
            Some(CatalogPosition::Module(done)) if done == module => return Ok(Vec::new()),
            Some(CatalogPosition::Version(last)) if last.path() == module => Some(last.version()),
            _ => None,
        };
        let mut served = Vec::new();
        let judgement = Judgement::on(self, module)?;
        for version in self.catalog.look(module)?.versions {
            if before.is_none_or(|before| version > *before) && judgement.admits(&version)? {
                served.extend(ModuleVersion::new(module.clone(), version).ok());
            }
        }
        Ok(served)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_as_they_are_written() {
        for text in [
            "example.com/m",
            "example.com/m@v1.0.0",
            "example.com/M@v2.0.0+incompatible",
            "example.com/m/v2@v2.0.0-20260102030405-0123456789ab",
        ] {
            let position: CatalogPosition = text.parse().unwrap();
            assert_eq!(position.to_string(), text);
        }
        for text in [
            "",
            "@",
            "x@",
            "example.com/m@v2.0.0",
            "a b",
            "example.com/m@main",
        ] {
            assert_eq!(
                text.parse::<CatalogPosition>(),
                Err(InvalidPosition),
                "{text}"
            );
        }
    }
}
