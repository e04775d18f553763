//! The directories of jobs: each has one of its own, which is gone when nobody needs it any more.
//!
//! They are for programs that we start, and lie where the operator wants them; nothing of them is ever served from there.
#![expect(
    clippy::disallowed_methods,
    reason = "nothing here is part of the tree that is served"
)]

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio_util::task::TaskTracker;

/// What the name of a job's directory starts with: what is called otherwise is left alone.
const PREFIX: &str = "job-";
/// The mode of directories: for our eyes only, since there will be source code in them.
const PRIVATE: u32 = 0o700;

/// The directory that the directories of jobs are in.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
    /// Knows of every removal until it is done.
    removals: TaskTracker,
}

impl Scratch {
    /// Makes it, if it is missing, and removes what killed servers left in it. Removals that are to come are made tasks of
    /// `removals`. Waits for the disk.
    ///
    /// # Errors
    ///
    /// If it cannot be made or read. What cannot be removed is left.
    pub(super) fn open(path: &Path, removals: TaskTracker) -> io::Result<Self> {
        // Jobs are told where their directories are, and are elsewhere when they use it.
        let path = std::path::absolute(path)?;
        DirBuilder::new()
            .recursive(true)
            .mode(PRIVATE)
            .create(&path)?;
        for entry in fs::read_dir(&path)? {
            let entry = entry?;
            let is_job = entry
                .file_name()
                .as_encoded_bytes()
                .starts_with(PREFIX.as_bytes());
            if is_job && entry.file_type()?.is_dir() {
                sweep(&entry.path());
            }
        }
        Ok(Self { path, removals })
    }

    /// A new directory for a job. Waits for the disk.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub(super) fn job(&self) -> io::Result<JobDirectory> {
        loop {
            let new = tempfile::Builder::new()
                .prefix(PREFIX)
                .permissions(Permissions::from_mode(PRIVATE))
                .tempdir_in(&self.path)?;
            let lock = File::open(new.path())?;
            match lock.try_lock() {
                // Another server may have taken it for a leftover before it was locked, and make it go away.
                Ok(()) if !new.path().is_dir() => continue,
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(error)) => return Err(error),
                Ok(()) => {}
            }
            let directory = JobDirectory {
                path: new.keep(),
                removals: self.removals.clone(),
                _lock: lock,
            };
            directory.furnish()?;
            return Ok(directory);
        }
    }
}

/// Removes the directory of a job whose server is gone.
fn sweep(path: &Path) {
    let Ok(lock) = File::open(path) else {
        return;
    };
    // The lock goes with the process that has it, however it ends.
    if lock.try_lock().is_ok() {
        remove(path);
    }
}

/// Removes a directory with all that is in it, as far as it can be.
fn remove(path: &Path) {
    if fs::remove_dir_all(path).is_ok() {
        return;
    }
    // The go command makes its cache read-only unless it is told otherwise, and others may as well.
    open_up(path);
    let _ = fs::remove_dir_all(path);
}

/// Makes directories writable, never following a link.
fn open_up(path: &Path) {
    let mut left = vec![path.to_owned()];
    while let Some(directory) = left.pop() {
        let _ = fs::set_permissions(&directory, Permissions::from_mode(PRIVATE));
        let entries = fs::read_dir(&directory).into_iter().flatten().flatten();
        left.extend(
            entries
                .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                .map(|entry| entry.path()),
        );
    }
}

/// The directory of one job. Dropped, it is removed, off the async threads where there are any.
#[derive(Debug)]
pub(super) struct JobDirectory {
    path: PathBuf,
    removals: TaskTracker,
    /// Held as long as the directory is in use, so that no other server takes it for a leftover.
    _lock: File,
}

impl JobDirectory {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn home(&self) -> PathBuf {
        self.path.join("home")
    }

    pub(super) fn temporary(&self) -> PathBuf {
        self.path.join("tmp")
    }

    /// Where commands are run: an empty directory.
    pub(super) fn work(&self) -> PathBuf {
        self.path.join("work")
    }

    pub(super) fn gopath(&self) -> PathBuf {
        self.path.join("go")
    }

    pub(super) fn build_cache(&self) -> PathBuf {
        self.path.join("build")
    }

    pub(super) fn module_cache(&self) -> PathBuf {
        self.path.join("mod")
    }

    fn kept(&self) -> PathBuf {
        self.path.join("kept")
    }

    fn furnish(&self) -> io::Result<()> {
        for directory in [self.home(), self.temporary(), self.work()] {
            fs::create_dir(directory)?;
        }
        // Else every job, whose home is new, would start a process that looks after counters.
        let telemetry = self.home().join(".config/go/telemetry");
        fs::create_dir_all(&telemetry)?;
        fs::write(telemetry.join("mode"), "off")
    }

    /// Lets git find the logins: libcurl looks for them in the home directory alone.
    pub(super) fn link_netrc(&self, file: &Path) -> io::Result<()> {
        std::os::unix::fs::symlink(file, self.home().join(".netrc"))
    }

    /// Keeps one file of it and removes everything else. Where the file is now. Waits for the disk.
    ///
    /// # Errors
    ///
    /// If the file is not there, or is no regular file.
    pub(super) fn keep_only(&self, file: &Path) -> io::Result<PathBuf> {
        if !fs::symlink_metadata(file)?.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        fs::rename(file, self.kept())?;
        for rest in [
            self.home(),
            self.temporary(),
            self.work(),
            self.gopath(),
            self.build_cache(),
            self.module_cache(),
        ] {
            remove(&rest);
        }
        Ok(self.kept())
    }
}

impl Drop for JobDirectory {
    fn drop(&mut self) {
        let path = std::mem::take(&mut self.path);
        match tokio::runtime::Handle::try_current() {
            // A runtime that ends does not do it any more; then the next start does.
            Ok(runtime) => {
                self.removals
                    .spawn_blocking_on(move || remove(&path), &runtime);
            }
            Err(_) => remove(&path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> io::Result<Scratch> {
        Scratch::open(path, TaskTracker::new())
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_directory_goes_with_its_job() {
        let scratch = tempfile::tempdir().unwrap();
        let jobs = scratch.path().join("new/jobs");
        let opened = open(&jobs).unwrap();
        let (first, second) = (opened.job().unwrap(), opened.job().unwrap());
        assert_eq!(names(&jobs).len(), 2);
        let mode = fs::metadata(first.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);

        let outside = scratch.path().join("outside");
        fs::write(&outside, "stays").unwrap();
        let inner = second.work().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        std::os::unix::fs::symlink(&outside, inner.join("link")).unwrap();
        std::os::unix::fs::symlink(scratch.path(), inner.join("up")).unwrap();
        for read_only in [inner.as_path(), &second.work().join("a")] {
            fs::set_permissions(read_only, Permissions::from_mode(0o555)).unwrap();
        }
        drop(second);
        drop(first);
        assert!(names(&jobs).is_empty());
        assert_eq!(fs::read(&outside).unwrap(), b"stays");
    }

    #[test]
    fn leftovers_are_swept_and_living_jobs_are_not() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path();
        let alive = open(path).unwrap().job().unwrap();
        // A lock belongs to its server, which is gone; so does this one's directory.
        let left = path.join("job-left");
        fs::create_dir_all(left.join("mod/x")).unwrap();
        fs::write(left.join("mod/x/y"), "z").unwrap();
        fs::create_dir(path.join("other")).unwrap();
        fs::write(path.join("job-file"), "no directory").unwrap();

        open(path).unwrap();
        let alive = alive.path().file_name().unwrap().to_str().unwrap();
        let mut expected = vec![alive, "job-file", "other"];
        expected.sort_unstable();
        assert_eq!(names(path), expected);
    }

    #[test]
    fn one_file_is_kept() {
        let scratch = tempfile::tempdir().unwrap();
        let job = open(scratch.path()).unwrap().job().unwrap();
        let zip = job.module_cache().join("a/v1.zip");
        fs::create_dir_all(zip.parent().unwrap()).unwrap();
        assert!(job.keep_only(&zip).is_err());
        fs::write(&zip, "zip").unwrap();
        let kept = job.keep_only(&zip).unwrap();
        assert_eq!(fs::read(kept).unwrap(), b"zip");
        assert_eq!(names(job.path()), ["kept"]);
    }
}
