//! The paths of the server, with the methods that each takes and what a request needs: one table, which 405 answers,
//! `docs/http.md` and the test of the doors are held against.

use super::request::Target;
use crate::auth::Right;
use crate::module::VersionQuery;

/// What is read, and nothing else.
pub(super) const READ: &str = "GET, HEAD";

/// What a request that reads must bring.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Needs {
    /// Nothing, whatever the settings are.
    Nothing,
    /// A token, whatever it may do.
    Token,
    /// With `--read-auth`, a token that may read something.
    Reading,
    /// With `--read-auth`, a token that may read this module.
    ReadingModule,
}

/// Paths of one form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// The form, as `docs/http.md` writes it: words in capitals and `…` stand for something.
    pub path: &'static str,
    /// The methods, as `Allow` has them.
    pub methods: &'static str,
    /// What GET and HEAD need.
    pub read: Option<Needs>,
    /// The right on the module that the other method needs.
    pub write: Option<Right>,
}

impl Endpoint {
    const fn read(path: &'static str, needs: Needs) -> Self {
        Self {
            path,
            methods: READ,
            read: Some(needs),
            write: None,
        }
    }

    const fn write(path: &'static str, method: &'static str, right: Right) -> Self {
        Self {
            path,
            methods: method,
            read: None,
            write: Some(right),
        }
    }

    /// Every form of path there is.
    pub const ALL: [Self; 23] = [
        Self::read("/", Needs::Nothing),
        Self::read("/healthz", Needs::Nothing),
        Self::read("/readyz", Needs::Nothing),
        Self::read("/version", Needs::Nothing),
        Self::read("/metrics", Needs::Reading),
        Self::read("/whoami", Needs::Token),
        Self::read("/index", Needs::Reading),
        Self::read("/catalog", Needs::Reading),
        Self::read("/MODULE/@v/list", Needs::ReadingModule),
        Self::read("/MODULE/@latest", Needs::ReadingModule),
        Self::read("/MODULE/@v/VERSION.info", Needs::ReadingModule),
        Self::read("/MODULE/@v/REVISION.info", Needs::ReadingModule),
        Self::read("/MODULE/@v/VERSION.mod", Needs::ReadingModule),
        Self {
            write: Some(Right::Publish),
            methods: "GET, HEAD, PUT",
            ..Self::read("/MODULE/@v/VERSION.zip", Needs::ReadingModule)
        },
        Self::write("/MODULE/@v/VERSION", "DELETE", Right::Delete),
        Self::write("/MODULE/@v/refresh", "POST", Right::Publish),
        Self::write("/upload", "PUT", Right::Publish),
        Self::read("/sumdb/NAME/supported", Needs::Reading),
        Self::read("/sumdb/NAME/latest", Needs::Reading),
        Self::read("/sumdb/NAME/tile/…", Needs::Reading),
        Self::read("/sumdb/NAME/lookup/…", Needs::ReadingModule),
        Self::read("/cached-only/…", Needs::ReadingModule),
        Self::read("/PATH?go-get=1", Needs::ReadingModule),
    ];

    /// The row whose path is no form but the path itself, without its leading slash.
    pub(super) fn named(path: &str) -> Option<&'static Self> {
        Self::ALL
            .iter()
            .find(|row| row.is_literal() && row.path.strip_prefix('/') == Some(path))
    }

    /// The row for a file of a module.
    pub(super) fn of(target: &Target) -> Option<&'static Self> {
        let path = match target {
            Target::List => "/MODULE/@v/list",
            Target::Latest => "/MODULE/@latest",
            Target::Info(VersionQuery::Version(_)) => "/MODULE/@v/VERSION.info",
            Target::Info(VersionQuery::Revision(_)) => "/MODULE/@v/REVISION.info",
            Target::Mod(_) => "/MODULE/@v/VERSION.mod",
            Target::Zip(_) => "/MODULE/@v/VERSION.zip",
        };
        Self::form(path)
    }

    /// The row of a form.
    pub(super) fn form(path: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|row| row.path == path)
    }

    fn is_literal(&self) -> bool {
        self.path
            .bytes()
            .all(|byte| byte == b'/' || byte.is_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::ProxyRequest;

    #[test]
    fn methods_and_needs_are_about_the_same() {
        for row in Endpoint::ALL {
            let write = row.methods.strip_prefix(READ);
            assert_eq!(row.read.is_some(), write.is_some(), "{}", row.path);
            let write = write.unwrap_or(row.methods).trim_start_matches(", ");
            let methods: &[&str] = match row.write {
                None => &[""],
                Some(Right::Publish) => &["PUT", "POST"],
                Some(Right::Delete) => &["DELETE"],
                Some(Right::Read) => &[],
            };
            assert!(methods.contains(&write), "{}: {}", row.path, row.methods);
            let again = Endpoint::ALL.iter().filter(|other| other.path == row.path);
            assert_eq!(again.count(), 1, "{}", row.path);
        }
    }

    #[test]
    fn every_file_of_a_module_has_a_row() {
        for path in [
            "/example.com/m/@v/list",
            "/example.com/m/@latest",
            "/example.com/m/@v/v1.0.0.info",
            "/example.com/m/@v/main.info",
            "/example.com/m/@v/v1.0.0.mod",
            "/example.com/m/@v/v1.0.0.zip",
        ] {
            let request = ProxyRequest::parse(path).unwrap();
            assert!(Endpoint::of(&request.target).is_some(), "{path}");
        }
        for path in ["healthz", "upload", ""] {
            assert!(Endpoint::named(path).is_some(), "{path}");
        }
        for path in ["MODULE/@latest", "nothing", "cached-only/…"] {
            assert_eq!(Endpoint::named(path), None, "{path}");
        }
    }
}
