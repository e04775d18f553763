//! Modules straight from where they are developed.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

use super::error::FetchError;
use super::zip_body::ZipBody;
use crate::module::{Info, ModulePath, ModuleVersion, Version, VersionQuery};

/// What a [`Direct`] gives: an answer, later.
pub type DirectFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, FetchError>> + Send + 'a>>;

/// Who fetches modules from version control: the word `direct` of a list of upstreams.
///
/// Nothing here is asked twice for one question, and nothing is tried again: whoever implements it knows when that helps.
/// [`super::FetchErrorKind::NotFound`] is for what is surely absent; a host that does not answer is not.
pub trait Direct: Send + Sync + Debug {
    /// Whether a module of this path may be asked for at all. Asked before anything else.
    fn allows(&self, path: &ModulePath) -> bool;

    /// Its tagged versions, the retracted ones too; in any order. Empty if it has none.
    fn list<'a>(&'a self, path: &'a ModulePath) -> DirectFuture<'a, Vec<Version>>;

    /// What a query leads to; the latest version is the query `latest`.
    fn query<'a>(&'a self, path: &'a ModulePath, query: &'a VersionQuery)
    -> DirectFuture<'a, Info>;

    /// The go.mod of a version, made up if it has none: at most 16 MiB.
    fn go_mod<'a>(&'a self, version: &'a ModuleVersion) -> DirectFuture<'a, Bytes>;

    /// The zip of a version.
    fn zip<'a>(&'a self, version: &'a ModuleVersion) -> DirectFuture<'a, ZipBody>;
}
