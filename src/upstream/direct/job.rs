//! Jobs: one question, in a directory and an environment of its own, within bounds.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::environment::environment;
use super::failure::{Failure, FailureKind};
use super::group::{Group, Limits};
use super::probe::{GoUnavailable, GoVersion};
use super::run::{Bounds, Said, run, timed_out};
use super::scratch::{JobDirectory, Scratch};
use super::sentence::sentence;
use super::settings::DirectSettings;
use super::tools::Tools;
use super::verdict::verdict;
use crate::metrics::{Metrics, Running};
use crate::module::ModulePath;

/// What all jobs share.
#[derive(Debug)]
pub(super) struct Jobs {
    pub(super) settings: DirectSettings,
    scratch: Arc<Scratch>,
    permits: Arc<Semaphore>,
    /// Found once; what is missing is looked for again, so that whoever installs it needs no restart.
    go: OnceCell<GoVersion>,
}

/// One job: it waits for its turn, then runs the go command, once or several times. Dropped, all it started is killed and
/// all it wrote is removed.
#[derive(Debug)]
pub(super) struct Job {
    directory: Arc<JobDirectory>,
    tools: Tools,
    bounds: Bounds,
    settings: DirectSettings,
    _turn: OwnedSemaphorePermit,
    _tally: Tally,
}

/// Counts a job: as one that runs, and when it has ended.
#[derive(Debug)]
struct Tally {
    metrics: Metrics,
    began: Instant,
    _running: Running,
}

impl Tally {
    fn begin(metrics: &Metrics) -> Self {
        Self {
            metrics: metrics.clone(),
            began: Instant::now(),
            _running: metrics.running(|table| &table.direct.running),
        }
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        self.metrics.direct.ended.add_one();
        self.metrics.direct.duration.took(self.began.elapsed());
    }
}

impl Jobs {
    pub(super) fn new(settings: DirectSettings, scratch: Scratch) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(settings.max_jobs.get())),
            settings,
            scratch: Arc::new(scratch),
            go: OnceCell::new(),
        }
    }

    /// A job, when there is room for it and a go command that will do.
    ///
    /// # Errors
    ///
    /// When it is not its turn in time, `stop` is cancelled, the disk does not let us, or there is no go command.
    pub(super) async fn start(&self, stop: CancellationToken) -> Result<Job, Failure> {
        let job = self.prepare(stop).await?;
        self.version(&job).await?.map_err(Failure::failed)?;
        Ok(job)
    }

    /// Which go command there is, or why it will not do; a failure if it could not be asked.
    pub(super) async fn probe(
        &self,
        stop: CancellationToken,
    ) -> Result<Result<GoVersion, GoUnavailable>, Failure> {
        if let Err(unavailable) = self.tools().await? {
            return Ok(Err(unavailable));
        }
        let job = self.prepare(stop).await?;
        self.version(&job).await
    }

    async fn prepare(&self, stop: CancellationToken) -> Result<Job, Failure> {
        let bounds = Bounds {
            deadline: Instant::now() + self.settings.timeout,
            timeout: self.settings.timeout,
            stop,
            max_disk: self.settings.max_disk,
            max_processes: self.settings.max_processes,
        };
        let waiting = self.settings.metrics.running(|table| &table.direct.waiting);
        let turn = tokio::select! {
            // Who is to end does not begin.
            biased;
            () = bounds.stop.cancelled() => return Err(Failure::stopped()),
            turn = Arc::clone(&self.permits).acquire_owned() => turn,
            () = tokio::time::sleep_until(bounds.deadline) => return Err(timed_out(&bounds)),
        };
        let turn = turn.map_err(|_| Failure::stopped())?;
        drop(waiting);
        let tally = Tally::begin(&self.settings.metrics);
        let tools = self.tools().await?.map_err(Failure::failed)?;
        let scratch = Arc::clone(&self.scratch);
        let netrc = self.settings.netrc.clone();
        let directory = on_disk("make a directory for the go command", move || {
            let directory = scratch.job()?;
            if let Some(netrc) = netrc {
                directory.link_netrc(&netrc)?;
            }
            Ok(directory)
        });
        Ok(Job {
            directory: Arc::new(directory.await?),
            tools,
            bounds,
            settings: self.settings.clone(),
            _turn: turn,
            _tally: tally,
        })
    }

    async fn tools(&self) -> Result<Result<Tools, GoUnavailable>, Failure> {
        let settings = self.settings.clone();
        on_disk("look for the go command", move || {
            Ok(Tools::find(&settings))
        })
        .await
    }

    async fn version(&self, job: &Job) -> Result<Result<GoVersion, GoUnavailable>, Failure> {
        if let Some(version) = self.go.get() {
            return Ok(Ok(version.clone()));
        }
        let said = job.run_go(["version"]).await?;
        if !said.status.success() {
            let why = match said.complaint.trim() {
                "" => said.status.to_string(),
                complaint => job.shown(complaint),
            };
            return Ok(Err(GoUnavailable::NotRunnable(why)));
        }
        let version = GoVersion::parse(&String::from_utf8_lossy(&said.output));
        if let Ok(version) = &version {
            // Somebody else may have found the same meanwhile.
            let _ = self.go.set(version.clone());
        }
        Ok(version)
    }
}

impl Job {
    /// Runs the go command with these arguments, none of which may be an option that came from outside.
    ///
    /// # Errors
    ///
    /// When it cannot be run, or goes beyond a bound. That it ends with an error is none.
    pub(super) async fn run_go<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Said, Failure> {
        let mut command = Group::command(self.limits());
        command
            .arg(&self.tools.go)
            .args(arguments)
            .envs(environment(&self.settings, &self.tools, &self.directory))
            .current_dir(self.directory.work());
        let (group, child) = Group::start(command)
            .map_err(|error| Failure::failed(format_args!("cannot run the go command: {error}")))?;
        run(group, child, &self.directory, &self.bounds).await
    }

    fn limits(&self) -> Limits {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let processors = u32::try_from(processors).unwrap_or(u32::MAX);
        Limits {
            processor_time: self
                .settings
                .timeout
                .saturating_mul(processors)
                // A shell takes no more than this.
                .min(Duration::from_secs(u32::MAX.into())),
            file_size: self.settings.max_disk,
            memory: self.settings.max_memory,
        }
    }

    /// What it means that the go command says this about a module.
    pub(super) fn verdict(&self, message: &str, path: &ModulePath) -> Failure {
        verdict(message, path, &self.shown(message))
    }

    fn shown(&self, message: &str) -> String {
        sentence(message, self.directory.path())
    }

    /// Where the go command's cache has a file of a module version.
    pub(super) fn cached(&self, file: &str) -> PathBuf {
        self.directory
            .module_cache()
            .join("cache/download")
            .join(file)
    }

    /// Reads a file that the go command wrote; `None` if it is not there.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is longer than `most` bytes.
    pub(super) async fn read(
        &self,
        file: PathBuf,
        most: usize,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let content = on_disk("read what the go command wrote", move || read(&file, most)).await?;
        match content {
            Some(bytes) if bytes.len() > most => {
                let why = format!("it is longer than {most} bytes");
                Err(Failure::new(FailureKind::TooLarge, why))
            }
            content => Ok(content),
        }
    }

    /// Ends the job and keeps one file of it: its directory, where the file is now, and its length.
    ///
    /// # Errors
    ///
    /// If the file is not there.
    pub(super) async fn keep(
        self,
        file: PathBuf,
    ) -> Result<(Arc<JobDirectory>, PathBuf, u64), Failure> {
        let directory = Arc::clone(&self.directory);
        on_disk("keep what the go command wrote", move || {
            let kept = directory.keep_only(&file)?;
            let len = kept.metadata()?.len();
            Ok((directory, kept, len))
        })
        .await
    }
}

/// Up to `most` bytes of a file, and one more if it is longer.
fn read(file: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut bytes = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Does something that waits for the disk, off the async threads. Errors say nothing of where the directory of the job is.
pub(super) async fn on_disk<T: Send + 'static>(
    action: &str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(Failure::failed(format_args!(
            "cannot {action}: {}",
            error.kind()
        ))),
        Err(_) => Err(Failure::failed(format_args!(
            "cannot {action}: it was given up"
        ))),
    }
}
