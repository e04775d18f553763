//! Opening what lies below a directory, and only that.
//!
//! A path is made of checked names, so it holds no `..`; what could still lead out is a symbolic link, also one that is
//! put there between a check and the open. On Linux the kernel resolves the whole path and refuses to leave the
//! directory (`openat2` with `RESOLVE_BENEATH`); links that stay below are followed. Where that call is missing (Linux
//! before 5.6, some sandboxes, other systems) the path is walked element by element and every link is refused.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::Access;

/// Opens paths below one directory.
#[derive(Debug)]
pub(super) struct Beneath {
    directory: OwnedFd,
    /// Whether the kernel resolves paths for us; cleared for good by its first "no such call".
    by_kernel: AtomicBool,
}

impl Beneath {
    pub(super) fn new(directory: OwnedFd) -> Self {
        Self {
            directory,
            by_kernel: AtomicBool::new(cfg!(target_os = "linux")),
        }
    }

    pub(super) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// Opens `path`. `EAGAIN` with [`Access::CachedOnly`] means that it can not be said without waiting for the disk;
    /// `EXDEV` and `ELOOP` that a symbolic link is in the way.
    pub(super) fn open(&self, path: &str, flags: OFlags, access: Access) -> Result<OwnedFd, Errno> {
        let flags = flags | OFlags::CLOEXEC;
        if self.by_kernel.load(Ordering::Relaxed) {
            match open_by_kernel(self.directory(), path, flags, access) {
                // EPERM is how seccomp filters of older container runtimes answer a call they do not know.
                Err(Errno::NOSYS | Errno::PERM) => self.by_kernel.store(false, Ordering::Relaxed),
                result => return result,
            }
        }
        match access {
            Access::CachedOnly => Err(Errno::AGAIN),
            Access::MayWait => open_by_walking(self.directory(), path, flags),
        }
    }
}

#[cfg(target_os = "linux")]
fn open_by_kernel(
    directory: BorrowedFd<'_>,
    path: &str,
    flags: OFlags,
    access: Access,
) -> Result<OwnedFd, Errno> {
    use rustix::fs::ResolveFlags;
    let mut resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    if access == Access::CachedOnly {
        resolve |= ResolveFlags::CACHED;
    }
    // The kernel answers EAGAIN also when a rename anywhere raced with the resolution of a path.
    for _ in 0..RACED_RENAMES {
        match rustix::fs::openat2(directory, path, flags, Mode::empty(), resolve) {
            Err(Errno::AGAIN) if access == Access::MayWait => {}
            // Before Linux 5.12 there is no RESOLVE_CACHED.
            Err(Errno::INVAL) if access == Access::CachedOnly => return Err(Errno::AGAIN),
            result => return result,
        }
    }
    open_by_walking(directory, path, flags)
}

/// How often a resolution that raced with a rename is tried again before the path is walked.
#[cfg(target_os = "linux")]
const RACED_RENAMES: u32 = 16;

#[cfg(not(target_os = "linux"))]
fn open_by_kernel(_: BorrowedFd<'_>, _: &str, _: OFlags, _: Access) -> Result<OwnedFd, Errno> {
    Err(Errno::NOSYS)
}

fn open_by_walking(directory: BorrowedFd<'_>, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    let mut elements = path.split('/').peekable();
    let mut parent: Option<OwnedFd> = None;
    while let Some(element) = elements.next() {
        if matches!(element, "" | "." | "..") {
            return Err(if element == "." && path == "." {
                Errno::INVAL
            } else {
                Errno::XDEV
            });
        }
        let at = parent.as_ref().map_or(directory, AsFd::as_fd);
        let last = elements.peek().is_none();
        let step = if last {
            flags
        } else {
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC
        };
        match rustix::fs::openat(at, element, step | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(opened) if last => return Ok(opened),
            Ok(opened) => parent = Some(opened),
            // With O_DIRECTORY a link is reported as "not a directory"; only a look tells the two apart.
            Err(Errno::NOTDIR) if is_link(at, element) => return Err(Errno::LOOP),
            Err(error) => return Err(error),
        }
    }
    Err(Errno::NOENT)
}

fn is_link(at: BorrowedFd<'_>, name: &str) -> bool {
    rustix::fs::statat(at, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// A root with links that stay and links that leave; both ways of opening agree on what leaves.
    #[test]
    fn nothing_outside_is_opened() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().join("root");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/file"), "in").unwrap();
        fs::write(scratch.path().join("secret"), "out").unwrap();
        symlink("b/file", root.join("a/stays")).unwrap();
        symlink("../../secret", root.join("a/leaves")).unwrap();
        symlink(scratch.path().join("secret"), root.join("a/absolute")).unwrap();
        symlink(scratch.path(), root.join("a/dir")).unwrap();
        symlink("loop", root.join("a/loop")).unwrap();
        symlink("/proc/self/root", root.join("a/magic")).unwrap();

        let open =
            || rustix::fs::open(&root, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
        let kernel = Beneath::new(open());
        let walking = Beneath {
            directory: open(),
            by_kernel: AtomicBool::new(false),
        };
        for beneath in [&kernel, &walking] {
            let try_open = |path: &str| {
                beneath
                    .open(path, OFlags::RDONLY, Access::MayWait)
                    .map(drop)
            };
            assert_eq!(try_open("a/b/file"), Ok(()));
            assert_eq!(try_open("a/none"), Err(Errno::NOENT));
            assert_eq!(try_open("a/b/file/none"), Err(Errno::NOTDIR));
            for path in [
                "a/leaves",
                "a/absolute",
                "a/dir/secret",
                "a/loop",
                "a/magic/etc/hostname",
                "../secret",
            ] {
                assert!(
                    matches!(try_open(path), Err(Errno::XDEV | Errno::LOOP)),
                    "{path}: {:?}",
                    try_open(path)
                );
            }
        }
        if cfg!(target_os = "linux") {
            assert_eq!(
                kernel
                    .open("a/stays", OFlags::RDONLY, Access::MayWait)
                    .map(drop),
                Ok(())
            );
        }
    }
}
