//! Runs git: the arguments and the environment that every command gets, and its output as a stream.

use std::ffi::OsStr;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

use super::error::GitError;

/// How much of what git complains about is kept, in bytes.
const MAX_COMPLAINT: u64 = 4096;

/// How much git may say where one line or a few are expected, in bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// Variables that would lead git to another repository, other objects or other programs. What an author sets for the
/// own shell (or a hook sets for what it calls) is not meant for us. Settings stay: `safe.directory` may be among
/// them.
const SCRUBBED: [&str; 41] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ASKPASS",
    "GIT_ATTR_GLOBAL",
    "GIT_ATTR_NOSYSTEM",
    "GIT_ATTR_SOURCE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DEFAULT_HASH",
    "GIT_DEFAULT_REF_FORMAT",
    "GIT_DIFF_OPTS",
    "GIT_DIR",
    "GIT_EDITOR",
    "GIT_EXTERNAL_DIFF",
    "GIT_FLUSH",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INDEX_VERSION",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PAGER",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REFERENCE_BACKEND",
    "GIT_REF_PARANOIA",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_TEMPLATE_DIR",
    "GIT_WORK_TREE",
    "GIT_TRACE_SETUP",
    "PAGER",
    "SSH_ASKPASS",
    "TZ",
];

/// A git command that has not been started.
pub(super) struct Git {
    command: Command,
    action: &'static str,
}

impl Git {
    /// A command for the repository that `dir` is in. `action` says what it is for: "cannot …" comes before it when it
    /// fails.
    pub(super) fn new(dir: &Path, action: &'static str) -> Self {
        let mut command = Command::new("git");
        for variable in SCRUBBED {
            command.env_remove(variable);
        }
        command
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Messages that can be understood by whoever gets a report of them.
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            // The index of the work tree is left as it is.
            .env("GIT_OPTIONAL_LOCKS", "0")
            // What is asked for is what a clone would have.
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_DISCOVERY_ACROSS_FILESYSTEM", "1")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .arg("--no-pager");
        Self { command, action }
            .setting("core.fsmonitor=false")
            .setting("core.hooksPath=/dev/null")
            .setting("log.showSignature=false")
    }

    /// Overrides a line of the configuration.
    pub(super) fn setting(mut self, line: &str) -> Self {
        self.command.arg("-c").arg(line);
        self
    }

    /// Does not pass a variable of ours on.
    pub(super) fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(super) fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// The subcommand and its options; text from outside only where git cannot take it for an option.
    pub(super) fn arguments<A: AsRef<OsStr>>(
        mut self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        self.command.args(arguments);
        self
    }

    /// Starts it, for its output to be read as it comes.
    pub(super) fn start(mut self) -> Result<Output, GitError> {
        let action = self.action;
        let mut child = self.command.spawn().map_err(|source| {
            // The system does not say which of the two it did not find.
            let has_directory = self.command.get_current_dir().is_some_and(Path::is_dir);
            match source.kind() {
                io::ErrorKind::NotFound if has_directory => GitError::NotInstalled { action },
                _ => GitError::Run { action, source },
            }
        })?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            let source = io::Error::other("it has no output");
            return Err(GitError::Run { action, source });
        };
        // Both at once: git stops when nobody reads its complaints.
        let complaint = std::thread::spawn(move || {
            let mut text = Vec::new();
            let mut stderr = stderr;
            let _ = stderr.by_ref().take(MAX_COMPLAINT).read_to_end(&mut text);
            let _ = io::copy(&mut stderr, &mut io::sink());
            text
        });
        Ok(Output {
            stdout: BufReader::with_capacity(64 * 1024, stdout),
            child,
            complaint: Some(complaint),
            action,
        })
    }

    /// Runs it to its end. Its output, if it is not more than a short answer should be.
    pub(super) fn answer(self) -> Result<Vec<u8>, GitError> {
        let action = self.action;
        let mut output = self.start()?;
        let mut answer = Vec::new();
        (&mut output)
            .take(MAX_ANSWER + 1)
            .read_to_end(&mut answer)
            .map_err(|source| GitError::Run { action, source })?;
        if answer.len() as u64 > MAX_ANSWER {
            let what = format!("it is longer than {MAX_ANSWER} bytes");
            return Err(GitError::Answer { action, what });
        }
        output.finish()?;
        Ok(answer)
    }

    /// Like [`Git::answer`], for commands whose failure says that there is nothing; `None` then.
    pub(super) fn answer_if_any(self) -> Result<Option<Vec<u8>>, GitError> {
        match self.answer() {
            Ok(answer) => Ok(Some(answer)),
            Err(GitError::Failed { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The output of a running command. Dropped before its end, the command is killed.
pub(super) struct Output {
    stdout: BufReader<ChildStdout>,
    child: Child,
    complaint: Option<JoinHandle<Vec<u8>>>,
    action: &'static str,
}

impl Output {
    /// What the command is for.
    pub(super) fn action(&self) -> &'static str {
        self.action
    }

    /// Reads what is left of the output and waits for the end.
    ///
    /// # Errors
    ///
    /// [`GitError::Failed`] with git's own words, if it did not end well.
    pub(super) fn finish(mut self) -> Result<(), GitError> {
        let action = self.action;
        let run = |source| GitError::Run { action, source };
        io::copy(&mut self.stdout, &mut io::sink()).map_err(run)?;
        let status = self.child.wait().map_err(run)?;
        let complaint = self.complaint.take().and_then(|thread| thread.join().ok());
        if status.success() {
            return Ok(());
        }
        let complaint = String::from_utf8_lossy(complaint.as_deref().unwrap_or_default())
            .trim()
            .to_owned();
        let message = match complaint.is_empty() {
            true => format!("git ended with {status}"),
            false => format!("git says: {complaint}"),
        };
        Err(GitError::Failed { action, message })
    }
}

impl Read for Output {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stdout.read(buffer)
    }
}

impl io::BufRead for Output {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.stdout.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.stdout.consume(amount);
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // An error means that it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The answer without the newline at its end.
pub(super) fn line(mut answer: Vec<u8>) -> Vec<u8> {
    if answer.last() == Some(&b'\n') {
        answer.pop();
    }
    answer
}
