//! The staging area: files that nobody sees yet.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::Staging;
use crate::store::{Access, EntryKind, StoreError};

/// Our own directory below the root; its name can not be an element of a module path, which never starts with a dot.
pub(in crate::store) const OURS: &str = ".athens";
pub(super) const STAGING: &str = ".athens/staging";

/// How much is copied at once where the kernel does not do it, in bytes.
const COPY: usize = 256 << 10;

/// A file that nobody sees yet. Dropped without having been moved to a place, it is gone.
#[derive(Debug)]
pub struct StagedFile {
    file: File,
    area: OwnedFd,
    name: String,
    moved: bool,
    len: u64,
}

/// How a staged file is put into its place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Over whatever is there: derived files.
    Replace,
    /// Only where nothing is: files of a version.
    NoReplace,
}

impl StagedFile {
    /// What was written so far, for positioned reads.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// How many bytes were written.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends `len` bytes of a file, from `offset` on; the file's cursor is neither used nor moved. The kernel copies
    /// them, and where the file system can, it shares the blocks and copies nothing. Waits for the disk.
    ///
    /// A second name for the same file (a hard link) would be as cheap and is no copy: whoever changes the other file
    /// in place would change a version, and every change of its links would undo the proof that the zip was checked.
    ///
    /// # Errors
    /// `UnexpectedEof` if the file is shorter; else what the operating system says.
    pub fn append_from(&mut self, source: &File, mut offset: u64, len: u64) -> io::Result<()> {
        let end = self.len + len;
        #[cfg(target_os = "linux")]
        while self.len < end {
            let want = usize::try_from(end - self.len).unwrap_or(usize::MAX);
            match rustix::fs::copy_file_range(source, Some(&mut offset), &self.file, None, want) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(copied) => self.len += copied as u64,
                Err(Errno::INTR) => {}
                // Other file systems, old kernels and sandboxes.
                Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM) => {
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        let mut buffer = vec![0; COPY];
        while self.len < end {
            let want = usize::try_from(end - self.len).map_or(COPY, |left| left.min(COPY));
            match std::os::unix::fs::FileExt::read_at(source, &mut buffer[..want], offset) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    self.write_all(&buffer[..read])?;
                    offset += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Makes what was written survive a power cut. Waits for the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Gives the file its name, in one step; `EXIST` if the name is taken and not to be replaced.
    pub(super) fn move_to(
        &mut self,
        directory: &OwnedFd,
        name: &str,
        place: Place,
    ) -> Result<(), Errno> {
        match place {
            Place::Replace => {
                rustix::fs::renameat(&self.area, self.name.as_str(), directory, name)?
            }
            Place::NoReplace => {
                move_without_replacing(&self.area, &self.name, directory, name)?;
            }
        }
        self.moved = true;
        Ok(())
    }
}

impl Write for StagedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.len += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        if !self.moved {
            // A leftover is harmless, and swept later.
            let _ = rustix::fs::unlinkat(&self.area, self.name.as_str(), AtFlags::empty());
        }
    }
}

impl Staging<'_> {
    /// A new file, to be filled and committed, or dropped. Waits for the disk.
    ///
    /// # Errors
    /// If the staging area can not be written.
    pub fn stage(&self) -> Result<StagedFile, StoreError> {
        loop {
            match self.stage_in(self.open_area()?) {
                // A sweep, which a process makes once, took the new file for a leftover: make another.
                Err(Errno::AGAIN) => {}
                result => {
                    let failed =
                        |error| StoreError::io("write to the staging area", STAGING, error);
                    return result.map_err(failed);
                }
            }
        }
    }

    fn open_area(&self) -> Result<OwnedFd, StoreError> {
        let failed = |error: Errno| StoreError::io("open the staging area", STAGING, error);
        let open = || {
            self.store
                .beneath()
                .open(STAGING, OFlags::RDONLY | OFlags::DIRECTORY, Access::MayWait)
        };
        match open() {
            Err(Errno::NOENT) => {}
            result => return result.map_err(failed),
        }
        self.make_ours()?;
        self.make_private(STAGING)?;
        open().map_err(failed)
    }

    /// Makes our own directory, which nobody else has to look into, if it is not there.
    pub(in crate::store) fn make_ours(&self) -> Result<(), StoreError> {
        self.make_private(OURS)
    }

    /// Opens a directory of our own, which is made if it is not there.
    pub(in crate::store) fn open_ours(&self, directory: &str) -> Result<OwnedFd, StoreError> {
        self.make_ours()?;
        self.make_private(directory)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        self.store
            .beneath()
            .open(directory, flags, Access::MayWait)
            .map_err(|error| StoreError::io("open directory", directory, error))
    }

    /// Makes the names in our own directory survive a power cut. Waits for the disk.
    pub(in crate::store) fn sync_ours(&self) -> Result<(), StoreError> {
        self.store
            .beneath()
            .open(OURS, OFlags::RDONLY | OFlags::DIRECTORY, Access::MayWait)
            .and_then(rustix::fs::fsync)
            .map_err(|error| StoreError::io("sync directory", OURS, error))
    }

    /// Puts a file into a directory of our own, over whatever is there. When this returns, it survives a power cut.
    pub(in crate::store) fn place_ours(
        &self,
        mut staged: StagedFile,
        directory: &OwnedFd,
        name: &str,
    ) -> Result<(), StoreError> {
        staged
            .sync()
            .and_then(|()| Ok(staged.move_to(directory, name, Place::Replace)?))
            .and_then(|()| Ok(rustix::fs::fsync(directory)?))
            .map_err(|error| StoreError::io("write", name, error))
    }

    fn make_private(&self, directory: &str) -> Result<(), StoreError> {
        match rustix::fs::mkdirat(self.store.root_fd(), directory, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(StoreError::io("make directory", directory, error)),
        }
    }

    /// It is locked while its writer lives, which is how the sweep knows it from a leftover.
    fn stage_in(&self, area: OwnedFd) -> Result<StagedFile, Errno> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
        let (name, file) = loop {
            let serial = self.state().serial.fetch_add(1, Ordering::Relaxed);
            let name = format!("{}-{serial}", std::process::id());
            match rustix::fs::openat(&area, name.as_str(), flags, mode) {
                Ok(file) => break (name, file),
                // A leftover of an earlier process with our number.
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error),
            }
        };
        let locked = rustix::io::retry_on_intr(|| {
            rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)
        });
        let staged = StagedFile {
            file: file.into(),
            area,
            name,
            moved: false,
            len: 0,
        };
        match locked {
            // A sweep may have come between the two calls and taken the file for a leftover.
            Ok(()) if rustix::fs::fstat(&staged.file)?.st_nlink > 0 => Ok(staged),
            Ok(()) | Err(Errno::WOULDBLOCK) => Err(Errno::AGAIN),
            Err(error) => Err(error),
        }
    }

    /// Removes what killed writers left behind, and says how many files that were. Files of living writers stay.
    ///
    /// # Errors
    /// If the staging area can not be read.
    pub fn sweep(&self) -> Result<usize, StoreError> {
        if self.is_read_only() {
            return Ok(0);
        }
        let mut swept = 0;
        for entry in self.store.entries(STAGING)?.unwrap_or_default() {
            if entry.kind != EntryKind::File {
                continue;
            }
            let path = format!("{STAGING}/{}", entry.name);
            let Ok(file) = self
                .store
                .beneath()
                .open(&path, OFlags::RDONLY, Access::MayWait)
            else {
                continue;
            };
            if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
                && rustix::fs::unlinkat(self.store.root_fd(), path.as_str(), AtFlags::empty())
                    .is_ok()
            {
                swept += 1;
            }
        }
        Ok(swept)
    }

    /// Whether a file could be staged now, for readiness: one is written, and removed.
    ///
    /// # Errors
    /// If the staging area can not be written, and not because the root is read-only.
    pub fn probe(&self) -> Result<Writable, StoreError> {
        if self.is_read_only() {
            return Ok(Writable::ReadOnly);
        }
        // An empty file has room on a full disk too.
        let written = self.stage().and_then(|mut staged| {
            staged
                .write_all(b"probe")
                .map_err(|error| StoreError::io("write", STAGING, error))
        });
        match written {
            Ok(()) => Ok(Writable::Yes),
            Err(error) if error.is_read_only() => {
                self.turns_out_read_only();
                Ok(Writable::ReadOnly)
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether a folder can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writable {
    /// It can.
    Yes,
    /// It is read-only, by the operator's will or by the file system's, and serves what it has.
    ReadOnly,
}

/// Moves a file to a name that nothing has.
pub(super) fn move_without_replacing(
    area: &OwnedFd,
    staged: &str,
    directory: &OwnedFd,
    name: &str,
) -> Result<(), Errno> {
    #[cfg(target_os = "linux")]
    match rustix::fs::renameat_with(
        area,
        staged,
        directory,
        name,
        rustix::fs::RenameFlags::NOREPLACE,
    ) {
        // Network and user-space file systems that do not know the flag.
        Err(Errno::INVAL | Errno::NOSYS) => {}
        result => return result,
    }
    rustix::fs::linkat(area, staged, directory, name, AtFlags::empty())?;
    rustix::fs::unlinkat(area, staged, AtFlags::empty())
}
