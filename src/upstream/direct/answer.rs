//! What the go command says as JSON. Members that we have no use for are not read.

use serde::Deserialize;

use crate::module::{ModulePath, ModuleVersion, Version};

/// Of `go list -m -e -json`: one module.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Listed {
    /// What the query led to; the query itself, if it led to nothing.
    version: String,
    versions: Vec<String>,
    error: Option<ListError>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ListError {
    err: String,
}

/// Of `go mod download -json`: one version.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Downloaded {
    error: String,
}

impl Listed {
    /// Reads the answer; `None` if it is none.
    pub(super) fn parse(output: &[u8]) -> Option<Self> {
        first(output)
    }

    /// What went wrong.
    pub(super) fn error(&self) -> Option<&str> {
        self.error.as_ref().map(|error| error.err.as_str())
    }

    /// The version that the query led to, if it is one of the module's.
    pub(super) fn version(&self, path: &ModulePath) -> Option<ModuleVersion> {
        let version: Version = self.version.parse().ok()?;
        ModuleVersion::new(path.clone(), version).ok()
    }

    /// The tagged versions that the module can have.
    pub(super) fn versions(&self, path: &ModulePath) -> Vec<Version> {
        self.versions
            .iter()
            .filter_map(|version| version.parse().ok())
            .filter_map(|version| ModuleVersion::new(path.clone(), version).ok())
            .map(|version| version.into_parts().1)
            .collect()
    }
}

impl Downloaded {
    /// Reads the answer; `None` if it is none.
    pub(super) fn parse(output: &[u8]) -> Option<Self> {
        first(output)
    }

    /// What went wrong, if anything did. There may be files nevertheless.
    pub(super) fn error(&self) -> Option<&str> {
        (!self.error.is_empty()).then_some(self.error.as_str())
    }
}

/// The first of a sequence of objects.
fn first<'a, T: Deserialize<'a>>(output: &'a [u8]) -> Option<T> {
    serde_json::Deserializer::from_slice(output)
        .into_iter()
        .next()?
        .ok()
}

/// What is wrong, where there is no JSON: the first complaint that is more than a report of progress.
pub(super) fn complaint(text: &str) -> &str {
    let is_progress = |line: &&str| {
        ["go: downloading ", "go: finding ", "go: extracting "]
            .iter()
            .any(|start| line.starts_with(start))
    };
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !is_progress(line))
        .unwrap_or("the go command gave no answer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        let path: ModulePath = "a.b/m".parse().unwrap();
        let json = br#"{ "Path": "a.b/m", "Version": "v1.1.0", "Query": "latest",
            "Versions": ["v1.0.0", "v2.0.0", "v2.0.0+incompatible", "main", "v1.1.0"], "Origin": {"VCS": "git"} }
            {"Path": "other"}"#;
        let listed = Listed::parse(json).unwrap();
        let versions: Vec<_> = listed
            .versions(&path)
            .iter()
            .map(Version::to_string)
            .collect();
        assert_eq!(versions, ["v1.0.0", "v2.0.0+incompatible", "v1.1.0"]);
        assert_eq!(listed.version(&path).unwrap().to_string(), "a.b/m@v1.1.0");
        assert_eq!(listed.error(), None);

        let failed = Listed::parse(br#"{"Version":"latest","Error":{"Err":"no"}}"#).unwrap();
        assert_eq!((failed.version(&path), failed.error()), (None, Some("no")));
        for broken in [&b""[..], b"go: no", br#"{"Version":5}"#, b"{"] {
            assert_eq!(Listed::parse(broken), None);
        }
    }

    #[test]
    fn downloads() {
        let error = |json: &str| {
            let downloaded = Downloaded::parse(json.as_bytes())?;
            Some(downloaded.error().map(str::to_owned))
        };
        assert_eq!(error(r#"{"Version":"v1.0.0","Zip":"/z"}"#), Some(None));
        assert_eq!(error(r#"{"Error":"no"}"#), Some(Some("no".into())));
        assert_eq!(error("no"), None);
    }

    #[test]
    fn complaints() {
        for (text, line) in [
            ("go: downloading a.b/m v1\ngo: bad\ngo: worse", "go: bad"),
            ("\n  \ngo: finding x", "the go command gave no answer"),
        ] {
            assert_eq!(complaint(text), line);
        }
    }
}
