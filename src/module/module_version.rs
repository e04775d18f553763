//! A module and one of its versions, known to fit each other.

use super::path::{ModulePath, split_major};
use super::semver::{INCOMPATIBLE, Semver};
use super::version::Version;
use std::fmt;

/// A version that no module of this path can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("version {version} does not fit module {path}: its major version should be {expected}")]
pub struct InvalidModuleVersion {
    /// The path as given.
    pub path: ModulePath,
    /// The version as given.
    pub version: Version,
    /// What the path asks for: `v0 or v1`, `v2`, …
    pub expected: String,
}

/// A module path and a version that fits it, such as `example.com/m/v2@v2.1.0`.
///
/// A path with a suffix `/vN` has versions `vN` only. A path without one has `v0`, `v1` and any version marked
/// `+incompatible`. Below `gopkg.in` the suffix is `.vN` (`-unstable` after it has no weight), and `.v1` also takes
/// `v0.0.0-…`, a pseudo-version that old `go` commands wrote.
///
/// Order is by path, then by version. Source: `golang.org/x/mod/module`, `Check`.
///
/// ```
/// use athens::module::ModuleVersion;
///
/// let fits = |path: &str, version: &str| {
///     ModuleVersion::new(path.parse().unwrap(), version.parse().unwrap()).is_ok()
/// };
/// assert!(fits("example.com/m", "v1.0.0"));
/// assert!(fits("example.com/m", "v2.0.0+incompatible"));
/// assert!(!fits("example.com/m", "v2.0.0"));
/// assert!(fits("example.com/m/v2", "v2.0.0"));
/// assert!(fits("gopkg.in/yaml.v3", "v3.0.1"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleVersion {
    path: ModulePath,
    version: Version,
}

impl ModuleVersion {
    /// Joins the two.
    ///
    /// # Errors
    ///
    /// When the major version does not fit the path; both come back in the error.
    pub fn new(path: ModulePath, version: Version) -> Result<Self, InvalidModuleVersion> {
        let (_, suffix) = path.split_major();
        if fits_major(version.as_str(), suffix) {
            return Ok(Self { path, version });
        }
        let expected = match suffix {
            "" => "v0 or v1".to_owned(),
            _ => suffix[1..].to_owned(),
        };
        Err(InvalidModuleVersion {
            path,
            version,
            expected,
        })
    }

    /// The module.
    pub fn path(&self) -> &ModulePath {
        &self.path
    }

    /// Its version.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Takes the two apart.
    pub fn into_parts(self) -> (ModulePath, Version) {
        (self.path, self.version)
    }
}

impl fmt::Display for ModuleVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.path, self.version)
    }
}

/// Whether a version of a go.mod file fits the module path beside it; the path need not be a valid one.
/// `None` when its end is no valid major version suffix.
pub(super) fn fits_path(path: &str, version: &str) -> Option<bool> {
    split_major(path).map(|(_, suffix)| fits_major(version, suffix))
}

/// Whether a semantic version fits a suffix as [`split_major`] gives it.
fn fits_major(version: &str, suffix: &str) -> bool {
    let suffix = match suffix.strip_suffix("-unstable") {
        Some(stable) if suffix.starts_with('.') => stable,
        _ => suffix,
    };
    if suffix == ".v1" && version.starts_with("v0.0.0-") {
        return true;
    }
    let Some(parts) = Semver::parse(version) else {
        return false;
    };
    match suffix.get(1..) {
        None => matches!(parts.major(), "v0" | "v1") || parts.build == INCOMPATIBLE,
        Some(major) => parts.major() == major,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_what() {
        for (path, version, fits) in [
            ("a.b/m", "v0.1.0", true),
            ("a.b/m", "v1.0.0", true),
            ("a.b/m", "v2.0.0", false),
            ("a.b/m", "v2.0.0+incompatible", true),
            ("a.b/m", "v1.0.0+incompatible", true),
            ("a.b/m/v2", "v2.0.0", true),
            ("a.b/m/v2", "v1.0.0", false),
            ("a.b/m/v2", "v2.0.0+incompatible", true),
            ("a.b/m/v2", "v20.0.0", false),
            ("a.b/m/v20", "v20.0.0-x", true),
            ("gopkg.in/m.v0", "v0.0.0", true),
            ("gopkg.in/m.v1", "v1.0.0", true),
            ("gopkg.in/m.v1", "v0.0.0-20161208181325-20d25e280405", true),
            ("gopkg.in/m.v1", "v0.0.0", false),
            ("gopkg.in/m.v1-unstable", "v1.0.0", true),
            ("gopkg.in/m.v1-unstable", "v0.0.0-x", true),
            ("gopkg.in/m.v2", "v2.0.0+incompatible", true),
            ("gopkg.in/m.v2", "v1.0.0+incompatible", false),
            ("gopkg.in/m.v-unstable", "v1.0.0", false),
        ] {
            let new = ModuleVersion::new(path.parse().unwrap(), version.parse().unwrap());
            assert_eq!(new.is_ok(), fits, "{path}@{version}");
        }
    }

    #[test]
    fn says_what_should_be() {
        let error = |path: &str| {
            ModuleVersion::new(path.parse().unwrap(), "v3.0.0".parse().unwrap())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            error("a.b/m"),
            "version v3.0.0 does not fit module a.b/m: its major version should be v0 or v1"
        );
        assert!(error("a.b/m/v2").ends_with("should be v2"));
    }

    #[test]
    fn shows_path_and_version() {
        let both =
            ModuleVersion::new("a.b/M".parse().unwrap(), "v1.0.0-RC".parse().unwrap()).unwrap();
        assert_eq!(both.to_string(), "a.b/M@v1.0.0-RC");
    }
}
