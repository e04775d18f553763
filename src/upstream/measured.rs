//! Counting what is asked of upstreams.

use std::sync::Arc;

use bytes::Bytes;

use super::direct_source::{Direct, DirectFuture};
use super::error::{FetchError, FetchErrorKind};
use super::zip_body::ZipBody;
use crate::metrics::{UpstreamMeter, UpstreamOutcome};
use crate::module::{Info, ModulePath, ModuleVersion, Version, VersionQuery};

/// How a request that ended so is counted.
pub(super) fn outcome<T>(answer: &Result<T, FetchError>) -> UpstreamOutcome {
    match answer {
        Ok(_) => UpstreamOutcome::Ok,
        Err(error) => match error.kind() {
            FetchErrorKind::NotFound => UpstreamOutcome::Absent,
            FetchErrorKind::Refused { .. } => UpstreamOutcome::Refused,
            FetchErrorKind::Failed => UpstreamOutcome::Failed,
            FetchErrorKind::TimedOut => UpstreamOutcome::Timeout,
            FetchErrorKind::TooLarge => UpstreamOutcome::TooLarge,
        },
    }
}

/// Counts a request that is answered as a whole.
pub(super) async fn counted<T>(
    meter: &UpstreamMeter,
    asked: impl Future<Output = Result<T, FetchError>>,
) -> Result<T, FetchError> {
    let mut request = meter.begin();
    let answer = asked.await;
    request.ends(outcome(&answer));
    answer
}

/// Version control, counted.
#[derive(Debug)]
pub(super) struct CountedDirect {
    direct: Arc<dyn Direct>,
    meter: UpstreamMeter,
}

impl CountedDirect {
    pub(super) fn new(direct: Arc<dyn Direct>, meter: UpstreamMeter) -> Self {
        Self { direct, meter }
    }
}

impl Direct for CountedDirect {
    fn allows(&self, path: &ModulePath) -> bool {
        self.direct.allows(path)
    }

    fn list<'a>(&'a self, path: &'a ModulePath) -> DirectFuture<'a, Vec<Version>> {
        Box::pin(counted(&self.meter, self.direct.list(path)))
    }

    fn query<'a>(
        &'a self,
        path: &'a ModulePath,
        query: &'a VersionQuery,
    ) -> DirectFuture<'a, Info> {
        Box::pin(counted(&self.meter, self.direct.query(path, query)))
    }

    fn go_mod<'a>(&'a self, version: &'a ModuleVersion) -> DirectFuture<'a, Bytes> {
        Box::pin(counted(&self.meter, self.direct.go_mod(version)))
    }

    fn zip<'a>(&'a self, version: &'a ModuleVersion) -> DirectFuture<'a, ZipBody> {
        Box::pin(counted(&self.meter, self.direct.zip(version)))
    }
}
