//! What an operator decides about fetching from version control.

use std::ffi::OsString;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use crate::metrics::Metrics;
use crate::module::PathPatterns;

/// How modules are fetched from version control, and which.
#[derive(Clone, PartialEq)]
pub struct DirectSettings {
    /// The go command: a path, or a name that is looked for in [`search`](Self::search).
    pub go: PathBuf,
    /// The directories in which `go` and `git` are looked for, as in `PATH`. Those in which they are found, and no others,
    /// are the `PATH` of a job.
    pub search: Vec<PathBuf>,
    /// The modules that may be asked for at all. Hosts are named by whoever asks, so without a list anybody could make this
    /// machine talk to any other one.
    pub allowed: PathPatterns,
    /// Which version control may be used for which paths, in the syntax of `GOVCS`.
    pub vcs: String,
    /// The protocols that git may use, separated by colons, as in `GIT_ALLOW_PROTOCOL`.
    pub git_protocols: String,
    /// The directory for the directories of jobs; made if it is missing. Nothing else may lie there.
    pub scratch: PathBuf,
    /// How long a job may take, its waiting for others included.
    pub timeout: Duration,
    /// How many jobs run at a time; others wait.
    pub max_jobs: NonZeroUsize,
    /// How much one job may write, in bytes.
    pub max_disk: u64,
    /// How much memory each process of a job may have for its data, in bytes.
    pub max_memory: u64,
    /// How many processes a job may have.
    pub max_processes: usize,
    /// A `.netrc` with logins for hosts: for the go command (`GOAUTH=netrc`) and for git over https.
    pub netrc: Option<PathBuf>,
    /// The socket of an ssh agent, for git over ssh. ssh reads `~/.ssh` of the user whom the server runs as by itself.
    pub ssh_agent: Option<PathBuf>,
    /// A configuration file of git, in the place of `~/.gitconfig`.
    pub git_config: Option<PathBuf>,
    /// Further variables for jobs, such as `HTTPS_PROXY`, `NO_PROXY` and `SSL_CERT_FILE`. What the server sets itself wins.
    pub variables: Vec<(OsString, OsString)>,
    /// Where jobs are counted.
    pub metrics: Metrics,
}

impl DirectSettings {
    /// The defaults: the `go` of `search`; git alone, by https and ssh; five minutes, twice as many jobs as processors but
    /// at most eight, 2 GiB of disk a job, 2 GiB of memory a process, 128 processes a job; no logins.
    #[must_use]
    pub fn new(allowed: PathPatterns, scratch: PathBuf, search: Vec<PathBuf>) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            go: PathBuf::from("go"),
            search,
            allowed,
            vcs: "*:git".to_owned(),
            git_protocols: "https:ssh".to_owned(),
            scratch,
            timeout: Duration::from_secs(5 * 60),
            max_jobs: NonZeroUsize::new((2 * processors).min(8)).unwrap_or(NonZeroUsize::MIN),
            max_disk: 2 << 30,
            max_memory: 2 << 30,
            max_processes: 128,
            netrc: None,
            ssh_agent: None,
            git_config: None,
            variables: Vec::new(),
            metrics: Metrics::default(),
        }
    }
}

impl fmt::Debug for DirectSettings {
    /// Without the values of [`DirectSettings::variables`]: the URL of a proxy may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.variables.iter().map(|(name, _)| name).collect();
        f.debug_struct("DirectSettings")
            .field("go", &self.go)
            .field("search", &self.search)
            .field("allowed", &self.allowed)
            .field("vcs", &self.vcs)
            .field("git_protocols", &self.git_protocols)
            .field("scratch", &self.scratch)
            .field("timeout", &self.timeout)
            .field("max_jobs", &self.max_jobs)
            .field("max_disk", &self.max_disk)
            .field("max_memory", &self.max_memory)
            .field("max_processes", &self.max_processes)
            .field("netrc", &self.netrc)
            .field("ssh_agent", &self.ssh_agent)
            .field("git_config", &self.git_config)
            .field("variables", &names)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let mut settings =
            DirectSettings::new("a.b".parse().unwrap(), "/scratch".into(), Vec::new());
        settings.variables = vec![("HTTPS_PROXY".into(), "http://u:s3cret@proxy".into())];
        let shown = format!("{settings:?}");
        assert!(shown.contains("HTTPS_PROXY"), "{shown}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn some_jobs_but_not_many() {
        let settings = DirectSettings::new(PathPatterns::default(), "s".into(), Vec::new());
        assert!((2..=8).contains(&settings.max_jobs.get()));
    }
}
