//! A module with a word for a version, as `go get` takes it.

use std::fmt;
use std::str::FromStr;

use super::path::{InvalidModulePath, ModulePath};
use super::query::{InvalidVersionQuery, VersionQuery};

/// The word for the version that a proxy calls latest.
const LATEST: &str = "latest";

/// `MODULE`, `MODULE@latest`, `MODULE@VERSION` or `MODULE@BRANCH`; without a word, it is the latest version.
///
/// Of the queries of the go command (Go Modules Reference, "Version queries") these are the ones that a proxy answers;
/// `upgrade`, `patch` and comparisons depend on a build list.
///
/// ```
/// use athens::module::ModuleQuery;
///
/// let query: ModuleQuery = "example.com/m@main".parse()?;
/// assert_eq!(query.path().as_str(), "example.com/m");
/// assert!(query.version().is_some());
/// assert!("example.com/m".parse::<ModuleQuery>()?.version().is_none());
/// # Ok::<(), athens::module::InvalidModuleQuery>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModuleQuery {
    path: ModulePath,
    version: Option<VersionQuery>,
}

/// A text that names no version of a module.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidModuleQuery {
    /// The part before the `@`.
    #[error(transparent)]
    Path(#[from] InvalidModulePath),
    /// The part after it.
    #[error(transparent)]
    Version(#[from] InvalidVersionQuery),
}

impl ModuleQuery {
    /// The module's path.
    pub fn path(&self) -> &ModulePath {
        &self.path
    }

    /// The version, branch or commit; `None` for the latest.
    pub fn version(&self) -> Option<&VersionQuery> {
        self.version.as_ref()
    }
}

impl FromStr for ModuleQuery {
    type Err = InvalidModuleQuery;

    fn from_str(text: &str) -> Result<Self, InvalidModuleQuery> {
        let (path, version) = match text.split_once('@') {
            Some((path, LATEST)) => (path, None),
            Some((path, version)) => (path, Some(version.parse()?)),
            None => (text, None),
        };
        Ok(Self {
            path: path.parse()?,
            version,
        })
    }
}

impl fmt::Display for ModuleQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.version.as_ref().map_or(LATEST, VersionQuery::as_str);
        write!(f, "{}@{version}", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_none() {
        for (text, shown) in [
            ("example.com/m", "example.com/m@latest"),
            ("example.com/m@latest", "example.com/m@latest"),
            ("example.com/m@v1.0.0", "example.com/m@v1.0.0"),
            ("example.com/M@main", "example.com/M@main"),
        ] {
            assert_eq!(text.parse::<ModuleQuery>().unwrap().to_string(), shown);
        }
        for text in [
            "",
            "@v1.0.0",
            "example.com/m@",
            "example.com/m@a/b",
            "../m",
            "m@v1@v2/..",
        ] {
            assert!(text.parse::<ModuleQuery>().is_err(), "{text}");
        }
    }
}
