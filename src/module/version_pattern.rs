//! Globs of module paths with perhaps a version, as they are typed to name what is to be carried.

use std::fmt;
use std::str::FromStr;

use super::module_version::ModuleVersion;
use super::path::ModulePath;
use super::pattern::{InvalidPathPatterns, PathPatterns};
use super::version::{InvalidVersion, Version};

/// Globs of module paths, as in `GOPRIVATE`, and perhaps one version of what they match: `example.com/a,example.com/b`,
/// `golang.org/toolchain@v0.0.1-go1.26.0.linux-amd64`.
///
/// ```
/// use athens::module::VersionPattern;
///
/// let pattern: VersionPattern = "example.com/*@v1.0.0".parse()?;
/// assert_eq!(pattern.to_string(), "example.com/*@v1.0.0");
/// assert!("example.com/m@v1".parse::<VersionPattern>().is_err());
/// # Ok::<(), athens::module::InvalidVersionPattern>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionPattern {
    paths: PathPatterns,
    version: Option<Version>,
}

/// A text that is no pattern of versions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed pattern {pattern:?}: {why}")]
pub struct InvalidVersionPattern {
    /// The text as given.
    pub pattern: String,
    /// What is wrong with it.
    pub why: String,
}

impl VersionPattern {
    /// Whether it matches versions of this module.
    pub fn matches_some_of(&self, module: &ModulePath) -> bool {
        self.paths.matches(module)
    }

    /// Whether it matches this version.
    pub fn matches(&self, version: &ModuleVersion) -> bool {
        self.paths.matches(version.path())
            && self
                .version
                .as_ref()
                .is_none_or(|only| only == version.version())
    }
}

impl FromStr for VersionPattern {
    type Err = InvalidVersionPattern;

    fn from_str(pattern: &str) -> Result<Self, InvalidVersionPattern> {
        let wrong = |why: String| InvalidVersionPattern {
            pattern: pattern.to_owned(),
            why,
        };
        let (paths, version) = match pattern.rsplit_once('@') {
            Some((paths, version)) => (
                paths,
                Some(
                    version
                        .parse()
                        .map_err(|error: InvalidVersion| wrong(error.to_string()))?,
                ),
            ),
            None => (pattern, None),
        };
        let paths: PathPatterns = paths
            .parse()
            .map_err(|error: InvalidPathPatterns| wrong(error.to_string()))?;
        if paths.is_empty() {
            return Err(wrong("it matches nothing".to_owned()));
        }
        Ok(Self { paths, version })
    }
}

impl fmt::Display for VersionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}@{version}", self.paths),
            None => write!(f, "{}", self.paths),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_with_and_without_version() {
        let version = |path: &str, version: &str| {
            ModuleVersion::new(path.parse().unwrap(), version.parse().unwrap()).unwrap()
        };
        let matches = |pattern: &str, path: &str, text: &str| {
            let pattern: VersionPattern = pattern.parse().unwrap();
            pattern.matches(&version(path, text))
        };
        assert!(matches("example.com/*,a.b", "example.com/m", "v1.0.0"));
        assert!(matches("a.b/m@v1.0.0", "a.b/m", "v1.0.0"));
        assert!(!matches("a.b/m@v1.0.0", "a.b/m", "v1.0.1"));
        assert!(!matches("a.b/m@v1.0.0", "a.b/n", "v1.0.0"));
        for wrong in [
            "",
            ",",
            "@v1.0.0",
            "a.b/m@",
            "a.b/m@main",
            "a.b/[m",
            "a.b/m@v1.0",
        ] {
            assert!(wrong.parse::<VersionPattern>().is_err(), "{wrong}");
        }
        let shown = "a.b/m@v1.0.0";
        assert_eq!(shown.parse::<VersionPattern>().unwrap().to_string(), shown);
    }
}
