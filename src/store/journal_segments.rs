//! The sealed part of the journal: `.athens/journal/FIRST.jsonl.gz`, each named after the time of its first line.
//!
//! When the active file has grown large, it is given its name among the sealed ones, in one rename, which is all that
//! sealing is: at every moment each line is in one file. Packing comes after, by whoever sealed it or seals the next, and
//! the plain file goes when the packed one is there and synced. Until then both may be there; they say the same, and one
//! is read. Sealed files are never changed nor removed.
#![expect(
    clippy::disallowed_methods,
    reason = "the journal is the other place that writes below the root"
)]

use std::fs::File;
use std::io;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use rustix::fs::{AtFlags, FlockOperation, OFlags};
use rustix::io::Errno;

use super::journal::{JOURNAL, last_time};
use super::journal_lines::{Lines, Source};
use super::journal_reader::same_file;
use super::{Access, Journal, Refusal, StoreError};

/// Where sealed files are.
pub(super) const SEGMENTS: &str = ".athens/journal";

/// How long the active file may be before the next line begins a new one, in bytes: some 18,000 lines. What is read for
/// a page of a feed is at the most one such file, unpacked.
pub(super) const SEAL_AT: u64 = 4 << 20;

const PLAIN: &str = ".jsonl";
const PACKED: &str = ".jsonl.gz";

/// A sealed file of the journal: the time of its first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Segment(Timestamp);

impl Segment {
    /// When its first line was written, or later, never earlier than what is before it.
    pub(super) fn begins(self) -> Timestamp {
        self.0
    }

    /// Its name without ending: as RFC 3339, with six digits and no colons, which some file systems do not take.
    fn stem(self) -> String {
        let text = format!("{:.6}", self.0);
        text.replace(':', "")
    }

    fn path(self, ending: &str) -> String {
        format!("{SEGMENTS}/{}{ending}", self.stem())
    }

    fn parse(name: &str) -> Option<(Self, bool)> {
        let (stem, is_plain) = match name.strip_suffix(PACKED) {
            Some(stem) => (stem, false),
            None => (name.strip_suffix(PLAIN)?, true),
        };
        let (date, clock) = stem.split_once('T')?;
        let (hours, minutes, rest) = (clock.get(..2)?, clock.get(2..4)?, clock.get(4..)?);
        let segment = Self(format!("{date}T{hours}:{minutes}:{rest}").parse().ok()?);
        (segment.stem() == stem).then_some((segment, is_plain))
    }
}

impl Journal<'_> {
    /// The sealed files, in order, and which of them are not packed. Waits for the disk.
    pub(super) fn segments(&self) -> Result<Vec<Segment>, StoreError> {
        let mut segments: Vec<Segment> = self.listed()?.into_iter().map(|(it, _)| it).collect();
        segments.sort_unstable();
        segments.dedup();
        Ok(segments)
    }

    fn listed(&self) -> Result<Vec<(Segment, bool)>, StoreError> {
        let entries = self.store.entries(SEGMENTS)?.unwrap_or_default();
        let named = entries.iter().map(|entry| Segment::parse(&entry.name));
        Ok(named.flatten().collect())
    }

    /// Opens a sealed file, and says where it is. Waits for the disk.
    pub(super) fn open_segment(&self, segment: Segment) -> Result<(Source, String), StoreError> {
        // The plain one first: it goes only when the packed one is there.
        let plain = segment.path(PLAIN);
        if let Some(file) = self.open_file(&plain)? {
            let len = file
                .metadata()
                .map_err(|error| StoreError::io("look at", plain.as_str(), error))?
                .len();
            return Ok((Source::plain(file, 0, len), plain));
        }
        let packed = segment.path(PACKED);
        match self.open_file(&packed)? {
            Some(file) => Ok((Source::packed(file), packed)),
            None => Err(StoreError::io("open", packed, Errno::NOENT)),
        }
    }

    /// Opens a file of the journal to be read; `None` if it is not there.
    pub(super) fn open_file(&self, path: &str) -> Result<Option<File>, StoreError> {
        // O_NONBLOCK: opening a FIFO would otherwise wait for a writer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = match self.store.beneath().open(path, flags, Access::MayWait) {
            Ok(file) => File::from(file),
            Err(error) => return self.store.absent_or_error("open", path, error),
        };
        let metadata = file
            .metadata()
            .map_err(|error| StoreError::io("look at", path, error))?;
        if !metadata.is_file() {
            return Err(StoreError::Refused {
                path: path.to_owned(),
                refusal: Refusal::NotARegularFile,
            });
        }
        Ok(Some(file))
    }

    /// Whether an open file is the active one still: others may have sealed it, or put another in its place.
    pub(super) fn is_active(&self, file: &File) -> Result<bool, StoreError> {
        let failed = |error: Errno| StoreError::io("look at", JOURNAL, error);
        let ours = rustix::fs::fstat(file).map_err(failed)?;
        match rustix::fs::statat(self.store.root_fd(), JOURNAL, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(there) => Ok(same_file(&ours, &there)),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }

    /// Makes the active file a sealed one. It must be locked. If this fails, it may have been sealed all the same:
    /// [`is_active`](Self::is_active) says.
    pub(super) fn seal(&self, active: &File) -> Result<(), StoreError> {
        let newest = self.segments()?.pop();
        let segment = self.name_for(active, newest)?;
        let directory = self.store.staging().open_ours(SEGMENTS)?;
        let failed = |error: Errno| StoreError::io("seal", JOURNAL, error);
        rustix::fs::renameat(
            self.store.root_fd(),
            JOURNAL,
            self.store.root_fd(),
            segment.path(PLAIN),
        )
        .map_err(failed)?;
        rustix::fs::fsync(&directory).map_err(failed)?;
        self.store.staging().sync_ours()
    }

    fn name_for(&self, active: &File, newest: Option<Segment>) -> Result<Segment, StoreError> {
        let failed = |error: io::Error| StoreError::io("read", JOURNAL, error);
        let file = active.try_clone().map_err(failed)?;
        let len = file.metadata().map_err(failed)?.len();
        let mut lines = Lines::new(Source::plain(file, 0, len), JOURNAL.into(), 0, true);
        let mut first = None;
        while first.is_none()
            && let Some(line) = lines.next()?
        {
            first = line.event.map(|event| event.time);
        }
        // A hand-made journal may lack times, or have them in disorder; the order of files is that of their names.
        let first = first.unwrap_or_else(Timestamp::now);
        let after = newest.map(|newest| newest.0 + SignedDuration::from_micros(1));
        Ok(Segment(after.map_or(first, |after| first.max(after))))
    }

    /// The newest time among the sealed files: that of the last line of the last one.
    pub(super) fn last_sealed_time(&self) -> Result<Option<Timestamp>, StoreError> {
        let Some(newest) = self.segments()?.pop() else {
            return Ok(None);
        };
        let plain = newest.path(PLAIN);
        let last = match self.open_file(&plain)? {
            Some(file) => last_time(&file).map_err(|error| StoreError::io("read", plain, error))?,
            None => {
                let (source, path) = self.open_segment(newest)?;
                let mut lines = Lines::new(source, path.into(), 0, true);
                let mut last = None;
                while let Some(line) = lines.next()? {
                    last = line.event.map(|event| event.time).max(last);
                }
                last
            }
        };
        Ok(last.max(Some(newest.0)))
    }

    /// Packs sealed files that are not: the one that was just sealed, and those that a stopped process left. Waits for the
    /// disk.
    pub(super) fn pack(&self) -> Result<(), StoreError> {
        let mut plain = self.listed()?;
        plain.retain(|(_, is_plain)| *is_plain);
        for (segment, _) in plain {
            self.pack_one(segment)?;
        }
        Ok(())
    }

    fn pack_one(&self, segment: Segment) -> Result<(), StoreError> {
        let path = segment.path(PLAIN);
        let Some(mut file) = self.open_file(&path)? else {
            return Ok(());
        };
        let failed = |error: io::Error| StoreError::io("pack", path.as_str(), error);
        rustix::io::retry_on_intr(|| rustix::fs::flock(&file, FlockOperation::LockExclusive))
            .map_err(|error| failed(error.into()))?;
        let stat = rustix::fs::fstat(&file).map_err(|error| failed(error.into()))?;
        if stat.st_nlink == 0 {
            // Somebody else packed it.
            return Ok(());
        }
        let staging = self.store.staging();
        let mut encoder = GzEncoder::new(staging.stage()?, Compression::default());
        io::copy(&mut file, &mut encoder).map_err(failed)?;
        let staged = encoder.finish().map_err(failed)?;
        let directory = staging.open_ours(SEGMENTS)?;
        staging.place_ours(staged, &directory, &format!("{}{PACKED}", segment.stem()))?;
        rustix::fs::unlinkat(self.store.root_fd(), path.as_str(), AtFlags::empty())
            .map_err(|error| failed(error.into()))
    }
}

#[cfg(test)]
mod tests;
