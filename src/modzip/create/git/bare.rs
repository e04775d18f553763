//! The contents of a commit, as the go command would get them from a clone.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::blob::Blob;
use super::command::{Git, line};
use super::error::GitError;
use super::listing::{Entry, EntryKind, Listing};
use super::revision::{Commit, commit};
use super::tar::Tar;

/// What the go command writes there, to make archives the same for everybody: no file is left out and no text filled in
/// because of the repository's attributes. Other attributes keep their say, such as `eol=crlf`.
const ATTRIBUTES: &[u8] = b"\n* -export-subst -export-ignore\n";

/// An empty bare repository in a temporary directory that reads the objects of another one.
///
/// It has neither its configuration (filters that run programs, line endings), nor its `info/attributes`, nor its
/// replaced objects: those are no part of a clone either.
pub(in super::super) struct Bare {
    directory: TempDir,
    /// The object directory of the user's repository.
    objects: PathBuf,
    commit: Commit,
}

impl Bare {
    /// A view of one commit of the repository that `repository` is in.
    pub(in super::super) fn open(repository: &Path, revision: &str) -> Result<Self, GitError> {
        let commit = commit(repository, revision)?;
        let objects = Git::new(repository, "find the objects of the git repository")
            .arguments(["rev-parse", "--git-path", "objects"])
            .answer()?;
        let objects = PathBuf::from(std::ffi::OsString::from_vec(line(objects)));
        let run = |source| GitError::Run {
            action: "make a temporary git repository",
            source,
        };
        let bare = Self {
            directory: tempfile::Builder::new()
                .prefix("athens-git-")
                .tempdir()
                .map_err(run)?,
            objects: std::path::absolute(repository.join(objects)).map_err(run)?,
            commit,
        };
        let init = ["init", "--quiet", "--bare", "--template="];
        // Git before 2.29 knows neither the option nor such repositories.
        let sha256 = (bare.commit.id.len() == 64).then_some("--object-format=sha256");
        bare.git("make a temporary git repository")
            .arguments(init.into_iter().chain(sha256))
            .answer()?;
        bare.write_attributes().map_err(run)?;
        Ok(bare)
    }

    fn write_attributes(&self) -> io::Result<()> {
        let info = self.directory.path().join("info");
        // A builder, because plain functions for it are kept for the room that writes below the root.
        std::fs::DirBuilder::new().recursive(true).create(&info)?;
        File::create(info.join("attributes"))?.write_all(ATTRIBUTES)
    }

    /// The commit that is seen.
    pub(in super::super) fn commit(&self) -> &Commit {
        &self.commit
    }

    /// A command that sees the objects, and nothing of the machine's and the user's configuration.
    fn git(&self, action: &'static str) -> Git {
        Git::new(self.directory.path(), action)
            .variable("GIT_DIR", self.directory.path())
            .variable("GIT_OBJECT_DIRECTORY", &self.objects)
            .without("GIT_CONFIG_COUNT")
            .without("GIT_CONFIG_PARAMETERS")
            .variable("GIT_CONFIG_NOSYSTEM", "1")
            .variable("GIT_CONFIG_GLOBAL", "/dev/null")
            .variable("GIT_ATTR_NOSYSTEM", "1")
            .setting("core.attributesFile=/dev/null")
            // As the go command has it: nothing is converted unless an attribute of the revision says so.
            .setting("core.autocrlf=input")
            .setting("core.eol=lf")
    }

    /// All that is below a directory (the root: an empty name), except directories. In the order of the names' bytes.
    ///
    /// # Errors
    ///
    /// [`GitError::NoSuchDirectory`] if the commit has none such.
    pub(in super::super) fn list(&self, directory: &str) -> Result<Listing, GitError> {
        if !directory.is_empty()
            && self.entry(directory)?.map(|entry| entry.kind) != Some(EntryKind::Directory)
        {
            return Err(GitError::NoSuchDirectory {
                directory: directory.to_owned(),
                commit: self.commit.id.clone(),
            });
        }
        let command = self
            .git("list the files of a commit with git")
            .arguments(["ls-tree", "-r", "-z", "--full-tree"])
            .arguments([self.object(directory)]);
        Listing::start(command)
    }

    /// What is at a path, without following symbolic links.
    pub(in super::super) fn entry(&self, path: &str) -> Result<Option<Entry>, GitError> {
        let command = self.git("look up a file of a commit with git").arguments([
            "ls-tree",
            "-z",
            "--full-tree",
            &self.commit.id,
            "--",
            path,
        ]);
        let mut found = None;
        for entry in Listing::start(command)? {
            found = Some(entry?);
        }
        Ok(found)
    }

    /// The content of a file as it is stored; of a symbolic link, the text of the link.
    pub(in super::super) fn blob(&self, path: &str) -> Result<Blob, GitError> {
        Blob::start(
            self.git("read a file of a commit with git")
                .arguments(["cat-file", "blob"])
                .arguments([self.object(path)]),
        )
    }

    /// The files below a path (the root: an empty one) with the contents that `git archive` gives them: converted as
    /// the attributes of the revision say. In the order of the names' bytes, named from the root of the repository.
    pub(in super::super) fn archive(&self, path: &str) -> Result<Tar, GitError> {
        let path = (!path.is_empty()).then_some(path);
        Tar::start(
            self.git("read the files of a commit with git archive")
                .arguments(["archive", "--format=tar", "--end-of-options"])
                .arguments([self.commit.id.as_str()].into_iter().chain(path)),
        )
    }

    /// The content that `git archive` gives one file, up to `most` bytes and one more.
    pub(in super::super) fn archived(&self, path: &str, most: u64) -> Result<Vec<u8>, GitError> {
        let mut content = Vec::new();
        let mut tar = self.archive(path)?;
        while let Some(mut file) = tar.next_file()? {
            if file.path == path.as_bytes() {
                let action = "read a file of a commit with git archive";
                file.content
                    .by_ref()
                    .take(most + 1)
                    .read_to_end(&mut content)
                    .map_err(|source| GitError::Run { action, source })?;
                return Ok(content);
            }
        }
        Err(GitError::Answer {
            action: "read a file of a commit with git archive",
            what: format!("{path} is not in it"),
        })
    }

    /// The name of an object by its path. It begins with a hash, so it is no option.
    fn object(&self, path: &str) -> String {
        format!("{}:{path}", self.commit.id)
    }
}
