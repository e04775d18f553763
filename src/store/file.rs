//! An open file: its identity, and reading it without blocking an async thread.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};

/// What tells one state of a file from another without reading it.
///
/// The change time is in it because nothing but the kernel sets it: a file that was overwritten in place by another of
/// the same length, with its modification time put back, still has another identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Device number.
    pub device: u64,
    /// Inode number on that device.
    pub inode: u64,
    /// Length in bytes.
    pub len: u64,
    /// Change time in nanoseconds since 1970.
    pub changed: i128,
}

impl Identity {
    pub(crate) fn of(metadata: &std::fs::Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            len: metadata.len(),
            changed: i128::from(metadata.ctime()) * 1_000_000_000
                + i128::from(metadata.ctime_nsec()),
        }
    }

    pub(crate) fn of_stat(stat: &rustix::fs::Stat) -> Self {
        // The types of these fields differ between platforms; none is ever negative for a file.
        #[expect(
            clippy::unnecessary_cast,
            reason = "the field types differ between platforms"
        )]
        Self {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            len: stat.st_size as u64,
            changed: i128::from(stat.st_ctime) * 1_000_000_000 + stat.st_ctime_nsec as i128,
        }
    }

    /// The change time.
    pub fn changed_at(&self) -> SystemTime {
        let nanos = u64::try_from(self.changed).unwrap_or(0);
        SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)
    }
}

/// An open regular file.
#[derive(Debug, Clone)]
pub struct FileContent {
    file: Arc<File>,
    identity: Identity,
    modified: SystemTime,
}

/// How far apart the bytes are by which one tells whether a part of a file is in the page cache. What was read together is
/// given up together; and a look at each 256 KiB would be a twentieth of what it costs to send them.
const LOOKED_AT_EVERY: usize = 1 << 20;

/// How much is read at a time to have it in the page cache, in bytes.
const READ_AHEAD: usize = 256 << 10;

/// How much is read at a time where the kernel can not send from a file, in bytes.
#[cfg(target_os = "linux")]
const READ_TO_SEND: usize = 64 << 10;

/// How a positioned read went that was not allowed to wait.
enum Attempt {
    Read(usize),
    WouldBlock,
}

impl FileContent {
    pub(crate) fn new(file: File, metadata: &std::fs::Metadata) -> Self {
        Self {
            identity: Identity::of(metadata),
            modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            file: Arc::new(file),
        }
    }

    /// Which state of the file was opened.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// The length at the time of opening, in bytes.
    pub fn len(&self) -> u64 {
        self.identity.len
    }

    /// Whether the file was empty when it was opened.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The modification time at the time of opening.
    pub fn modified(&self) -> SystemTime {
        self.modified
    }

    /// The file for synchronous readers, to be used off the async threads; positioned reads only, as it is shared.
    pub fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// Reads from `offset` until `len` bytes are there.
    ///
    /// Bytes in the page cache are copied at once on this thread, which is far cheaper than handing the read to
    /// another one; a read that would wait for the disk goes to the blocking pool.
    ///
    /// # Errors
    /// `UnexpectedEof` if the file has become shorter than `offset + len`; else what the operating system says.
    pub async fn read_at(&self, offset: u64, len: usize) -> io::Result<Bytes> {
        let mut buffer = BytesMut::zeroed(len);
        let mut filled = 0;
        while filled < len {
            match attempt_read(&self.file, &mut buffer[filled..], offset + filled as u64)? {
                Attempt::Read(0) => return Err(shortened(offset + filled as u64)),
                Attempt::Read(count) => filled += count,
                Attempt::WouldBlock => {
                    let file = Arc::clone(&self.file);
                    let mut rest = buffer.split_off(filled);
                    let rest = run_blocking(move || {
                        file.read_exact_at(&mut rest, offset + filled as u64)?;
                        Ok(rest)
                    })
                    .await?;
                    buffer.unsplit(rest);
                    filled = len;
                }
            }
        }
        Ok(buffer.freeze())
    }

    /// Whether reading this part would not wait for the disk, as far as one can tell: looked at is a byte in every so many.
    /// Never where the file system does not say.
    pub fn is_at_hand(&self, offset: u64, len: usize) -> bool {
        let is_there = |at: usize| {
            let read = attempt_read(&self.file, &mut [0], offset + at as u64);
            // A file that ends before that is the business of whoever reads it.
            matches!(read, Ok(Attempt::Read(_)))
        };
        len == 0 || ((0..len).step_by(LOOKED_AT_EVERY).all(is_there) && is_there(len - 1))
    }

    /// Reads this part so that reading it again does not wait for the disk: not for async threads.
    ///
    /// # Errors
    /// What the operating system says. A file that has become shorter is none.
    pub fn bring_to_hand(&self, offset: u64, len: usize) -> io::Result<()> {
        let mut buffer = vec![0; READ_AHEAD.min(len)];
        let end = offset + len as u64;
        let mut at = offset;
        while at < end {
            let most =
                usize::try_from(end - at).map_or(buffer.len(), |left| left.min(buffer.len()));
            match self.file.read_at(&mut buffer[..most], at) {
                Ok(0) => break,
                Ok(read) => at += read as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Sends up to `len` bytes from `offset` on to a socket that does not block, without reading them where the kernel can do
    /// that. Returns how many the socket took; none at the end of the file. Waits for the disk if they are not
    /// [at hand](Self::is_at_hand).
    ///
    /// # Errors
    /// `WouldBlock` if the socket takes nothing; else what the operating system says.
    #[cfg(target_os = "linux")]
    pub fn send_to(
        &self,
        socket: impl std::os::fd::AsFd,
        offset: u64,
        len: usize,
    ) -> io::Result<usize> {
        use rustix::io::Errno;
        use rustix::net::SendFlags;
        let mut at = offset;
        match rustix::fs::sendfile(&socket, &*self.file, Some(&mut at), len) {
            // File systems that do not know how.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                let mut buffer = vec![0; len.min(READ_TO_SEND)];
                let read = self.file.read_at(&mut buffer, offset)?;
                if read == 0 {
                    return Ok(0);
                }
                let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
                Ok(rustix::net::send(socket, &buffer[..read], flags)?)
            }
            result => Ok(result?),
        }
    }

    /// Reads the whole file, waiting for the disk if need be: not for async threads.
    ///
    /// # Errors
    /// `UnexpectedEof` if the file has become shorter since it was opened; else what the operating system says.
    pub fn read_all_blocking(&self) -> io::Result<Bytes> {
        let mut buffer = BytesMut::zeroed(usize::try_from(self.len()).unwrap_or(usize::MAX));
        self.file.read_exact_at(&mut buffer, 0)?;
        Ok(buffer.freeze())
    }
}

fn shortened(offset: u64) -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        format!("the file ends at byte {offset}, it was longer when opened"),
    )
}

/// Runs `job` where it may block; a panic in it becomes an error.
pub(crate) async fn run_blocking<T: Send + 'static>(
    job: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(job)
        .await
        .map_err(io::Error::other)?
}

/// Reads what the page cache has. File systems that can not tell (`EOPNOTSUPP`) count as those that would wait.
#[cfg(target_os = "linux")]
fn attempt_read(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<Attempt> {
    use rustix::io::{Errno, ReadWriteFlags};
    match rustix::io::preadv2(
        file,
        &mut [io::IoSliceMut::new(buffer)],
        offset,
        ReadWriteFlags::NOWAIT,
    ) {
        Ok(count) => Ok(Attempt::Read(count)),
        Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INTR) => {
            Ok(Attempt::WouldBlock)
        }
        Err(error) => Err(error.into()),
    }
}

/// Elsewhere there is no telling: every read may wait.
#[cfg(not(target_os = "linux"))]
fn attempt_read(_file: &File, _buffer: &mut [u8], _offset: u64) -> io::Result<Attempt> {
    Ok(Attempt::WouldBlock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_at_hand() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let len = 3 * LOOKED_AT_EVERY + 5;
        io::Write::write_all(&mut file, &vec![7; len]).unwrap();
        let open = file.reopen().unwrap();
        let content = FileContent::new(open, &file.as_file().metadata().unwrap());
        content.bring_to_hand(0, len).unwrap();
        if cfg!(target_os = "linux") {
            assert!(content.is_at_hand(0, len));
            assert!(content.is_at_hand(1, 0));
        }
        file.as_file().set_len(10).unwrap();
        content.bring_to_hand(0, len).unwrap();
    }

    #[tokio::test]
    async fn reads_pieces_and_says_when_the_file_got_shorter() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("f");
        std::fs::write(&path, b"0123456789").unwrap();
        let file = File::open(&path).unwrap();
        let content = FileContent::new(file.try_clone().unwrap(), &file.metadata().unwrap());
        assert_eq!(content.read_at(0, 10).await.unwrap(), "0123456789");
        assert_eq!(content.read_at(3, 4).await.unwrap(), "3456");
        assert_eq!(content.read_at(10, 0).await.unwrap(), "");
        std::fs::write(&path, b"0123").unwrap();
        let error = content.read_at(2, 8).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(content.read_all_blocking().is_err());
    }
}
