//! Modules straight from version control, by the go command that is installed.
//!
//! Which files of a repository are a module, what its versions are and which zip they give is decided by the go command
//! alone, so that the sums are those that everybody else has. It runs git on hosts that whoever asks names, and those hosts
//! say what git gets. So each question is a job:
//!
//! - in a directory of its own, with a home and caches of its own, which is gone afterwards;
//! - in an environment made from nothing, in which nothing asks questions, downloads toolchains or reads settings of the
//!   user;
//! - in a process group of its own, bounded in time, disk, memory and number of processes, which ends as a whole: when the
//!   job ends, when nobody waits for it any more, and when the server does, however that comes;
//! - for paths only that the operator has allowed.
//!
//! What a repository says runs nothing: the go command reads go.mod files and packs files, git runs no hooks and no filters
//! and fetches no submodules. Bugs of git and of ssh are not ours to mend: where the repositories are not trusted, the
//! server belongs into a container of its own.
//!
//! Source: `go help vcs`, `go help environment`; Go Modules Reference, "Module proxies", "Controlling version control tools
//! with GOVCS".

mod answer;
mod capture;
mod download;
mod downloads;
mod environment;
mod failure;
mod group;
mod job;
mod origin;
mod probe;
mod questions;
mod run;
mod scratch;
mod sentence;
mod settings;
mod tools;
mod usage;
mod verdict;

use std::fmt;
use std::fs::File;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

pub use probe::{GoUnavailable, GoVersion};
pub use settings::DirectSettings;

use self::download::Files;
use self::downloads::Downloads;
use self::failure::{Failure, FailureKind};
use self::job::{Jobs, on_disk};
use self::scratch::Scratch;
use super::direct_source::{Direct, DirectFuture};
use super::error::{DIRECT, FetchError, FetchErrorKind};
use super::zip_body::ZipBody;
use crate::module::{Info, ModulePath, ModuleVersion, Version, VersionQuery};
use crate::trace::{self, Span, SpanKind};

/// The directory for jobs cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the directory {} for the go command: {why}", path.display())]
pub struct ScratchError {
    /// The directory.
    pub path: PathBuf,
    /// What the system said.
    pub why: io::Error,
}

/// The go command of this machine, as a source of modules. Cheap to clone; when the last clone goes, all jobs end.
#[derive(Debug, Clone)]
pub struct GoCommand {
    jobs: Arc<Jobs>,
    downloads: Downloads,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// With the last clone, everything ends.
    _stop_on_drop: Arc<DropGuard>,
}

/// The jobs of a [`GoCommand`], which may be gone already.
#[derive(Debug, Clone)]
pub struct JobsAtWork {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl JobsAtWork {
    /// Ends them, and waits until their processes and directories are gone.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Whether there are none and never will be: the [`GoCommand`] is gone, and so is all it started.
    #[must_use]
    pub fn are_over(&self) -> bool {
        self.stop.is_cancelled() && self.tasks.is_empty()
    }
}

/// Whether they are clones of one.
impl PartialEq for GoCommand {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.jobs, &other.jobs)
    }
}

impl GoCommand {
    /// Makes ready: the directory for jobs is made, and what killed servers left in it is removed. Whether there is a go
    /// command is not looked at: see [`GoCommand::probe`]. Waits for the disk.
    ///
    /// # Errors
    ///
    /// If the directory cannot be made or read.
    pub fn new(settings: DirectSettings) -> Result<Self, ScratchError> {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let scratch = Scratch::open(&settings.scratch, tasks.clone()).map_err(|why| {
            let path = settings.scratch.clone();
            ScratchError { path, why }
        })?;
        let max_kept = settings.max_disk;
        let jobs = Arc::new(Jobs::new(settings, scratch));
        let downloads = Downloads::new(Arc::clone(&jobs), tasks.clone(), stop.clone(), max_kept);
        Ok(Self {
            jobs,
            downloads,
            tasks,
            _stop_on_drop: Arc::new(stop.clone().drop_guard()),
            stop,
        })
    }

    /// Which go command there is.
    ///
    /// # Errors
    ///
    /// Why modules cannot be fetched, and what to do about it; every answer says the same.
    pub async fn probe(&self) -> Result<GoVersion, GoUnavailable> {
        let jobs = Arc::clone(&self.jobs);
        let probed = self.run(|stop| async move { jobs.probe(stop).await });
        match probed.await {
            Ok(probed) => probed,
            Err(failure) => Err(GoUnavailable::NotRunnable(failure.why.to_string())),
        }
    }

    /// Whether it works as these settings say.
    pub fn is_set(&self, settings: &DirectSettings) -> bool {
        self.jobs.settings == *settings
    }

    /// Ends all jobs, and waits until their processes and directories are gone. Whoever still waits for one gets an error.
    pub async fn stop(&self) {
        self.jobs_at_work().stop().await;
    }

    /// Its jobs, for somebody who is to end them and must not keep them alive.
    pub fn jobs_at_work(&self) -> JobsAtWork {
        JobsAtWork {
            tasks: self.tasks.clone(),
            stop: self.stop.clone(),
        }
    }

    /// Runs something that starts a job, as a task of its own: when whoever waits for it goes away, it is told to end, and
    /// has the time to clean up.
    async fn run<T: Send + 'static, F: Future<Output = Result<T, Failure>> + Send + 'static>(
        &self,
        work: impl FnOnce(CancellationToken) -> F,
    ) -> Result<T, Failure> {
        let stop = self.stop.child_token();
        let task = self.tasks.spawn(trace::in_current(work(stop.clone())));
        let _leaving = stop.drop_guard();
        task.await.unwrap_or_else(|_| Err(Failure::stopped()))
    }

    /// The same, with the failure in the words of an upstream.
    async fn fetch<T: Send + 'static, F: Future<Output = Result<T, Failure>> + Send + 'static>(
        &self,
        path: &ModulePath,
        asked: impl fmt::Display,
        work: impl FnOnce(Arc<Jobs>, CancellationToken) -> F,
    ) -> Result<T, FetchError> {
        self.check(path)?;
        let jobs = Arc::clone(&self.jobs);
        let mut span = job_span(path);
        let answer = span.run(self.run(|stop| work(jobs, stop))).await;
        answer.map_err(|failure| {
            span.fail(|| failure.why.to_string());
            fetch_error(&failure, asked)
        })
    }

    async fn files(&self, version: &ModuleVersion) -> Result<Arc<Files>, FetchError> {
        self.check(version.path())?;
        let mut span = job_span(version.path());
        span.set("version", version.version().as_str());
        let files = span.run(self.downloads.get(version)).await;
        files.map_err(|failure| {
            span.fail(|| failure.why.to_string());
            fetch_error(&failure, version)
        })
    }

    /// SECURITY: whoever calls us has asked already; if not, this machine must not be made to talk to any host at all.
    fn check(&self, path: &ModulePath) -> Result<(), FetchError> {
        if self.allows(path) {
            return Ok(());
        }
        let why = "the server does not fetch this module from version control";
        Err(fetch_error(&Failure::new(FailureKind::Refused, why), path))
    }

    async fn zip_body(&self, version: &ModuleVersion) -> Result<ZipBody, FetchError> {
        let files = self.files(version).await?;
        let zip = match &files.zip {
            Ok(zip) => Arc::clone(zip),
            Err(failure) => return Err(fetch_error(failure, version)),
        };
        let path = zip.path.clone();
        let file = on_disk("open the zip", move || File::open(path)).await;
        let file = file.map_err(|failure| fetch_error(&failure, version))?;
        Ok(ZipBody::from_file(file, zip.len, Box::new(zip)))
    }
}

/// What is fetched from version control for a request, waiting for a turn included.
fn job_span(module: &ModulePath) -> Span {
    let mut span = Span::start("version control", SpanKind::Internal);
    span.set("module", module.as_str());
    span
}

impl Direct for GoCommand {
    fn allows(&self, path: &ModulePath) -> bool {
        self.jobs.settings.allowed.matches(path)
    }

    fn list<'a>(&'a self, path: &'a ModulePath) -> DirectFuture<'a, Vec<Version>> {
        let module = path.clone();
        Box::pin(self.fetch(path, path, |jobs, stop| async move {
            questions::list(&jobs, &module, stop).await
        }))
    }

    fn query<'a>(
        &'a self,
        path: &'a ModulePath,
        query: &'a VersionQuery,
    ) -> DirectFuture<'a, Info> {
        Box::pin(async move {
            if let VersionQuery::Version(version) = query
                && let Ok(version) = ModuleVersion::new(path.clone(), version.clone())
            {
                // Its files are wanted next.
                return Ok(self.files(&version).await?.info.clone());
            }
            let asked = format!("{path}@{query}");
            let (module, query) = (path.clone(), query.as_str().to_owned());
            self.fetch(path, asked, |jobs, stop| async move {
                questions::query(&jobs, &module, &query, stop).await
            })
            .await
        })
    }

    fn go_mod<'a>(&'a self, version: &'a ModuleVersion) -> DirectFuture<'a, Bytes> {
        Box::pin(async move {
            let files = self.files(version).await?;
            let go_mod = files.go_mod.clone();
            go_mod.map_err(|failure| fetch_error(&failure, version))
        })
    }

    fn zip<'a>(&'a self, version: &'a ModuleVersion) -> DirectFuture<'a, ZipBody> {
        Box::pin(self.zip_body(version))
    }
}

/// What a client is told of a failure. A refusal is 403: the go command then stops, and asks nobody else for a module that
/// may be private.
fn fetch_error(failure: &Failure, asked: impl fmt::Display) -> FetchError {
    let kind = match failure.kind {
        FailureKind::NotFound => FetchErrorKind::NotFound,
        FailureKind::Refused => FetchErrorKind::Refused { status: 403 },
        FailureKind::Failed => FetchErrorKind::Failed,
        FailureKind::TimedOut => FetchErrorKind::TimedOut,
        FailureKind::TooLarge => FetchErrorKind::TooLarge,
    };
    FetchError::new(kind, DIRECT, asked, &failure.why)
}
