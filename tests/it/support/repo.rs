//! Git repositories made for a test.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A repository with a work tree, at a place that others look after.
pub(crate) struct Repo {
    root: PathBuf,
}

/// A git command that knows nothing of the machine's and the user's configuration.
pub(crate) fn git(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(dir)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_NAME", "A")
        .env("GIT_AUTHOR_EMAIL", "a@example.com")
        .env("GIT_COMMITTER_NAME", "A")
        .env("GIT_COMMITTER_EMAIL", "a@example.com")
        .env("GIT_AUTHOR_DATE", "1700000000 +0100")
        .env("GIT_COMMITTER_DATE", "1700000001 +0100");
    command
}

/// Runs a git command that must succeed. What it says, without the newline at the end.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned()
}

impl Repo {
    /// An empty repository in a new directory.
    pub(crate) fn new(root: &Path) -> Self {
        Self::init(root, "sha1")
    }

    pub(crate) fn init(root: &Path, format: &str) -> Self {
        std::fs::create_dir_all(root).unwrap();
        let object_format = format!("--object-format={format}");
        run(git(root).args(["init", "--quiet", "--initial-branch=main", &object_format]));
        Self {
            root: root.to_owned(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Runs git in it.
    pub(crate) fn git<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> String {
        run(git(&self.root).args(arguments))
    }

    /// Writes a file of the work tree.
    pub(crate) fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Self {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    /// Writes files whose content is their name.
    pub(crate) fn files(&self, paths: &[&str]) -> &Self {
        for path in paths {
            self.write(path, format!("{path}\n"));
        }
        self
    }

    pub(crate) fn go_mod(&self, path: &str, module: &str, rest: &str) -> &Self {
        self.write(path, format!("module {module}\n{rest}"))
    }

    pub(crate) fn link(&self, target: &str, path: &str) -> &Self {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
        self
    }

    /// Commits the whole work tree, ignored files too, with the bytes that are in it.
    pub(crate) fn commit(&self) -> &Self {
        self.git(["-c", "core.safecrlf=false", "add", "--all", "--force", "."]);
        self.git(["commit", "--quiet", "--allow-empty", "-m", "x"]);
        self
    }

    pub(crate) fn tag(&self, tag: &str) -> &Self {
        self.git(["tag", tag]);
        self
    }

    /// Runs git in it with something to read.
    pub(crate) fn feed(&self, arguments: &[&str], input: &[u8]) -> String {
        let mut child = git(&self.root)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Stores bytes as they are, whatever attributes say. Their hash.
    pub(crate) fn blob(&self, content: &[u8]) -> String {
        self.feed(&["hash-object", "-w", "--stdin", "--no-filters"], content)
    }

    /// Puts a file into the index as it is.
    pub(crate) fn stage(&self, path: &str, mode: &str, content: &[u8]) -> &Self {
        self.stage_object(path, mode, &self.blob(content))
    }

    /// Puts any object into the index.
    pub(crate) fn stage_object(&self, path: &str, mode: &str, id: &str) -> &Self {
        self.git([
            "update-index",
            "--add",
            "--cacheinfo",
            &format!("{mode},{id},{path}"),
        ]);
        self
    }

    /// Commits the index only.
    pub(crate) fn commit_index(&self) -> &Self {
        self.git(["commit", "--quiet", "--allow-empty", "-m", "x"]);
        self
    }
}
