//! What a proxy is asked: a path below its URL.

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::module::{ModulePath, ModuleVersion, VersionQuery};

/// What stays as it is in a path element, besides letters and digits: what Go's `url.PathEscape` leaves. `!` is not among
/// it, so that escaped capital letters go as `%21`, as the go command sends them.
const ELEMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b':')
    .remove(b'=')
    .remove(b'@');

/// A path below the URL of an upstream, without a slash at its start, in the spelling of folders. No element is empty, `.`
/// or `..`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    path: Arc<str>,
    on_the_wire: String,
}

impl Question {
    /// The versions of a module.
    pub(super) fn list(path: &ModulePath) -> Self {
        Self::new(format!("{}/@v/list", path.escaped()))
    }

    /// Its latest version.
    pub(super) fn latest(path: &ModulePath) -> Self {
        Self::new(format!("{}/@latest", path.escaped()))
    }

    /// What a query leads to.
    pub(super) fn info(path: &ModulePath, query: &VersionQuery) -> Self {
        let (path, query) = (path.escaped(), query.escaped());
        Self::new(format!("{path}/@v/{}.info", query.as_str()))
    }

    /// The go.mod of a version.
    pub(super) fn go_mod(version: &ModuleVersion) -> Self {
        Self::file(version, "mod")
    }

    /// The zip of a version.
    pub(super) fn zip(version: &ModuleVersion) -> Self {
        Self::file(version, "zip")
    }

    fn file(version: &ModuleVersion, kind: &str) -> Self {
        let (path, version) = (version.path().escaped(), version.version().escaped());
        Self::new(format!("{path}/@v/{}.{kind}", version.as_str()))
    }

    /// A path of a checksum database, which the go command sends with its `!` as they are; `None` if it has elements or
    /// characters that no such path has.
    pub(super) fn checksum_database(path: &str) -> Option<Self> {
        let is_fine = |element: &str| {
            !matches!(element, "" | "." | "..")
                && element
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._~!@+".contains(&b))
        };
        path.split('/').all(is_fine).then(|| Self {
            path: path.into(),
            on_the_wire: path.to_owned(),
        })
    }

    fn new(path: String) -> Self {
        Self {
            on_the_wire: utf8_percent_encode(&path, ELEMENT).to_string(),
            path: path.into(),
        }
    }

    /// The path as a folder has it, and as messages show it.
    pub(super) fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// The path as it is sent.
    pub(super) fn on_the_wire(&self) -> &str {
        &self.on_the_wire
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_go_command_sends_it() {
        let path: ModulePath = "example.com/A~b/C".parse().unwrap();
        let query = |text: &str| Question::info(&path, &text.parse().unwrap());
        assert_eq!(
            Question::list(&path).on_the_wire(),
            "example.com/%21a~b/%21c/@v/list"
        );
        assert_eq!(
            &**Question::latest(&path).path(),
            "example.com/!a~b/!c/@latest"
        );
        for (text, sent) in [
            ("v1.0.0-RC1", "v1.0.0-%21r%21c1.info"),
            ("v2.0.0+incompatible", "v2.0.0+incompatible.info"),
            ("a b,c=d", "a%20b%2Cc=d.info"),
            ("a%2f", "a%252f.info"),
            ("x#y(z)", "x%23y%28z%29.info"),
        ] {
            let expected = format!("example.com/%21a~b/%21c/@v/{sent}");
            assert_eq!(query(text).on_the_wire(), expected);
        }
    }

    #[test]
    fn paths_of_checksum_databases() {
        let fine = Question::checksum_database("lookup/a.b/!c@v1.0.0").unwrap();
        assert_eq!(fine.on_the_wire(), "lookup/a.b/!c@v1.0.0");
        for bad in [
            "", "a//b", "../x", "a/./b", "a/", "/a", "a?b", "a%2fb", "a#", "a\\b", "é", "a\n",
        ] {
            assert_eq!(Question::checksum_database(bad), None, "{bad:?}");
        }
    }
}
