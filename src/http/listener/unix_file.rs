//! The file of a Unix socket: put in the place of a dead one, and removed at the end if it is still ours.
#![expect(clippy::disallowed_methods, reason = "a socket is no file of a root")]

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use tokio::net::{UnixListener, UnixSocket};

use super::ListenError;

/// For the owner and the group, such as that of a web server before us.
const MODE: u32 = 0o660;

/// A socket's file that goes with this value.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::symlink_metadata(path)?;
        Ok(Self {
            path: path.to_owned(),
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Another server may have put its own there.
        let is_ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == (self.device, self.inode));
        if is_ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!("cannot remove the socket {}: {error}", self.path.display());
        }
    }
}

pub(super) fn listen(path: &Path, backlog: u32) -> Result<(UnixListener, SocketFile), ListenError> {
    let failed = |source| ListenError::Unix {
        path: path.to_owned(),
        source,
    };
    // Two servers that start at once must not both find a dead socket, and the second remove what the first has made.
    // Where the directory can not be locked, only that is lost.
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let directory = File::open(directory.unwrap_or_else(|| Path::new("."))).ok();
    if let Some(directory) = &directory {
        let _ = flock(directory, FlockOperation::LockExclusive);
    }
    clear(path)?;
    let socket = UnixSocket::new_stream().map_err(failed)?;
    socket.bind(path).map_err(failed)?;
    let file = SocketFile::of(path).map_err(failed)?;
    // Before anybody can connect: the file is there, and nobody listens yet.
    fs::set_permissions(path, Permissions::from_mode(MODE)).map_err(failed)?;
    let listener = socket.listen(backlog).map_err(failed)?;
    Ok((listener, file))
}

/// Removes a socket on which nobody listens any more.
fn clear(path: &Path) -> Result<(), ListenError> {
    let failed = |source| ListenError::Unix {
        path: path.to_owned(),
        source,
    };
    let is_socket = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(metadata) => metadata.file_type().is_socket(),
    };
    if !is_socket {
        return Err(ListenError::NoSocket {
            path: path.to_owned(),
        });
    }
    match knock(path) {
        Err(Errno::CONNREFUSED) => fs::remove_file(path).map_err(failed),
        // It was removed this moment.
        Err(Errno::NOENT) => Ok(()),
        // Somebody listens, or has more to do than he can take: waiting for him could last for ever.
        Ok(()) | Err(Errno::AGAIN) => Err(ListenError::UnixTaken {
            path: path.to_owned(),
        }),
        Err(error) => Err(failed(error.into())),
    }
}

/// Connects, without waiting for anybody.
fn knock(path: &Path) -> Result<(), Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&socket, &SocketAddrUnix::new(path)?)
}
