//! What several tests of this room share.

use bytes::Bytes;

use super::{Direct, DirectFuture, FetchError, FetchErrorKind, ZipBody};
use crate::module::{Info, ModulePath, ModuleVersion, Version, VersionQuery};

/// Version control that has nothing.
#[derive(Debug)]
pub(super) struct NoDirect;

impl NoDirect {
    fn absent<T>() -> DirectFuture<'static, T>
    where
        T: Send + 'static,
    {
        let error = FetchError::new(
            FetchErrorKind::NotFound,
            "direct",
            "all",
            "there is nothing",
        );
        Box::pin(std::future::ready(Err(error)))
    }
}

impl Direct for NoDirect {
    fn allows(&self, _: &ModulePath) -> bool {
        true
    }

    fn list<'a>(&'a self, _: &'a ModulePath) -> DirectFuture<'a, Vec<Version>> {
        Self::absent()
    }

    fn query<'a>(&'a self, _: &'a ModulePath, _: &'a VersionQuery) -> DirectFuture<'a, Info> {
        Self::absent()
    }

    fn go_mod<'a>(&'a self, _: &'a ModuleVersion) -> DirectFuture<'a, Bytes> {
        Self::absent()
    }

    fn zip<'a>(&'a self, _: &'a ModuleVersion) -> DirectFuture<'a, ZipBody> {
        Self::absent()
    }
}
