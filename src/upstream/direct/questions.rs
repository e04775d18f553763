//! What a module has, without its files.

use tokio_util::sync::CancellationToken;

use super::answer::{Listed, complaint};
use super::download::info;
use super::failure::Failure;
use super::job::{Job, Jobs};
use crate::module::{Info, ModulePath, Version};

/// The tagged versions of a module, the retracted ones too: clients leave those out by themselves, and find in one of them
/// why. The go command lists them only if it is told to.
///
/// # Errors
///
/// When there is no such module, or it cannot be asked.
pub(super) async fn list(
    jobs: &Jobs,
    path: &ModulePath,
    stop: CancellationToken,
) -> Result<Vec<Version>, Failure> {
    let job = jobs.start(stop).await?;
    // Without a query it would have no versions for a module that does not exist, and no error.
    let question = format!("{path}@latest");
    let listed = ask(&job, path, &["-versions", "-retracted", &question]).await?;
    let versions = listed.versions(path);
    match listed.error() {
        // That the latest one is broken makes no other one so.
        Some(error) if versions.is_empty() => Err(job.verdict(error, path)),
        _ => Ok(versions),
    }
}

/// The `.info` of the version that a query leads to: a branch, a tag, a commit, `latest`.
///
/// # Errors
///
/// When it leads to none, or cannot be asked.
pub(super) async fn query(
    jobs: &Jobs,
    path: &ModulePath,
    query: &str,
    stop: CancellationToken,
) -> Result<Info, Failure> {
    let job = jobs.start(stop).await?;
    let listed = ask(&job, path, &[&format!("{path}@{query}")]).await?;
    if let Some(error) = listed.error() {
        return Err(job.verdict(error, path));
    }
    let Some(version) = listed.version(path) else {
        return Err(Failure::failed("the go command named no version of it"));
    };
    match info(&job, &version).await? {
        Some(info) => Ok(info),
        None => Err(Failure::failed("the go command gave no .info")),
    }
}

/// With `-e`, an error is part of the answer, beside what there is.
async fn ask(job: &Job, path: &ModulePath, arguments: &[&str]) -> Result<Listed, Failure> {
    let command = ["list", "-m", "-e", "-json"];
    let said = job.run_go(command.iter().chain(arguments)).await?;
    Listed::parse(&said.output).ok_or_else(|| job.verdict(complaint(&said.complaint), path))
}
