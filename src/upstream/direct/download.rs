//! One version: its three files from one job.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use super::answer::{Downloaded, complaint};
use super::failure::{Failure, FailureKind};
use super::job::{Job, Jobs};
use super::origin::without_login;
use super::scratch::JobDirectory;
use crate::module::{GoMod, Info, ModuleVersion};

/// What a job gave of a version. A version may have an `.info` and a go.mod and no zip: when its go.mod asks for a newer go
/// command, or a file of it can be in no zip.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) info: Info,
    pub(super) go_mod: Result<Bytes, Failure>,
    pub(super) zip: Result<Arc<Zip>, Failure>,
}

/// A zip that lies in the directory of its job, which is there as long as this is.
#[derive(Debug)]
pub(super) struct Zip {
    pub(super) path: PathBuf,
    pub(super) len: u64,
    pub(super) _directory: Arc<JobDirectory>,
}

impl Files {
    /// How many bytes are kept.
    pub(super) fn weight(&self) -> u64 {
        let go_mod = self.go_mod.as_ref().map_or(0, |bytes| bytes.len() as u64);
        go_mod + self.zip.as_ref().map_or(0, |zip| zip.len)
    }
}

/// Downloads a version.
///
/// # Errors
///
/// When there is not even an `.info`.
pub(super) async fn download(
    jobs: &Jobs,
    version: &ModuleVersion,
    stop: CancellationToken,
) -> Result<Files, Failure> {
    let job = jobs.start(stop).await?;
    let said = job
        .run_go(["mod", "download", "-json", &version.to_string()])
        .await?;
    let failure = match Downloaded::parse(&said.output) {
        Some(downloaded) => downloaded
            .error()
            .map(|error| job.verdict(error, version.path())),
        None => Some(job.verdict(complaint(&said.complaint), version.path())),
    };
    let missing = |what: &str| {
        let none = || Failure::failed(format_args!("the go command gave no {what}"));
        failure.clone().unwrap_or_else(none)
    };
    let Some(info) = info(&job, version).await? else {
        return Err(missing(".info"));
    };
    let go_mod = match job
        .read(cached(&job, version, "mod"), GoMod::MAX_LEN)
        .await?
    {
        Some(bytes) => Ok(bytes.into()),
        None => Err(missing("go.mod")),
    };
    let zip = match &failure {
        // There may be one: it is not what the go command itself would use.
        Some(failure) => Err(failure.clone()),
        None => zip(job, version).await.map(Arc::new),
    };
    Ok(Files { info, go_mod, zip })
}

/// The `.info` that the go command wrote; `None` if it did not.
///
/// # Errors
///
/// When it can not be read, or is none, or is about another version.
pub(super) async fn info(job: &Job, version: &ModuleVersion) -> Result<Option<Info>, Failure> {
    let Some(bytes) = job
        .read(cached(job, version, "info"), Info::MAX_LEN)
        .await?
    else {
        return Ok(None);
    };
    let strange = |why: &dyn std::fmt::Display| {
        let kind = FailureKind::Failed;
        Failure::new(
            kind,
            format_args!("the go command wrote a strange .info: {why}"),
        )
    };
    let text = String::from_utf8(bytes).map_err(|error| strange(&error))?;
    let info = Info::parse(without_login(text).as_bytes()).map_err(|error| strange(&error))?;
    info.check_for(version).map_err(|error| strange(&error))?;
    Ok(Some(info))
}

async fn zip(job: Job, version: &ModuleVersion) -> Result<Zip, Failure> {
    let zip = cached(&job, version, "zip");
    let (directory, path, len) = job.keep(zip).await?;
    Ok(Zip {
        path,
        len,
        _directory: directory,
    })
}

fn cached(job: &Job, version: &ModuleVersion, extension: &str) -> PathBuf {
    let (path, version) = (version.path().escaped(), version.version().escaped());
    let file = format!("{}/@v/{}.{extension}", path.as_str(), version.as_str());
    job.cached(&file)
}
